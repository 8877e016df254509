// Verifies a data directory offline, and goes on without what is lost when the operator says so.
import { hex0x, NO_ZXID, type Zxid } from '../../base/ids.ts';
import { silentLogger } from '../../base/logger.ts';
import type { State } from '../../state/state.ts';
import { type LogEnd, LogScanner } from '../../wire/log.ts';
import { snapshotProblem } from '../../wire/snapshot.ts';
import { CUT_NAME, cutBegun } from './cut.ts';
import { type Disk, realDisk } from './disk.ts';
import { EPOCH_MARKS_NAME, EPOCH_NAMES, readEpochs } from './epochFiles.ts';
import { logsAmong, snapshotsAmong, VERSION_DIR } from './fileNames.ts';
import { lockDir } from './lock.ts';
import { MARKS_NAME, Marks } from './marks.ts';
import { type Place, type Recovered, recover } from './recovery.ts';
import { replacementsBegun } from './replacement.ts';
import { readText } from './sideFile.ts';
import { openSnapshot } from './snapshotChoice.ts';
import { StorageError } from './storageError.ts';
import { INITIALIZE_NAME, UNHEALED_NAME } from './unhealed.ts';

export interface CheckOptions {
  dataDir: string;
  dataLogDir: string;
  /** A fresh state with the options of the server. */
  newState: () => State;
  trustEmptySnapshot?: boolean;
  /** Whether a server of an ensemble starts here; absent: where one has left its epochs. */
  isMember?: boolean;
  /** Told each line of the report. */
  report: (line: string) => void;
  disk?: Disk;
}

/**
 * Reads every file and recovers as a server would, without changing anything. True when a server
 * would start with all that was acknowledged, and vote. Throws StorageError when a server is running there.
 */
export function checkDataDir(options: CheckOptions): boolean {
  return withLocks(options, (place) => {
    const { disk, snapDir, logDir } = place;
    for (const { name } of snapshotsAmong(disk.list(snapDir))) {
      options.report(`${snapDir}/${name}: ${snapshotReport(disk, `${snapDir}/${name}`)}`);
    }
    for (const { name } of logsAmong(disk.list(logDir))) {
      options.report(`${logDir}/${name}: ${logReport(disk, `${logDir}/${name}`)}`);
    }
    reportInterrupted(place, options.report);
    const found = tryRecovery(place, options);
    if (found instanceof StorageError) {
      options.report(found.message);
      return false;
    }
    return reportMember(place, found.lastZxid, options);
  });
}

/**
 * Makes the directory loadable by giving up what comes after the last good zxid. Nothing is
 * deleted: what is given up is kept under names with `lost-` in front. True when it loads now.
 */
export function acceptLoss(options: CheckOptions): boolean {
  return withLocks(options, (place) => {
    const steps = 1 + snapshotsAmong(place.disk.list(place.snapDir)).length * 2;
    for (let i = 0; i <= steps; i++) {
      const refusal = tryRecovery(place, options);
      if (!(refusal instanceof StorageError)) return true;
      options.report(refusal.message);
      if (!rewind(place, refusal, options.report)) return false;
    }
    return false;
  });
}

/** A change that a leader asked for: a start finishes it, so what follows is about the old history. */
function reportInterrupted(place: Place, report: (line: string) => void): void {
  const { disk, snapDir, logDir } = place;
  for (const { name, zxid } of replacementsBegun(place)) {
    report(`${snapDir}/${name}: the next start replaces the history by this one of ${hex0x(zxid)}`);
  }
  const cut = disk.list(logDir).includes(CUT_NAME) ? cutBegun(place) : null;
  if (cut === null) return;
  report(`${logDir}/${CUT_NAME}: the next start cuts the history after ${hex0x(cut.after)}`);
}

/**
 * What keeps a server of an ensemble from voting, though its data load (MemberDir). Not for
 * `--accept-loss` to mend: a vote by epochs that are too low can lose what others acknowledged.
 */
function reportMember(place: Place, lastZxid: Zxid, options: CheckOptions): boolean {
  const { isMember, report } = options;
  const { disk, snapDir } = place;
  const names = disk.list(snapDir);
  const left = [...Object.values(EPOCH_NAMES), EPOCH_MARKS_NAME, UNHEALED_NAME];
  if (!(isMember ?? left.some((name) => names.includes(name)))) return true;
  const { problem, notes } = readEpochs(disk, snapDir, lastZxid);
  for (const note of notes) report(note);
  const mark = readText(disk, snapDir, UNHEALED_NAME);
  if (mark !== null) report(`${snapDir}/${UNHEALED_NAME}: ${mark.trimEnd()}`);
  if (problem !== null) report(problem.message);
  if (mark === null && problem === null) return true;
  const dirs = [options.dataDir, options.dataLogDir];
  const allowed = dirs.find((dir) => readText(disk, dir, INITIALIZE_NAME) !== null);
  report(
    allowed === undefined
      ? 'a start does not vote until it has synced with a leader'
      : `${allowed}/${INITIALIZE_NAME}: the next start votes all the same`,
  );
  return false;
}

function withLocks(options: CheckOptions, work: (place: Place) => boolean): boolean {
  const { dataDir, dataLogDir, disk = realDisk } = options;
  const dirs = disk === realDisk ? [...new Set([dataDir, dataLogDir])] : [];
  const locks = dirs.map((dir) => lockDir(dir));
  try {
    const snapDir = `${dataDir}/${VERSION_DIR}`;
    return work({ disk, snapDir, logDir: `${dataLogDir}/${VERSION_DIR}` });
  } finally {
    for (const lock of locks) lock.release();
  }
}

