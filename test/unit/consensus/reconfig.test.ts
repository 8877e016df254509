// A leader whose membership changes: joint quorums until the change is in force, and who leads then.
import { describe, expect, it } from 'vitest';
import { joint, majority, type QuorumRule } from '../../../src/consensus/quorum.ts';
import { ack, ackEpoch, greeting, id, leaderWith, taken, text } from './conversation.ts';

type Told = ReturnType<typeof leaderWith>;

function joins({ leader }: Told, server: number): void {
  leader.linked(server, `server ${server}`, 0);
  leader.packet(server, greeting(server, 4), 0);
  leader.packet(server, ackEpoch(4, id(4, 2)), 0);
  leader.packet(server, ack(id(5, 0)), 0);
}

/** Leader 1 of [1, 2, 3]; 2 follows, and strangers with the ids of their links. */
function established(strangers: readonly number[]): Told {
  const told = leaderWith({ admitsStrangers: true });
  const { leader, out } = told;
  leader.linked(2, 'two', 0);
  leader.packet(2, greeting(2, 4), 0);
  leader.epochSaved('accepted', 5, 0);
  leader.packet(2, ackEpoch(4, id(4, 2)), 0);
  leader.epochSaved('current', 5, 0);
  leader.packet(2, ack(id(5, 0)), 0);
  for (const server of strangers) joins(told, server);
  taken(out);
  return told;
}

const before = majority([1, 2, 3]);

const changeTo = ({ leader }: Told, rule: QuorumRule): void =>
  leader.changeMembership({ rule, members: rule.voters, configVersion: 1n });

/** Proposes `next` as the leader's role in a replica does. */
function reconfigure(told: Told, next: QuorumRule, keepsLeader = true): void {
  const { leader } = told;
  const zxid = leader.propose();
  changeTo(told, joint(before, next));
  leader.reconfigure(next, keepsLeader);
  leader.proposed(zxid, text('reconfig'));
}

function write({ leader }: Told, value: string): void {
  leader.proposed(leader.propose(), text(value));
}

const committed = (out: Told['out']): string[] =>
  taken(out).filter((line) => line.startsWith('committed') || line.startsWith('reconfigured'));

describe('a change of the membership', () => {
  it('is committed by a quorum of the old members and one of the new ones, not by either', () => {
    const told = established([5, 7]);
    const { leader, out } = told;
    reconfigure(told, majority([1, 5, 7]));
    leader.logged(id(5, 1));
    leader.packet(5, ack(id(5, 1)), 0);
    leader.packet(7, ack(id(5, 1)), 0);
    expect(committed(out)).toEqual([]);
    leader.packet(2, ack(id(5, 1)), 0);
    expect(committed(out)).toEqual(['committed 500000001', 'reconfigured 500000001 1']);

    const other = established([5, 7]);
    reconfigure(other, majority([1, 5, 7]));
    other.leader.logged(id(5, 1));
    other.leader.packet(2, ack(id(5, 1)), 0);
    expect(committed(other.out)).toEqual([]);
    other.leader.packet(7, ack(id(5, 1)), 0);
    expect(committed(other.out)).toEqual(['committed 500000001', 'reconfigured 500000001 1']);
  });

  it('holds back what is written behind it until both have it, too', () => {
    const told = established([5, 7]);
    const { leader, out } = told;
    reconfigure(told, majority([1, 5, 7]));
    write(told, 'a');
    leader.logged(id(5, 2));
    leader.packet(5, ack(id(5, 2)), 0);
    leader.packet(2, ack(id(5, 1)), 0);
    expect(committed(out)).toEqual(['committed 500000001', 'reconfigured 500000001 1']);
    // In force: the new members are enough, and have it already.
    changeTo(told, majority([1, 5, 7]));
    expect(committed(out)).toEqual(['committed 500000002']);
  });

  it('is told to followers and observers with who leads', () => {
    const told = established([5]);
    const { leader, out } = told;
    reconfigure(told, majority([1, 2, 5]));
    taken(out);
    leader.logged(id(5, 1));
    leader.packet(2, ack(id(5, 1)), 0);
    const lines = taken(out);
    expect(lines.filter((line) => line.includes('ACTIVATE'))).toEqual([
      expect.stringMatching(/^2 COMMITANDACTIVATE 500000001/),
      expect.stringMatching(/^5 COMMITANDACTIVATE 500000001/),
    ]);
  });

  it('hands over to the new voter that has most when the leader is none of them', () => {
    const told = established([5, 7]);
    const { leader, out } = told;
    reconfigure(told, majority([2, 5, 7]), false);
    write(told, 'a');
    leader.logged(id(5, 2));
    leader.packet(7, ack(id(5, 2)), 0);
    leader.packet(2, ack(id(5, 1)), 0);
    expect(committed(out)).toEqual(['committed 500000001', 'reconfigured 500000001 7']);
    changeTo(told, majority([2, 5, 7]));
    // It has a quorum of all, but it is no longer this leader's to say so.
    leader.packet(2, ack(id(5, 2)), 0);
    leader.packet(5, ack(id(5, 2)), 0);
    expect(committed(out)).toEqual([]);
    leader.leave('another leads');
    for (const link of [2, 5]) leader.unlinked(link, 'closed');
    expect(taken(out)).not.toContain('ended: another leads');
    leader.unlinked(7, 'closed');
    expect(taken(out)).toContain('ended: another leads');
  });

  it('ends a leader that has handed over within a tick, even if followers stay', () => {
    const told = established([5]);
    told.leader.leave('another leads');
    told.leader.tick(50);
    expect(taken(told.out)).not.toContain('ended: another leads');
    told.leader.tick(100);
    expect(taken(told.out)).toContain('ended: another leads');
  });

  it('counts what a new voter has acknowledged before it was one', () => {
    const told = established([5]);
    const { leader, out } = told;
    write(told, 'a');
    leader.packet(5, ack(id(5, 1)), 0);
    leader.logged(id(5, 1));
    expect(committed(out)).toEqual([]);
    changeTo(told, majority([1, 5]));
    expect(committed(out)).toEqual(['committed 500000001']);
  });

  it('knows whether enough of the new members follow', () => {
    const { leader } = established([5]);
    expect(leader.isSynced(majority([1, 5, 7]))).toBe(true);
    expect(leader.isSynced(majority([5, 7, 8]))).toBe(false);
  });
});
