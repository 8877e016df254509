// Which sets of servers are enough to decide; a standalone server is an ensemble of one.
import type { Zxid } from '../base/ids.ts';

export type ServerId = number;

export interface QuorumRule {
  readonly voters: readonly ServerId[];
  /** True when `has` holds for enough voters. */
  isQuorum(has: (voter: ServerId) => boolean): boolean;
}

/** More than half of the voters (Apache's QuorumMaj). */
export function majority(voters: readonly ServerId[]): QuorumRule {
  return {
    voters,
    isQuorum(has) {
      let count = 0;
      for (const voter of voters) if (has(voter)) count++;
      return count * 2 > voters.length;
    },
  };
}

/**
 * The highest of the positions `logged` that a quorum has reached or passed.
 * Servers that logged nothing yet are absent from `logged`.
 */
export function quorumPosition(rule: QuorumRule, logged: ReadonlyMap<ServerId, Zxid>): Zxid | null {
  let best: Zxid | null = null;
  for (const position of logged.values()) {
    if (best !== null && position <= best) continue;
    const reached = rule.isQuorum((voter) => {
      const at = logged.get(voter);
      return at !== undefined && at >= position;
    });
    if (reached) best = position;
  }
  return best;
}
