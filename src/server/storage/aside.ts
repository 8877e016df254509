// Files that a server gives up without knowing them to be worthless: moved to a directory beside
// version-2, where neither this server nor Apache's looks, and never deleted.
import type { Disk } from './disk.ts';

/**
 * Moves files of `dir` to a new directory beside it, `<dir>.<why>-<number>`, durably.
 * Returns its path; null when there was nothing to move.
 */
export function moveAside(
  disk: Disk,
  dir: string,
  why: 'damaged' | 'replaced',
  names: readonly string[],
): string | null {
  if (names.length === 0) return null;
  let number = 1;
  while (disk.list(`${dir}.${why}-${number}`).length > 0) number++;
  const target = `${dir}.${why}-${number}`;
  disk.makeDir(target);
  for (const name of names) disk.rename(`${dir}/${name}`, `${target}/${name}`);
  disk.syncDir(target);
  disk.syncDir(dir);
  return target;
}
