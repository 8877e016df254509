// From a data directory to a state: the newest whole snapshot, then every log entry after it.
// Only reads; what has to be repaired before the server may write is returned.
import { counterOf, followsInLog, hex0x, NO_ZXID, type Zxid, zxid } from '../../base/ids.ts';
import type { Logger } from '../../base/logger.ts';
import type { State } from '../../state/state.ts';
import { type LogEnd, LogScanner } from '../../wire/log.ts';
import type { Disk } from './disk.ts';
import { logsAmong, type NumberedFile } from './fileNames.ts';
import { type ClosedLog, Marks } from './marks.ts';
import { Replay } from './replay.ts';
import { chooseSnapshot, type Rejected } from './snapshotChoice.ts';
import { ADVICE, StorageError } from './storageError.ts';

export interface Place {
  disk: Disk;
  /** The version-2 directories; often the same. */
  snapDir: string;
  logDir: string;
}

/** A torn tail to be cut (`length`), or a file without a single entry to be removed (null). */
export interface Repair {
  file: string;
  length: number | null;
}

export interface Recovered {
  lastZxid: Zxid;
  /** Zxid of the snapshot that was loaded; null when there was none. */
  snapshotZxid: Zxid | null;
  /** Log entries applied on top of it. */
  entries: number;
  /** The logs that were read, oldest first, with what they hold. */
  logs: ClosedLog[];
  /** Offset in the newest of them from which on nothing is known to have been synced; its end if all is. */
  unsynced: number;
  repairs: Repair[];
  /**
   * No entry before this zxid is followed by all later ones: there is a gap, or the logs end before
   * the snapshot does. 0 when even older logs than those that were read may join on.
   */
  logFloor: Zxid;
}

/** A history that ends earlier than the files do. */
export interface Limit {
  /** Entries after this zxid are passed over. */
  entries: Zxid;
  /** So are snapshots after this one. */
  snapshots: Zxid;
}

/** Loads `state` from the files; throws StorageError rather than lose what was acknowledged. */
export function recover(
  place: Place,
  marks: Marks,
  state: State,
  logger: Logger,
  trustEmpty = false,
): Recovered {
  return new Recovery(place, marks, state, logger, null).run(trustEmpty);
}

/** As `recover`, of a part of the history; what the marks say of the rest does not matter. */
export function recoverUpTo(place: Place, limit: Limit, state: State, logger: Logger): Recovered {
  const marks = new Marks(place.disk, place.logDir);
  return new Recovery(place, marks, state, logger, limit).run(false);
}

class Recovery {
  readonly #place: Place;
  readonly #marks: Marks;
  readonly #state: State;
  readonly #logger: Logger;
  readonly #limit: Limit | null;
  readonly #logs: ClosedLog[] = [];
  readonly #repairs: Repair[] = [];
  #unsynced = 0;
  /** The first entry that was read, the last, and the first after the last gap. */
  #firstRead: Zxid | null = null;
  #runFrom: Zxid | null = null;
  #lastRead = NO_ZXID;
  /** What is in the log directory. */
  #names: ReadonlySet<string> = new Set();
  /** Where the last log that was read ends. */
  #end: { file: string; offset: number } | null = null;

  constructor(place: Place, marks: Marks, state: State, logger: Logger, limit: Limit | null) {
    this.#place = place;
    this.#marks = marks;
    this.#state = state;
    this.#logger = logger;
    this.#limit = limit;
  }

