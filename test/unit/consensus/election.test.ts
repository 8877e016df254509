import { describe, expect, it } from 'vitest';
import { zxid } from '../../../src/base/ids.ts';
import { type Elected, Election, type ElectionOptions } from '../../../src/consensus/election.ts';
import type { ConsensusEffect } from '../../../src/consensus/events.ts';
import { majority } from '../../../src/consensus/quorum.ts';
import { NO_LEADER, type Notification, ServerState } from '../../../src/wire/election.ts';
import { EMPTY, history } from '../../support/elections.ts';

const { looking, following, leading, observing } = ServerState;
const MIN = -(2n ** 63n);

/** One election among servers that are played by the test. */
class Lone {
  readonly out: (ConsensusEffect | Elected)[] = [];
  readonly election: Election;
  now = 0;

  constructor(id: number, voters: number[], options: Partial<ElectionOptions> = {}) {
    const members = [...voters, 100];
    const membership = { rule: majority(voters), members, text: 'version=0' };
    this.election = new Election({ id, membership, chance: () => 0, out: this.out, ...options });
  }

  start(from = history(1, 0x100000005n)): this {
    this.election.start(from, this.now);
    return this;
  }

  hear(from: number, state: ServerState, vote: [number, bigint, bigint, bigint]): this {
    const [leader, last, electionEpoch, peerEpoch] = vote;
    const notification = { state, leader, zxid: last, electionEpoch, peerEpoch, config: null };
    this.election.notified(from, notification, this.now);
    return this;
  }

  pass(ms: number): this {
    const until = this.now + ms;
    while (this.election.deadline <= until) {
      this.now = Math.max(this.now, this.election.deadline);
      this.election.tick(this.now);
    }
    this.now = until;
    return this;
  }

  /** What was sent since the last call: to whom and how it votes. */
  sent(): [number, Notification][] {
    const sent = this.out.flatMap((one) =>
      one.kind === 'notify' ? [[one.to, one.notification] as [number, Notification]] : [],
    );
    this.out.length = 0;
    return sent;
  }

  get elected(): number | null {
    return this.election.state === looking ? null : (this.election.vote?.leader ?? null);
  }
}

const OWN = 0x100000005n;
const BETTER = 0x100000009n;
const WORSE = 0x100000001n;

