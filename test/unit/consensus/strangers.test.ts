// Servers that look for a leader while their membership changes: those that one does not count, or that cannot know yet.
import { describe, expect, it } from 'vitest';
import { Election, type ElectionOptions } from '../../../src/consensus/election.ts';
import { joint, majority } from '../../../src/consensus/quorum.ts';
import { NO_LEADER, type Notification, ServerState } from '../../../src/wire/election.ts';
import { history } from '../../support/elections.ts';

const { looking, following, leading, observing } = ServerState;
const OWN = 0x100000005n;

type Sent = [to: number, leader: number, round: bigint];

class Told {
  readonly election: Election;
  readonly #out: ElectionOptions['out'] & unknown[] = [];
  now = 0;

  constructor(id: number, options: Partial<ElectionOptions> & Pick<ElectionOptions, 'membership'>) {
    const out = this.#out;
    this.election = new Election({ id, chance: () => 0, answersStrangers: true, out, ...options });
  }

  hear(
    from: number,
    state: Notification['state'],
    leader: number,
    round: bigint,
    zxid = OWN,
  ): this {
    const vote = { leader, zxid, electionEpoch: round, peerEpoch: 1n };
    this.election.notified(from, { state, ...vote, config: null }, this.now);
    return this;
  }

  /** What was sent since the last call. */
  get sent(): Sent[] {
    const all = this.#out.splice(0) as { kind: string; to: number; notification: Notification }[];
    return all
      .filter(({ kind }) => kind === 'notify')
      .map(({ to, notification }) => [to, notification.leader, notification.electionEpoch]);
  }

  start(zxid = OWN, isEmpty = false): this {
    this.election.start({ ...history(1, zxid), isEmpty }, this.now);
    void this.sent;
    return this;
  }
}

/** What a server without a vote says of its history. */
const UNTOLD = -(2n ** 63n);

const among = (...voters: number[]) => ({ rule: majority(voters), members: voters, text: null });

describe('a voter that hears of a changed membership', () => {
  const heard = (zxid: bigint, peerEpoch: bigint, isEmpty: boolean): Told => {
    const one = new Told(6, { membership: among(5, 6) }).start(0n, isEmpty);
    one.election.changeMembership(among(6));
    const vote = { leader: NO_LEADER, zxid, electionEpoch: 1n, peerEpoch };
    one.election.startAnew({ ...history(0, 0n), isEmpty }, 0, vote);
    return one;
  };

  it('does not lead on its own without data: they are lost, or never were here', () => {
    expect(heard(UNTOLD, UNTOLD, true).election.state).toBe(looking);
    expect(heard(0x100000001n, 1n, true).election.mayVote).toBe(false);
  });

  it('leads with data of its own, or when who told it is empty, too', () => {
    expect(heard(UNTOLD, UNTOLD, false).election.state).toBe(leading);
    expect(heard(0n, 0n, true).election.state).toBe(leading);
  });
});

