// Votes of an election: which is better, which are the same, and who has cast which.
import { ServerState } from '../wire/election.ts';
import type { QuorumRule, ServerId } from './quorum.ts';

/** A proposed leader, with the history that speaks for it (Apache's Vote). */
export interface Vote {
  readonly leader: ServerId;
  /** Last zxid that the proposed leader had logged. */
  readonly zxid: bigint;
  /** The round of the election in which it was proposed. */
  readonly electionEpoch: bigint;
  /** Current epoch of the proposed leader; of the running epoch once it leads. */
  readonly peerEpoch: bigint;
}

/** A vote as it was heard: `state` is that of the server that cast it. */
export interface CastVote extends Vote {
  readonly state: ServerState;
}

type Candidate = Pick<Vote, 'leader' | 'zxid' | 'peerEpoch'>;

/**
 * Votes are ordered by epoch, then last zxid, then server id; a server of weight 0 is never better
 * (FastLeaderElection.totalOrderPredicate).
 */
export function isBetter(rule: QuorumRule, a: Candidate, b: Candidate): boolean {
  if (rule.weightOf(a.leader) === 0) return false;
  if (a.peerEpoch !== b.peerEpoch) return a.peerEpoch > b.peerEpoch;
  if (a.zxid !== b.zxid) return a.zxid > b.zxid;
  return a.leader > b.leader;
}

/** The vote alone. */
export function castBy({ leader, zxid, electionEpoch, peerEpoch, state }: CastVote): CastVote {
  return { leader, zxid, electionEpoch, peerEpoch, state };
}

/**
 * Whether a voter that says this knows of something decided. A leader that was just elected by empty
 * servers has a role too, but no epoch yet: the others that are empty must be able to join it.
 */
export function hasHistory({ zxid, peerEpoch }: Vote): boolean {
  return zxid > 0n || peerEpoch > 0n;
}

/** What two servers that both have roles must agree in, to stand behind the same leader. */
type Agreement = 'leader' | 'leader and epoch';

/**
 * Whether two servers stand behind the same leader (Vote.equals). While one of them looks, all must
 * agree; once both have roles less is enough, because servers that joined at different times
 * remember different zxids and rounds (ZOOKEEPER-1732, 1805, 1818).
 */
function isSame(a: CastVote, b: CastVote, ofRoles: Agreement): boolean {
  if (a.leader !== b.leader) return false;
  const haveRoles = a.state !== ServerState.looking && b.state !== ServerState.looking;
  if (haveRoles && ofRoles === 'leader') return true;
  if (a.peerEpoch !== b.peerEpoch) return false;
  return haveRoles || (a.zxid === b.zxid && a.electionEpoch === b.electionEpoch);
}

/** The last vote of each voter (SyncedLearnerTracker over recvset or outofelection). */
export class Ballots {
  readonly #cast = new Map<ServerId, CastVote>();
  readonly #ofRoles: Agreement;

  constructor(ofRoles: Agreement) {
    this.#ofRoles = ofRoles;
  }

  put(voter: ServerId, vote: CastVote): void {
    this.#cast.set(voter, vote);
  }

  delete(voter: ServerId): void {
    this.#cast.delete(voter);
  }

  clear(): void {
    this.#cast.clear();
  }

  get(voter: ServerId): CastVote | undefined {
    return this.#cast.get(voter);
  }

  supports(voter: ServerId, vote: CastVote): boolean {
    const cast = this.#cast.get(voter);
    return cast !== undefined && isSame(cast, vote, this.#ofRoles);
  }

  /** True when a quorum stands behind `vote` (getVoteTracker and hasAllQuorums). */
  elect(rule: QuorumRule, vote: CastVote): boolean {
    return rule.isQuorum((voter) => this.supports(voter, vote));
  }
}
