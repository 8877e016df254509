// A server's data directory, locked and opened: recovery, the log, snapshots and purging.
//
//   <dataLogDir>/version-2/log.<hex of its first zxid>        transactions, see wire/log.ts
//   <dataLogDir>/version-2/synced.marks                       what must be in the logs, see marks.ts
//   <dataDir>/version-2/snapshot.<hex of the last zxid>       see wire/snapshot.ts
//   <dataDir>/zk.lock, <dataLogDir>/zk.lock                   see lock.ts
import type { Zxid } from '../../base/ids.ts';
import { hex0x } from '../../base/ids.ts';
import type { Logger } from '../../base/logger.ts';
import type { State } from '../../state/state.ts';
import { type Disk, type DiskFile, realDisk } from './disk.ts';
import { isTemporaryName, logsAmong, snapshotsAmong, VERSION_DIR } from './fileNames.ts';
import { type Lock, lockDir } from './lock.ts';
import { TxnLog } from './logFile.ts';
import { Marks } from './marks.ts';
import { purge } from './purge.ts';
import { type Place, type Recovered, recover } from './recovery.ts';
import { snapshotPieces, writeSnapshot, writeSnapshotNow } from './snapshotFile.ts';
import { StorageError } from './storageError.ts';

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

/** Locks and prepares the directories; throws StorageError when they cannot be used. */
export function openDataDir(options: DataDirOptions): DataDir {
  const disk = options.disk ?? realDisk;
  const lock = options.lock ?? lockDir;
  const { dataDir, dataLogDir } = options;
  const place = {
    disk,
    snapDir: `${dataDir}/${VERSION_DIR}`,
    logDir: `${dataLogDir}/${VERSION_DIR}`,
  };
  const locks: Lock[] = [];
  try {
    for (const dir of new Set([dataDir, dataLogDir])) {
      disk.makeDir(`${dir}/${VERSION_DIR}`);
      locks.push(lock(dir));
    }
    if (place.snapDir !== place.logDir) demandSeparate(place);
    for (const dir of new Set([place.snapDir, place.logDir])) {
      for (const name of disk.list(dir)) if (isTemporaryName(name)) disk.remove(`${dir}/${name}`);
    }
  } catch (error) {
    for (const held of locks) held.release();
    throw error;
  }
  return new DataDir(options, place, locks);
}

/** ZOOKEEPER-2967: swapped or changed directories would look like lost data. */
function demandSeparate({ disk, snapDir, logDir }: Place): void {
  const advice = 'check that dataDir and dataLogDir are configured as they were before';
  const [snapshot] = snapshotsAmong(disk.list(logDir));
  if (snapshot !== undefined) {
    const file = `${logDir}/${snapshot.name}`;
    throw new StorageError({ file, reason: 'a snapshot in the log directory', advice });
  }
  const [log] = logsAmong(disk.list(snapDir));
  if (log !== undefined) {
    const file = `${snapDir}/${log.name}`;
    throw new StorageError({ file, reason: 'a log in the snapshot directory', advice });
  }
}

export class DataDir {
  /** All entries up to this zxid are durable. Never called from within `append` or `flush`. */
  onLogged: (upTo: Zxid) => void = () => {};
  /** The log cannot be written any more: nothing further is logged, the server must end. */
  onFailed: (error: Error) => void = () => {};
  /** Enough has been logged: the server calls `snapshot` (a new log has been begun). */
  onSnapshotDue: () => void = () => {};

  readonly #options: DataDirOptions;
  readonly #place: Place;
  readonly #locks: Lock[];
  readonly #marks: Marks;
  #log: TxnLog | null = null;
  #isSnapshotting = false;
  #isClosing = false;
  #snapshotZxid: Zxid | null = null;
  /** Entries and bytes logged since the last snapshot became due, and how many make it due. */
  #entries = 0;
  #bytes = 0;
  #dueEntries = 0;
  #dueBytes = 0;

  constructor(options: DataDirOptions, place: Place, locks: Lock[]) {
    this.#options = options;
    this.#place = place;
    this.#locks = locks;
    this.#marks = new Marks(place.disk, place.logDir);
    this.#drawLimits();
  }

  /** Zxid of the newest snapshot; null while there is none. */
  get lastSnapshotZxid(): Zxid | null {
    return this.#snapshotZxid;
  }

  get isSnapshotting(): boolean {
    return this.#isSnapshotting;
  }

  /** For `mntr` and the like; null before `recover`. */
  get log(): TxnLog | null {
    return this.#log;
  }