describe('a server that looks for a leader', () => {
  it('tells all voters its own vote, in a new round each time', () => {
    const one = new Lone(1, [1, 2, 3]).start();
    const vote = { state: looking, leader: 1, zxid: OWN, electionEpoch: 1n, peerEpoch: 1n };
    expect(one.sent()).toEqual([2, 3].map((to) => [to, { ...vote, config: 'version=0' }]));
    one.start();
    expect(one.sent()[0]?.[1].electionEpoch).toBe(2n);
  });

  it('elects itself at once when it is the only voter', () => {
    const one = new Lone(1, [1]).start(EMPTY);
    expect(one.elected).toBe(1);
    expect(one.out.find((output) => output.kind === 'elected')).toEqual({
      kind: 'elected',
      leader: 1,
      state: leading,
      vote: { leader: 1, zxid: 0n, electionEpoch: 1n, peerEpoch: 0n },
      startedAt: 0,
    });
  });

  it('takes over a better vote and says so to all', () => {
    const one = new Lone(1, [1, 2, 3]).start();
    one.sent();
    one.hear(2, looking, [3, BETTER, 1n, 1n]);
    expect(one.sent().map(([to, vote]) => [to, vote.leader, vote.zxid])).toEqual([
      [2, 3, BETTER],
      [3, 3, BETTER],
    ]);
  });

  it('keeps its vote against a worse one, and says it again to that server alone', () => {
    const one = new Lone(2, [1, 2, 3]).start();
    one.sent();
    one.hear(3, looking, [3, WORSE, 1n, 1n]);
    expect(one.sent().map(([to, vote]) => [to, vote.leader])).toEqual([[3, 2]]);
    one.hear(3, looking, [2, OWN, 1n, 1n]);
    expect(one.sent()).toEqual([]);
  });

  it('waits 200 ms for a better vote once a quorum agrees', () => {
    const one = new Lone(1, [1, 2, 3]).start().hear(2, looking, [2, OWN, 1n, 1n]);
    one.pass(199);
    expect(one.elected).toBe(null);
    expect(one.pass(1).elected).toBe(2);
  });

  it('drops the quorum for a better vote that comes in that time', () => {
    const one = new Lone(1, [1, 2, 3, 4, 5]).start();
    one.hear(2, looking, [3, OWN, 1n, 1n]).hear(3, looking, [3, OWN, 1n, 1n]);
    one.pass(150).hear(4, looking, [4, BETTER, 1n, 1n]).pass(5_000);
    expect(one.elected).toBe(null);
    one.hear(3, looking, [4, BETTER, 1n, 1n]).pass(200);
    expect(one.elected).toBe(4);
  });

  it('waits in full for the better vote, too', () => {
    const one = new Lone(1, [1, 2, 3]).start().hear(2, looking, [2, OWN, 1n, 1n]).pass(150);
    one.hear(3, looking, [3, OWN, 1n, 1n]).pass(199);
    expect(one.elected).toBe(null);
    expect(one.pass(1).elected).toBe(3);
  });

  it('waits also when all agree, unless it is the one that will lead', () => {
    const one = new Lone(1, [1, 2, 3]).start();
    one.hear(2, looking, [3, OWN, 1n, 1n]).hear(3, looking, [3, OWN, 1n, 1n]);
    expect(one.elected).toBe(null);
    expect(one.pass(200).elected).toBe(3);
  });

  it('counts only votes with the zxid and epoch that it votes for itself', () => {
    const one = new Lone(3, [1, 2, 3]).start();
    one.hear(1, looking, [3, WORSE, 1n, 1n]).hear(2, looking, [3, OWN, 1n, 0n]).pass(5_000);
    expect(one.elected).toBe(null);
  });

  it('waits once more for a better vote that is on its way from an earlier round', () => {
    const one = new Lone(1, [1, 2, 3, 4, 5]);
    one.start().start();
    one.hear(2, looking, [3, OWN, 2n, 1n]).hear(3, looking, [3, OWN, 2n, 1n]);
    one.sent();
    one.pass(150).hear(4, looking, [4, BETTER, 1n, 1n]).pass(199);
    expect(one.sent().map(([to]) => to)).toEqual([4]);
    expect(one.elected).toBe(null);
    expect(one.pass(1).elected).toBe(3);
  });

  it('does not count votes of earlier rounds, but tells that server its own', () => {
    const one = new Lone(1, [1, 2, 3]).start().start();
    one.sent();
    one.hear(2, looking, [2, BETTER, 1n, 1n]);
    expect(one.sent().map(([to, vote]) => [to, vote.electionEpoch])).toEqual([[2, 2n]]);
    one.pass(10_000);
    expect(one.election.vote?.leader).toBe(1);
    expect(one.elected).toBe(null);
  });

  it('follows into a later round, where nothing counts that was said before', () => {
    const one = new Lone(3, [1, 2, 3, 4, 5]).start();
    one.hear(1, looking, [3, OWN, 1n, 1n]);
    one.hear(2, looking, [2, WORSE, 7n, 1n]);
    expect(one.election.vote).toEqual({
      leader: 3,
      zxid: OWN,
      electionEpoch: 7n,
      peerEpoch: 1n,
    });
    one.hear(2, looking, [3, OWN, 7n, 1n]).pass(5_000);
    expect(one.elected, 'the vote of 1 was of round 1').toBe(null);
    one.hear(1, looking, [3, OWN, 7n, 1n]).pass(200);
    expect(one.elected).toBe(3);
  });

  it('takes a better vote over together with its round', () => {
    const one = new Lone(1, [1, 2, 3]).start().hear(2, looking, [2, BETTER, 7n, 1n]);
    expect(one.election.vote).toMatchObject({ leader: 2, electionEpoch: 7n });
  });

  it('ignores an Apache server that could not read its data', () => {
    const one = new Lone(1, [1, 2, 3]).start();
    one.hear(3, looking, [3, -1n, 9n, 9n]);
    expect(one.election.vote).toMatchObject({ leader: 1, electionEpoch: 1n });
  });

  it('takes no vote from who is no member, from its own id, and for who is no voter', () => {
    const one = new Lone(1, [1, 2, 3]).start();
    one.sent();
    const huge = 2n ** 62n;
    for (const from of [1, 7, -1, 255, 100]) one.hear(from, looking, [from, huge, 99n, 99n]);
    for (const leader of [7, 100, -1]) one.hear(2, leading, [leader, huge, 99n, 99n]);
    for (const leader of [7, 100, -1]) one.hear(2, looking, [leader, huge, 99n, 99n]);
    expect(one.election.vote).toMatchObject({ leader: 1, electionEpoch: 1n });
    expect(one.sent().map(([to]) => to)).toEqual([100]);
  });

  it('answers strangers only when they may come, but never counts them', () => {
    const one = new Lone(1, [1, 2, 3], { answersStrangers: true }).start();
    one.sent();
    one.hear(7, looking, [7, 2n ** 62n, 99n, 99n]);
    one.hear(7, following, [7, 2n ** 62n, 99n, 99n]);
    expect(one.sent().map(([to, vote]) => [to, vote.leader])).toEqual([[7, 1]]);
  });

  it('tells who was heard of, who is missing and who has no vote to give', () => {
    const one = new Lone(1, [1, 2, 3, 4]).start();
    expect([[...one.election.heard], one.election.missing]).toEqual([[], [2, 3, 4]]);
    one.hear(2, looking, [2, OWN, 1n, 1n]).hear(3, looking, [NO_LEADER, MIN, 1n, MIN]);
    expect([[...one.election.heard], one.election.missing]).toEqual([[2, 3], [4]]);
    expect(one.election.abstaining).toEqual([3]);
    one.election.unreachable(2, 10);
    expect(one.election.missing).toEqual([2, 4]);
  });

  it('says its vote again to a peer that it gets a new connection to', () => {
    const one = new Lone(1, [1, 2, 3]).start();
    one.sent();
    for (const peer of [2, 1, 100, 7]) one.election.reachable(peer);
    expect(one.sent().map(([to]) => to)).toEqual([2]);
  });
});

