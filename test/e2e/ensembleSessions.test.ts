// Sessions in an ensemble of three processes: they move, expire, close, and are heard of through any server.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  type ConnectOptions,
  CREATOR_ALL_ACL,
  connect,
  ZkError,
  type ZooKeeper,
} from '../../src/client/index.ts';
import { Reader } from '../../src/wire/bytes.ts';
import { ConnectResponse } from '../../src/wire/client.ts';
import { OpCode } from '../../src/wire/opcodes.ts';
import { Ensemble, three } from '../support/ensemble.ts';
import { type Member, memberThatIs } from '../support/member.ts';
import { waitFor } from '../support/processes.ts';
import { RawConnection } from '../support/rawConnection.ts';
import { reply } from '../support/replies.ts';
import {
  closeFrame,
  connectFrame,
  createFrame,
  existsFrame,
  pingFrame,
  requestFrame,
  setDataFrame,
  syncFrame,
} from '../support/requestFrames.ts';
import { superUser } from '../support/servers.ts';

let ensemble: Ensemble;
let leader: Member;
let followers: Member[] = [];
const clients: ZooKeeper[] = [];
const raws: RawConnection[] = [];

beforeAll(async () => {
  ensemble = await Ensemble.start({ servers: three('ours'), config: { maxClientCnxns: 40 } });
  leader = await memberThatIs('leader', ensemble.members);
  followers = ensemble.members.filter((server) => server !== leader);
});
afterAll(() => ensemble.close());
afterEach(async () => {
  for (const raw of raws.splice(0)) raw.end();
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

async function client(server: Member, options: ConnectOptions = {}): Promise<ZooKeeper> {
  const made = await connect(server.address, { sessionTimeout: 10_000, ...options });
  clients.push(made);
  return made;
}

const codeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'ok',
    (error: unknown) => (error instanceof ZkError ? error.code : error),
  );

interface Raw {
  readonly raw: RawConnection;
  readonly session: bigint;
  readonly password: Buffer;
  readonly timeout: number;
}

async function rawSession(
  server: Member,
  hello: Parameters<typeof connectFrame>[0] = {},
): Promise<Raw> {
  const raw = await RawConnection.open(server.port);
  raws.push(raw);
  raw.send(Buffer.from(connectFrame(hello), 'hex'));
  const frame = await waitFor('an answer', () => raw.frames()[0] ?? (raw.isClosed && 'closed'));
  if (frame === 'closed') return { raw, session: -1n, password: Buffer.alloc(0), timeout: -1 };
  const answer = ConnectResponse.read(new Reader(Buffer.from(frame, 'hex'), 4));
  const { sessionId: session, passwd, timeOut: timeout } = answer;
  return { raw, session, password: Buffer.from(passwd ?? []), timeout };
}

/** Sends frames and gives `xid/err` of as many answers; `closed` when the connection ends before. */
async function ask(raw: RawConnection, ...frames: string[]): Promise<string[]> {
  raw.send(Buffer.from(frames.join(''), 'hex'));
  const told: string[] = [];
  await waitFor(`${frames.length} answers`, () => {
    told.push(...raw.frames().map((frame) => `${reply(frame).xid}/${reply(frame).err}`));
    if (raw.isClosed) told.push('closed');
    return told.length >= frames.length;
  });
  return told;
}

const gone = async (path: string): Promise<void> => {
  const watcher = await client(leader);
  await waitFor(`the end of ${path}`, async () => (await watcher.exists(path)) === null);
};

describe('a session', () => {
  test('gets a timeout between two and twenty ticks at every server', async () => {
    const short = await Promise.all(
      ensemble.members.map((server) => rawSession(server, { timeout: 1 })),
    );
    expect(short.map(({ timeout }) => timeout)).toEqual([500, 500, 500]);
    // Ids of different servers begin with the servers' numbers.
    expect(short.map(({ session }) => session >> 56n)).toEqual([1n, 2n, 3n]);
  });

  test('moves to another server, and what it asks through the old one is refused', async () => {
    const [one, two] = followers as [Member, Member];
    for (const [from, to] of [
      [one, two],
      [leader, one],
      [two, leader],
    ] as const) {
      const path = `/moved${from.port}`;
      const old = await rawSession(from);
      expect(await ask(old.raw, createFrame(1, path, '', 1))).toEqual(['1/0']);
      const now = await rawSession(to, old);
      expect(now.session).toBe(old.session);
      expect(await ask(now.raw, setDataFrame(2, path, 'x'))).toEqual(['2/0']);
      // As in FinalRequestProcessor: a moved session is an end of the connection, not an answer.
      expect(await ask(old.raw, setDataFrame(3, path, 'y'))).toEqual(['closed']);
      expect(await ask(now.raw, syncFrame(5, '/'), existsFrame(6, path))).toEqual(['5/0', '6/0']);
    }
  });

  test('that two clients race for goes to one of them at a time, and lives', async () => {
    const [one, two] = followers as [Member, Member];
    const first = await rawSession(leader);
    expect(await ask(first.raw, createFrame(1, '/raced', '', 1))).toEqual(['1/0']);
    const both = await Promise.all([one, two, leader].map((server) => rawSession(server, first)));
    expect(both.map(({ session }) => session)).toEqual(Array(3).fill(first.session));
    const answers = await Promise.all(
      both.map(({ raw }, i) => ask(raw, setDataFrame(10 + i, '/raced', `${i}`))),
    );
    const done = answers.filter(([answer = '']) => answer.endsWith('/0'));
    expect(done).toHaveLength(1);
    expect(answers.filter(([answer]) => answer === 'closed')).toHaveLength(2);
  });

  test('with a wrong password is told 0 by every server, and its owner notices nothing', async () => {
    const owner = await rawSession(followers[0] as Member);
    for (const server of ensemble.members) {
      const stranger = await rawSession(server, {
        session: owner.session,
        password: Buffer.alloc(16),
      });
      expect([stranger.session, stranger.timeout]).toEqual([0n, 0]);
    }
    expect(await ask(owner.raw, createFrame(1, '/owned', '', 1))).toEqual(['1/0']);
  });

  test('that has ended is told so by a follower', async () => {
    const [one, two] = followers as [Member, Member];
    const ended = await rawSession(one);
    expect(await ask(ended.raw, createFrame(1, '/ended', '', 1), closeFrame(2))).toEqual(
      expect.arrayContaining(['1/0', '2/0']),
    );
    await gone('/ended');
    expect((await rawSession(two, ended)).session).toBe(0n);
  });

  test('that has seen more than a server has is sent elsewhere', async () => {
    const { session } = await rawSession(followers[0] as Member, { seen: 1n << 40n });
    expect(session).toBe(-1n);
  });

  test('at a follower expires when its client is silent, not while it pings', async () => {
    const [one, two] = followers as [Member, Member];
    const silent = await rawSession(one, { timeout: 1500 });
    const alive = await rawSession(two, { timeout: 1500 });
    expect(await ask(silent.raw, createFrame(1, '/silent', '', 1))).toEqual(['1/0']);
    expect(await ask(alive.raw, createFrame(1, '/alive', '', 1))).toEqual(['1/0']);
    const pinging = setInterval(() => alive.raw.send(Buffer.from(pingFrame, 'hex')), 300);
    await gone('/silent');
    clearInterval(pinging);
    alive.raw.frames();
    expect(silent.raw.isClosed).toBe(true);
    expect(await ask(alive.raw, existsFrame(2, '/alive'))).toContain('2/0');
    expect(leader.log()).toContain(`Expiring session 0x${silent.session.toString(16)}`);
  });

  test('ends with its client’s life, and its ephemerals with it', async () => {
    const { raw } = await rawSession(followers[1] as Member, { timeout: 1000 });
    expect(await ask(raw, createFrame(1, '/orphan', '', 1))).toEqual(['1/0']);
    raw.end();
    await gone('/orphan');
  });
});

describe('through a follower', () => {
  test('credentials hold: digest, super, and the acl of a multi', async () => {
    const [one, two] = followers as [Member, Member];
    const owner = await client(one);
    await owner.addAuth('digest', Buffer.from('ann:pw'));
    await owner.create('/secret', 'x', { acl: CREATOR_ALL_ACL });
    await owner.multi([
      { op: 'create', path: '/secret/a', data: 'y', acl: CREATOR_ALL_ACL },
      { op: 'set', path: '/secret', data: 'z' },
    ]);
    const other = await client(two);
    await other.sync('/');
    expect(await codeOf(other.set('/secret', 'no'))).toBe('NoAuth');
    expect(await codeOf(other.get('/secret'))).toBe('NoAuth');
    await other.addAuth('digest', Buffer.from(superUser));
    expect(await codeOf(other.set('/secret', 'yes'))).toBe('ok');
    expect(await owner.getString('/secret')).toMatch(/yes|z/);
  });

  test('ephemerals and identities are told', async () => {
    const one = await client(followers[0] as Member);
    await one.create('/eph', '', { mode: 'ephemeral' });
    expect(await one.ephemerals('/')).toEqual(['/eph']);
    const { raw } = await rawSession(followers[0] as Member);
    expect(await ask(raw, requestFrame(1, OpCode.whoAmI))).toEqual(['1/0']);
  });

  test('containers and znodes with a time to live go when it is time', async () => {
    const one = await client(followers[0] as Member);
    await one.create('/box', '', { mode: 'container' });
    await one.create('/box/a', '');
    await one.create('/brief', '', { mode: 'persistentWithTtl', ttl: 300 });
    await one.delete('/box/a');
    await gone('/box');
    await gone('/brief');
  });

  test('no more connections than maxClientCnxns come in', async () => {
    const crowd = await Promise.all(
      Array.from({ length: 45 }, () => RawConnection.open((followers[0] as Member).port)),
    );
    raws.push(...crowd);
    await waitFor('refusals', () => crowd.filter((raw) => raw.isClosed).length >= 5);
    expect(crowd.filter((raw) => !raw.isClosed).length).toBeGreaterThan(30);
  });
});
