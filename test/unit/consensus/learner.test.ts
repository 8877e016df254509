import { describe, expect, it } from 'vitest';
import { sessionId } from '../../../src/base/ids.ts';
import {
  dataOf,
  LeaderInfo,
  PacketType,
  PROTOCOL_VERSION,
  type QuorumPacket,
  Revalidated,
} from '../../../src/wire/quorum.ts';
import { historyOf, id, learnerWith, p, taken, text } from './conversation.ts';

type Told = ReturnType<typeof learnerWith>;

const LINK = 1;
const leaderInfo = (epoch: number, protocolVersion = PROTOCOL_VERSION): QuorumPacket =>
  p(PacketType.leaderInfo, id(epoch, 0), dataOf(LeaderInfo, { protocolVersion }));
const newLeader = (epoch: number): QuorumPacket =>
  p(PacketType.newLeader, id(epoch, 0), text('servers'));
const proposal = (epoch: number, counter: number, value = 'x'): QuorumPacket =>
  p(PacketType.proposal, id(epoch, counter), text(value));
const commit = (epoch: number, counter: number): QuorumPacket =>
  p(PacketType.commit, id(epoch, counter));
const inform = (epoch: number, counter: number, value = 'x'): QuorumPacket =>
  p(PacketType.inform, id(epoch, counter), text(value));
const upToDate = p(PacketType.upToDate);
const diff = p(PacketType.diff, id(4, 2));

const gets = ({ learner }: Told, ...packets: QuorumPacket[]): void => {
  for (const packet of packets) learner.packet(LINK, packet, 0);
};

/** ACKEPOCH for epoch 5 has been sent; its history ends with 4:2. */
function accepted(more: Parameters<typeof learnerWith>[0] = {}): Told {
  const told = learnerWith(more);
  told.learner.linked(LINK, 0);
  gets(told, leaderInfo(5));
  told.learner.epochSaved('accepted', 5);
  taken(told.out);
  return told;
}

function following(more: Parameters<typeof learnerWith>[0] = {}): Told {
  const told = accepted(more);
  gets(told, diff, newLeader(5));
  told.learner.epochSaved('current', 5);
  gets(told, upToDate);
  expect(taken(told.out)).toContain('established');
  return told;
}