  run(trustEmpty: boolean): Recovered {
    const { disk, snapDir, logDir } = this.#place;
    const limit = this.#limit;
    const newest = limit?.snapshots ?? null;
    const choice = chooseSnapshot(disk, snapDir, this.#state, this.#logger, newest);
    const snapshotZxid = choice.zxid;
    const names = disk.list(logDir);
    this.#names = new Set(names);
    const all = logsAmong(names).filter(({ zxid }) => limit === null || zxid <= limit.entries);
    const logs = neededLogs(all, snapshotZxid);
    this.#demandClosedLogs(snapshotZxid ?? NO_ZXID);
    const base = { zxid: snapshotZxid, file: choice.file, digest: choice.digest, trustEmpty };
    const replay = new Replay(this.#state, base);
    try {
      logs.forEach((log, i) => {
        this.#readLog(log, i === logs.length - 1, replay);
      });
      this.#demandReach(replay.last, choice.rejected);
      replay.finish();
    } catch (error) {
      throw withRejected(error, choice.rejected);
    }
    this.#state.lastZxid = replay.last;
    const { entries, last } = replay;
    return {
      lastZxid: last,
      snapshotZxid,
      entries,
      logs: this.#logs,
      unsynced: this.#unsynced,
      repairs: this.#repairs,
      logFloor: this.#logFloor(last),
    };
  }

  #readLog(log: NumberedFile, isNewest: boolean, replay: Replay): void {
    const path = `${this.#place.logDir}/${log.name}`;
    const file = this.#place.disk.open(path, 'read');
    try {
      const scanner = new LogScanner(file);
      const held: ClosedLog = { name: log.name, first: NO_ZXID, last: NO_ZXID, end: 0 };
      let unsynced: number | null = null;
      for (;;) {
        for (let entry = scanner.next(); entry !== null; entry = scanner.next()) {
          if (this.#limit !== null && entry.zxid > this.#limit.entries) return;
          this.#noteRun(entry.zxid);
          if (entry.zxid > this.#marks.synced) unsynced ??= entry.offset;
          if (held.first === NO_ZXID) held.first = entry.zxid;
          if (entry.zxid > held.last) held.last = entry.zxid;
          replay.take(entry, path);
        }
        const end = scanner.end as LogEnd;
        held.end = end.offset;
        if (!this.#mayPass(end, path, replay)) break;
        scanner.resume();
        this.#runFrom = null;
      }
      if (held.first !== NO_ZXID) {
        this.#logs.push(held);
        this.#unsynced = unsynced ?? held.end;
      }
      this.#judgeEnd(scanner.end as LogEnd, held, isNewest, path, replay);
    } finally {
      file.close();
    }
  }

  #noteRun(read: Zxid): void {
    if (read <= this.#lastRead) return;
    this.#firstRead ??= read;
    if (this.#runFrom === null || !followsInLog(this.#lastRead, read)) this.#runFrom = read;
    this.#lastRead = read;
  }

  #logFloor(last: Zxid): Zxid {
    if (this.#runFrom === null || this.#lastRead !== last) return zxid(last + 1n);
    return this.#runFrom === this.#firstRead ? NO_ZXID : this.#runFrom;
  }

  /** Damage that the snapshot covers is passed over: nothing in it is needed. */
  #mayPass(end: LogEnd, path: string, replay: Replay): boolean {
    const { following } = end;
    if (following === null || end.kind === 'foreign' || replay.entries > 0) return false;
    if (following.zxid > replay.last + 1n) return false;
    this.#logger.warn(
      `${path}: ${end.reason} at offset ${end.offset}; the snapshot has what is lost there`,
    );
    return true;
  }

  #judgeEnd(end: LogEnd, held: ClosedLog, isNewest: boolean, path: string, replay: Replay): void {
    const { kind, offset, reason, following } = end;
    const marks = this.#marks;
    const lastGoodZxid = replay.last;
    this.#end = { file: path, offset };
    if (kind === 'foreign') {
      throw new StorageError({ file: path, reason, offset, lastGoodZxid, advice: ADVICE.foreign });
    }
    // Only the last batch of the log being written can have lost its middle in a power cut, and
    // only if it was not synced.
    const isTornBatch =
      isNewest && marks.writing === held.name && replay.last >= marks.synced && kind === 'torn';
    if (following !== null && !isTornBatch) {
      const after = `valid entries go on at offset ${following.offset} with zxid ${hex0x(following.zxid)}`;
      throw new StorageError({
        file: path,
        reason: `${reason}, but ${after}: damaged`,
        offset,
        lastGoodZxid,
        advice: ADVICE.damaged,
      });
    }
    const mark = marks.closed.get(held.name);
    if (mark !== undefined && mark.last > held.last && mark.last > replay.last) {
      throw new StorageError({
        file: path,
        reason: `${reason || 'the log ends'} before its last entry, zxid ${hex0x(mark.last)},`,
        offset,
        lastGoodZxid,
        advice: ADVICE.damaged,
      });
    }
    const isEmpty = held.first === NO_ZXID;
    if (!isNewest) {
      if (kind === 'end') return;
      replay.suspect = { file: path, offset, reason };
      this.#runFrom = null;
      return;
    }
    if (kind === 'end' && !isEmpty) return;
    // An empty one goes too: the next log may get its name.
    this.#repairs.push({ file: path, length: isEmpty ? null : offset });
    this.#logger.warn(
      `${path}: ${reason || 'no entries'} at offset ${offset}: a write was cut off there before ` +
        `it was acknowledged; ${isEmpty ? 'removing the file' : 'cutting it off'}`,
    );
  }

  /** A log that was closed and is needed must be there. */
  #demandClosedLogs(snapshotZxid: Zxid): void {
    for (const { name, last } of this.#marks.closed.values()) {
      if (last <= snapshotZxid || this.#names.has(name)) continue;
      throw new StorageError({
        file: `${this.#place.logDir}/${name}`,
        reason: `the log is missing; it had entries up to zxid ${hex0x(last)}`,
        lastGoodZxid: snapshotZxid,
        advice: ADVICE.hole,
      });
    }
  }

  /** What was synced, and what a newer snapshot had seen, must have been reached. */
  #demandReach(last: Zxid, rejected: Rejected[]): void {
    const { synced, path, writing } = this.#marks;
    if (last < synced && writing !== null && !this.#names.has(writing)) {
      throw new StorageError({
        file: `${this.#place.logDir}/${writing}`,
        reason: `the log is missing; entries up to zxid ${hex0x(synced)} were synced (see ${path})`,
        lastGoodZxid: last,
        advice: ADVICE.lostTail,
      });
    }
    if (last < synced) {
      throw new StorageError({
        file: this.#place.logDir,
        ...this.#end,
        reason: `the logs end before zxid ${hex0x(synced)}, which was synced (see ${path}),`,
        lastGoodZxid: last,
        advice: ADVICE.lostTail,
      });
    }
    for (const snapshot of rejected) {
      if (snapshot.zxid <= last || counterOf(snapshot.zxid) === 0) continue;
      throw new StorageError({
        file: snapshot.path,
        reason: `${snapshot.problem}, and the logs do not reach zxid ${hex0x(snapshot.zxid)}`,
        lastGoodZxid: last,
        advice: ADVICE.damaged,
      });
    }
  }
}

/** The newest log that may begin before the snapshot ends, and all after it. */
function neededLogs(logs: NumberedFile[], snapshotZxid: Zxid | null): NumberedFile[] {
  if (snapshotZxid === null) return logs;
  const next = snapshotZxid + 1n;
  let from = 0;
  logs.forEach((log, i) => {
    if (log.zxid <= next) from = i;
  });
  return logs.slice(from);
}

/** A refusal is easier to understand with the snapshots that could have avoided it. */
function withRejected(error: unknown, rejected: Rejected[]): unknown {
  const [first] = rejected;
  if (!(error instanceof StorageError) || first === undefined) return error;
  error.message += ` (snapshot ${first.path}: ${first.problem})`;
  return error;
}
