// Quorums, better votes and votes for the same leader as Apache 3.8.0 judges them.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  hierarchical,
  joint,
  majority,
  type QuorumGroup,
  type QuorumRule,
} from '../../src/consensus/quorum.ts';
import { Ballots, type CastVote, isBetter } from '../../src/consensus/votes.ts';
import type { ServerState } from '../../src/wire/election.ts';

const golden = JSON.parse(readFileSync(new URL('elections.json', import.meta.url), 'utf8'));

interface Rule {
  voters: number[];
  groups: number[][];
  weights: Record<string, number>;
}

function ruleOf({ voters, groups, weights }: Rule): QuorumRule {
  if (groups.length === 0) return majority(voters);
  const members: QuorumGroup[] = groups.map((group) => ({ members: group }));
  const byId = new Map(Object.entries(weights).map(([id, weight]) => [Number(id), weight]));
  return hierarchical(voters, members, byId);
}

type Cast = [state: ServerState, leader: number, zxid: number, round: number, epoch: number];

const voteOf = ([state, leader, zxid, round, epoch]: Cast): CastVote => ({
  state,
  leader,
  zxid: BigInt(zxid),
  electionEpoch: BigInt(round),
  peerEpoch: BigInt(epoch),
});

describe('as in Apache 3.8.0', () => {
  it('servers are a quorum or not: of a majority, of groups and weights, of two memberships', () => {
    for (const row of golden.quorums) {
      const [present, next] = (row.rules as Rule[]).map(ruleOf);
      if (present === undefined) throw new Error('a row without a rule');
      const rule = next === undefined ? present : joint(present, next);
      const has = new Set<number>(row.has);
      const quorum = rule.isQuorum((voter) => has.has(voter));
      expect(quorum, JSON.stringify(row)).toBe(row.quorum);
    }
  });

  it('a vote is better than another or not', () => {
    const voters = [1, 2, 3, 4, 5];
    const rule = hierarchical(voters, [{ members: voters }], new Map([[3, 0]]));
    for (const { a, b, better } of golden.better) {
      const [left, right] = [a, b].map(([leader, zxid, peerEpoch]: number[]) => ({
        leader: leader ?? 0,
        zxid: BigInt(zxid ?? 0),
        peerEpoch: BigInt(peerEpoch ?? 0),
      }));
      if (left === undefined || right === undefined) throw new Error('a row without votes');
      expect([a, b, isBetter(rule, left, right)]).toEqual([a, b, better]);
    }
  });

  it('votes of one round, and of servers with roles in any round, elect a leader or do not', () => {
    for (const row of golden.elected) {
      const ballots = new Ballots(row.ofRound ? 'leader' : 'leader and epoch');
      for (const [id, cast] of Object.entries(row.votes)) {
        ballots.put(Number(id), voteOf(cast as Cast));
      }
      const elected = ballots.elect(majority([1, 2, 3, 4, 5]), voteOf(row.vote));
      expect(elected, JSON.stringify(row)).toBe(row.elected);
    }
  });
});
