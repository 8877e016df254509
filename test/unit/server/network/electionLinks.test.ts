import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Logger, silentLogger } from '../../../../src/base/logger.ts';
import {
  ElectionLinks,
  type ElectionLinksOptions,
} from '../../../../src/server/network/electionLinks.ts';
import {
  encodeGreeting,
  encodeNotification,
  type Notification,
} from '../../../../src/wire/election.ts';
import { freePort, waitFor } from '../../../support/processes.ts';

interface Ear {
  readonly links: ElectionLinks;
  readonly heard: { from: number; zxid: bigint }[];
  readonly lines: string[];
  readonly port: number;
}

const open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

const vote = (zxid: bigint): Notification => ({
  state: 0,
  leader: 1,
  zxid,
  electionEpoch: 1n,
  peerEpoch: 0n,
  config: 'version=0',
});

const at = (port: number) => ({ host: '127.0.0.1', port });

async function listening(
  id: number,
  port = 0,
  more: Partial<ElectionLinksOptions> = {},
): Promise<Ear> {
  const heard: Ear['heard'] = [];
  const lines: string[] = [];
  const say = (line: string) => void lines.push(line);
  const logger: Logger = { ...silentLogger, warn: say, info: say };
  const links = new ElectionLinks({
    id,
    addresses: [at(port)],
    onAllAddresses: false,
    bindTries: 3,
    bindPauseMs: 10,
    connectTimeoutMs: 1000,
    severalAddresses: false,
    admitsStrangers: false,
    logger,
    onNotified: (from, { zxid }) => heard.push({ from, zxid }),
    ...more,
  });
  open.push(links);
  const [bound = 0] = await links.listen();
  return { links, heard, lines, port: bound };
}

/** Tells all of them where all are. */
function introduce(...ears: (Ear & { id: number })[]): void {
  const members = ears.map(({ id, port }) => ({ id, addresses: [at(port)] }));
  for (const { links } of ears) links.setMembers(members);
}

const hears = (ear: Ear, from: number, zxid: bigint) =>
  waitFor(`${zxid} from ${from}`, () =>
    ear.heard.some((one) => one.from === from && one.zxid === zxid),
  );

function raw(port: number, bytes?: Buffer): Socket {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  if (bytes !== undefined) socket.write(bytes);
  open.push({ close: () => socket.destroy() });
  return socket;
}

const ended = (socket: Socket): Promise<void> =>
  new Promise((done) => socket.resume().once('close', () => done()));

