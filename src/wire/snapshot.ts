// Snapshot files as Apache's FileSnap writes them, uncompressed: encoder, reader and seal check.
//
//   file     = header sessions acls node* "/" seal [digest seal]
//   header   = int magic, int version 2, long dbid -1
//   sessions = int count, (long id, int timeoutMs)*
//   acls     = int count, (long index, vector<ACL>)*
//   node     = string path ("" is the root), buffer data, long acl, StatPersisted
//   digest   = long zxid, int version, long treeDigest (a hex string before version 2)
//   seal     = long adler32 of everything before it, string "/"
import { ADLER32_START, adler32 } from '../base/adler32.ts';
import type { SessionId, Zxid } from '../base/ids.ts';
import { type ByteSource, SourceWindow } from './byteSource.ts';
import { Reader, WireError, Writer } from './bytes.ts';
import { type Acl, AclList, type StatPersisted } from './data.ts';

/** `ZKSN` */
const SNAPSHOT_MAGIC = 0x5a4b534e;
const SNAPSHOT_VERSION = 2;
const DB_ID = -1n;
/** long checksum, int 1, '/' */
const SEAL_LENGTH = 13;
const HEADER_LENGTH = 16;
const STAT_LENGTH = 60;

/** Digest of the tree after `zxid`; zxid 0 when nothing was applied since the server started. */
export interface ZxidDigest {
  zxid: Zxid;
  version: number;
  treeDigest: bigint;
}

/** One znode of a snapshot; the path of the root is empty. */
export interface SnapshotNode extends StatPersisted {
  data: Buffer | null;
  /** Index in the ACL map; -1 is open to all. */
  acl: bigint;
}

/** What a snapshot is read into, in this order. Buffers are views: copy what you keep. */
export interface SnapshotVisitor {
  session(id: SessionId, timeoutMs: number): void;
  acl(index: bigint, list: Acl[]): void;
  node(path: string, node: SnapshotNode): void;
}

/** Writes a snapshot in pieces; checksums what has been taken, piece by piece. */
export class SnapshotEncoder {
  /** Kept between pieces, which are somewhat larger than what asks for them. */
  readonly #out = new Writer(1 << 17, 1 << 20);
  #adler = ADLER32_START;
  /** How much of what is pending the checksum covers already. */
  #summed = 0;

  constructor(dbId = DB_ID) {
    this.#out.int(SNAPSHOT_MAGIC);
    this.#out.int(SNAPSHOT_VERSION);
    this.#out.long(dbId);
  }

  /** Bytes encoded since the last `take`. */
  get pending(): number {
    return this.#out.length;
  }

  sessions(sessions: Iterable<readonly [SessionId, number]>, count: number): void {
    this.#out.int(count);
    for (const [id, timeoutMs] of sessions) {
      this.#out.long(id);
      this.#out.int(timeoutMs);
    }
  }

  acls(acls: Iterable<readonly [bigint, readonly Acl[]]>, count: number): void {
    this.#out.int(count);
    for (const [index, list] of acls) {
      this.#out.long(index);
      AclList.write(this.#out, list as Acl[]);
    }
  }

  /** `acl` apart from the node, so that a live znode can be passed as it is. */
  node(path: string, node: StatPersisted & { data: Buffer | null }, acl: bigint): void {
    const out = this.#out;
    out.string(path);
    out.bytes(node.data);
    out.long(acl);
    out.long(node.czxid);
    out.long(node.mzxid);
    out.longFromNumber(node.ctime);
    out.longFromNumber(node.mtime);
    out.int(node.version);
    out.int(node.cversion);
    out.int(node.aversion);
    out.long(node.ephemeralOwner);
    out.long(node.pzxid);
  }

  endOfNodes(): void {
    this.#out.string('/');
    this.#seal();
  }

  digest(digest: ZxidDigest): void {
    this.#out.long(digest.zxid);
    this.#out.int(digest.version);
    if (digest.version < 2) this.#out.string(digest.treeDigest.toString(16));
    else this.#out.long(digest.treeDigest);
    this.#seal();
  }

  /** What has been encoded since the last call, as a view that the next encoding overwrites. */
  take(): Buffer {
    const piece = this.#out.view(this.#summed);
    this.#adler = adler32(piece, 0, piece.length, this.#adler);
    const all = this.#out.view();
    this.#out.reset();
    this.#summed = 0;
    return all;
  }

  #seal(): void {
    const rest = this.#out.view(this.#summed);
    this.#adler = adler32(rest, 0, rest.length, this.#adler);
    this.#summed = this.#out.length;
    this.#out.long(BigInt(this.#adler));
    this.#out.string('/');
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
  windowSize?: number,
): ZxidDigest | null {
  return new SnapshotReader(source, visitor, windowSize).read();
}

class SnapshotReader {
  readonly #window: SourceWindow;
  readonly #visitor: SnapshotVisitor;
  readonly #reader = new Reader();
  #position = HEADER_LENGTH;

