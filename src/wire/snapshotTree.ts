// The part that snapshot files and the snapshots that leaders send have in common, and the latter's end.
//
//   tree      = sessions acls node* "/"
//   sessions  = int count, (long id, int timeoutMs)*
//   acls      = int count, (long index, vector<ACL>)*
//   node      = string path ("" is the root), buffer data, long acl, StatPersisted
//   on a link = tree "BenWasHere"
import type { SessionId, Zxid } from '../base/ids.ts';
import { Assembler, endOfBytes, type Measure } from './assembler.ts';
import { Reader, WireError } from './bytes.ts';
import { type Acl, AclList, type StatPersisted } from './data.ts';

const STAT_LENGTH = 60;
/** Where a leader says that its snapshot has come to its end (LearnerHandler). */
export const SIGNATURE = 'BenWasHere';

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

const Expects = { sessionCount: 0, session: 1, aclCount: 2, acl: 3, node: 4, nothing: 5 } as const;
type Expects = (typeof Expects)[keyof typeof Expects];

/** Reads a tree out of chunks of any size, keeping no more of it than one record. */
export class SnapshotTreeReader {
  readonly #visitor: SnapshotVisitor;
  readonly #bytes = new Assembler();
  readonly #reader = new Reader();
  readonly #measures: Readonly<Record<Expects, Measure>>;
  #expects: Expects = Expects.sessionCount;
  /** Records still to come of the kind that is expected. */
  #left = 0;

  /** @param maxBytes of one znode's data, path, or of one text of an ACL */
  constructor(visitor: SnapshotVisitor, maxBytes = 0x7fffffff) {
    this.#visitor = visitor;
    this.#measures = {
      [Expects.sessionCount]: () => 4,
      [Expects.session]: () => 12,
      [Expects.aclCount]: () => 4,
      [Expects.acl]: (buffer, start, end) => lengthOfAcl(buffer, start, end, maxBytes),
      [Expects.node]: (buffer, start, end) => lengthOfNode(buffer, start, end, maxBytes),
      [Expects.nothing]: () => 0,
    };
  }

  /** Bytes of the records read so far. */
  get taken(): number {
    return this.#bytes.taken;
  }

  get isDone(): boolean {
    return this.#expects === Expects.nothing;
  }

  /** True once the last znode has been read. Throws WireError where the bytes have no such form. */
  push(chunk: Buffer): boolean {
    this.#bytes.push(chunk);
    const reader = this.#reader;
    while (!this.isDone && this.#bytes.next(this.#measures[this.#expects], reader)) {
      this.#record(reader);
    }
    if (!this.isDone) this.#bytes.keep();
    return this.isDone;
  }

  /** The bytes pushed that lie behind the tree. */
  rest(): Buffer {
    return this.#bytes.rest();
  }

  #record(reader: Reader): void {
    switch (this.#expects) {
      case Expects.sessionCount:
        this.#expectMany(reader.int(), Expects.session, Expects.aclCount);
        return;
      case Expects.session: {
        const id = reader.long() as SessionId;
        this.#visitor.session(id, reader.int());
        if (--this.#left === 0) this.#expects = Expects.aclCount;
        return;
      }
      case Expects.aclCount:
        this.#expectMany(reader.int(), Expects.acl, Expects.node);
        return;
      case Expects.acl: {
        const index = reader.long();
        this.#visitor.acl(index, AclList.read(reader));
        if (--this.#left === 0) this.#expects = Expects.node;
        return;
      }
      default:
        this.#node(reader);
    }
  }

  #expectMany(count: number, some: Expects, none: Expects): void {
    this.#left = count;
    this.#expects = count > 0 ? some : none;
  }

  #node(reader: Reader): void {
    const path = reader.string() ?? '';
    if (path === '/') {
      this.#expects = Expects.nothing;
      return;
    }
    const data = reader.bytes();
    const acl = reader.long();
    this.#visitor.node(path, {
      data,
      acl,
      czxid: reader.long() as Zxid,
      mzxid: reader.long() as Zxid,
      ctime: reader.longAsNumber(),
      mtime: reader.longAsNumber(),
      version: reader.int(),
      cversion: reader.int(),
      aversion: reader.int(),
      ephemeralOwner: reader.long(),
      pzxid: reader.long() as Zxid,
    });
  }
}

function refuse(length: number): never {
  throw new WireError(`a snapshot with a record of length ${length}`);
}

function lengthOfAcl(buffer: Buffer, start: number, end: number, maxBytes: number): number {
  if (start + 12 > end) return 12;
  const count = buffer.readInt32BE(start + 8);
  let at = start + 12;
  for (let i = 0; i < count && at <= end; i++) {
    at = endOfBytes(buffer, at + 4, end, maxBytes, refuse);
    if (at <= end) at = endOfBytes(buffer, at, end, maxBytes, refuse);
  }
  return at - start;
}

function lengthOfNode(buffer: Buffer, start: number, end: number, maxBytes: number): number {
  const pathEnd = endOfBytes(buffer, start, end, maxBytes, refuse);
  if (pathEnd > end) return pathEnd - start;
  const isLast = pathEnd - start === 5 && buffer[start + 4] === 0x2f;
  if (isLast) return 5;
  return endOfBytes(buffer, pathEnd, end, maxBytes, refuse) + 8 + STAT_LENGTH - start;
}

/** Reads the snapshot that a leader sends, out of the chunks of its connection. */
export class SnapshotStreamReader {
  readonly #tree: SnapshotTreeReader;
  #end: Buffer | null = null;

  /** @param maxBytes of one znode's data, path, or of one text of an ACL */
  constructor(visitor: SnapshotVisitor, maxBytes: number) {
    this.#tree = new SnapshotTreeReader(visitor, maxBytes);
  }

  /**
   * The bytes behind the snapshot once it is complete, null before. Throws WireError where the bytes
   * are no snapshot or do not end as one.
   */
  push(chunk: Buffer): Buffer | null {
    let end = chunk;
    if (this.#end !== null) end = Buffer.concat([this.#end, chunk]);
    else if (this.#tree.push(chunk)) end = this.#tree.rest();
    else return null;
    const reader = new Reader(end);
    if (end.length >= 4 && reader.int() !== SIGNATURE.length) throw unsigned();
    if (end.length < 4 + SIGNATURE.length) {
      this.#end = Buffer.from(end);
      return null;
    }
    if (end.toString('latin1', 4, 4 + SIGNATURE.length) !== SIGNATURE) throw unsigned();
    return end.subarray(4 + SIGNATURE.length);
  }
}

const unsigned = (): WireError => new WireError('a snapshot that does not end with its signature');