describe('a leader that can tell that no better vote will come', () => {
  it('leads at once, and tells those who are still waiting', () => {
    const one = new Lone(3, [1, 2, 3]).start().hear(1, looking, [3, OWN, 1n, 1n]);
    expect(one.elected).toBe(null);
    one.sent();
    one.election.unreachable(2, 0);
    expect(one.elected).toBe(3);
    expect(one.sent().map(([to, vote]) => [to, vote.state])).toEqual([
      [1, leading],
      [2, leading],
      [100, leading],
    ]);
  });

  it('is followed as soon as it says so', () => {
    const one = new Lone(1, [1, 2, 3]).start().hear(3, looking, [3, OWN, 1n, 1n]);
    expect(one.elected).toBe(null);
    one.hear(3, leading, [3, OWN, 1n, 1n]);
    expect(one.elected).toBe(3);
  });

  it('waits in full with no data of its own, since who is away may have some', () => {
    const one = new Lone(3, [1, 2, 3]).start(EMPTY).hear(1, looking, [3, 0n, 1n, 0n]);
    one.election.unreachable(2, 0);
    expect(one.elected).toBe(null);
    expect(one.pass(200).elected).toBe(3);
  });

  it('counts no vote of a peer that went away', () => {
    const one = new Lone(3, [1, 2, 3]).start().hear(1, looking, [3, OWN, 1n, 1n]);
    one.election.unreachable(1, 100);
    expect(one.pass(5_000).elected).toBe(null);
  });
});

