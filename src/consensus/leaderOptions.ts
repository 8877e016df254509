// What a leader is told when its role begins.
import type { Zxid } from '../base/ids.ts';
import type { CommittedLog } from './committedLog.ts';
import type { RoleOutput } from './events.ts';
import type { LearnersOptions } from './learners.ts';

export interface LeaderOptions extends LearnersOptions {
  /** As saved, or on their way to the disk. */
  readonly acceptedEpoch: number;
  readonly currentEpoch: number;
  /** This server's history; all of it is on disk and applied. */
  readonly history: CommittedLog;
  /** The first zxid from which the log on disk is without a gap; null if none is worth reading. */
  readonly logFrom: Zxid | null;
  /** Milliseconds of a tick, and limits in ticks. */
  readonly tickTime: number;
  readonly initLimit: number;
  readonly syncLimit: number;
  /** Milliseconds that a quorum may be missing before the epoch is established. */
  readonly quorumWait?: number;
  /** NEWLEADER's data as it is now, given the zxid that starts the epoch. */
  readonly membershipText: (epochStart: Zxid) => Buffer;
  /** How many entries are read from disk for a learner at most; a snapshot is sent instead. */
  readonly historyLimit?: number;
  /** The epoch ends when a zxid with this counter is proposed. */
  readonly lastCounter?: number;
  readonly out: RoleOutput[];
}
