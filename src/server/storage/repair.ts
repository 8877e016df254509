// What has to be done to the files that were recovered before anything is written after them.
import type { DiskFile } from './disk.ts';
import type { Place, Recovered } from './recovery.ts';

/** Cuts a torn tail, removes an empty log, and makes durable what was read. */
export function repair({ disk, logDir }: Place, found: Recovered): void {
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
