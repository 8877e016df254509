import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { zxid } from '../../../../src/base/ids.ts';
import { silentLogger } from '../../../../src/base/logger.ts';
import {
  LearnerLinks,
  type LearnerLinksOptions,
  type LinkEvent,
} from '../../../../src/server/network/learnerLinks.ts';
import { Writer } from '../../../../src/wire/bytes.ts';
import { dataOf, LearnerInfo, PacketType, QuorumPacket } from '../../../../src/wire/quorum.ts';
import { SnapshotStreamEncoder } from '../../../../src/wire/snapshotWriting.ts';
import { waitFor } from '../../../support/processes.ts';

const open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

const at = (port: number) => ({ host: '127.0.0.1', port });

class Side {
  readonly links: LearnerLinks;
  readonly events: string[] = [];
  readonly nodes: number[] = [];
  snapshots = 0;
  port = 0;
  /** Links that came to its port. */
  readonly accepted: number[] = [];

  constructor(id: number, more: Partial<LearnerLinksOptions> = {}) {
    this.links = new LearnerLinks({
      id,
      addresses: [at(0)],
      onAllAddresses: false,
      bindTries: 1,
      connectLimitMs: 2000,
      maxData: 1 << 21,
      admitsStrangers: false,
      logger: silentLogger,
      onEvent: (event) => this.#note(event),
      onSnapshot: () => ({
        session: () => undefined,
        acl: () => undefined,
        node: (_, { data }) => this.nodes.push(data?.length ?? 0),
      }),
      onSnapshotEnd: () => this.snapshots++,
      ...more,
    });
    open.push(this.links);
  }

  #note(event: LinkEvent): void {
    if (event.kind === 'packet') this.events.push(`${event.packet.type} ${event.packet.zxid}`);
    else this.events.push(event.kind);
    if (event.kind === 'linked' && event.to === null) this.accepted.push(event.link);
  }

  async listen(): Promise<this> {
    const [port = 0] = await this.links.listen();
    this.port = port;
    return this;
  }

  /** The one link that came to it. */
  async visitor(): Promise<number> {
    return waitFor('a learner', () => this.accepted[0] ?? null);
  }
}

const packet = (type: number, id: bigint, data: Uint8Array | null = null): QuorumPacket => ({
  type,
  zxid: zxid(id),
  data,
  authinfo: null,
});

const info = (id: number): QuorumPacket =>
  packet(
    PacketType.followerInfo,
    0n,
    dataOf(LearnerInfo, { serverid: BigInt(id), protocolVersion: 0x10000, configVersion: 0n }),
  );

/** A leader with id 3, and a follower with id 1 that is linked to it. */
async function pair(): Promise<{ leader: Side; learner: Side; down: number }> {
  const leader = await new Side(3).listen();
  const learner = new Side(1);
  leader.links.setMembers([{ id: 1, addresses: [at(1)] }]);
  learner.links.setMembers([{ id: 3, addresses: [at(leader.port)] }]);
  leader.links.setLeading(true);
  learner.links.connect(1, 3);
  await waitFor('the link', () => learner.events.includes('linked'));
  learner.links.send(1, info(1));
  return { leader, learner, down: await leader.visitor() };
}

function* pieces(count: number, size: number, pulled?: () => void): Generator<Buffer> {
  const encoder = new SnapshotStreamEncoder();
  encoder.sessions([], 0);
  encoder.acls([], 0);
  const stat = {
    czxid: zxid(1n),
    mzxid: zxid(1n),
    ctime: 0,
    mtime: 0,
    version: 0,
    cversion: 0,
    aversion: 0,
    ephemeralOwner: 0n,
    pzxid: zxid(1n),
  };
  for (let i = 0; i < count; i++) {
    encoder.node(i === 0 ? '' : `/n${i}`, stat, Buffer.alloc(size, i), -1n);
    if (encoder.pending < 1 << 18) continue;
    pulled?.();
    yield encoder.take();
  }
  encoder.endOfNodes();
  yield encoder.take();
}

function raw(port: number, ...packets: QuorumPacket[]): Socket {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  const writer = new Writer();
  for (const one of packets) QuorumPacket.write(writer, one);
  socket.write(writer.take());
  open.push({ close: () => socket.destroy() });
  return socket;
}

const ended = (socket: Socket): Promise<void> =>
  new Promise((done) => socket.resume().once('close', () => done()));