describe('links for elections', () => {
  it.each([
    ['the smaller speaks', true, false],
    ['the larger speaks', false, true],
    ['both speak', true, true],
  ])('find each other when %s', async (_, smallSpeaks, largeSpeaks) => {
    const one = { ...(await listening(1)), id: 1 };
    const two = { ...(await listening(2)), id: 2 };
    introduce(one, two);
    if (smallSpeaks) one.links.send(2, vote(11n));
    if (largeSpeaks) two.links.send(1, vote(22n));
    if (smallSpeaks) await hears(two, 1, 11n);
    if (largeSpeaks) await hears(one, 2, 22n);
    expect(one.links.connected).toEqual([2]);
    // They keep talking over what is open now.
    one.links.send(2, vote(12n));
    two.links.send(1, vote(23n));
    await hears(two, 1, 12n);
    await hears(one, 2, 23n);
  });

  it('find a peer that starts later, whoever has the larger id', async () => {
    for (const [first, second] of [
      [1, 2],
      [2, 1],
    ] as const) {
      const early = await listening(first);
      const port = await freePort();
      early.links.setMembers([{ id: second, addresses: [at(port)] }]);
      early.links.send(second, vote(1n));
      await waitFor('a complaint', () => early.lines.length > 1);
      const late = await listening(second, port);
      late.links.setMembers([{ id: first, addresses: [at(early.port)] }]);
      late.links.send(first, vote(2n));
      await hears(early, second, 2n);
      await hears(late, first, 1n);
    }
  });

  it('say once why a peer cannot be reached, and once that it can', async () => {
    const port = await freePort();
    const two = await listening(2);
    two.links.setMembers([{ id: 1, addresses: [at(port)] }]);
    let zxid = 1n;
    const tries = waitFor('some tries', () => {
      two.links.send(1, vote(zxid++));
      return zxid > 40n;
    });
    await tries;
    const complaint = `Cannot open channel to 1 at election address /127.0.0.1:${port}: Connection refused`;
    expect(two.lines.filter((line) => line.startsWith('Cannot'))).toEqual([complaint]);
    const one = await listening(1, port);
    one.links.setMembers([{ id: 2, addresses: [at(two.port)] }]);
    one.links.send(2, vote(5n));
    await hears(two, 1, 5n);
    await waitFor('the good news', () => two.lines.some((line) => line.startsWith('Opened')));
  });

  it('send to a peer that was restarted what it had not asked for again', async () => {
    const two = await listening(2);
    const one = await listening(1);
    introduce({ ...one, id: 1 }, { ...two, id: 2 });
    two.links.send(1, vote(1n));
    await hears(one, 2, 1n);
    one.links.close();
    await waitFor('the end', () => two.links.connected.length === 0);
    const again = await listening(1, one.port);
    again.links.setMembers([{ id: 2, addresses: [at(two.port)] }]);
    again.links.send(2, vote(7n));
    await hears(two, 1, 7n);
    // The last thing said, although nothing was sent since.
    await hears(again, 2, 1n);
  });

  it('keep only the newest of what could not be sent', async () => {
    const port = await freePort();
    const two = await listening(2);
    two.links.setMembers([{ id: 1, addresses: [at(port)] }]);
    for (let zxid = 1n; zxid <= 50n; zxid++) two.links.send(1, vote(zxid));
    const one = await listening(1, port);
    one.links.setMembers([{ id: 2, addresses: [at(two.port)] }]);
    one.links.send(2, vote(0n));
    await hears(one, 2, 50n);
    expect(new Set(one.heard.map(({ zxid }) => zxid))).toEqual(new Set([50n]));
  });

  it('are not delayed by connections that say nothing, however many', async () => {
    const two = await listening(2);
    const one = await listening(1);
    introduce({ ...one, id: 1 }, { ...two, id: 2 });
    let closed = 0;
    const silent = Array.from({ length: 100 }, () => raw(two.port));
    for (const socket of silent) void ended(socket).then(() => closed++);
    await Promise.all(silent.map((socket) => new Promise((done) => socket.once('connect', done))));
    const start = performance.now();
    one.links.send(2, vote(3n));
    await hears(two, 1, 3n);
    expect(performance.now() - start).toBeLessThan(1000);
    // No more than a few of one address stay.
    await waitFor('the end of most', () => closed >= 100 - 16);
  });

  it('close a connection that does not greet, and one that greets badly or as a stranger', async () => {
    const two = await listening(2, 0, { silentMs: 50 });
    const greet = (id: number) => encodeGreeting({ id, addresses: [at(1)] }, false);
    const all = [
      raw(two.port),
      raw(two.port, Buffer.from('GET / HTTP/1.1\r\n\r\n'.repeat(3))),
      raw(two.port, greet(2)),
      raw(two.port, greet(9)),
      raw(two.port, greet(-1)),
      raw(two.port, greet(2 ** 60)),
    ];
    await Promise.all(all.map(ended));
    expect(two.heard).toEqual([]);
  });

  it('hear a stranger where a reconfig may add it, and answer', async () => {
    const two = await listening(2, 0, { admitsStrangers: true });
    const nine = await listening(9);
    nine.links.setMembers([{ id: 2, addresses: [at(two.port)] }]);
    nine.links.send(2, vote(4n));
    await hears(two, 9, 4n);
    two.links.send(9, vote(6n));
    await hears(nine, 2, 6n);
  });

  it('outlive messages that are none', async () => {
    const two = await listening(2);
    two.links.setMembers([{ id: 3, addresses: [at(1)] }]);
    const three = raw(two.port, encodeGreeting({ id: 3, addresses: [at(1)] }, false));
    three.write(Buffer.from('00000003aabbcc', 'hex'));
    three.write(encodeNotification(vote(8n)));
    await hears(two, 3, 8n);
    three.write(Buffer.from('7fffffff', 'hex'));
    await ended(three);
  });

  it('resolve a name anew each time and try all its addresses', async () => {
    const answers = [[], ['127.0.0.1']];
    const one = await listening(1);
    const two = await listening(2, 0, { lookup: async () => answers.shift() ?? ['127.0.0.1'] });
    one.links.setMembers([{ id: 2, addresses: [at(two.port)] }]);
    two.links.setMembers([{ id: 1, addresses: [{ host: 'one.test', port: one.port }] }]);
    two.links.send(1, vote(1n));
    await waitFor('a failure', () =>
      two.lines.some((line) => line.includes('Unknown host one.test')),
    );
    two.links.send(1, vote(2n));
    await hears(one, 2, 2n);
  });

  it('listen once on a port that several addresses share, when they listen on all', async () => {
    const port = await freePort();
    const addresses = [at(port), { host: 'localhost', port }];
    const two = await listening(2, port, { addresses, onAllAddresses: true });
    const one = await listening(1);
    introduce({ ...one, id: 1 }, { ...two, id: 2 });
    one.links.send(2, vote(1n));
    await hears(two, 1, 1n);
  });

  it('give up a port that stays in use, with exit code 14', async () => {
    const blocker: Server = createServer();
    await new Promise<void>((done) => blocker.listen(0, '127.0.0.1', done));
    const { port } = blocker.address() as { port: number };
    const failed = listening(1, port);
    await expect(failed).rejects.toMatchObject({
      message: `Cannot listen for the election on 127.0.0.1:${port} after 3 tries: Address already in use`,
      exitCode: 14,
    });
    await new Promise((done) => blocker.close(done));
  });
});