describe('a voter that looks', () => {
  it('follows who leads by the membership before a reconfig that only its own log knows', () => {
    const rule = joint(majority([1, 2, 3]), majority([3, 4, 5]));
    const membership = { rule, members: [1, 2, 3, 4, 5], text: null };
    const one = new Told(3, { membership }).start();
    one.hear(1, leading, 1, 9n).hear(4, observing, 1, 9n).hear(5, observing, 1, 9n);
    expect(one.election.state).toBe(looking);
    expect(one.hear(2, following, 1, 9n).election.state).toBe(following);
  });

  it('and who leads by it in the same round, together with this vote', () => {
    const rule = joint(majority([2, 3, 7]), majority([3, 7]));
    const membership = { rule, members: [2, 3, 7], text: null };
    const one = new Told(3, { membership }).start();
    one.hear(2, looking, 2, 1n, OWN + 1n);
    expect(one.election.state).toBe(looking);
    expect(one.hear(2, leading, 2, 1n, OWN + 1n).election.state).toBe(following);
  });

  it('leads by both memberships, whatever one of them says', () => {
    const rule = joint(majority([1, 2, 3]), majority([3, 4, 5]));
    const membership = { rule, members: [1, 2, 3, 4, 5], text: null };
    const one = new Told(3, { membership }).start();
    one.hear(1, following, 3, 1n).hear(2, following, 3, 1n);
    expect(one.election.state).toBe(looking);
    expect(one.hear(4, following, 3, 1n).election.state).toBe(leading);
  });

  it('says the same to one that it does not count only now and then', () => {
    const one = new Told(1, { membership: among(1, 2, 3) }).start();
    for (let i = 0; i < 50; i++) one.hear(7, looking, 7, 1n);
    expect(one.sent).toEqual([[7, 1, 1n]]);
    one.now = 100;
    expect(one.hear(7, looking, 7, 1n).sent).toEqual([[7, 1, 1n]]);
    expect(one.hear(7, looking, 7, 2n).sent).toEqual([[7, 1, 1n]]);
  });

  it('and one that does not count it do not talk for ever', () => {
    // Server 4 has a better vote than 5, and knows of a membership in which it votes, too.
    const next = joint(majority([5, 6]), majority([4, 6]));
    const four = new Told(4, { membership: { rule: next, members: [4, 5, 6], text: null } });
    const five = new Told(5, { membership: among(5, 6) });
    four.start(OWN + 1n);
    five.start();
    let count = 0;
    let toFive: Sent[] = [[5, 4, 1n]];
    for (; toFive.length > 0 && count < 1000; count++) {
      for (const [, leader, round] of toFive) five.hear(4, looking, leader, round, OWN + 1n);
      for (const [, leader, round] of five.sent) four.hear(5, looking, leader, round);
      toFive = four.sent.filter(([to]) => to === 5);
    }
    expect(count).toBeLessThan(10);
  });

  it('follows one that only a membership to come names, if its own voters do', () => {
    const membership = { ...among(1, 2, 3), named: [4, 5] };
    const one = new Told(1, { membership }).start();
    one.hear(2, following, 4, 9n).hear(3, following, 4, 9n);
    expect(one.election.state).toBe(looking);
    one.hear(4, leading, 4, 9n);
    expect([one.election.state, one.election.vote?.leader]).toEqual([following, 4]);
  });
});

describe('a server that no line names', () => {
  const stranger = (zxid = OWN, isEmpty = false): Told =>
    new Told(9, { membership: among(1, 2, 3) }).start(zxid, isEmpty);

  it('tells each who asks that its candidate will do, once for each vote', () => {
    const one = stranger();
    expect(one.hear(1, looking, 2, 4n).hear(7, looking, 7, 5n).sent).toEqual([
      [1, 2, 4n],
      [7, 7, 5n],
    ]);
    expect(one.hear(1, looking, 2, 4n).hear(7, looking, 7, 5n).sent).toEqual([]);
    expect(one.hear(1, looking, 3, 4n).sent).toEqual([[1, 3, 4n]]);
  });

  it('says so again when it says again how it votes', () => {
    const one = stranger().hear(1, looking, 2, 4n).hear(7, looking, 7, 5n);
    void one.sent;
    one.now = one.election.deadline;
    one.election.tick(one.now);
    expect(one.sent).toEqual([
      [1, 2, 4n],
      [2, NO_LEADER, 1n],
      [3, NO_LEADER, 1n],
      [7, 7, 5n],
    ]);
  });

  it('backs nobody who is behind what it has, and nobody if it has nothing', () => {
    expect(stranger(OWN + 1n).hear(1, looking, 2, 1n).sent).toEqual([]);
    expect(stranger(0n, true).hear(1, looking, 2, 1n).sent).toEqual([]);
  });

  it('leaves rounds behind its own alone: Apache servers would answer without end', () => {
    const one = stranger(OWN + 1n);
    one.hear(1, following, 2, 7n);
    one.election.start(history(1, OWN + 1n), 0);
    one.election.start(history(1, OWN + 1n), 0);
    void one.sent;
    expect(one.hear(1, looking, 2, 1n).sent).toEqual([]);
  });

  it('follows, as an observer that is to vote does', () => {
    const named = { ...among(1, 2, 3), members: [1, 2, 3, 9], named: [9, 1] };
    const observer = new Told(9, { membership: { ...named, named: [1] } }).start();
    const wanted = new Told(9, { membership: named }).start();
    for (const one of [observer, wanted]) {
      one.hear(2, following, 1, 2n).hear(1, leading, 1, 2n);
    }
    expect(observer.election.state).toBe(ServerState.observing);
    expect(wanted.election.state).toBe(following);
  });
});
