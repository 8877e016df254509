// Snapshot files as Apache's FileSnap writes them, uncompressed: encoder, reader and seal check.
//
//   file     = header tree seal [digest seal]
//   header   = int magic, int version 2, long dbid -1
//   tree     : see snapshotTree.ts
//   digest   = long zxid, int version, long treeDigest (a hex string before version 2)
//   seal     = long adler32 of everything before it, string "/"
import { ADLER32_START, adler32 } from '../base/adler32.ts';
import type { Zxid } from '../base/ids.ts';
import { type ByteSource, SourceWindow } from './byteSource.ts';
import { Reader, WireError } from './bytes.ts';
import { SnapshotTreeReader, type SnapshotVisitor } from './snapshotTree.ts';
import { SnapshotTreeEncoder } from './snapshotWriting.ts';

/** `ZKSN` */
const SNAPSHOT_MAGIC = 0x5a4b534e;
const SNAPSHOT_VERSION = 2;
const DB_ID = -1n;
/** long checksum, int 1, '/' */
const SEAL_LENGTH = 13;
const HEADER_LENGTH = 16;
/** More than a digest and its seal have. */
const MAX_DIGEST = 256;
const WINDOW = 1 << 20;

/** Digest of the tree after `zxid`; zxid 0 when nothing was applied since the server started. */
export interface ZxidDigest {
  zxid: Zxid;
  version: number;
  treeDigest: bigint;
}

/** Writes a snapshot file; checksums what has been taken, piece by piece. */
export class SnapshotEncoder extends SnapshotTreeEncoder {
  #adler = ADLER32_START;
  /** How much of what is pending the checksum covers already. */
  #summed = 0;

  constructor(dbId = DB_ID) {
    super();
    this.out.int(SNAPSHOT_MAGIC);
    this.out.int(SNAPSHOT_VERSION);
    this.out.long(dbId);
  }

  override endOfNodes(): void {
    super.endOfNodes();
    this.#seal();
  }

  digest(digest: ZxidDigest): void {
    this.out.long(digest.zxid);
    this.out.int(digest.version);
    if (digest.version < 2) this.out.string(digest.treeDigest.toString(16));
    else this.out.long(digest.treeDigest);
    this.#seal();
  }

  override take(): Buffer {
    this.#sum();
    this.#summed = 0;
    return super.take();
  }

  #seal(): void {
    this.#sum();
    this.out.long(BigInt(this.#adler));
    this.out.string('/');
  }

  #sum(): void {
    const rest = this.out.view(this.#summed);
    this.#adler = adler32(rest, 0, rest.length, this.#adler);
    this.#summed = this.out.length;
  }
}

/**
 * Checks header and last seal, which covers every byte before it; null when the file is whole,
 * else what is wrong with it.
 */
export function snapshotProblem(source: ByteSource): string | null {
  if (source.size === 0) return 'the file is empty';
  const window = new SourceWindow(source);
  const header = window.at(0, HEADER_LENGTH);
  if (header < 0 || source.size < HEADER_LENGTH + SEAL_LENGTH) return 'the file is cut short';
  const magic = window.buffer.readInt32BE(header);
  if (magic !== SNAPSHOT_MAGIC) return 'the file is no snapshot';
  const check = new SealCheck(source.size);
  for (let at = 0; at < source.size; ) {
    const length = Math.min(1 << 16, source.size - at);
    const index = window.at(at, length);
    if (index < 0) return 'the file is cut short';
    check.update(window.buffer, index, index + length);
    at += length;
  }
  return check.problem();
}

/** The running form of the seal check, for files that are read in slices. */
export class SealCheck {
  #left: number;
  #adler = ADLER32_START;
  readonly #tail: number[] = [];

  constructor(size: number) {
    this.#left = size - SEAL_LENGTH;
  }

  update(bytes: Uint8Array, start = 0, end = bytes.length): void {
    const summed = Math.min(end, start + this.#left);
    if (summed > start) {
      this.#adler = adler32(bytes, start, summed, this.#adler);
      this.#left -= summed - start;
    }
    for (let i = summed; i < end; i++) this.#tail.push(bytes[i] as number);
  }

  problem(): string | null {
    const seal = Buffer.from(this.#tail);
    if (seal.length !== SEAL_LENGTH || seal.readInt32BE(8) !== 1 || seal[12] !== 0x2f) {
      return 'the file does not end as a snapshot does';
    }
    const isSame = seal.readUInt32BE(4) === this.#adler && seal.readUInt32BE(0) === 0;
    return isSame ? null : 'the checksum does not match';
  }
}

/**
 * Reads a snapshot whose seal has been checked; returns its digest, null when it has none.
 * Throws WireError where the bytes do not have the form of a snapshot.
 */
export function readSnapshot(
  source: ByteSource,
  visitor: SnapshotVisitor,
  windowSize = WINDOW,
): ZxidDigest | null {
  const tree = new SnapshotTreeReader(visitor);
  const window = Buffer.allocUnsafeSlow(Math.max(64, Math.min(windowSize, source.size)));
  for (let position = HEADER_LENGTH; !tree.isDone; ) {
    const length = source.read(window, position);
    if (length === 0) {
      throw new WireError(`snapshot ends within a record at offset ${HEADER_LENGTH + tree.taken}`);
    }
    position += length;
    tree.push(window.subarray(0, length));
  }
  return readDigest(source, HEADER_LENGTH + tree.taken + SEAL_LENGTH);
}

function readDigest(source: ByteSource, position: number): ZxidDigest | null {
  if (position >= source.size) return null;
  const bytes = Buffer.alloc(Math.min(MAX_DIGEST, source.size - position));
  const reader = new Reader(bytes, 0, source.read(bytes, position));
  const zxid = reader.long() as Zxid;
  const version = reader.int();
  if (version >= 2) return { zxid, version, treeDigest: reader.long() };
  return { zxid, version, treeDigest: BigInt.asIntN(64, BigInt(`0x${reader.string() ?? '0'}`)) };
}
