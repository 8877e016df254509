// Finds the newest snapshot that is whole and loads it.
import { gunzipSync } from 'node:zlib';
import { counterOf, hex0x, NO_ZXID, type Zxid } from '../../base/ids.ts';
import type { Logger } from '../../base/logger.ts';
import type { State } from '../../state/state.ts';
import { type ByteSource, bytesSource } from '../../wire/byteSource.ts';
import { WireError } from '../../wire/bytes.ts';
import { snapshotProblem, type ZxidDigest } from '../../wire/snapshot.ts';
import type { Disk, DiskFile } from './disk.ts';
import { snapshotsAmong } from './fileNames.ts';
import { loadSnapshot } from './snapshotFile.ts';
import { ADVICE, StorageError } from './storageError.ts';

/** A snapshot that could not be used. */
export interface Rejected {
  path: string;
  zxid: Zxid;
  problem: string;
}

export interface Choice {
  /** null when there is no usable snapshot: `state` is then untouched. */
  zxid: Zxid | null;
  /** Path of the snapshot, or the directory without one. */
  file: string;
  digest: ZxidDigest | null;
  /** Newer snapshots that are damaged, newest first. */
  rejected: Rejected[];
}

/** @param newest snapshots beyond this zxid are passed over */
export function chooseSnapshot(
  disk: Disk,
  dir: string,
  state: State,
  logger: Logger,
  newest: Zxid | null = null,
): Choice {
  const rejected: Rejected[] = [];
  for (const { name, zxid } of snapshotsAmong(disk.list(dir))) {
    if (newest !== null && zxid > newest) continue;
    const path = `${dir}/${name}`;
    const file = disk.open(path, 'read');
    try {
      const opened = openSnapshot(file);
      const problem = typeof opened === 'string' ? opened : snapshotProblem(opened);
      if (problem === null && typeof opened !== 'string') {
        logger.info(`Reading snapshot ${path}`);
        const digest = load(state, opened, path, zxid);
        demandName(digest, path, zxid);
        return { zxid, file: path, digest, rejected };
      }
      logger.warn(`${path}: ${problem}; trying an older snapshot`);
      rejected.push({ path, zxid, problem: problem ?? '' });
    } finally {
      file.close();
    }
  }
  state.lastZxid = NO_ZXID;
  return { zxid: null, file: dir, digest: null, rejected };
}

/** A snapshot whose seal fits and that makes no sense all the same: nobody knows what it was. */
function load(state: State, source: ByteSource, path: string, zxid: Zxid): ZxidDigest | null {
  try {
    return loadSnapshot(state, source, path, zxid);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    const reason = `the snapshot cannot be read (${error.message})`;
    throw new StorageError({ file: path, reason, advice: ADVICE.damaged }, error);
  }
}

/**
 * The digest is taken last, so a name beyond it is not its own: all logs up to that name would be
 * skipped. What begins an epoch is no transaction, and 0 stands for "no digest" (Apache's).
 */
function demandName(digest: ZxidDigest | null, path: string, zxid: Zxid): void {
  if (digest === null || digest.zxid === NO_ZXID || counterOf(zxid) === 0) return;
  if (digest.zxid >= zxid) return;
  throw new StorageError({
    file: path,
    reason: `the snapshot ends with zxid ${hex0x(digest.zxid)}, not with the one in its name`,
    lastGoodZxid: digest.zxid,
    advice: `move it out of the directory, or ${ADVICE.damaged}`,
  });
}

/** The uncompressed bytes of a snapshot, or what is in the way. */
export function openSnapshot(file: DiskFile): ByteSource | string {
  if (file.path.endsWith('.snappy')) return 'snapshots compressed with snappy cannot be read here';
  if (!file.path.endsWith('.gz')) return file;
  const packed = Buffer.alloc(file.size);
  file.read(packed, 0);
  try {
    return bytesSource(gunzipSync(packed));
  } catch (error) {
    return `it cannot be unpacked (${(error as Error).message})`;
  }
}