describe('a server that comes to a running ensemble', () => {
  it('joins when a quorum follows a leader that says that it leads', () => {
    const one = new Lone(1, [1, 2, 3]).start();
    one.hear(2, following, [3, WORSE, 5n, 2n]);
    expect(one.elected).toBe(null);
    one.hear(3, leading, [3, WORSE, 5n, 2n]);
    expect(one.elected).toBe(3);
    expect(one.election.vote?.electionEpoch).toBe(5n);
  });

  it('does not join a leader that has not been heard of, however many follow it', () => {
    const one = new Lone(1, [1, 2, 3, 4, 5]).start();
    for (const from of [2, 3, 4]) one.hear(from, following, [5, OWN, 5n, 2n]);
    expect(one.elected).toBe(null);
    one.hear(5, looking, [5, OWN, 1n, 2n]);
    expect(one.elected).toBe(null);
  });

  it('does not believe a leader or a follower any more that looks again', () => {
    const one = new Lone(1, [1, 2, 3]).start();
    one.hear(3, leading, [3, OWN, 5n, 2n]).hear(3, looking, [3, OWN, 1n, 2n]);
    one.hear(2, following, [3, OWN, 5n, 2n]);
    expect(one.elected).toBe(null);
  });

  it('takes back the vote of a server that has a role in another round', () => {
    const one = new Lone(3, [1, 2, 3]).start().hear(1, looking, [3, OWN, 1n, 1n]);
    one.hear(1, following, [2, WORSE, 9n, 2n]).pass(5_000);
    expect(one.elected).toBe(null);
  });

  it('takes different zxids and rounds for the same leader and epoch (ZOOKEEPER-1805, 1818)', () => {
    const one = new Lone(2, [0, 1, 2, 3, 4]).start();
    one.hear(0, following, [4, 0x100000001n, 1n, 2n]).hear(1, following, [4, 0x100000002n, 1n, 2n]);
    one.hear(4, leading, [4, 0x200000001n, 2n, 2n]);
    expect(one.elected).toBe(4);
  });

  it('does not take different epochs for the same leader (ZOOKEEPER-1732)', () => {
    const one = new Lone(2, [0, 1, 2, 3, 4]).start();
    one.hear(0, following, [4, OWN, 5n, 1n]).hear(1, following, [4, OWN, 5n, 1n]);
    one.hear(4, leading, [4, OWN, 5n, 2n]);
    expect(one.elected).toBe(null);
    one.hear(0, following, [4, OWN, 5n, 2n]).hear(1, following, [4, OWN, 5n, 2n]);
    expect(one.elected).toBe(4);
  });

  it('takes them in its own round, where the epoch may be in force at some servers only', () => {
    const one = new Lone(2, [0, 1, 2, 3, 4]).start();
    one.hear(0, following, [4, OWN, 1n, 1n]).hear(1, following, [4, OWN, 1n, 1n]);
    one.hear(4, leading, [4, OWN, 1n, 2n]);
    expect(one.elected).toBe(4);
  });

  it('does not count what was said of an earlier round in its own', () => {
    const one = new Lone(1, [1, 2, 3, 4, 5]).start();
    for (const from of [2, 4]) one.hear(from, following, [3, OWN, 1n, 1n]);
    one.hear(5, looking, [5, BETTER, 7n, 1n]).hear(3, leading, [3, OWN, 7n, 2n]);
    expect(one.elected).toBe(null);
  });

  it('goes on from the round of that ensemble', () => {
    const one = new Lone(1, [1, 2, 3]).start();
    one.hear(2, following, [3, WORSE, 5n, 2n]).hear(3, leading, [3, WORSE, 5n, 2n]);
    one.sent();
    one.start();
    expect(one.sent()[0]?.[1].electionEpoch).toBe(6n);
  });

  it('asks again soon when it has heard of a leader', () => {
    const one = new Lone(1, [1, 2, 3]).start().pass(30_000);
    const asked = 30_000 - (one.election.deadline - 1_000);
    one.sent();
    one.hear(3, leading, [3, WORSE, 5n, 2n]).pass(Math.max(0, 200 - asked));
    expect(one.sent().map(([to]) => to)).toEqual([2, 3]);
  });

  it('forgets the role of a peer that went away', () => {
    const one = new Lone(1, [1, 2, 3]).start().hear(3, leading, [3, WORSE, 5n, 2n]);
    one.election.unreachable(3, 0);
    one.hear(2, following, [3, WORSE, 5n, 2n]);
    expect(one.elected).toBe(null);
  });

  it('leads when a quorum follows it in its own round, not in another (ZOOKEEPER-1514)', () => {
    const one = new Lone(1, [1, 2, 3]).start(history(0, 0n));
    one.hear(2, following, [1, 0n, 1n, 0n]);
    expect(one.elected).toBe(1);
    one.start(history(0, 0n));
    one.hear(2, following, [1, 0n, 1n, 0n]).hear(3, following, [1, 0n, 1n, 0n]).pass(5_000);
    expect(one.elected).toBe(null);
  });

  it('is not led by an observer or by what one says', () => {
    const one = new Lone(1, [1, 2, 3]).start();
    one.hear(2, observing, [3, OWN, 5n, 2n]).hear(3, leading, [3, OWN, 5n, 2n]);
    expect(one.elected).toBe(null);
  });
});

describe('a server with a role', () => {
  const follower = (): Lone => {
    const one = new Lone(1, [1, 2, 3]).start();
    one.hear(2, following, [3, OWN, 5n, 1n]).hear(3, leading, [3, OWN, 5n, 1n]);
    one.sent();
    return one;
  };

  it('tells those who look whom it follows, and the epoch once it is in force', () => {
    const one = follower();
    one.hear(2, looking, [2, BETTER, 9n, 9n]).hear(100, looking, [NO_LEADER, MIN, 1n, MIN]);
    const vote = { state: following, leader: 3, zxid: OWN, electionEpoch: 5n, peerEpoch: 1n };
    const config = 'version=0';
    expect(one.sent()).toEqual([2, 100].map((to) => [to, { ...vote, config }]));
    one.election.established(2);
    one.hear(2, looking, [2, BETTER, 9n, 9n]);
    expect(one.sent()).toEqual([[2, { ...vote, peerEpoch: 2n, config }]]);
    expect(one.elected).toBe(3);
  });

  it('answers nobody else, so that no two servers answer each other for ever', () => {
    const one = follower();
    for (const state of [following, leading, observing]) {
      for (const from of [2, 3, 100]) one.hear(from, state, [2, BETTER, 9n, 9n]);
    }
    for (const from of [1, 7]) one.hear(from, looking, [2, BETTER, 9n, 9n]);
    expect(one.sent()).toEqual([]);
    expect(one.election.deadline).toBe(Infinity);
  });
});

