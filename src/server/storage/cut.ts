// Cutting the history of a server after a zxid (TRUNC), so that a crash leaves the old history or
// the cut one: first a note of what shall be cut, then the cut itself, then the note goes. A start
// that finds the note cuts again.
//
//   truncate.mark   one line: truncate 0x5 base 0x3 epoch 7 <check>; Apache ignores it
//
// What is cut was never committed: the leader has everything that was, so nothing is kept.
import { hex0x, NO_ZXID, type Zxid, zxid } from '../../base/ids.ts';
import { type Logger, silentLogger } from '../../base/logger.ts';
import type { State } from '../../state/state.ts';
import { LogScanner } from '../../wire/log.ts';
import { logsAmong, snapshotsAmong } from './fileNames.ts';
import type { ClosedLog, Marks } from './marks.ts';
import { type Place, type Recovered, recoverUpTo } from './recovery.ts';
import { checked, checkedText, readText, writeFileNow } from './sideFile.ts';
import { StorageError } from './storageError.ts';

export const CUT_NAME = 'truncate.mark';

export interface Cut {
  /** The last zxid that stays. */
  after: Zxid;
  /** The snapshot below what stays; newer ones go, they may have seen what is cut. */
  base: Zxid;
  /** acceptedEpoch at that time: another server that went on here since has a later one. */
  epoch: number;
}

export interface CutPlan {
  base: Zxid;
  /** The history up to the cut. */
  state: State;
  found: Recovered;
}

/**
 * Loads the history up to `after` into a state of `newState`; null when the files do not have
 * exactly that: no snapshot before it, or no entry with this zxid. Changes nothing.
 */
export function planCut(place: Place, after: Zxid, newState: () => State): CutPlan | null {
  const snapshots = snapshotsAmong(place.disk.list(place.snapDir));
  for (const { zxid: base } of snapshots) {
    if (base > after) continue;
    const state = newState();
    try {
      const limit = { entries: after, snapshots: base };
      const found = recoverUpTo(place, limit, state, silentLogger);
      if (found.snapshotZxid !== base) continue;
      if (found.lastZxid !== after) return null;
      if (!seesBeyond(state, after)) return { base, state, found };
    } catch (error) {
      // A damaged or fuzzy snapshot, or a hole: an older one may do. The disk's own errors pass.
      if (!(error instanceof StorageError) || error.code !== null) throw error;
    }
  }
  return null;
}

/** A fuzzy snapshot without a digest may hold znodes of what is to be cut (ZOOKEEPER-4837). */
function seesBeyond({ tree }: State, after: Zxid): boolean {
  for (const { czxid, mzxid, pzxid } of tree.nodes.values()) {
    if (czxid > after || mzxid > after || pzxid > after) return true;
  }
  return false;
}

/** From here on the history ends with `after`, whatever happens. */
export function beginCut({ disk, logDir }: Place, { after, base, epoch }: Cut): void {
  const text = `truncate ${hex0x(after)} base ${hex0x(base)} epoch ${epoch}`;
  writeFileNow(disk, logDir, CUT_NAME, `${checked(text)}\n`);
  disk.syncDir(logDir);
}

/** The cut that was begun here and not finished. */
export function cutBegun({ disk, logDir }: Place): Cut | null {
  const text = readText(disk, logDir, CUT_NAME);
  const line = text === null ? null : checkedText(text.trimEnd());
  const form = /^truncate (0x[0-9a-f]{1,16}) base (0x[0-9a-f]{1,16}) epoch (\d+)$/;
  const [, after, base, epoch] = form.exec(line ?? '') ?? [];
  if (after === undefined || base === undefined) return null;
  return { after: zxid(BigInt(after)), base: zxid(BigInt(base)), epoch: Number(epoch) };
}

/**
 * Does what `beginCut` noted; as often as needed. Newest first, so that a server that does not
 * know the note finds a history without a hole at any time.
 */
export function finishCut(place: Place, { after, base }: Cut, marks: Marks, logger: Logger): void {
  const { disk, snapDir, logDir } = place;
  logger.warn(`Truncating the history of ${logDir} after ${hex0x(after)}`);
  for (const { name, zxid: id } of snapshotsAmong(disk.list(snapDir))) {
    if (id > base) disk.remove(`${snapDir}/${name}`);
  }
  disk.syncDir(snapDir);
  let last: ClosedLog | null = null;
  for (const { name, zxid: first } of logsAmong(disk.list(logDir)).reverse()) {
    if (first > after) disk.remove(`${logDir}/${name}`);
    else {
      last = cutLog(place, name, after);
      break;
    }
  }
  for (const [name, log] of marks.closed) if (log.last > after) marks.closed.delete(name);
  if (last !== null) marks.closed.set(last.name, last);
  marks.synced = after;
  marks.writing = null;
  marks.rewriteNow();
  disk.syncDir(logDir);
  endCut(place);
}

export function endCut({ disk, logDir }: Place): void {
  disk.remove(`${logDir}/${CUT_NAME}`);
  disk.syncDir(logDir);
}

/** Cuts a log; one without an entry left goes. Returns what it holds. */
function cutLog({ disk, logDir }: Place, name: string, after: Zxid): ClosedLog | null {
  const file = disk.open(`${logDir}/${name}`, 'update');
  let first: Zxid = NO_ZXID;
  let last: Zxid = NO_ZXID;
  try {
    const scanner = new LogScanner(file);
    let entry = scanner.next();
    for (; entry !== null && entry.zxid <= after; entry = scanner.next()) {
      if (first === NO_ZXID) first = entry.zxid;
      if (entry.zxid > last) last = entry.zxid;
    }
    const end = entry?.offset ?? scanner.end?.offset ?? 0;
    if (file.size > end) file.truncate(end);
    // In any case: the one who cut it may have died before its sync.
    file.sync();
    if (first !== NO_ZXID) return { name, first, last, end };
  } finally {
    file.close();
  }
  disk.remove(`${logDir}/${name}`);
  return null;
}
