// Opens a data directory: locks it, looks whether it is the one it should be, and sweeps it.
import { DataDir } from './dataDir.ts';
import type { DataDirOptions } from './dataDirOptions.ts';
import { realDisk } from './disk.ts';
import { isTemporaryName, logsAmong, snapshotsAmong, VERSION_DIR } from './fileNames.ts';
import { type Lock, lockDir } from './lock.ts';
import type { Place } from './recovery.ts';
import { StorageError } from './storageError.ts';

/** Locks and prepares the directories; throws StorageError when they cannot be used. */
export function openDataDir(options: DataDirOptions): DataDir {
  const disk = options.disk ?? realDisk;
  const lock = options.lock ?? lockDir;
  const { dataDir, dataLogDir } = options;
  const place = {
    disk,
    snapDir: `${dataDir}/${VERSION_DIR}`,
    logDir: `${dataLogDir}/${VERSION_DIR}`,
  };
  const locks: Lock[] = [];
  try {
    for (const dir of new Set([dataDir, dataLogDir])) {
      disk.makeDir(`${dir}/${VERSION_DIR}`);
      locks.push(lock(dir));
    }
    if (place.snapDir !== place.logDir) demandSeparate(place);
    for (const dir of new Set([place.snapDir, place.logDir])) {
      for (const name of disk.list(dir)) if (isTemporaryName(name)) disk.remove(`${dir}/${name}`);
    }
  } catch (error) {
    for (const held of locks) held.release();
    throw error;
  }
  return new DataDir(options, place, locks);
}

/** ZOOKEEPER-2967: swapped or changed directories would look like lost data. */
function demandSeparate({ disk, snapDir, logDir }: Place): void {
  const advice = 'check that dataDir and dataLogDir are configured as they were before';
  const [snapshot] = snapshotsAmong(disk.list(logDir));
  if (snapshot !== undefined) {
    const file = `${logDir}/${snapshot.name}`;
    throw new StorageError({ file, reason: 'a snapshot in the log directory', advice });
  }
  const [log] = logsAmong(disk.list(snapDir));
  if (log !== undefined) {
    const file = `${snapDir}/${log.name}`;
    throw new StorageError({ file, reason: 'a log in the snapshot directory', advice });
  }
}