describe('a server without a vote', () => {
  const none = { leader: NO_LEADER, zxid: MIN, peerEpoch: MIN };

  it('says so, takes over no vote, and finds the leader that the others have', () => {
    for (const [one, role] of [
      [new Lone(100, [1, 2, 3]), observing],
      [new Lone(1, [1, 2, 3], { mayVote: false }), observing],
    ] as const) {
      one.start();
      expect(one.sent().every(([, vote]) => vote.leader === NO_LEADER)).toBe(true);
      one.hear(2, looking, [3, BETTER, 4n, 1n]).hear(3, looking, [3, BETTER, 4n, 1n]).pass(5_000);
      expect(one.sent().every(([, vote]) => vote.leader === NO_LEADER)).toBe(true);
      expect(one.election.vote).toMatchObject(none);
      one.hear(2, following, [3, BETTER, 4n, 2n]).hear(3, leading, [3, BETTER, 4n, 2n]);
      expect(one.elected).toBe(3);
      expect(one.election.state).toBe(role);
    }
  });

  it('votes again when it was healed', () => {
    const one = new Lone(1, [1, 2, 3], { mayVote: false }).start();
    one.hear(2, following, [3, OWN, 4n, 2n]).hear(3, leading, [3, OWN, 4n, 2n]);
    one.election.healed();
    expect(one.election.state).toBe(following);
    one.start();
    expect(one.election.vote?.leader).toBe(1);
  });

  it('does not lead because others say that it does', () => {
    const one = new Lone(1, [1, 2, 3], { mayVote: false }).start();
    one.hear(2, following, [1, OWN, 1n, 1n]).hear(3, following, [1, OWN, 1n, 1n]).pass(5_000);
    expect(one.elected).toBe(null);
  });

  it('takes its vote back when it has no data and hears of a voter that has', () => {
    const one = new Lone(3, [1, 2, 3]).start(EMPTY);
    expect(one.sent()[0]?.[1].leader).toBe(3);
    one.hear(1, looking, [1, 0n, 1n, 0n]);
    expect(one.election.mayVote).toBe(true);
    one.hear(2, looking, [2, OWN, 1n, 1n]);
    expect(one.election.mayVote).toBe(false);
    expect(one.out).toContainEqual(expect.objectContaining({ kind: 'report', level: 'debug' }));
    const last = one.sent().slice(-2);
    expect(last.map(([to, vote]) => [to, vote.leader])).toEqual([
      [1, NO_LEADER],
      [2, NO_LEADER],
    ]);
    expect(one.pass(5_000).elected).toBe(null);
    one.start(EMPTY);
    expect(one.election.vote).toMatchObject(none);
  });

  it('takes its vote back also when the others have a history from before any epoch', () => {
    const one = new Lone(3, [1, 2, 3]).start(EMPTY).hear(2, looking, [2, 5n, 1n, 0n]);
    expect(one.election.mayVote).toBe(false);
  });

  it('has its earlier vote struck out by the others', () => {
    const one = new Lone(3, [1, 2, 3]).start().hear(1, looking, [3, OWN, 1n, 1n]);
    one.hear(1, looking, [NO_LEADER, MIN, 1n, MIN]).pass(5_000);
    expect(one.elected).toBe(null);
  });
});

describe('a change of the membership', () => {
  it('asks an observer that becomes a participant for another role', () => {
    const one = new Lone(100, [1, 2, 3]).start();
    one.hear(2, following, [3, OWN, 4n, 2n]).hear(3, leading, [3, OWN, 4n, 2n]);
    expect(one.election.state).toBe(observing);
    const voters = [1, 2, 3, 100];
    one.election.changeMembership({ rule: majority(voters), members: voters, text: 'version=1' });
    expect(one.election.dueState).toBe(following);
    one.sent();
    one.hear(1, looking, [1, zxid(0n), 1n, 1n]);
    expect(one.sent()[0]?.[1]).toMatchObject({ state: observing, config: 'version=1' });
  });
});
