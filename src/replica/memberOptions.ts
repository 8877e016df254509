// What a server is told that is a member of an ensemble.
import type { Zxid } from '../base/ids.ts';
import type { Intervals } from '../consensus/resending.ts';
import type { Membership } from '../wire/membership.ts';
import type { ReconfigOptions } from './ensemble.ts';

/** What makes a server a member of an ensemble. */
export interface MemberOptions {
  readonly membership: Membership;
  /** Absent: the membership is what the configuration says, whatever others say (reconfigEnabled). */
  readonly reconfig?: ReconfigOptions | null;
  /** As found on disk. */
  readonly acceptedEpoch: number;
  readonly currentEpoch: number;
  /** Neither snapshot nor log nor epochs were found. */
  readonly isEmpty: boolean;
  /** False when its data was damaged: it follows a leader that others elect until it is healed. */
  readonly mayVote: boolean;
  /** From this zxid on the log on disk is without a gap; null when it holds nothing. */
  readonly logFrom: () => Zxid | null;
  /** Ticks that a learner has to connect and to synchronize. */
  readonly initLimit: number;
  /** Ticks that it may fall behind. */
  readonly syncLimit: number;
  /** Ticks that a learner has to connect, when it is not a second or one tick (connectToLearnerMasterLimit). */
  readonly connectLimit?: number;
  /** ms that a new leader waits for a quorum, when it is not a few ticks (maxTimeToWaitForEpoch). */
  readonly quorumWait?: number;
  /** The counter with which an epoch ends, when it is not one just below 2^32. */
  readonly lastCounter?: number;
  /** Between two notifications of an election. */
  readonly intervals?: Intervals;
  /** Committed entries kept in memory for learners that lag. */
  readonly commitLogCount?: number;
  /** False: the leader takes no clients of its own. */
  readonly leaderServes: boolean;
  /** Reads are served while there is no leader. */
  readonly readOnlyMode: boolean;
}
