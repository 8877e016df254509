// What a follower or an observer is told when its role begins.
import type { CommittedLog } from './committedLog.ts';
import type { LinkId, RoleOutput } from './events.ts';
import type { ServerId } from './quorum.ts';

export interface LearnerOptions {
  readonly id: ServerId;
  readonly leader: ServerId;
  /** It promises nothing: it follows whoever leads, even in an older epoch than it has accepted. */
  readonly isObserver: boolean;
  /**
   * False for a member that has lost part of its history: what it says of itself is no promise, so
   * that no leader counts on it before it has the history again. It saves the current epoch even if
   * that is the leader's: so its disk learns that all is whole. Default true.
   */
  readonly mayPromise?: boolean;
  /** As saved, or on their way to the disk. */
  readonly acceptedEpoch: number;
  readonly currentEpoch: number;
  /** This server's history; all of it is on disk and applied. */
  readonly history: CommittedLog;
  /** Milliseconds of a tick, and limits in ticks. */
  readonly tickTime: number;
  readonly initLimit: number;
  readonly syncLimit: number;
  /** Ticks within which the leader must be reached; a few seconds if absent. */
  readonly connectLimit?: number;
  readonly configVersion: bigint;
  /** A number that no link has had yet; called for each attempt to connect. */
  readonly nextLink: () => LinkId;
  readonly out: RoleOutput[];
}
