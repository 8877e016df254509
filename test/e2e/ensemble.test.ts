// Ensembles of our servers as their clients see them: elections, sessions across servers, observers.
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFailed, test } from 'vitest';
import { type ConnectOptions, connect, type ZooKeeper } from '../../src/client/index.ts';
import { Reader } from '../../src/wire/bytes.ts';
import { ConnectResponse } from '../../src/wire/client.ts';
import { Ensemble } from '../support/ensemble.ts';
import { Load } from '../support/ensembleLoad.ts';
import { faultsOf } from '../support/loadChecker.ts';
import { waitFor } from '../support/processes.ts';
import { RawConnection } from '../support/rawConnection.ts';
import { connectFrame, getDataFrame, setDataFrame } from '../support/requestFrames.ts';
import { fourLetterWord } from '../support/servers.ts';

/** Runs with an ensemble and ends it. */
async function withEnsemble(
  ensemble: Ensemble,
  body: (ensemble: Ensemble) => Promise<void>,
): Promise<void> {
  onTestFailed(() => console.log(ensemble.logs()));
  try {
    await body(ensemble);
  } finally {
    await ensemble.close();
  }
}

test('of five servers started one by one the third leads', async () => {
  const servers = [{}, {}, {}, {}, {}];
  await withEnsemble(await Ensemble.create({ servers }), async (ensemble) => {
    for (const id of [1, 2]) {
      ensemble.launch(id);
      await ensemble.until(`server ${id} to look for others`, async () => {
        const answer = await fourLetterWord(ensemble.member(id).ports.client, 'srvr');
        return answer?.includes(`needs 3 of 5 voters, has ${id}`) === true;
      });
      expect(ensemble.member(id).log()).toContain('Cannot open channel to 3 at election address');
    }
    ensemble.launch(3);
    expect(await ensemble.leader([1, 2, 3])).toBe(3);
    await ensemble.startAgain(4);
    await ensemble.startAgain(5);
    expect(await ensemble.whole()).toBe(3);
    await ensemble.sameTrees();
  });
});

for (const port of ['peer', 'election'] as const) {
  test(`a server whose ${port} port is taken ends and says so`, async () => {
    const options = { servers: [{}, {}, {}], config: { electionPortBindRetry: 2 } };
    await withEnsemble(await Ensemble.create(options), async (ensemble) => {
      const member = ensemble.member(1);
      const taken = member.ports[port];
      const other = createServer().listen(taken, '127.0.0.1');
      try {
        ensemble.launch(1);
        await waitFor('its end', () => !member.isRunning, 15_000);
        // Apache's ExitCode.UNABLE_TO_BIND_QUORUM_PORT.
        expect(member.exitCode).toBe(14);
        expect(member.log()).toMatch(new RegExp(`Cannot listen for .*:${taken} after 2 tries`));
        expect(member.log()).not.toMatch(/^\s+at /m);
      } finally {
        other.close();
      }
    });
  });
}

test('the larger part of five goes on, the smaller one says nothing, and then all is one again', async () => {
  const options = { servers: [{}, {}, {}, {}, {}], isRelayed: true };
  await withEnsemble(await Ensemble.start(options), async (ensemble) => {
    const load = new Load(1);
    await load.start(ensemble.hosts(), 5, 8000);
    const leader = await ensemble.whole();
    const other = ensemble.ids.find((id) => id !== leader) as number;
    const few = [leader, other];
    const many = ensemble.ids.filter((id) => !few.includes(id));
    const stuck = await ensemble.client([other]);
    ensemble.network.partition([few, many]);
    const lost = stuck.set('/load/s0', 'nobody agrees').then(
      () => 'acknowledged',
      (error) => error.code,
    );
    expect(many).toContain(await ensemble.leader(many));
    await load.carriedOn();
    expect(await lost).toBe('ConnectionLoss');
    await ensemble.until('the smaller part to look for a leader', async () => {
      const modes = await Promise.all(few.map((id) => ensemble.member(id).mode()));
      return modes.every((mode) => mode === 'looking');
    });
    ensemble.network.heal();
    expect(many).toContain(await ensemble.whole());
    await load.carriedOn();
    await load.stop();
    stuck.abandon();
    const tree = await ensemble.sameTrees();
    expect(faultsOf(load, tree)).toEqual([]);
    await load.close();
  });
});

