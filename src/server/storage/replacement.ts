// Replacing the whole history by a state that came from the leader (SNAP), so that a crash leaves
// the old history or the new one: the snapshot is made durable under a name of its own, that name
// is the decision, then the old files go, then it gets the name of a snapshot. A start that finds
// the decision carries it out.
//
//   restart.<zxid>.<acceptedEpoch>   both in hex; a whole snapshot; Apache ignores the name
//
// A history that the new one reaches beyond is deleted: it was a part of it, or was never committed.
// One that goes beyond the new one is kept aside: if the leader has lost its data, this is the last copy.
import { hex, hex0x, type Zxid, zxid } from '../../base/ids.ts';
import type { Logger } from '../../base/logger.ts';
import { LogScanner } from '../../wire/log.ts';
import { moveAside, syncAside } from './aside.ts';
import { logsAmong, snapshotName, snapshotsAmong } from './fileNames.ts';
import { MARKS_NAME, type Marks } from './marks.ts';
import type { Place } from './recovery.ts';

/** A state that has been written and shall be the only history. */
export interface Replacement {
  name: string;
  zxid: Zxid;
  /** acceptedEpoch at that time: another server that went on here since has a later one. */
  epoch: number;
}

export const replacementName = (last: Zxid, epoch: number): string =>
  `restart.${hex(last)}.${epoch.toString(16)}`;

const FORM = /^restart\.([0-9a-f]{1,16})\.([0-9a-f]{1,8})$/;

/** The replacements that were decided here and not carried out; there is one at most. */
export function replacementsBegun({ disk, snapDir }: Place): Replacement[] {
  return disk.list(snapDir).flatMap((name) => {
    const [, last, epoch] = FORM.exec(name) ?? [];
    if (last === undefined || epoch === undefined) return [];
    return [{ name, zxid: zxid(BigInt(`0x${last}`)), epoch: Number.parseInt(epoch, 16) }];
  });
}

/** Carries out what the name decided; as often as needed. `marks` then tell of the new history. */
export function finishReplacement(
  place: Place,
  { name, zxid: last }: Replacement,
  marks: Marks,
  logger: Logger,
): void {
  const { disk, snapDir, logDir } = place;
  for (const dir of new Set([logDir, snapDir])) syncAside(disk, dir, 'replaced');
  const snapshots = snapshotsAmong(disk.list(snapDir)).map((file) => file.name);
  const logs = logsAmong(disk.list(logDir)).map((file) => file.name);
  const marked = disk.list(logDir).includes(MARKS_NAME) ? [MARKS_NAME] : [];
  if (goesBeyond(place, last)) {
    const kept = [
      moveAside(disk, logDir, 'replaced', [...logs, ...marked]),
      moveAside(disk, snapDir, 'replaced', snapshots),
    ].filter((dir) => dir !== null);
    logger.warn(
      `The history from the leader ends with ${hex0x(last)}, this server's went further: ` +
        `its files are kept in ${[...new Set(kept)].join(' and ')}`,
    );
  } else {
    for (const file of logs) disk.remove(`${logDir}/${file}`);
    for (const file of snapshots) disk.remove(`${snapDir}/${file}`);
    disk.syncDir(snapDir);
  }
  marks.closed.clear();
  marks.isDamaged = false;
  marks.synced = last;
  marks.writing = null;
  marks.rewriteNow();
  disk.syncDir(logDir);
  disk.rename(`${snapDir}/${name}`, `${snapDir}/${snapshotName(last)}`);
  disk.syncDir(snapDir);
}

/** True when the files hold, or may hold, something after `last`. */
function goesBeyond({ disk, snapDir, logDir }: Place, last: Zxid): boolean {
  const [snapshot] = snapshotsAmong(disk.list(snapDir));
  if (snapshot !== undefined && snapshot.zxid > last) return true;
  const newest = logsAmong(disk.list(logDir)).at(-1);
  if (newest === undefined) return false;
  if (newest.zxid > last) return true;
  const file = disk.open(`${logDir}/${newest.name}`, 'read');
  try {
    const scanner = new LogScanner(file);
    for (let entry = scanner.next(); entry !== null; entry = scanner.next()) {
      if (entry.zxid > last) return true;
    }
    const following = scanner.end?.following ?? null;
    return following !== null && following.zxid > last;
  } finally {
    file.close();
  }
}
