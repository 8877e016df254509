// The transaction log being written: group commit, preallocation and the change to a new file.
// What gathers while one fdatasync runs goes out with one write into the next.
import { assert } from '../../base/assert.ts';
import { followsInLog, hex0x, NO_ZXID, type Zxid } from '../../base/ids.ts';
import type { Logger } from '../../base/logger.ts';
import { LOG_HEADER_LENGTH, LogBatch, logHeader } from '../../wire/log.ts';
import type { Disk, DiskFile } from './disk.ts';
import { logName } from './fileNames.ts';
import type { ClosedLog, Marks } from './marks.ts';
import { PlaceCheck } from './placeCheck.ts';

export interface TxnLogOptions {
  disk: Disk;
  /** The version-2 directory of the logs. */
  dir: string;
  marks: Marks;
  /** Bytes by which a file grows ahead of its entries; 0 or less: not ahead. */
  preAllocSize: number;
  /** Bytes after which a new file is begun; 0 or less: no limit. */
  txnLogSizeLimit: number;
  /** False: entries count as logged once written; a power cut can lose them. */
  forceSync: boolean;
  fsyncWarningMs: number;
  logger: Logger;
  /** Whether the directories are this server's alone, still. */
  isLocked: () => boolean;
  /** Monotonic milliseconds. */
  now: () => number;
}

/** As Apache's FilePadding: grow when less than this is left. */
const MARGIN = 4096;
/** How late the marks may be after a power cut, while writes go on. */
const MARKS_SYNC_MS = 1000;

export class TxnLog {
  /** All entries up to this zxid are durable (or written, without forceSync). */
  onLogged: (upTo: Zxid) => void = () => {};
  /** The first failure, told once; nothing is told to be logged after it. */
  onFailed: (error: Error) => void = () => {};
  /** For `mntr`: duration of the last fdatasync and how many were slower than the warning. */
  lastSyncMs = 0;
  slowSyncs = 0;

  readonly #options: TxnLogOptions;
  #file: DiskFile | null = null;
  #name = '';
  #first: Zxid = NO_ZXID;
  #position = 0;
  #allocated = 0;
  #rollNext = false;
  /** Entries only gather: what is before them is being replaced. */
  #isHeld: boolean;
  readonly #placeCheck: PlaceCheck;
  #lastAppended: Zxid;
  #lastWritten: Zxid;
  #gathering = new LogBatch();
  #spare = new LogBatch();
  /** First zxid in `#gathering`. */
  #gatheringFrom: Zxid = NO_ZXID;
  #isBusy = false;
  #failure: Error | null = null;
  #marksSyncedAt: number;
  #isSyncingMarks = false;
  #whenIdle: (() => void) | null = null;

  constructor(options: TxnLogOptions, lastZxid: Zxid, isHeld = false) {
    this.#options = options;
    this.#placeCheck = new PlaceCheck(options);
    this.#isHeld = isHeld;
    this.#lastAppended = lastZxid;
    this.#lastWritten = lastZxid;
    this.#marksSyncedAt = options.now();
  }

  /** The last zxid that is durable (or written, without forceSync). */
  get lastLogged(): Zxid {
    return this.#lastWritten;
  }

