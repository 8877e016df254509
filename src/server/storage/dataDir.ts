// A server's data directory, locked and opened: recovery, the log, snapshots and purging.
//
//   <dataLogDir>/version-2/log.<hex of its first zxid>        transactions, see wire/log.ts
//   <dataLogDir>/version-2/synced.marks                       what must be in the logs, see marks.ts
//   <dataDir>/version-2/snapshot.<hex of the last zxid>       see wire/snapshot.ts
//   <dataDir>/zk.lock, <dataLogDir>/zk.lock                   see lock.ts
import { hex0x, NO_ZXID, type Zxid } from '../../base/ids.ts';
import type { State } from '../../state/state.ts';
import type { DataDirOptions } from './dataDirOptions.ts';
import { finishInterrupted } from './interrupted.ts';
import type { Lock } from './lock.ts';
import { TxnLog } from './logFile.ts';
import { Marks } from './marks.ts';
import { purge } from './purge.ts';
import { type Place, type Recovered, recover } from './recovery.ts';
import { repair } from './repair.ts';
import { snapshotPieces, writeSnapshot, writeSnapshotNow } from './snapshotFile.ts';
import { SnapshotSchedule } from './snapshotSchedule.ts';
import { Waiting } from './waiting.ts';

/** What later decisions need to know of a history that has been put in place. */
export type HistoryInPlace = Pick<Recovered, 'snapshotZxid' | 'entries' | 'logFloor'>;

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
  #marks: Marks;
  #log: TxnLog | null = null;
  #logFloor: Zxid = NO_ZXID;
  #snapshotting: Promise<unknown> | null = null;
  #purging: Promise<unknown> = Promise.resolve();
  /** The history is being replaced: no snapshot of the old one is wanted. */
  #isReplacing = false;
  /** Of a directory without a history, until it gets one. */
  #firstSnapshot: Buffer[] | null = null;
  #failure: Error | null = null;
  readonly #waiting = new Waiting();
  #isClosing = false;
  #snapshotZxid: Zxid | null = null;
  readonly #schedule: SnapshotSchedule;

  constructor(options: DataDirOptions, place: Place, locks: Lock[]) {
    this.#options = options;
    this.#place = place;
    this.#locks = locks;
    this.#marks = new Marks(place.disk, place.logDir);
    this.#schedule = new SnapshotSchedule(options);
  }

  /** Zxid of the newest snapshot; null while there is none. */
  get lastSnapshotZxid(): Zxid | null {
    return this.#snapshotZxid;
  }

  get isSnapshotting(): boolean {
    return this.#snapshotting !== null;
  }

  /** For `mntr` and the like; null before `recover`. */
  get log(): TxnLog | null {
    return this.#log;
  }

  get place(): Place {
    return this.#place;
  }

  get marks(): Marks {
    return this.#marks;
  }

  /** See `Recovered.logFloor`. */
  get logFloor(): Zxid {
    return this.#logFloor;
  }

  /**
   * Loads `state` and makes the directory ready to be written: cuts a torn tail, makes what was
   * read durable, and writes a snapshot where there is none (Apache does not start without one).
   * Throws StorageError, with nothing changed on disk, when acknowledged data is missing.
   *
   * @param staysEmpty an empty directory gets its first snapshot with its first entry, so that
   *   until then it can be told that it is empty
   */
  recover(state: State, staysEmpty = false): Recovered {
    const { logger, trustEmptySnapshot } = this.#options;
    finishInterrupted(this.#place, logger);
    this.#marks = new Marks(this.#place.disk, this.#place.logDir);
    this.#marks.load();
    if (this.#marks.problem !== null) logger.warn(this.#marks.problem);
    const found = recover(this.#place, this.#marks, state, logger, trustEmptySnapshot);
    repair(this.#place, found);
    for (const log of found.logs) this.#marks.closed.set(log.name, log);
    this.#takeUp(found);
    if (found.snapshotZxid === null) {
      if (staysEmpty && found.lastZxid === NO_ZXID) {
        this.#firstSnapshot = [...snapshotPieces(state)].map((piece) => Buffer.from(piece));
      } else this.#writeNow(found.lastZxid, snapshotPieces(state));
    }
    this.#log = this.#newLog(found.lastZxid, false);
    return found;
  }

  #takeUp(found: HistoryInPlace): void {
    this.#schedule.entries = found.entries;
    this.#snapshotZxid = found.snapshotZxid;
    this.#logFloor = found.logFloor;
  }

  #newLog(lastZxid: Zxid, isHeld: boolean): TxnLog {
    const { disk, logDir: dir } = this.#place;
    const { preAllocSize, txnLogSizeLimit, forceSync, fsyncWarningMs, logger } = this.#options;
    const now = this.#options.now ?? (() => performance.now());
    const marks = this.#marks;
    const sizes = { preAllocSize, txnLogSizeLimit, forceSync, fsyncWarningMs };
    const isLocked = (): boolean => this.#locks.every((lock) => lock.isHeld());
    const options = { disk, dir, marks, ...sizes, isLocked, logger, now };
    const log = new TxnLog(options, lastZxid, isHeld);
    log.onLogged = (upTo) => {
      this.onLogged(upTo);
      this.#wake();
    };
    log.onFailed = (error) => {
      this.#failure = error;
      this.onFailed(error);
      this.#wake();
    };
    return log;
  }

  /**
   * Ends the log and a snapshot that is being written; what is appended from here on follows
   * `lastZxid`, and waits for `resume`. Gives the last zxid that was logged before; rejects when
   * the log has failed, or fails now.
   */
  async suspend(lastZxid: Zxid): Promise<Zxid> {
    const old = this.#opened();
    this.#isReplacing = true;
    this.#log = this.#newLog(lastZxid, true);
    await old.close();
    this.#wake();
    await this.#snapshotting?.catch(() => {}); // whoever asked for it is told
    await this.#purging;
    if (this.#failure !== null) throw this.#failure;
    return old.lastLogged;
  }

  /** The history is in place that `suspend` was told of; null: nothing was changed after all. */
  resume(found: HistoryInPlace | null, lastZxid: Zxid): void {
    if (found !== null) {
      this.#takeUp(found);
      this.#firstSnapshot = null;
    }
    this.#isReplacing = false;
    if (found === null && !this.#isClosing) this.#log = this.#newLog(lastZxid, true);
    this.#opened().release();
  }

  /** A directory is not empty any more once something has been learnt, be it that there is nothing. */
  writeFirstSnapshot(): void {
    const pieces = this.#firstSnapshot;
    if (pieces === null) return;
    this.#firstSnapshot = null;
    this.#writeNow(NO_ZXID, pieces);
  }

  #writeNow(zxid: Zxid, pieces: Iterable<Buffer>): void {
    const { disk, snapDir: dir } = this.#place;
    this.#options.logger.info(`Snapshotting: ${hex0x(zxid)} to ${dir}`);
    writeSnapshotNow({ disk, dir, zxid, pieces });
    this.#snapshotZxid = zxid;
  }

  /** Resolves when all up to `upTo` is durable, or when nothing will be any more. */
  #durable(upTo: Zxid): Promise<void> {
    const waiting = this.#waiting.until(upTo);
    this.#wake();
    return waiting;
  }

  get #isGivenUp(): boolean {
    return this.#isClosing || this.#isReplacing || this.#failure !== null;
  }

  #wake(): void {
    this.#waiting.wake(this.#log?.lastLogged ?? NO_ZXID, this.#isGivenUp);
  }

  /** Takes one entry (the bytes of `encodeTxn`, copied here) into the next group commit. */
  append(zxid: Zxid, entry: Uint8Array): void {
    const log = this.#opened();
    if (this.#firstSnapshot !== null) this.writeFirstSnapshot();
    log.append(zxid, entry);
    if (!this.#schedule.noteAndIsDue(entry.length)) return;
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
    const { logger } = this.#options;
    if (this.#snapshotting !== null || this.#isReplacing) {
      logger.warn('Too busy to snap, skipping');
      return;
    }
    const zxid = state.lastZxid;
    if (zxid === this.#snapshotZxid) return;
    try {
      logger.info(`Snapshotting: ${hex0x(zxid)} to ${this.#place.snapDir}`);
      this.#snapshotting = this.#writeFuzzy(state, zxid);
      await this.#snapshotting;
    } finally {
      this.#snapshotting = null;
    }
  }

  /**
   * A member applies what a quorum has, though its own log may not have it yet: the snapshot counts
   * only when all is logged that it saw.
   */
  async #writeFuzzy(state: State, zxid: Zxid): Promise<void> {
    const { disk, snapDir: dir } = this.#place;
    const pieces = this.pieces(state);
    const isWritten = await writeSnapshot(
      { disk, dir, zxid, pieces },
      () => this.#isGivenUp,
      () => this.#durable(state.lastZxid),
    );
    if (isWritten) this.#snapshotZxid = zxid;
  }

  pieces(state: State): Generator<Buffer, void, void> {
    return snapshotPieces(state, this.#options.snapshotPieceSize);
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** Deletes what the newest `retain` whole snapshots make superfluous (autopurge). */
  async purge(retain: number): Promise<string[]> {
    if (this.#isReplacing) return [];
    const purging = purge(this.#place, retain, this.#options.logger);
    // It must not take the snapshot that replaces the history for an old one.
    this.#purging = purging.catch(() => {}); // whoever asked for it is told
    return purging;
  }

  /** A snapshot that is being written is not finished any more. */
  giveUp(): void {
    this.#isClosing = true;
    this.#wake();
  }

  /** Logs what has gathered, gives up a snapshot that is being written, lets go of files and locks. */
  async close(): Promise<void> {
    this.giveUp();
    await this.#log?.close();
    for (const lock of this.#locks) lock.release();
  }

  #opened(): TxnLog {
    if (this.#log === null) throw new Error('recover() comes first');
    return this.#log;
  }
}
