import { describe, expect, it } from 'vitest';
import { sessionId } from '../../../src/base/ids.ts';
import { forwardedData, PacketType, touchesData } from '../../../src/wire/quorum.ts';
import { ack, ackEpoch, greeting, id, leaderWith, p, taken, text } from './conversation.ts';

type Told = ReturnType<typeof leaderWith>;

/** Server 2 follows on link 2, in sync; epoch 5 is established. */
function established(more: Parameters<typeof leaderWith>[0] = {}): Told {
  const told = leaderWith(more);
  const { leader, out } = told;
  leader.linked(2, 'two', 0);
  leader.packet(2, greeting(2, 4), 0);
  leader.epochSaved('accepted', 5, 0);
  leader.packet(2, ackEpoch(4, id(4, 2)), 0);
  leader.epochSaved('current', 5, 0);
  leader.packet(2, ack(id(5, 0)), 0);
  expect(taken(out)).toContain('established');
  return told;
}

/** A second learner comes as far as the ACK of NEWLEADER excluded. */
function joins(
  { leader }: Told,
  link: number,
  server: number,
  last = id(4, 2),
  observer = false,
): void {
  leader.linked(link, `server ${server}`, 0);
  leader.packet(link, greeting(server, 4, observer ? { type: PacketType.observerInfo } : {}), 0);
  leader.packet(link, ackEpoch(4, last), 0);
}

function write({ leader }: Told, value: string): void {
  leader.proposed(leader.propose(), text(value));
}

