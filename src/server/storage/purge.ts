// Deletes old snapshots and logs as Apache's PurgeTxnLog does, but counts only whole snapshots.
import type { Zxid } from '../../base/ids.ts';
import type { Logger } from '../../base/logger.ts';
import type { ByteSource } from '../../wire/byteSource.ts';
import { SealCheck } from '../../wire/snapshot.ts';
import { logsAmong, type NumberedFile, snapshotsAmong } from './fileNames.ts';
import type { Place } from './recovery.ts';
import { openSnapshot } from './snapshotChoice.ts';

const PIECE = 1 << 20;

/**
 * Keeps the newest `retain` whole snapshots and every log that one of them needs; deletes all
 * older ones. With no whole snapshot nothing is deleted. Returns the names that are gone.
 */
export async function purge(place: Place, retain: number, logger: Logger): Promise<string[]> {
  const { disk, snapDir, logDir } = place;
  const oldest = await oldestRetained(place, Math.max(1, retain));
  if (oldest === null) return [];
  const snapshots = snapshotsAmong(disk.list(snapDir)).filter(({ zxid }) => zxid < oldest);
  const logs = unneededLogs(logsAmong(disk.list(logDir)), oldest);
  const removed: string[] = [];
  // Logs oldest first: a crash in between must not leave a hole behind a log that is still there.
  for (const [dir, files] of [
    [snapDir, snapshots.reverse()],
    [logDir, logs],
  ] as const) {
    for (const { name } of files) {
      logger.info(`Removing file: ${dir}/${name}`);
      disk.remove(`${dir}/${name}`);
      removed.push(name);
    }
    if (files.length > 0) disk.syncDir(dir);
  }
  return removed;
}

async function oldestRetained(place: Place, retain: number): Promise<Zxid | null> {
  const { disk, snapDir } = place;
  let oldest: Zxid | null = null;
  let left = retain;
  for (const { name, zxid } of snapshotsAmong(disk.list(snapDir))) {
    if (left === 0) break;
    const file = disk.open(`${snapDir}/${name}`, 'read');
    try {
      const source = openSnapshot(file);
      if (typeof source === 'string' || !(await isWhole(source))) continue;
    } finally {
      file.close();
    }
    oldest = zxid;
    left--;
  }
  return oldest;
}

/** In slices of a millisecond: requests are served meanwhile. */
async function isWhole(source: ByteSource): Promise<boolean> {
  const check = new SealCheck(source.size);
  const piece = Buffer.allocUnsafeSlow(PIECE);
  for (let at = 0; at < source.size; ) {
    const got = source.read(piece, at);
    if (got === 0) return false;
    check.update(piece, 0, got);
    at += got;
    await new Promise(setImmediate);
  }
  return check.problem() === null;
}

/** The last log that begins at or before the snapshot may hold what comes after it. */
function unneededLogs(logs: NumberedFile[], oldest: Zxid): NumberedFile[] {
  const before = logs.filter(({ zxid }) => zxid <= oldest);
  return before.slice(0, -1);
}