/** What a start would load, or why it would not. */
function tryRecovery(place: Place, options: CheckOptions): Recovered | StorageError {
  const state = options.newState();
  const marks = new Marks(place.disk, place.logDir);
  try {
    marks.load();
    if (marks.problem !== null) options.report(marks.problem);
    const found = recover(place, marks, state, silentLogger, options.trustEmptySnapshot);
    options.report(
      `loads to zxid ${hex0x(found.lastZxid)}: ${state.tree.nodes.size} znodes, ` +
        `${state.sessions.size} sessions; snapshot ${snapshotText(found.snapshotZxid)} and ` +
        `${found.entries} log entries`,
    );
    for (const { file, length } of found.repairs) {
      options.report(
        length === null
          ? `${file}: without entries, will be removed`
          : `${file}: an unacknowledged tail will be cut off at offset ${length}`,
      );
    }
    return found;
  } catch (error) {
    if (error instanceof StorageError) return error;
    throw error;
  }
}

const snapshotText = (id: Zxid | null): string => (id === null ? 'none' : hex0x(id));

function snapshotReport(disk: Disk, path: string): string {
  const file = disk.open(path, 'read');
  try {
    const source = openSnapshot(file);
    const problem = typeof source === 'string' ? source : snapshotProblem(source);
    return problem ?? 'whole';
  } finally {
    file.close();
  }
}

function logReport(disk: Disk, path: string): string {
  const file = disk.open(path, 'read');
  try {
    const scanner = new LogScanner(file);
    let count = 0;
    let first: Zxid | null = null;
    let last: Zxid = NO_ZXID;
    for (let entry = scanner.next(); entry !== null; entry = scanner.next()) {
      count++;
      first ??= entry.zxid;
      last = entry.zxid;
    }
    const { kind, reason, offset, following } = scanner.end as LogEnd;
    const held =
      first === null ? 'no entries' : `${count} entries, ${hex0x(first)} to ${hex0x(last)}`;
    if (kind === 'end') return held;
    const after =
      following === null
        ? ''
        : `, valid entries go on at offset ${following.offset} with zxid ${hex0x(following.zxid)}`;
    return `${held}, then ${reason} at offset ${offset}${after}`;
  } finally {
    file.close();
  }
}

/** Takes the history back to the last good zxid; false when there is nothing to go back to. */
function rewind(place: Place, refusal: StorageError, report: (line: string) => void): boolean {
  const { disk, snapDir, logDir } = place;
  // A snapshot that is itself the trouble goes first: an older one may still have everything.
  const bad = snapshotsAmong(disk.list(snapDir)).find(
    ({ name }) => `${snapDir}/${name}` === refusal.file,
  );
  const to = refusal.lastGoodZxid;
  const isMissing = !disk.list(logDir).some((name) => `${logDir}/${name}` === refusal.file);
  if (isMissing && refusal.file.startsWith(`${logDir}/log.`)) {
    // Only the marks know that log; what is before the hole is found without them.
    forgetMarks(disk, logDir, report);
    return true;
  }
  if (bad !== undefined) setAside(disk, snapDir, bad.name, report);
  else if (to === null) return false;
  if (to !== null && bad === undefined) {
    for (const { name, zxid } of snapshotsAmong(disk.list(snapDir))) {
      if (zxid > to) setAside(disk, snapDir, name, report);
    }
    for (const { name, zxid } of logsAmong(disk.list(logDir))) {
      if (zxid > to) setAside(disk, logDir, name, report);
      else cutAfter(disk, logDir, name, to, report);
    }
    forgetMarks(disk, logDir, report);
  }
  disk.syncDir(snapDir);
  disk.syncDir(logDir);
  return true;
}

function setAside(disk: Disk, dir: string, name: string, report: (line: string) => void): void {
  const names = new Set(disk.list(dir));
  let lost = `lost-${name}`;
  for (let n = 2; names.has(lost); n++) lost = `lost-${n}-${name}`;
  disk.rename(`${dir}/${name}`, `${dir}/${lost}`);
  report(`${dir}/${name}: set aside as ${lost}`);
}

/** Keeps the entries up to `to`; the whole file is set aside when there is more in it. */
function cutAfter(
  disk: Disk,
  dir: string,
  name: string,
  to: Zxid,
  report: (line: string) => void,
): void {
  const path = `${dir}/${name}`;
  const file = disk.open(path, 'read');
  const scanner = new LogScanner(file);
  let end: number | null = null;
  for (let entry = scanner.next(); entry !== null; entry = scanner.next()) {
    if (entry.zxid <= to) continue;
    end = entry.offset;
    break;
  }
  const tail = scanner.end;
  if (end === null && (tail === null || tail.kind === 'end')) {
    file.close();
    return;
  }
  const kept = Buffer.alloc(end ?? tail?.offset ?? 0);
  file.read(kept, 0);
  file.close();
  setAside(disk, dir, name, report);
  if (kept.length === 0) return;
  const copy = disk.open(path, 'create');
  copy.write(kept, 0);
  copy.sync();
  copy.close();
  report(`${path}: kept up to offset ${kept.length}`);
}

/** They tell of what has just been given up. */
function forgetMarks(disk: Disk, dir: string, report: (line: string) => void): void {
  if (disk.list(dir).includes(MARKS_NAME)) setAside(disk, dir, MARKS_NAME, report);
}