test('a leader that serves nobody leads all the same', async () => {
  const options = { servers: [{}, {}, {}], config: { leaderServes: 'no' } };
  await withEnsemble(await Ensemble.create(options), async (ensemble) => {
    ensemble.launch(...ensemble.ids);
    const leader = await ensemble.leader();
    const client = await connect(ensemble.hosts(), { connectTimeout: 20_000 });
    await client.create('/a', 'x');
    expect(client.server).not.toBe(ensemble.member(leader).address);
    const refused = connect(ensemble.member(leader).address, { connectTimeout: 1000 });
    await expect(refused).rejects.toMatchObject({ code: 'ConnectionLoss' });
    await ensemble.kill(leader);
    await waitFor('the next leader', async () => {
      try {
        await client.set('/a', 'y');
        return true;
      } catch {
        return false; // tried again
      }
    });
    expect(await client.getString('/a')).toBe('y');
    await client.close();
  });
});

describe('three servers and an observer', () => {
  let ensemble: Ensemble;
  const open: ZooKeeper[] = [];

  beforeAll(async () => {
    ensemble = await Ensemble.start({ servers: [{}, {}, {}, { isObserver: true }] });
  });
  afterAll(async () => {
    await Promise.all(open.map((client) => client.close()));
    await ensemble.close();
  });

  async function clientOf(ids: number[], options: ConnectOptions = {}): Promise<ZooKeeper> {
    const client = await ensemble.client(ids, options);
    open.push(client);
    return client;
  }

  const followers = async (): Promise<number[]> => {
    const leader = await ensemble.whole();
    return [1, 2, 3].filter((id) => id !== leader);
  };

  const idOf = (client: ZooKeeper): number =>
    ensemble.members.find(({ address }) => address === client.server)?.id as number;

  /** A connection that speaks frames only, with a session. */
  async function rawSession(
    id: number,
    hello: Parameters<typeof connectFrame>[0] = {},
  ): Promise<{ raw: RawConnection; session: bigint; password: Buffer }> {
    const raw = await RawConnection.open(ensemble.member(id).ports.client);
    raw.send(Buffer.from(connectFrame(hello), 'hex'));
    const [frame = ''] = await raw.until((frames) => frames.length === 1);
    const answer = ConnectResponse.read(new Reader(Buffer.from(frame, 'hex').subarray(4)));
    return { raw, session: answer.sessionId, password: Buffer.from(answer.passwd ?? []) };
  }

  test('a sync shows what was written through another server', async () => {
    const clients = await Promise.all(ensemble.ids.map((id) => clientOf([id])));
    await clients[0]?.create('/sync', '0');
    for (let round = 1; round <= 100; round++) {
      const writer = clients[round % 4] as ZooKeeper;
      const reader = clients[(round >> 2) % 4] as ZooKeeper;
      await writer.set('/sync', `${round}`);
      const [, value] = await Promise.all([reader.sync('/sync'), reader.getString('/sync')]);
      expect(value).toBe(`${round}`);
    }
  });

  test('a session moves to another server with its ephemerals and watches', async () => {
    const other = await clientOf([await ensemble.whole()]);
    const [first = 0, second = 0] = await followers();
    const moving = await clientOf([first, second], { sessionTimeout: 10_000 });
    const session = moving.sessionId;
    const home = idOf(moving);
    await moving.create('/moving', 'x', { mode: 'ephemeral' });
    const events: string[] = [];
    const note = ({ type, path }: { type: string; path: string | null }) => {
      if (type !== 'None') events.push(`${type} ${path}`);
    };
    await other.create('/watched', '1');
    await other.create('/changed', '1');
    await moving.sync('/');
    await moving.getString('/watched', { watch: note });
    await moving.getString('/changed', { watch: note });
    await moving.children('/watched', { watch: note });
    await moving.exists('/missing', { watch: note });
    await ensemble.kill(home);
    // While it is nowhere: it hears of this where it arrives.
    await other.set('/changed', '2');
    await waitFor('the session to move', () => moving.isConnected && idOf(moving) !== home);
    expect(moving.sessionId).toBe(session);
    expect((await moving.exists('/moving'))?.ephemeralOwner).toBe(session);
    await other.set('/watched', '2');
    await other.create('/watched/child');
    await other.create('/missing');
    const expected = [
      'NodeChildrenChanged /watched',
      'NodeCreated /missing',
      'NodeDataChanged /changed',
      'NodeDataChanged /watched',
    ];
    await waitFor('all events', () => events.length >= expected.length);
    await moving.sync('/');
    expect(events.sort()).toEqual(expected);
    await ensemble.startAgain(home);
    await ensemble.sameTrees();
  });

  test('the leader decides that a client behind a follower is dead, not before its time', async () => {
    const [follower = 0] = await followers();
    const leader = await ensemble.whole();
    const sessionTimeout = 3000;
    const dying = await clientOf([follower], { sessionTimeout });
    const living = await clientOf([follower], { sessionTimeout });
    const witness = await clientOf([4]);
    await dying.create('/dying', '', { mode: 'ephemeral' });
    await living.create('/living', '', { mode: 'ephemeral' });
    dying.abandon();
    const since = performance.now();
    await witness.sync('/');
    const { sessionId } = dying;
    await waitFor('the session to expire', async () => (await witness.exists('/dying')) === null);
    const took = performance.now() - since;
    expect(took).toBeGreaterThan(sessionTimeout * 0.6);
    expect(took).toBeLessThan(sessionTimeout + 4000);
    // The other one only pings.
    expect(await witness.exists('/living')).not.toBeNull();
    for (const { id, log } of ensemble.members) {
      const says = log
        .call(ensemble.member(id))
        .includes(`Expiring session 0x${sessionId.toString(16)}`);
      expect(says).toBe(id === leader);
    }
  });

  test('the connection that a session has left is closed at its next write', async () => {
    const [first = 0, second = 0] = await followers();
    const setter = await clientOf([first]);
    await setter.create('/moved', 'x');
    const before = await rawSession(first, { timeout: 20_000 });
    const { session, password } = before;
    const after = await rawSession(second, { timeout: 20_000, session, password });
    expect(after.session).toBe(session);
    before.raw.send(Buffer.from(setDataFrame(1, '/moved', 'old'), 'hex'));
    await before.raw.untilClosed();
    expect(before.raw.frames()).toEqual([]);
    after.raw.send(Buffer.from(setDataFrame(1, '/moved', 'new'), 'hex'));
    const [reply = ''] = await after.raw.until((frames) => frames.length === 1);
    expect(Buffer.from(reply, 'hex').readInt32BE(16)).toBe(0);
    await setter.sync('/moved');
    expect(await setter.getString('/moved')).toBe('new');
    after.raw.end();
  });

  test('a session resumed with a wrong password is refused, and its owner keeps it', async () => {
    const [first = 0, second = 0] = await followers();
    const owner = await rawSession(first, { timeout: 20_000 });
    const thief = await rawSession(second, {
      timeout: 20_000,
      session: owner.session,
      password: Buffer.alloc(16, 7),
    });
    expect(thief.session).toBe(0n);
    owner.raw.send(Buffer.from(getDataFrame(1, '/'), 'hex'));
    await owner.raw.until((frames) => frames.length === 1);
    owner.raw.end();
  });

  test('an observer serves, does not count, and catches up when it comes back', async () => {
    const [first = 0, second = 0] = await followers();
    const leader = await ensemble.whole();
    const through = await clientOf([4], { sessionTimeout: 20_000 });
    await through.create('/observed', '1', { mode: 'ephemeral' });
    await ensemble.kill(4);
    const writer = await clientOf([leader]);
    for (let i = 0; i < 50; i++) await writer.create(`/missed${i}`, 'x');
    await ensemble.startAgain(4);
    await waitFor('its client to be back', () => through.isConnected);
    expect((await through.exists('/observed'))?.ephemeralOwner).toBe(through.sessionId);
    await ensemble.sameTrees();
    // One voter and an observer are no quorum of three.
    await ensemble.kill(first, second);
    await ensemble.until('those left to look for a leader', async () => {
      const modes = [await ensemble.member(leader).mode(), await ensemble.member(4).mode()];
      return modes.every((mode) => mode === 'looking');
    });
    await ensemble.startAgain(first);
    await ensemble.leader([leader, first, 4]);
    await waitFor('its client to be back', () => through.isConnected);
    expect(await through.exists('/observed')).not.toBeNull();
    await ensemble.startAgain(second);
    await ensemble.sameTrees();
  });
});