  constructor(source: ByteSource, visitor: SnapshotVisitor, windowSize?: number) {
    this.#window = new SourceWindow(source, windowSize);
    this.#visitor = visitor;
  }

  read(): ZxidDigest | null {
    this.#sessions();
    this.#acls();
    while (this.#node());
    this.#position += SEAL_LENGTH;
    if (this.#position >= this.#window.source.size) return null;
    const fixed = this.#take(12);
    const zxid = fixed.long() as Zxid;
    const version = fixed.int();
    if (version >= 2) return { zxid, version, treeDigest: this.#take(8).long() };
    const hex = this.#take(4 + this.#intAt(0)).string();
    return { zxid, version, treeDigest: BigInt.asIntN(64, BigInt(`0x${hex ?? '0'}`)) };
  }

  #sessions(): void {
    const count = this.#take(4).int();
    for (let i = 0; i < count; i++) {
      const r = this.#take(12);
      const id = r.long() as SessionId;
      this.#visitor.session(id, r.int());
    }
  }

  #acls(): void {
    const count = this.#take(4).int();
    for (let i = 0; i < count; i++) {
      const head = this.#take(12);
      const index = head.long();
      const entries = head.int();
      const list: Acl[] = [];
      for (let k = 0; k < entries; k++) list.push(this.#acl());
      this.#visitor.acl(index, list);
    }
  }

  #acl(): Acl {
    const perms = this.#take(4).int();
    return { perms, id: { scheme: this.#string(), id: this.#string() } };
  }

  #string(): string | null {
    return this.#take(4 + Math.max(0, this.#intAt(0))).string();
  }

  /** False at the end of the nodes. */
  #node(): boolean {
    const pathLength = Math.max(0, this.#intAt(0));
    const path = this.#take(4 + pathLength).string() ?? '';
    if (path === '/') return false;
    const dataLength = Math.max(0, this.#intAt(0));
    const r = this.#take(4 + dataLength + 8 + STAT_LENGTH);
    const data = r.bytes();
    const acl = r.long();
    this.#visitor.node(path, {
      data,
      acl,
      czxid: r.long() as Zxid,
      mzxid: r.long() as Zxid,
      ctime: r.longAsNumber(),
      mtime: r.longAsNumber(),
      version: r.int(),
      cversion: r.int(),
      aversion: r.int(),
      ephemeralOwner: r.long(),
      pzxid: r.long() as Zxid,
    });
    return true;
  }

  /** The int `ahead` bytes after the position, without taking it. */
  #intAt(ahead: number): number {
    const at = this.#window.at(this.#position + ahead, 4);
    if (at < 0) throw this.#short();
    return this.#window.buffer.readInt32BE(at);
  }

  #take(length: number): Reader {
    const at = this.#window.at(this.#position, length);
    if (at < 0) throw this.#short();
    this.#position += length;
    return this.#reader.reset(this.#window.buffer, at, at + length);
  }

  #short(): WireError {
    return new WireError(`snapshot ends within a record at offset ${this.#position}`);
  }
}
