// Writes and loads snapshots: fuzzy while requests are served, under a temporary name until whole.
import { hex0x, type Zxid } from '../../base/ids.ts';
import type { AclRef } from '../../state/aclCache.ts';
import { DIGEST_VERSION } from '../../state/digest.ts';
import type { State } from '../../state/state.ts';
import { LiveWalk } from '../../state/walk.ts';
import type { ByteSource } from '../../wire/byteSource.ts';
import { readSnapshot, SnapshotEncoder, type ZxidDigest } from '../../wire/snapshot.ts';
import type { SnapshotVisitor } from '../../wire/snapshotTree.ts';
import { SnapshotStreamEncoder, type SnapshotTreeEncoder } from '../../wire/snapshotWriting.ts';
import type { Disk, DiskFile } from './disk.ts';
import { snapshotName, temporaryName } from './fileNames.ts';
import { ADVICE, StorageError } from './storageError.ts';

/** Encoded and written in one go: 1 ms of work. */
const PIECE = 256 * 1024;
/** Synced as often as this, so that a log's fdatasync never waits behind a whole snapshot. */
const SYNC_EVERY = 4 << 20;

/**
 * The pieces of a snapshot of `state` as it was at the first call or later; each is overwritten by
 * the next. Znodes created meanwhile are left out: replay brings them, and without them every
 * child's parent is there.
 */
export function* snapshotPieces(state: State, pieceSize = PIECE): Generator<Buffer, void, void> {
  const encoder = new SnapshotEncoder();
  yield* treePieces(state, encoder, pieceSize);
  // Of a tree that is ahead of its zxid no entry of the log will ever confirm the digest.
  if (state.tree.options.digest && state.isDigestSettled) {
    encoder.digest({
      zxid: state.lastZxid,
      version: DIGEST_VERSION,
      treeDigest: state.tree.digest,
    });
  }
  yield encoder.take();
}

/** The same for a learner, in the form that links take. */
export function* streamPieces(state: State, pieceSize = PIECE): Generator<Buffer, void, void> {
  const encoder = new SnapshotStreamEncoder();
  yield* treePieces(state, encoder, pieceSize);
  yield encoder.take();
}

function* treePieces(
  state: State,
  encoder: SnapshotTreeEncoder,
  pieceSize: number,
): Generator<Buffer, void, void> {
  const start = state.lastZxid;
  const { tree, sessions } = state;
  encoder.sessions(sessions.entries(), sessions.size);
  const known = new Set<AclRef>(tree.acls.entries());
  encoder.acls(Array.from(known, aclEntry), known.size);
  let recent: AclRef | null = null;
  const walk = new LiveWalk(tree.nodes, start, (above, name, node) => {
    if (node.acl !== recent) recent = known.has(node.acl) ? node.acl : null;
    // A later setACL: Apache mixes up its counts when it meets an unknown index (ZOOKEEPER-4846).
    encoder.node(name, node, node.glimpse(), recent === null ? -1n : recent.index, above);
    return encoder.pending >= pieceSize;
  });
  while (walk.walk()) yield encoder.take();
  encoder.endOfNodes();
}

const aclEntry = ({ index, list }: AclRef): [bigint, AclRef['list']] => [index, list];

/** A snapshot being written; `pieces` says what. */
interface Job {
  disk: Disk;
  dir: string;
  zxid: Zxid;
  /** Instead of that of a snapshot of `zxid`. */
  name?: string;
  pieces: Iterable<Buffer>;
}

/** Writes a snapshot at once, for a state that nobody uses yet. */
export function writeSnapshotNow(job: Job): void {
  const { disk, dir } = job;
  const name = snapshotName(job.zxid);
  const temporary = `${dir}/${temporaryName(name)}`;
  const file = disk.open(temporary, 'create');
  let position = 0;
  for (const piece of job.pieces) {
    file.write(piece, position);
    position += piece.length;
  }
  file.sync();
  file.close();
  disk.rename(temporary, `${dir}/${name}`);
  disk.syncDir(dir);
}

/**
 * Writes a snapshot piece by piece while others work. False when `isStopped` said so meanwhile;
 * throws StorageError when the disk fails. In both cases no file is left. The file gets its name
 * only after `written`, which is called once all is on disk.
 */
export async function writeSnapshot(
  job: Job,
  isStopped: () => boolean,
  written: () => Promise<void> = async () => {},
): Promise<boolean> {
  const { disk, dir } = job;
  const name = job.name ?? snapshotName(job.zxid);
  const temporary = `${dir}/${temporaryName(name)}`;
  const file = disk.open(temporary, 'create');
  let isWhole = false;
  try {
    isWhole = await writePieces(file, job.pieces, isStopped);
    if (isWhole) await written();
    isWhole &&= !isStopped();
  } finally {
    file.close();
    if (!isWhole) disk.remove(temporary);
  }
  if (!isWhole) return false;
  disk.rename(temporary, `${dir}/${name}`);
  await new Promise<void>((resolve, reject) => {
    disk.syncDirLater(dir, (error) => (error === null ? resolve() : reject(error)));
  });
  return true;
}

async function writePieces(
  file: DiskFile,
  pieces: Iterable<Buffer>,
  isStopped: () => boolean,
): Promise<boolean> {
  let position = 0;
  let synced = 0;
  for (const piece of pieces) {
    if (isStopped()) return false;
    await writeLater(file, piece, position);
    position += piece.length;
    if (position - synced < SYNC_EVERY) continue;
    await syncLater(file);
    synced = position;
  }
  await syncLater(file);
  return true;
}

const writeLater = (file: DiskFile, bytes: Buffer, position: number): Promise<void> =>
  new Promise((resolve, reject) => {
    file.writeLater(bytes, position, (error) => (error === null ? resolve() : reject(error)));
  });

const syncLater = (file: DiskFile): Promise<void> =>
  new Promise((resolve, reject) => {
    file.syncLater((error) => (error === null ? resolve() : reject(error)));
  });

/**
 * Fills `state` from a snapshot whose seal has been checked; returns the digest in it, null when
 * it has none. Throws StorageError when a znode comes without its parent.
 */
export function loadSnapshot(
  state: State,
  source: ByteSource,
  path: string,
  zxid: Zxid,
): ZxidDigest | null {
  const digest = readSnapshot(
    source,
    visitorOf(state, (znodePath) => {
      throw new StorageError({
        file: path,
        reason: `znode ${znodePath} has no parent in this snapshot of zxid ${hex0x(zxid)}`,
        advice: ADVICE.damaged,
      });
    }),
  );
  finishLoading(state, zxid);
  return digest;
}

/** Fills `state` with what a snapshot holds; `finishLoading` comes behind it. */
export function visitorOf(state: State, onOrphan: (path: string) => never): SnapshotVisitor {
  const { tree, sessions } = state;
  tree.clear();
  sessions.clear();
  return {
    session: (id, timeoutMs) => sessions.add(id, timeoutMs),
    acl: (index, list) => tree.acls.load(index, list),
    node(path, node) {
      if (!tree.load(path, node.data, node.acl, node)) onOrphan(path);
    },
  };
}

/** The snapshot, of this zxid, has come to its end. */
export function finishLoading(state: State, zxid: Zxid): void {
  state.tree.finishLoading();
  state.tree.ensureConfigNode();
  state.lastZxid = zxid;
}
