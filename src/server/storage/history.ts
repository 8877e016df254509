// Reading a stretch of the log back, for a learner that has missed it (DIFF from disk).
import { followsInLog, hex0x, type Zxid } from '../../base/ids.ts';
import { LOG_HEADER_LENGTH, type LogEntry, LogScanner } from '../../wire/log.ts';
import type { DiskFile } from './disk.ts';
import { logsAmong } from './fileNames.ts';
import type { TxnLog } from './logFile.ts';
import type { ClosedLog, Marks } from './marks.ts';
import type { Place } from './recovery.ts';
import { ADVICE, StorageError } from './storageError.ts';

/** What there is to read from: the closed logs, the one being written, and how far back. */
export interface HistorySource {
  place: Place;
  marks: Marks;
  log: TxnLog;
  /** See `Recovered.logFloor`. */
  floor: Zxid;
}

/** Logs without a gap between them and up to the last entry, oldest first. */
function gaplessLogs({ place, marks, log, floor }: HistorySource): ClosedLog[] {
  const logs: ClosedLog[] = [];
  const { current, lastLogged } = log;
  if (current !== null) logs.push(current);
  const names = logsAmong(place.disk.list(place.logDir)).reverse();
  for (const { name } of names) {
    const closed = marks.closed.get(name);
    if (closed === undefined || name === current?.name) continue;
    const next = logs[0];
    const joins =
      next === undefined
        ? closed.last === lastLogged
        : closed.last >= next.first || followsInLog(closed.last, next.first);
    if (!joins || closed.last < floor) break;
    logs.unshift(closed);
  }
  return logs;
}

/** The first zxid from which on all entries up to the last are on disk; null when there is none. */
export function logFrom(source: HistorySource): Zxid | null {
  const { floor } = source;
  const first = gaplessLogs(source)[0]?.first ?? null;
  return first !== null && first < floor ? floor : first;
}

/** One logged transaction; `entry` is a view that the next one overwrites. */
export interface HistoryEntry {
  zxid: Zxid;
  entry: Buffer;
}

/** Entries of a while; their files are open until they have been read, or `close`. */
export interface History {
  /** Bytes to be read: no less than the entries have together. */
  readonly bytes: number;
  /** In order, without a gap; throws StorageError when a file turns out to be damaged. */
  entries(): AsyncGenerator<HistoryEntry, void, void>;
  close(): void;
}

/** Read in one go before others get their turn. */
const SLICE = 1 << 20;

/**
 * The entries after `after` up to `upTo`, which must have been logged. Null when they are not all
 * there, or `after` itself is no transaction of this history (a peer went another way).
 */
export async function readHistory(
  source: HistorySource,
  after: Zxid,
  upTo: Zxid,
): Promise<History | null> {
  const from = logFrom(source);
  if (from === null || upTo > source.log.lastLogged || upTo < after) return null;
  const isFromStart = after + 1n === from;
  if (after < from && !isFromStart) return null;
  const logs = gaplessLogs(source).filter(({ first, last }) => last >= after && first <= upTo);
  const stretch = new Stretch(source.place, logs, after, upTo);
  try {
    if (isFromStart || (await stretch.find())) return stretch;
  } catch (error) {
    stretch.close();
    throw error;
  }
  stretch.close();
  return null;
}

class Stretch implements History {
  readonly #files: DiskFile[] = [];
  readonly #upTo: Zxid;
  #last: Zxid;
  #at = 0;
  #scanner: LogScanner | null = null;
  /** Found, and not yet given. */
  #ahead: LogEntry | null = null;
  #left: number;
  #sliceLeft = SLICE;

  /** All are opened now: a purge may remove them while they are read. */
  constructor({ disk, logDir }: Place, logs: readonly ClosedLog[], after: Zxid, upTo: Zxid) {
    this.#last = after;
    this.#upTo = upTo;
    this.#left = 0;
    try {
      for (const { name, end } of logs) {
        this.#files.push(disk.open(`${logDir}/${name}`, 'read'));
        this.#left += end - LOG_HEADER_LENGTH;
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get bytes(): number {
    return this.#left;
  }

  /** Goes to the place behind the entry after which to read; false when there is no such entry. */
  async find(): Promise<boolean> {
    for (let entry = this.#next(); entry !== null; entry = this.#next()) {
      if (entry.zxid === this.#last + 1n) {
        // What begins an epoch is no transaction.
        this.#ahead = entry;
        return true;
      }
      this.#left -= entry.bytes.length;
      if (entry.zxid === this.#last) return true;
      if (entry.zxid > this.#last) return false;
      await this.#pause(entry);
    }
    return false;
  }

  async *entries(): AsyncGenerator<HistoryEntry, void, void> {
    try {
      while (this.#last < this.#upTo) {
        const entry = this.#ahead ?? this.#next();
        this.#ahead = null;
        if (entry === null || (entry.zxid > this.#last && !followsInLog(this.#last, entry.zxid))) {
          throw this.#gap(entry);
        }
        if (entry.zxid <= this.#last) continue;
        this.#last = entry.zxid;
        yield { zxid: entry.zxid, entry: entry.bytes };
        await this.#pause(entry);
      }
    } finally {
      this.close();
    }
  }

  close(): void {
    for (const file of this.#files.splice(0)) file.close();
  }

  #next(): LogEntry | null {
    for (;;) {
      const file = this.#files[this.#at];
      if (file === undefined) return null;
      this.#scanner ??= new LogScanner(file);
      const entry = this.#scanner.next();
      if (entry !== null) return entry;
      this.#scanner = null;
      this.#at++;
    }
  }

  async #pause(entry: LogEntry): Promise<void> {
    this.#sliceLeft -= entry.bytes.length;
    if (this.#sliceLeft > 0) return;
    this.#sliceLeft = SLICE;
    await new Promise(setImmediate);
  }

  #gap(entry: LogEntry | null): StorageError {
    const file = this.#files[Math.min(this.#at, this.#files.length - 1)]?.path ?? '';
    const found = entry === null ? 'the log ends' : `zxid ${hex0x(entry.zxid)} follows`;
    return new StorageError({
      file,
      reason: `entries are missing: ${found}`,
      offset: entry?.offset ?? null,
      lastGoodZxid: this.#last,
      advice: ADVICE.hole,
    });
  }
}