describe('a leader', () => {
  it('founds an epoch as Apache does, each step on disk before it is told', () => {
    const { leader, out } = leaderWith();
    expect(taken(out)).toEqual([]);
    leader.linked(2, 'two', 0);
    leader.packet(2, greeting(2, 7), 0);
    expect(taken(out)).toEqual(['save accepted 8']);
    leader.epochSaved('accepted', 8, 0);
    expect(taken(out)).toEqual(['2 LEADERINFO 800000000']);
    leader.packet(2, ackEpoch(4, id(4, 1)), 0);
    expect(taken(out)).toEqual([
      'save current 8',
      'report: Sending DIFF to follower 2 (two): its last zxid 0x400000001, committed here up to 0x400000002, in memory after 0x400000000',
      '2 DIFF 400000002',
      '2 PROPOSAL 400000002 400000002',
      '2 COMMIT 400000002',
      '2 NEWLEADER 800000000 servers',
    ]);
    leader.packet(2, ack(id(8, 0)), 0);
    expect(taken(out)).toEqual([]);
    leader.epochSaved('current', 8, 0);
    expect(taken(out)).toEqual(['established', '2 UPTODATE']);
    // The ACK of UPTODATE.
    leader.packet(2, ack(id(8, 0)), 0);
    expect(taken(out)).toEqual([]);
    expect(leader.propose()).toBe(id(8, 1));
  });

  it.each([
    [id(4, 2), 'DIFF'],
    [id(4, 5), 'TRUNC after 0x400000002'],
    [id(3, 2), 'SNAP'],
  ])('says once what it sends to a learner that ends with %#x', (last, what) => {
    const told = established();
    taken(told.out);
    joins(told, 4, 3, last);
    expect(taken(told.out).filter((one) => one.startsWith('report'))).toEqual([
      `report: Sending ${what} to follower 3 (server 3): its last zxid 0x${last.toString(16)}, ` +
        'committed here up to 0x400000002, in memory after 0x400000000',
    ]);
  });

  it('does not take an epoch that was accepted before for a promise', () => {
    const { leader, out } = leaderWith();
    leader.linked(2, 'two', 0);
    leader.packet(2, greeting(2, 4), 0);
    leader.epochSaved('accepted', 5, 0);
    taken(out);
    leader.packet(2, ackEpoch(-1, id(4, 2)), 0);
    expect(taken(out)).toEqual([]);
    joins({ leader, out }, 4, 3);
    const happened = taken(out);
    expect(happened).toContain('save current 5');
    expect(happened).toContain('2 DIFF 400000002');
  });

  it('is over when a voter has a later history, by epoch or by zxid', () => {
    for (const theirs of [ackEpoch(5, id(4, 1)), ackEpoch(4, id(4, 3))]) {
      const { leader, out } = leaderWith();
      leader.linked(2, 'two', 0);
      leader.packet(2, greeting(2, 6), 0);
      leader.epochSaved('accepted', 7, 0);
      taken(out);
      leader.packet(2, theirs, 0);
      expect(taken(out)).toEqual(['unlink 2', 'ended: follower 2 (two) has a later history']);
      expect(leader.deadline).toBe(Number.POSITIVE_INFINITY);
    }
  });

  it('takes the zxid that starts an epoch for no history of its own', () => {
    const { leader, out } = leaderWith({
      currentEpoch: 5,
      acceptedEpoch: 5,
    });
    leader.linked(2, 'two', 0);
    leader.packet(2, greeting(2, 5), 0);
    leader.epochSaved('accepted', 6, 0);
    taken(out);
    leader.packet(2, ackEpoch(5, id(5, 0)), 0);
    expect(taken(out)).toEqual([
      'save current 6',
      expect.stringMatching(/^report: Sending DIFF to follower 2 /),
      '2 DIFF 400000002',
      '2 NEWLEADER 600000000 servers',
    ]);
  });

  it('counts no observer, whatever it acknowledges', () => {
    const { leader, out } = leaderWith();
    leader.linked(4, 'nine', 0);
    leader.packet(4, greeting(9, 4, { type: PacketType.observerInfo }), 0);
    leader.linked(6, 'three', 0);
    leader.packet(6, greeting(3, 4, { type: PacketType.observerInfo }), 0);
    expect(taken(out)).toEqual([]);
  });

  it('commits what a quorum has, in order, and informs observers', () => {
    const told = established();
    const { leader, out } = told;
    joins(told, 4, 9, id(4, 2), true);
    leader.packet(4, ack(id(5, 0)), 0);
    taken(out);
    write(told, 'a');
    write(told, 'b');
    expect(taken(out)).toEqual([
      'log 500000001 a',
      '2 PROPOSAL 500000001 a',
      'log 500000002 b',
      '2 PROPOSAL 500000002 b',
    ]);
    leader.packet(4, ack(id(5, 2)), 0);
    leader.logged(id(5, 2));
    expect(taken(out)).toEqual([]);
    leader.packet(2, ack(id(5, 2)), 0);
    expect(taken(out)).toEqual([
      '2 COMMIT 500000001',
      '4 INFORM 500000001 a',
      '2 COMMIT 500000002',
      '4 INFORM 500000002 b',
      'committed 500000002',
    ]);
  });

  it('does not count itself before its own disk has it', () => {
    const told = established();
    write(told, 'a');
    told.leader.packet(2, ack(id(5, 1)), 0);
    expect(taken(told.out)).not.toContain('committed 500000001');
    told.leader.logged(id(5, 1));
    expect(taken(told.out)).toContain('committed 500000001');
  });

  it('gives a late follower what is in flight ahead of NEWLEADER, and commits behind UPTODATE', () => {
    // ZOOKEEPER-3104, and 4394: Apache's followers stumble over a COMMIT in between.
    const told = established();
    const { leader, out } = told;
    write(told, 'a');
    leader.logged(id(5, 1));
    leader.packet(2, ack(id(5, 1)), 0);
    write(told, 'b');
    taken(out);
    joins(told, 4, 3, id(4, 2));
    expect(taken(out)).toEqual([
      '4 LEADERINFO 500000000',
      expect.stringMatching(/^report: Sending DIFF to follower 3 /),
      '4 DIFF 500000001',
      '4 PROPOSAL 500000001 a',
      '4 COMMIT 500000001',
      '4 PROPOSAL 500000002 b',
      '4 NEWLEADER 500000000 servers',
    ]);
    write(told, 'c');
    leader.logged(id(5, 3));
    leader.packet(2, ack(id(5, 3)), 0);
    expect(taken(out).filter((one) => one.startsWith('4'))).toEqual(['4 PROPOSAL 500000003 c']);
    leader.packet(4, ack(id(5, 0)), 0);
    expect(taken(out)).toEqual(['4 UPTODATE', '4 COMMIT 500000002', '4 COMMIT 500000003']);
  });

  it('lets an observer have no proposal that is not committed', () => {
    const told = established();
    write(told, 'a');
    taken(told.out);
    joins(told, 4, 9, id(4, 2), true);
    expect(taken(told.out)).toEqual([
      '4 LEADERINFO 500000000',
      expect.stringMatching(/^report: Sending DIFF to observer 9 /),
      '4 DIFF 400000002',
      '4 NEWLEADER 500000000 servers',
    ]);
  });

  it('takes acknowledgements of proposals ahead of that of NEWLEADER', () => {
    // ZOOKEEPER-4685: the order in which a follower's threads come to write is open.
    const told = established();
    const { leader, out } = told;
    write(told, 'a');
    joins(told, 4, 3);
    leader.logged(id(5, 1));
    taken(out);
    leader.packet(4, ack(id(4, 2)), 0);
    leader.packet(4, ack(id(5, 1)), 0);
    expect(taken(out)).toEqual(['2 COMMIT 500000001', 'committed 500000001']);
    leader.packet(4, ack(id(5, 0)), 0);
    expect(taken(out)).toEqual(['4 UPTODATE', '4 COMMIT 500000001']);
  });

  it('forgets what a follower acknowledged when its link ends: it may come back with less', () => {
    const told = established({});
    const { leader, out } = told;
    joins(told, 4, 3);
    leader.packet(4, ack(id(5, 0)), 0);
    write(told, 'a');
    leader.packet(4, ack(id(5, 1)), 0);
    leader.unlinked(4, 'reset');
    taken(out);
    leader.logged(id(5, 1));
    expect(taken(out)).toEqual([]);
    leader.packet(2, ack(id(5, 1)), 0);
    expect(taken(out)).toContain('committed 500000001');
  });

  it('lets a server follow on one link only, the latest', () => {
    const told = established();
    const { leader, out } = told;
    leader.linked(4, 'two again', 0);
    leader.packet(4, greeting(2, 5), 0);
    expect(taken(out)).toEqual([
      'unlink 2',
      'report: the link of follower 2 (two) is closed: it has connected again',
      '4 LEADERINFO 500000000',
    ]);
  });

  it.each([
    ['a server of no configuration', greeting(7, 4), 'server 7 is not in the configuration'],
    ['itself', greeting(1, 4), 'server 1 is this one'],
    ['a negative id', greeting(-3, 4), 'server -3 is not in the configuration'],
    [
      'a later configuration',
      greeting(2, 4, { configVersion: 1n }),
      'it has a later configuration',
    ],
    [
      'an epoch beyond all bounds',
      greeting(2, 0xffff_ffff),
      'it claims to have accepted epoch 4294967295',
    ],
    [
      'a greeting cut short',
      p(PacketType.followerInfo, id(4, 0), text('abc')),
      'FOLLOWERINFO: 8 bytes wanted, 3 left',
    ],
    [
      'a greeting without data',
      p(PacketType.followerInfo, id(4, 0)),
      'FOLLOWERINFO: a packet without data',
    ],
    ['a request instead of a greeting', p(PacketType.request), 'REQUEST out of place'],
    ['an ACK instead of a greeting', ack(id(4, 1)), 'ACK out of place'],
    ['a packet of no kind', { ...p(PacketType.ack), type: 77 }, 'packet 77 out of place'],
  ])('closes the link of %s', (_, packet, reason) => {
    const { leader, out } = leaderWith();
    leader.linked(2, 'two', 0);
    leader.packet(2, packet, 0);
    const happened = taken(out);
    expect(happened[0]).toBe('unlink 2');
    expect(happened[1]).toContain(reason);
    // Nothing is heard of it any more.
    leader.packet(2, greeting(2, 4), 0);
    expect(taken(out)).toEqual([]);
  });

  it('closes the link of who acknowledges what was never proposed', () => {
    const told = established();
    told.leader.packet(2, ack(id(5, 1)), 0);
    expect(taken(told.out)[1]).toContain('ACK of 0x500000001, which was never proposed');
  });

  it('makes way for a new epoch when a voter has accepted a later one', () => {
    const told = established();
    told.leader.linked(4, 'three', 0);
    told.leader.packet(4, greeting(3, 6), 0);
    expect(taken(told.out)).toEqual([
      'unlink 2',
      'unlink 4',
      'ended: follower 3 (three) has accepted epoch 6, this one is 5',
    ]);
    expect(told.leader.isEstablished).toBe(false);
  });

  it('hears of clients in the answers to its pings', () => {
    const told = established();
    const { leader, out } = told;
    leader.tick(50);
    expect(taken(out)).toEqual(['2 PING 500000000']);
    const sessions = touchesData([{ session: sessionId(0x2an), timeout: 4000 }]);
    leader.packet(2, p(PacketType.ping, id(5, 0), sessions), 60);
    expect(taken(out)).toEqual(['touched 2a 4000']);
    leader.packet(2, p(PacketType.revalidate, undefined, sessions), 60);
    expect(taken(out)).toEqual(['2 revalidate 2a 4000']);
    leader.revalidated(2, sessionId(0x2an), true);
    leader.sync(2)();
    expect(taken(out)).toEqual(['2 REVALIDATE', '2 SYNC 0']);
  });

  it('passes on what learners forward, if it is a request', () => {
    const { leader, out } = established();
    const request = { session: sessionId(0x2an), cxid: 7, opcode: 5, body: text('...') };
    leader.packet(2, p(PacketType.request, undefined, forwardedData(request)), 60);
    expect(taken(out)).toEqual(['2 requested 2a 5']);
    leader.packet(2, p(PacketType.request, undefined, Buffer.alloc(15)), 60);
    expect(taken(out)[0]).toBe('unlink 2');
  });

  it('is confirmed by the answers to pings sent later, one round for all that ask meanwhile', () => {
    const told = established();
    const { leader, out } = told;
    const answer = p(PacketType.ping, id(5, 0), Buffer.alloc(0));
    leader.tick(50);
    leader.confirm(1);
    leader.confirm(2);
    leader.confirm(3);
    expect(taken(out)).toEqual(['2 PING 500000000', '2 PING 500000000']);
    leader.packet(2, answer, 60);
    expect(taken(out)).toEqual([]);
    leader.packet(2, answer, 61);
    expect(taken(out)).toEqual(['confirmed 1', '2 PING 500000000']);
    leader.packet(2, answer, 62);
    expect(taken(out)).toEqual(['confirmed 2', 'confirmed 3']);
  });

  it('gives up when no quorum comes, long before initLimit', () => {
    const { leader, out } = leaderWith({ initLimit: 100 });
    leader.tick(1000);
    expect(taken(out)).toEqual([]);
    leader.tick(1050);
    expect(taken(out)).toEqual(['ended: no quorum has come, only [1]']);
  });

  it('gives a quorum that is there until initLimit', () => {
    const { leader, out } = leaderWith({ initLimit: 100, quorumWait: 400 });
    leader.linked(2, 'two', 0);
    leader.packet(2, greeting(2, 4), 0);
    leader.epochSaved('accepted', 5, 0);
    leader.packet(2, ackEpoch(4, id(3, 1)), 0);
    leader.tick(9000);
    expect(taken(out).join()).not.toContain('ended');
    leader.packet(2, ack(id(5, 0)), 9001);
    leader.epochSaved('current', 5, 9001);
    expect(taken(out)).toContain('established');
  });

  it('is over soon after its quorum has gone, but not at the first look', () => {
    const { leader, out } = established();
    leader.unlinked(2, 'reset');
    leader.tick(50);
    expect(taken(out).join()).not.toContain('ended');
    leader.tick(100);
    expect(taken(out)).toEqual(['ended: only [1] follow still']);
  });

  it('gives up a follower that is silent for syncLimit, and itself with it', () => {
    const { leader, out } = established();
    for (let now = 50; now <= 500; now += 50) leader.tick(now);
    expect(taken(out).join()).not.toContain('ended');
    leader.tick(550);
    expect(taken(out).filter((one) => !one.includes('PING'))).toEqual([
      'unlink 2',
      'report: the link of follower 2 (two) is closed: nothing heard for syncLimit',
      'ended: only [1] follow still',
    ]);
  });

  it('gives up a follower that answers pings and acknowledges nothing', () => {
    const told = established();
    const { leader, out } = told;
    write(told, 'a');
    for (let now = 50; now <= 700 && leader.isEstablished; now += 50) {
      leader.tick(now);
      if (leader.isEstablished) {
        leader.packet(2, p(PacketType.ping, id(5, 0), Buffer.alloc(0)), now);
      }
    }
    expect(taken(out)).toContain(
      'report: the link of follower 2 (two) is closed: a proposal unacknowledged for syncLimit',
    );
  });

  it('does not wait for acknowledgements of what it has sent as history', () => {
    const told = established();
    const { leader, out } = told;
    write(told, 'a');
    leader.logged(id(5, 1));
    leader.packet(2, ack(id(5, 1)), 0);
    joins(told, 4, 3);
    leader.packet(4, ack(id(5, 0)), 0);
    for (let now = 50; now <= 2000; now += 50) {
      leader.tick(now);
      for (const link of [2, 4]) {
        leader.packet(link, p(PacketType.ping, id(5, 1), Buffer.alloc(0)), now);
      }
    }
    expect(taken(out).join()).not.toContain('closed');
  });

  it('leads on when nothing is written', () => {
    const { leader, out } = established();
    for (let now = 50; now <= 2000; now += 50) {
      leader.tick(now);
      leader.packet(2, p(PacketType.ping, id(5, 0), Buffer.alloc(0)), now);
    }
    expect(new Set(taken(out))).toEqual(new Set(['2 PING 500000000']));
  });

  it('ends its epoch before the zxids run out', () => {
    // ZOOKEEPER-1277, 4883.
    const told = established({ lastCounter: 3 });
    write(told, 'a');
    write(told, 'b');
    expect(taken(told.out).join()).not.toContain('ended');
    write(told, 'c');
    // What one step decides is proposed, all of it.
    write(told, 'd');
    expect(taken(told.out)).toEqual([
      'log 500000003 c',
      '2 PROPOSAL 500000003 c',
      'usedUp',
      'log 500000004 d',
      '2 PROPOSAL 500000004 d',
    ]);
    told.leader.usedUp();
    expect(taken(told.out)).toEqual(['unlink 2', 'ended: the zxids of this epoch are used up']);
  });
});
