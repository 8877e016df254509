// What a server is told that is a member of an ensemble.
import type { Zxid } from '../base/ids.ts';
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
  /** False: the leader takes no clients of its own. */
  readonly leaderServes: boolean;
  /** Reads are served while there is no leader. */
  readonly readOnlyMode: boolean;
}
