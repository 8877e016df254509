// What a data directory is opened with.
import type { Logger } from '../../base/logger.ts';
import type { Disk } from './disk.ts';
import type { Lock } from './lock.ts';

export interface DataDirOptions {
  dataDir: string;
  /** The same as dataDir, or a directory (better a disk) of its own for the logs. */
  dataLogDir: string;
  /** Bytes; a log grows ahead by as much. */
  preAllocSize: number;
  /** Transactions after which a snapshot is due, less a random part of up to a half. */
  snapCount: number;
  /** Bytes of entries after which one is due, in the same way; 0 or less: no limit. */
  snapSizeLimit: number;
  /** Bytes; 0 or less: no limit. */
  txnLogSizeLimit: number;
  forceSync: boolean;
  fsyncWarningMs: number;
  /** Start from logs without a snapshot (`snapshot.trust.empty`). */
  trustEmptySnapshot?: boolean;
  logger: Logger;
  /** For tests and simulation. */
  disk?: Disk;
  now?: () => number;
  random?: () => number;
  snapshotPieceSize?: number;
  lock?: (dir: string) => Lock;
}