  /** What the file being written holds for certain; null before the first entry. */
  get current(): ClosedLog | null {
    const { path } = this.#file ?? {};
    if (path === undefined || this.#lastWritten < this.#first) return null;
    return { name: this.#name, first: this.#first, last: this.#lastWritten, end: this.#position };
  }

  /** Lets go of what has gathered in a log that was begun held. */
  release(): void {
    this.#isHeld = false;
    this.flush();
  }

  /** Copies one entry into the batch that the next `flush` writes. */
  append(zxid: Zxid, entry: Uint8Array): void {
    assert(followsInLog(this.#lastAppended, zxid), () => gapMessage(zxid, this.#lastAppended));
    if (this.#gathering.entries === 0) this.#gatheringFrom = zxid;
    this.#gathering.add(entry);
    this.#lastAppended = zxid;
  }

  /** Writes what has gathered, unless a sync is running: then it goes out when that is done. */
  flush(): void {
    if (this.#isBusy || this.#isHeld || this.#failure !== null) return;
    if (this.#gathering.entries === 0) return;
    this.#isBusy = true;
    try {
      // Another server may read the file by now, and go on behind what it found.
      this.#placeCheck.demand(this.#file);
      if (this.#file === null || this.#rollNext) this.#openNext();
      else this.#writeBatch();
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  /** The next batch begins a new file. */
  roll(): void {
    this.#rollNext = this.#file !== null;
  }

  /** Writes and syncs what is left, then closes; resolves at once after a failure. */
  async close(): Promise<void> {
    this.flush();
    if (this.#isBusy) {
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve;
      });
    }
    if (this.#failure !== null) return;
    this.#failure = new Error('the log is closed');
    this.#file?.truncate(this.#position);
    this.#file?.close();
    this.#options.marks.close();
  }

  /**
   * Nothing goes into a new file before its name is durable, and before the marks say that it is
   * being written: recovery then knows a torn batch from damage.
   */
  #openNext(): void {
    const { disk, dir, marks, forceSync } = this.#options;
    this.#closeFile();
    this.#name = logName(this.#gatheringFrom);
    this.#first = this.#gatheringFrom;
    const file = disk.open(`${dir}/${this.#name}`, 'create');
    this.#file = file;
    this.#rollNext = false;
    file.write(logHeader(), 0);
    this.#position = LOG_HEADER_LENGTH;
    this.#allocated = LOG_HEADER_LENGTH;
    this.#options.logger.info(`Creating new log file: ${this.#name}`);
    if (!forceSync) {
      this.#writeBatch();
      return;
    }
    marks.writing = this.#name;
    marks.synced = this.#lastWritten;
    file.syncLater((error) => {
      if (error !== null) return this.#fail(error);
      marks.rewrite(new Set(disk.list(dir)), (marksError) => {
        if (marksError !== null) return this.#fail(marksError);
        disk.syncDirLater(dir, (dirError) => {
          if (dirError !== null) return this.#fail(dirError);
          this.#guard(() => this.#writeBatch());
        });
      });
    });
  }

  #closeFile(): void {
    const file = this.#file;
    if (file === null) return;
    const end = this.#position;
    const entry = { name: this.#name, first: this.#first, last: this.#lastWritten, end };
    this.#options.marks.closed.set(entry.name, entry);
    this.#file = null;
    // Without the zeros ahead: the next start need not read them.
    file.truncate(end);
    file.close();
  }

  #writeBatch(): void {
    const batch = this.#gathering;
    const upTo = this.#lastAppended;
    this.#gathering = this.#spare;
    this.#spare = batch;
    const file = this.#file;
    assert(file !== null, 'no log file is open');
    const bytes = batch.view();
    this.#preallocate(file, bytes.length);
    file.write(bytes, this.#position);
    this.#position += bytes.length;
    if (!this.#options.forceSync) {
      queueMicrotask(() => this.#guard(() => this.#written(file, upTo)));
      return;
    }
    const startedAt = this.#options.now();
    file.syncLater((error) => {
      if (error !== null) return this.#fail(error);
      this.#noteDuration(this.#options.now() - startedAt);
      this.#guard(() => {
        this.#options.marks.advance(upTo);
        this.#syncMarksSometimes();
        this.#written(file, upTo);
      });
    });
  }

  /** Sparse: a real fill makes no fdatasync faster here, and would stall for 64 MB. */
  #preallocate(file: DiskFile, length: number): void {
    const step = this.#options.preAllocSize;
    const needed = this.#position + length;
    if (step <= 0 || needed + MARGIN < this.#allocated) return;
    this.#allocated = Math.ceil((needed + MARGIN + 1) / step) * step;
    file.truncate(this.#allocated);
  }

  #written(file: DiskFile, upTo: Zxid): void {
    this.#placeCheck.demand(file);
    this.#spare.clear();
    this.#lastWritten = upTo;
    this.#isBusy = false;
    const limit = this.#options.txnLogSizeLimit;
    if (limit > 0 && this.#position > limit) this.roll();
    this.flush();
    this.onLogged(upTo);
    this.#tellIdle();
  }

  #noteDuration(ms: number): void {
    this.lastSyncMs = ms;
    if (ms <= this.#options.fsyncWarningMs) return;
    this.slowSyncs++;
    this.#options.logger.warn(
      `fsync-ing the write ahead log in SyncThread:0 took ${Math.round(ms)}ms which will adversely ` +
        `effect operation latency.File size is ${this.#file?.size ?? 0} bytes. ` +
        'See the ZooKeeper troubleshooting guide',
    );
  }

  #syncMarksSometimes(): void {
    const now = this.#options.now();
    if (this.#isSyncingMarks || now - this.#marksSyncedAt < MARKS_SYNC_MS) return;
    this.#isSyncingMarks = true;
    this.#marksSyncedAt = now;
    this.#options.marks.syncLater((error) => {
      this.#isSyncingMarks = false;
      if (error !== null) this.#fail(error);
    });
  }

  #guard(work: () => void): void {
    if (this.#failure !== null) return;
    try {
      work();
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  /** After a failed sync the kernel may have dropped the pages: nothing may be tried again. */
  #fail(error: Error): void {
    if (this.#failure !== null) return;
    this.#failure = error;
    this.#isBusy = false;
    this.onFailed(error);
    this.#tellIdle();
  }

  #tellIdle(): void {
    if (this.#isBusy) return;
    this.#whenIdle?.();
  }
}

const gapMessage = (zxid: Zxid, previous: Zxid): string =>
  `zxid ${hex0x(zxid)} cannot be logged after ${hex0x(previous)}`;
