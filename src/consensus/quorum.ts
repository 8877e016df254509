// Which sets of servers are enough to decide; a standalone server is an ensemble of one.

export type ServerId = number;

export interface QuorumRule {
  readonly voters: readonly ServerId[];
  /** True when `has` holds for enough voters. */
  isQuorum(has: (voter: ServerId) => boolean): boolean;
  /** A server of weight 0 is never elected (QuorumVerifier.getWeight). */
  weightOf(voter: ServerId): number;
  /** The rules that must all hold, while a change of the membership is under way. */
  readonly parts?: readonly QuorumRule[];
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
    weightOf: () => 1,
  };
}

/** The servers of a line `group.N`. */
export interface QuorumGroup {
  readonly members: readonly ServerId[];
}

/**
 * More than half of the weight in more than half of the groups (Apache's QuorumHierarchical).
 * A voter without a weight has 1; groups without any weight do not count.
 */
export function hierarchical(
  voters: readonly ServerId[],
  groups: readonly QuorumGroup[],
  weights: ReadonlyMap<ServerId, number>,
): QuorumRule {
  const isVoter = new Set(voters);
  const weightOf = (server: ServerId): number =>
    weights.get(server) ?? (isVoter.has(server) ? 1 : 0);
  const weigh = (members: readonly ServerId[]): number =>
    members.reduce((sum, member) => sum + weightOf(member), 0);
  const weighty = groups
    .map(({ members }) => ({
      voters: members.filter((member) => isVoter.has(member)),
      weight: weigh(members),
    }))
    .filter((group) => group.weight > 0);
  return {
    voters,
    isQuorum(has) {
      let won = 0;
      for (const group of weighty) if (weigh(group.voters.filter(has)) * 2 > group.weight) won++;
      return won * 2 > weighty.length;
    },
    weightOf,
  };
}

/**
 * A quorum of both, for the time in which a change of the membership is under way
 * (SyncedLearnerTracker with two verifiers). The weights are those of the present membership.
 */
export function joint(present: QuorumRule, next: QuorumRule): QuorumRule {
  return {
    voters: [...new Set([...present.voters, ...next.voters])],
    isQuorum: (has) => present.isQuorum(has) && next.isQuorum(has),
    weightOf: (voter) =>
      present.voters.includes(voter) ? present.weightOf(voter) : next.weightOf(voter),
    parts: [present, next],
  };
}