describe('links between a leader and a learner', () => {
  it('carry packets both ways, in order', async () => {
    const { leader, learner, down } = await pair();
    for (let i = 1n; i <= 1000n; i++) leader.links.send(down, packet(PacketType.commit, i));
    learner.links.send(1, packet(PacketType.ack, 7n));
    await waitFor('the last', () => learner.events.at(-1) === '4 1000');
    expect(learner.events).toEqual([
      'linked',
      ...Array.from({ length: 1000 }, (_, i) => `4 ${i + 1}`),
    ]);
    await waitFor('the ack', () => leader.events.length === 3);
    expect(leader.events).toEqual(['linked', '11 0', '3 7']);
  });

  it('end when one side ends them, and say so on the other', async () => {
    const { leader, learner, down } = await pair();
    leader.links.send(down, packet(PacketType.ping, 1n));
    leader.links.unlink(down);
    await waitFor('the end', () => learner.events.at(-1) === 'unlinked');
    expect(learner.events).toEqual(['linked', '5 1', 'unlinked']);
    expect(leader.events).toEqual(['linked', '11 0']);
  });

  it('hold what is behind a snapshot until it is durable', async () => {
    const { leader, learner, down } = await pair();
    leader.links.send(down, packet(PacketType.snap, 9n));
    leader.links.sendSnapshot(down, pieces(50, 100_000));
    leader.links.send(down, packet(PacketType.newLeader, 10n));
    leader.links.send(down, packet(PacketType.upToDate, 11n));
    await waitFor('the snapshot', () => learner.snapshots === 1);
    expect(learner.nodes).toEqual(Array.from({ length: 50 }, () => 100_000));
    leader.links.send(down, packet(PacketType.ping, 12n));
    // The other direction is not held.
    learner.links.send(1, packet(PacketType.ack, 5n));
    await waitFor('the ack', () => leader.events.at(-1) === '3 5');
    expect(learner.events).toEqual(['linked', '15 9']);
    learner.links.release(1);
    await waitFor('the rest', () => learner.events.at(-1) === '5 12');
    expect(learner.events).toEqual(['linked', '15 9', '10 10', '12 11', '5 12']);
  });

  it('send a stretch of the log as proposals and commits, before what is sent later', async () => {
    const { leader, learner, down } = await pair();
    async function* entries() {
      for (let i = 1n; i <= 3000n; i++) yield { zxid: zxid(i), entry: Buffer.alloc(500, 1) };
    }
    leader.links.send(down, packet(PacketType.diff, 3000n));
    leader.links.sendHistory(down, entries());
    leader.links.send(down, packet(PacketType.newLeader, 1n));
    await waitFor('the last', () => learner.events.at(-1) === '10 1');
    const pairs = Array.from({ length: 3000 }, (_, i) => [`2 ${i + 1}`, `4 ${i + 1}`]).flat();
    expect(learner.events).toEqual(['linked', '13 3000', ...pairs, '10 1']);
  });

  it('make a large snapshot no faster than it is read', async () => {
    const leader = await new Side(3).listen();
    leader.links.setMembers([{ id: 1, addresses: [at(1)] }]);
    leader.links.setLeading(true);
    const slow = raw(leader.port, info(1)).pause();
    const down = await leader.visitor();
    let pulled = 0;
    leader.links.sendSnapshot(
      down,
      pieces(500, 100_000, () => pulled++),
    );
    leader.links.send(down, packet(PacketType.newLeader, 1n));
    let before = -1;
    await waitFor('a standstill', () => {
      const isStill = pulled === before;
      before = pulled;
      return isStill;
    });
    // 50 MB in all, of which the system has taken a few.
    expect(pulled).toBeLessThan(100);
    let read = 0;
    let tail = Buffer.alloc(0);
    slow.on('data', (chunk) => {
      read += chunk.length;
      tail = Buffer.concat([tail, chunk]).subarray(-20);
    });
    slow.resume();
    await waitFor('the last packet', () => read > 50e6 && tail.readInt32BE(0) === 10);
    expect(pulled).toBeGreaterThan(150);
  });

  it('are cut when a learner does not read, at a bound', async () => {
    const leader = await new Side(3, { maxUnsent: 1 << 20 }).listen();
    leader.links.setMembers([{ id: 1, addresses: [at(1)] }]);
    leader.links.setLeading(true);
    raw(leader.port, info(1)).pause();
    const down = await leader.visitor();
    await waitFor('the cut', () => {
      for (let i = 0; i < 20; i++) {
        leader.links.send(down, packet(PacketType.proposal, 1n, Buffer.alloc(100_000)));
      }
      expect(leader.links.unsent(down)).toBeLessThan(3 << 20);
      return leader.events.at(-1) === 'unlinked';
    });
  });

  it('are refused to whoever is no member, or does not begin as a learner', async () => {
    const leader = await new Side(3, { silentMs: 100 }).listen();
    leader.links.setMembers([
      { id: 1, addresses: [at(1)] },
      { id: 3, addresses: [at(1)] },
    ]);
    leader.links.setLeading(true);
    const all = [
      raw(leader.port),
      raw(leader.port, info(2)),
      raw(leader.port, info(3)),
      raw(leader.port, info(-1)),
      raw(leader.port, packet(PacketType.ack, 1n), info(1)),
      raw(leader.port, packet(PacketType.followerInfo, 1n)),
      raw(leader.port, packet(PacketType.proposal, 1n, Buffer.alloc(1 << 20))),
    ];
    const garbage = raw(leader.port);
    garbage.write('GET / HTTP/1.1\r\n\r\n');
    await Promise.all([...all, garbage].map(ended));
    expect(leader.events).toEqual([]);
  });

  it('wait a moment for a leader that has not begun to lead', async () => {
    const leader = await new Side(3).listen();
    leader.links.setMembers([{ id: 1, addresses: [at(1)] }]);
    const early = raw(leader.port, info(1));
    await new Promise((done) => early.once('connect', done));
    leader.links.setLeading(true);
    await leader.visitor();
    leader.links.setLeading(false);
    const late = raw(leader.port, info(1));
    await ended(late);
    expect(leader.accepted).toHaveLength(1);
  });

  it('are not there when nobody listens, and that is said after a few tries', async () => {
    const nobody = await new Side(3).listen();
    nobody.links.close();
    const learner = new Side(1);
    learner.links.setMembers([{ id: 3, addresses: [at(nobody.port)] }]);
    learner.links.connect(1, 3);
    learner.links.connect(3, 8);
    await waitFor('both', () => learner.events.length === 2);
    expect(learner.events).toEqual(['unlinked', 'unlinked']);
  });

  it('end on a snapshot that does not end as one', async () => {
    const { leader, learner, down } = await pair();
    leader.links.send(down, packet(PacketType.snap, 9n));
    leader.links.sendSnapshot(down, [
      Buffer.alloc(8),
      Buffer.from('000000012f', 'hex'),
      Buffer.from('0000000a4e6f744265656e4865', 'hex'),
      Buffer.alloc(9),
    ]);
    await waitFor('the end', () => learner.events.at(-1) === 'unlinked');
    expect(learner.snapshots).toBe(0);
  });
});