  /**
   * Loads `state` and makes the directory ready to be written: cuts a torn tail, makes what was
   * read durable, and writes a snapshot where there is none (Apache does not start without one).
   * Throws StorageError, with nothing changed on disk, when acknowledged data is missing.
   */
  recover(state: State): Recovered {
    const { logger, trustEmptySnapshot } = this.#options;
    this.#marks.load();
    if (this.#marks.problem !== null) logger.warn(this.#marks.problem);
    const found = recover(this.#place, this.#marks, state, logger, trustEmptySnapshot);
    this.#repair(found);
    for (const log of found.logs) this.#marks.closed.set(log.name, log);
    this.#entries = found.entries;
    this.#snapshotZxid = found.snapshotZxid;
    if (found.snapshotZxid === null) this.#writeFirstSnapshot(state);
    const { disk, logDir: dir } = this.#place;
    const { preAllocSize, txnLogSizeLimit, forceSync, fsyncWarningMs } = this.#options;
    const now = this.#options.now ?? (() => performance.now());
    const log = new TxnLog(
      {
        disk,
        dir,
        marks: this.#marks,
        preAllocSize,
        txnLogSizeLimit,
        forceSync,
        fsyncWarningMs,
        logger,
        now,
      },
      found.lastZxid,
    );
    log.onLogged = (upTo) => this.onLogged(upTo);
    log.onFailed = (error) => this.onFailed(error);
    this.#log = log;
    return found;
  }

  /** Takes one entry (the bytes of `encodeTxn`, copied here) into the next group commit. */
  append(zxid: Zxid, entry: Uint8Array): void {
    const log = this.#opened();
    log.append(zxid, entry);
    this.#entries++;
    this.#bytes += entry.length;
    const isDue = this.#entries > this.#dueEntries || this.#bytes > this.#dueBytes;
    if (!isDue) return;
    this.#entries = 0;
    this.#bytes = 0;
    this.#drawLimits();
    log.roll();
    this.onSnapshotDue();
  }

  /** Starts the group commit of what has gathered, or lets it follow the one that is running. */
  flush(): void {
    this.#opened().flush();
  }

  /**
   * Writes a fuzzy snapshot of `state` while it goes on changing between the pieces. Rejects with
   * a StorageError when the disk says no, leaving no file; one at a time, others are skipped.
   */
  async snapshot(state: State): Promise<void> {
    const { logger, snapshotPieceSize } = this.#options;
    if (this.#isSnapshotting) {
      logger.warn('Too busy to snap, skipping');
      return;
    }
    const zxid = state.lastZxid;
    if (zxid === this.#snapshotZxid) return;
    this.#isSnapshotting = true;
    try {
      const { disk, snapDir: dir } = this.#place;
      logger.info(`Snapshotting: ${hex0x(zxid)} to ${dir}`);
      const pieces = snapshotPieces(state, snapshotPieceSize);
      const isWritten = await writeSnapshot({ disk, dir, zxid, pieces }, () => this.#isClosing);
      if (isWritten) this.#snapshotZxid = zxid;
    } finally {
      this.#isSnapshotting = false;
    }
  }

  /** Deletes what the newest `retain` whole snapshots make superfluous (autopurge). */
  purge(retain: number): Promise<string[]> {
    return purge(this.#place, retain, this.#options.logger);
  }

  /** Logs what has gathered, gives up a snapshot that is being written, lets go of files and locks. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#log?.close();
    for (const lock of this.#locks) lock.release();
  }

  #opened(): TxnLog {
    if (this.#log === null) throw new Error('recover() comes first');
    return this.#log;
  }

  #repair(found: Recovered): void {
    const { disk, logDir } = this.#place;
    for (const { file, length } of found.repairs) if (length === null) disk.remove(file);
    // What was read may have been written but not synced when the last server died. Its zeros
    // ahead go, so that the next start need not read them again.
    const newest = found.logs.at(-1);
    if (newest !== undefined) {
      const file = disk.open(`${logDir}/${newest.name}`, 'update');
      writeAgain(file, found.unsynced, newest.end);
      if (file.size > newest.end) file.truncate(newest.end);
      file.sync();
      file.close();
    }
    disk.syncDir(logDir);
  }

  #writeFirstSnapshot(state: State): void {
    const { disk, snapDir: dir } = this.#place;
    const zxid = state.lastZxid;
    this.#options.logger.info(`Snapshotting: ${hex0x(zxid)} to ${dir}`);
    writeSnapshotNow({ disk, dir, zxid, pieces: snapshotPieces(state) });
    this.#snapshotZxid = zxid;
  }

  /** Not all servers of an ensemble shall take their snapshots at once (SyncRequestProcessor). */
  #drawLimits(): void {
    const random = this.#options.random ?? Math.random;
    const { snapCount, snapSizeLimit } = this.#options;
    const half = Math.floor(snapCount / 2);
    this.#dueEntries = half + Math.floor(random() * half);
    const halfBytes = snapSizeLimit / 2;
    this.#dueBytes =
      snapSizeLimit > 0 ? halfBytes + random() * halfBytes : Number.POSITIVE_INFINITY;
  }
}

const COPY_PIECE = 1 << 20;

/**
 * Writes what is there once more. After an fsync that failed the kernel takes the pages for clean:
 * they can be read, a sync now would succeed, and the disk does not have them.
 */
function writeAgain(file: DiskFile, from: number, to: number): void {
  for (let at = from; at < to; ) {
    const piece = Buffer.alloc(Math.min(COPY_PIECE, to - at));
    const length = file.read(piece, at);
    if (length === 0) return;
    file.write(piece.subarray(0, length), at);
    at += length;
  }
}