describe('a learner', () => {
  it('accepts an epoch and a history as Apache does, each step on disk before it is told', () => {
    const told = learnerWith();
    const { learner, out } = told;
    expect(taken(out)).toEqual(['link 1 to 1']);
    learner.linked(LINK, 0);
    expect(taken(out)).toEqual(['1 FOLLOWERINFO 400000000']);
    gets(told, leaderInfo(5));
    expect(taken(out)).toEqual(['save accepted 5']);
    learner.epochSaved('accepted', 5);
    expect(taken(out)).toEqual(['1 ACKEPOCH 4 400000002']);
    gets(told, diff, proposal(4, 3, 'a'), commit(4, 3), proposal(4, 4, 'b'), newLeader(5));
    expect(taken(out)).toEqual([
      'proposed 400000003 a',
      'committed 400000003',
      'proposed 400000004 b',
      'announced servers',
    ]);
    learner.logged(id(4, 3));
    expect(taken(out)).toEqual([]);
    learner.logged(id(4, 4));
    expect(taken(out)).toEqual(['save current 5']);
    learner.epochSaved('current', 5);
    // Nobody waits for the ACK of what is committed.
    expect(taken(out)).toEqual(['1 ACK 500000000', '1 ACK 400000004']);
    gets(told, upToDate);
    expect(taken(out)).toEqual(['1 ACK 500000000', 'established']);
  });

  it('says of an epoch that it has accepted before that this is no promise', () => {
    const { learner, out } = learnerWith({ acceptedEpoch: 5 });
    learner.linked(LINK, 0);
    taken(out);
    learner.packet(LINK, leaderInfo(5), 0);
    expect(taken(out)).toEqual(['1 ACKEPOCH -1 400000002']);
  });

  it('promises nothing when it has lost part of its history', () => {
    const { learner, out } = learnerWith({ mayPromise: false, history: historyOf(id(0, 0)) });
    learner.linked(LINK, 0);
    learner.packet(LINK, leaderInfo(5), 0);
    learner.epochSaved('accepted', 5);
    expect(taken(out).at(-1)).toBe('1 ACKEPOCH -1 0');
  });

  it('refuses an epoch before the one it has accepted', () => {
    const told = learnerWith({ acceptedEpoch: 6 });
    told.learner.linked(LINK, 0);
    taken(told.out);
    gets(told, leaderInfo(5));
    expect(taken(told.out)).toEqual([
      'unlink 1',
      'ended: leader 1 has sent epoch 5, 6 is accepted',
    ]);
    expect(told.learner.deadline).toBe(Number.POSITIVE_INFINITY);
  });

  it('acknowledges a proposal only when it is on disk, one by one and in order', () => {
    const told = following();
    const { learner, out } = told;
    gets(told, proposal(5, 1), proposal(5, 2), proposal(5, 3), commit(5, 1));
    expect(taken(out).join()).not.toContain('ACK');
    learner.logged(id(5, 2));
    expect(taken(out)).toEqual(['1 ACK 500000001', '1 ACK 500000002']);
  });

  it('acknowledges no proposal ahead of NEWLEADER, however soon it is on disk', () => {
    // ZOOKEEPER-4685.
    const told = accepted();
    const { learner, out } = told;
    gets(told, diff, proposal(5, 1));
    learner.logged(id(5, 1));
    gets(told, newLeader(5), proposal(5, 2));
    learner.logged(id(5, 2));
    expect(taken(out).join()).not.toContain('ACK');
    learner.epochSaved('current', 5);
    expect(taken(out)).toEqual(['1 ACK 500000000', '1 ACK 500000001', '1 ACK 500000002']);
  });

  it('takes a COMMIT between NEWLEADER and UPTODATE, for a proposal before or behind it', () => {
    // ZOOKEEPER-4394.
    const told = accepted();
    const { learner, out } = told;
    gets(told, diff, proposal(5, 1), newLeader(5), commit(5, 1), proposal(5, 2), commit(5, 2));
    expect(taken(out)).toEqual([
      'proposed 500000001 x',
      'announced servers',
      'committed 500000001',
      'proposed 500000002 x',
      'committed 500000002',
    ]);
    learner.logged(id(5, 2));
    learner.epochSaved('current', 5);
    gets(told, upToDate, proposal(5, 3), commit(5, 3));
    expect(taken(out)).toContain('committed 500000003');
  });

  it('does not save its epoch before the history of that epoch is on disk', () => {
    // ZOOKEEPER-3911, 4643, 4646.
    const told = accepted();
    gets(told, diff, proposal(4, 3), commit(4, 3), newLeader(5));
    expect(taken(told.out)).not.toContain('save current 5');
    told.learner.logged(id(4, 3));
    expect(taken(told.out)).toEqual(['save current 5']);
  });

  it('cuts its log, and holds what comes meanwhile', () => {
    const told = accepted({ history: historyOf(id(4, 0), id(4, 1), id(4, 2), id(4, 3)) });
    const { learner, out } = told;
    const lent = proposal(5, 1, 'a');
    gets(told, p(PacketType.trunc, id(4, 2)), lent, newLeader(5));
    expect(taken(out)).toEqual(['truncate 400000002']);
    lent.data?.fill(0);
    learner.truncated(0);
    expect(taken(out)).toEqual(['proposed 500000001 a', 'announced servers']);
    learner.logged(id(5, 1));
    expect(taken(out)).toEqual(['save current 5']);
  });

  it('asks for a snapshot, and promises nothing, when its log cannot be cut there', () => {
    const told = accepted();
    const { learner, out } = told;
    gets(told, p(PacketType.trunc, id(4, 1)), proposal(5, 1), newLeader(5));
    learner.notTruncated(0);
    const [, unlink, link, ...rest] = taken(out);
    expect([unlink, link, rest]).toEqual(['unlink 1', 'link 3 to 1', []]);
    learner.linked(3, 0);
    const next = (packet: QuorumPacket): void => learner.packet(3, packet, 0);
    next(leaderInfo(5));
    expect(taken(out)).toEqual(['3 FOLLOWERINFO 400000000', '3 ACKEPOCH -1 0']);
    next(p(PacketType.snap, id(5, 7)));
    next(newLeader(5));
    expect(taken(out)).toEqual(['restoring 500000007']);
    learner.restored(id(5, 7), 0);
    expect(taken(out)).toEqual(['announced servers', 'save current 5']);
  });

  it('takes nothing but a snapshot once it has told of no history', () => {
    for (const packet of [diff, p(PacketType.trunc, id(4, 1)), proposal(4, 3), leaderInfo(6)]) {
      const told = accepted();
      gets(told, p(PacketType.trunc, id(4, 1)));
      told.learner.notTruncated(0);
      told.learner.linked(3, 0);
      if (packet.type !== PacketType.leaderInfo) told.learner.packet(3, leaderInfo(5), 0);
      told.learner.packet(3, packet, 0);
      expect(taken(told.out).at(-1)).toMatch('ended: leader 1 has sent');
    }
  });

  it('takes a snapshot, and skips what that has already', () => {
    const told = accepted();
    const { learner, out } = told;
    gets(told, p(PacketType.snap, id(5, 7)));
    expect(taken(out)).toEqual(['restoring 500000007']);
    learner.restored(id(5, 7), 0);
    gets(
      told,
      proposal(5, 6),
      commit(5, 6),
      proposal(5, 7),
      commit(5, 7),
      proposal(5, 8),
      newLeader(5),
    );
    expect(taken(out)).toEqual(['proposed 500000008 x', 'announced servers']);
    learner.logged(id(5, 8));
    learner.epochSaved('current', 5);
    expect(taken(out)).toEqual(['save current 5', '1 ACK 500000000', '1 ACK 500000008']);
  });

  it('goes on behind a snapshot that ends with the start of an epoch', () => {
    const told = accepted();
    gets(told, p(PacketType.snap, id(5, 0)));
    told.learner.restored(id(5, 0), 0);
    gets(told, proposal(5, 1));
    expect(taken(told.out)).toEqual(['restoring 500000000', 'proposed 500000001 x']);
  });

  it('observes: what is committed comes as one packet, and is not acknowledged', () => {
    const told = accepted({ isObserver: true });
    const { learner, out } = told;
    gets(told, diff, proposal(4, 3), commit(4, 3), newLeader(5), inform(5, 1));
    learner.logged(id(5, 1));
    learner.epochSaved('current', 5);
    gets(told, upToDate, inform(5, 2));
    learner.logged(id(5, 2));
    expect(taken(out)).toEqual([
      'proposed 400000003 x',
      'committed 400000003',
      'announced servers',
      'proposed 500000001 x',
      'committed 500000001',
      'save current 5',
      '1 ACK 500000000',
      '1 ACK 500000000',
      'established',
      'proposed 500000002 x',
      'committed 500000002',
    ]);
  });

  it('observes: is informed of what it was sent in flight', () => {
    const told = accepted({ isObserver: true });
    gets(told, diff, proposal(5, 1), newLeader(5), inform(5, 1));
    expect(taken(told.out)).toEqual([
      'proposed 500000001 x',
      'announced servers',
      'committed 500000001',
    ]);
  });

  it('commits a change of the membership and says who should lead then', () => {
    const leader = Buffer.alloc(8);
    leader.writeBigInt64BE(3n);
    const told = following();
    gets(told, proposal(5, 1), p(PacketType.commitAndActivate, id(5, 1), leader));
    expect(taken(told.out)).toEqual([
      'proposed 500000001 x',
      'committed 500000001',
      'reconfigured 500000001 3',
    ]);
    const observer = following({ isObserver: true });
    const data = Buffer.concat([leader, text('new')]);
    gets(observer, p(PacketType.informAndActivate, id(5, 1), data));
    expect(taken(observer.out)).toEqual([
      'proposed 500000001 new',
      'committed 500000001',
      'reconfigured 500000001 3',
    ]);
  });

  it.each<[string, QuorumPacket[], string]>([
    ['a gap', [proposal(5, 2)], 'a proposal 0x500000002 behind 0x400000002'],
    [
      'the same proposal twice',
      [proposal(5, 1), proposal(5, 1)],
      'a proposal 0x500000001 behind 0x500000001',
    ],
    ['a proposal of another epoch', [proposal(6, 1)], 'a proposal 0x600000001 behind 0x400000002'],
    ['a proposal of an old epoch', [proposal(4, 3)], 'a proposal 0x400000003 behind 0x400000002'],
    ['a commit of nothing', [commit(5, 1)], 'a commit of 0x500000001, but nothing is proposed'],
    [
      'a commit out of turn',
      [proposal(5, 1), proposal(5, 2), commit(5, 2)],
      'a commit of 0x500000002, but 0x500000001 is next',
    ],
    [
      'a commit twice',
      [proposal(5, 1), proposal(5, 2), commit(5, 1), commit(5, 1)],
      'a commit of 0x500000001, but 0x500000002 is next',
    ],
    ['INFORM for a follower', [inform(5, 1)], 'INFORM out of place'],
    ['NEWLEADER once more', [newLeader(5)], 'NEWLEADER out of place'],
    ['UPTODATE once more', [upToDate], 'UPTODATE out of place'],
    ['SNAP now', [p(PacketType.snap, id(5, 0))], 'SNAP out of place'],
    [
      'a proposal without an entry',
      [p(PacketType.proposal, id(5, 1))],
      'PROPOSAL: a packet without data',
    ],
    [
      'an answer cut short',
      [p(PacketType.revalidate, id(0, 0), text('abc'))],
      'REVALIDATE: 8 bytes wanted, 3 left',
    ],
    ['a packet of no kind', [{ ...p(PacketType.ack), type: 77 }], 'packet 77 out of place'],
  ])('leaves a leader that sends %s', (_, sent, reason) => {
    const told = following();
    gets(told, ...sent);
    const happened = taken(told.out);
    expect(happened.slice(-2)).toEqual(['unlink 1', `ended: leader 1 has sent ${reason}`]);
    gets(told, proposal(5, 1));
    expect(taken(told.out)).toEqual([]);
  });

  it.each<[string, QuorumPacket]>([
    ['UPTODATE', upToDate],
    ['SYNC', p(PacketType.sync, id(0, 0))],
    ['LEADERINFO', leaderInfo(5)],
  ])('leaves a leader that sends %s ahead of the ACK of NEWLEADER', (name, packet) => {
    const told = accepted();
    gets(told, diff, newLeader(5), packet);
    expect(taken(told.out).at(-1)).toBe(`ended: leader 1 has sent ${name} out of place`);
  });

  it('leaves a leader whose NEWLEADER is of another epoch', () => {
    const told = accepted();
    gets(told, diff, newLeader(6));
    expect(taken(told.out).at(-1)).toBe('ended: leader 1 has sent NEWLEADER of 0x600000000');
  });

  it('leaves a leader that would cut off what it has not', () => {
    const told = accepted();
    gets(told, p(PacketType.trunc, id(4, 9)));
    expect(taken(told.out).at(-1)).toContain(
      'TRUNC to 0x400000009, but the log ends with 0x400000002',
    );
  });

  it('leaves a leader of an older protocol', () => {
    const told = learnerWith();
    told.learner.linked(LINK, 0);
    gets(told, leaderInfo(5, 1));
    expect(taken(told.out).at(-1)).toBe('ended: leader 1 has sent an older protocol');
  });

  it('answers pings with what it is told, from UPTODATE on', () => {
    const told = accepted();
    const { learner, out } = told;
    gets(told, diff, newLeader(5), p(PacketType.ping, id(5, 0)));
    learner.epochSaved('current', 5);
    expect(taken(out).join()).not.toContain('ping');
    gets(told, upToDate);
    taken(out);
    gets(told, p(PacketType.ping, id(5, 7)));
    expect(taken(out)).toEqual(['pinged']);
    learner.touch([{ session: sessionId(1n), timeout: 4000 }]);
    learner.touch([]);
    expect(taken(out)).toEqual(['1 PING 500000007']);
  });

  it('runs errands for its clients, but not before UPTODATE', () => {
    const told = accepted();
    const { learner, out } = told;
    const request = { session: sessionId(1n), cxid: 1, opcode: 1, body: text('...') };
    gets(told, diff);
    learner.request(request, null);
    learner.revalidate(sessionId(1n), 4000);
    expect(taken(out)).toEqual([]);
    gets(told, newLeader(5));
    learner.epochSaved('current', 5);
    gets(told, upToDate);
    taken(out);
    learner.request(request, null);
    learner.revalidate(sessionId(1n), 4000);
    expect(taken(out)).toEqual(['1 REQUEST', '1 REVALIDATE']);
    const validity = dataOf(Revalidated, { session: sessionId(1n), isValid: true });
    gets(told, p(PacketType.revalidate, undefined, validity), p(PacketType.sync, id(0, 0)));
    expect(taken(out)).toEqual(['revalidated 1 true', 'synced']);
  });

  it('tries again for a moment when its leader is not there yet', () => {
    const { learner, out } = learnerWith();
    taken(out);
    learner.unlinked(1, 'refused', 0);
    expect(learner.deadline).toBe(100);
    learner.tick(100);
    expect(taken(out)).toEqual(['link 3 to 1']);
    // The leader closes the link: it does not know yet that it leads.
    learner.linked(3, 150);
    learner.unlinked(3, 'closed', 160);
    learner.tick(learner.deadline);
    expect(taken(out)).toEqual(['3 FOLLOWERINFO 400000000', 'link 5 to 1']);
    learner.unlinked(5, 'refused', 950);
    expect(taken(out)).toEqual(['ended: leader 1 has gone: refused']);
  });

  it('gives up a connection that neither comes nor fails', () => {
    const { learner, out } = learnerWith();
    taken(out);
    learner.tick(1000);
    expect(taken(out)).toEqual([]);
    learner.tick(1001);
    expect(taken(out)).toEqual(['unlink 1', 'ended: leader 1 cannot be reached']);
  });

  it('tries to connect for as long as it is told to', () => {
    const { learner, out } = learnerWith({ connectLimit: 30, initLimit: 50 });
    taken(out);
    learner.tick(3000);
    expect(taken(out)).toEqual([]);
    learner.tick(3001);
    expect(taken(out)).toEqual(['unlink 1', 'ended: leader 1 cannot be reached']);
  });

  it('waits initLimit for its leader, and syncLimit once it follows', () => {
    const told = accepted();
    told.learner.tick(1000);
    expect(taken(told.out)).toEqual([]);
    told.learner.tick(1001);
    expect(taken(told.out).at(-1)).toBe('ended: nothing heard of leader 1 within initLimit');
    const other = following();
    expect(other.learner.deadline).toBe(501);
    other.learner.tick(501);
    expect(taken(other.out).at(-1)).toBe('ended: nothing heard of leader 1 within syncLimit');
  });

  it('is over when its replica says so, and only once', () => {
    const { learner, out } = following();
    learner.end('its data is whole');
    learner.end('again');
    expect(taken(out)).toEqual(['unlink 1', 'ended: its data is whole']);
  });

  it('is over when its link breaks', () => {
    const told = following();
    told.learner.unlinked(LINK, 'reset', 10);
    expect(taken(told.out)).toEqual(['ended: leader 1 has gone: reset']);
  });
});
