// Files that a server gives up without knowing them to be worthless: moved to a directory beside
// version-2, where neither this server nor Apache's looks, and never deleted.
import type { Disk } from './disk.ts';
import { logsAmong, snapshotsAmong } from './fileNames.ts';
import { MARKS_NAME } from './marks.ts';
import type { Place } from './recovery.ts';

export type Why = 'damaged' | 'replaced';

/**
 * Moves files of `dir` to a new directory beside it, `<dir>.<why>-<number>`, durably.
 * Returns its path; null when there was nothing to move.
 */
export function moveAside(
  disk: Disk,
  dir: string,
  why: Why,
  names: readonly string[],
): string | null {
  if (names.length === 0) return null;
  const target = `${dir}.${why}-${lastNumber(disk, dir, why) + 1}`;
  disk.makeDir(target);
  for (const name of names) disk.rename(`${dir}/${name}`, `${target}/${name}`);
  disk.syncDir(target);
  disk.syncDir(dir);
  return target;
}

/** Of a server that died in `moveAside`: what it moved must not come back with the next power cut. */
export function syncAside(disk: Disk, dir: string, why: Why): void {
  const number = lastNumber(disk, dir, why);
  if (number > 0) disk.syncDir(`${dir}.${why}-${number}`);
}

function lastNumber(disk: Disk, dir: string, why: Why): number {
  let number = 0;
  while (disk.list(`${dir}.${why}-${number + 1}`).length > 0) number++;
  return number;
}

/** The logs, marks and snapshots by directory: what damage to one of them puts in doubt. */
export function damagedFiles({ disk, snapDir, logDir }: Place): [string, string[]][] {
  const marks = disk.list(logDir).filter((name) => name === MARKS_NAME);
  const logs = [...logsAmong(disk.list(logDir)).map(({ name }) => name), ...marks];
  const snapshots = snapshotsAmong(disk.list(snapDir)).map(({ name }) => name);
  if (snapDir === logDir) return [[logDir, [...logs, ...snapshots]]];
  return [
    [logDir, logs],
    [snapDir, snapshots],
  ];
}
