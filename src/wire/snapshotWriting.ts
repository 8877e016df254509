// Encodes the part that snapshot files and the snapshots that leaders send have in common (see snapshotTree.ts).
import type { SessionId } from '../base/ids.ts';
import { Writer } from './bytes.ts';
import { type Acl, AclList, type StatPersisted } from './data.ts';
import { SIGNATURE } from './snapshotTree.ts';

/** What a snapshot is written to, in this order, and taken from in pieces. */
export interface SnapshotTarget {
  /** Bytes encoded since the last `take`. */
  readonly pending: number;
  sessions(sessions: Iterable<readonly [SessionId, number]>, count: number): void;
  acls(acls: Iterable<readonly [bigint, readonly Acl[]]>, count: number): void;
  /**
   * `data` and `acl` apart from the node, so that a live znode can be passed as it is. The path may
   * come in two parts: `above`, in UTF-8, and what is behind it.
   */
  node(
    path: string,
    node: StatPersisted,
    data: Buffer | null,
    acl: bigint,
    above?: Uint8Array,
  ): void;
  endOfNodes(): void;
  /** What has been encoded since the last call, as a view that the next encoding overwrites. */
  take(): Buffer;
}

export function writeSessions(
  out: Writer,
  sessions: Iterable<readonly [SessionId, number]>,
  count: number,
): void {
  out.int(count);
  for (const [id, timeoutMs] of sessions) {
    out.long(id);
    out.int(timeoutMs);
  }
}

export function writeAcls(
  out: Writer,
  acls: Iterable<readonly [bigint, readonly Acl[]]>,
  count: number,
): void {
  out.int(count);
  for (const [index, list] of acls) {
    out.long(index);
    AclList.write(out, list as Acl[]);
  }
}

export function writeNode(
  out: Writer,
  path: string,
  node: StatPersisted,
  data: Buffer | null,
  acl: bigint,
  above?: Uint8Array,
): void {
  out.string(path, above);
  out.bytes(data);
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

/** Writes the snapshot that a leader sends to a learner, in pieces. */
export class SnapshotStreamEncoder implements SnapshotTarget {
  /** Kept between pieces, which are somewhat larger than what asks for them. */
  readonly #out = new Writer(1 << 17, 1 << 20);
  #isTaken = false;

  get pending(): number {
    return this.#isTaken ? 0 : this.#out.length;
  }

  sessions(sessions: Iterable<readonly [SessionId, number]>, count: number): void {
    writeSessions(this.#writer(), sessions, count);
  }

  acls(acls: Iterable<readonly [bigint, readonly Acl[]]>, count: number): void {
    writeAcls(this.#writer(), acls, count);
  }

  node(
    path: string,
    node: StatPersisted,
    data: Buffer | null,
    acl: bigint,
    above?: Uint8Array,
  ): void {
    writeNode(this.#writer(), path, node, data, acl, above);
  }

  /** Writes the signature, too. */
  endOfNodes(): void {
    const out = this.#writer();
    out.string('/');
    out.string(SIGNATURE);
  }

  take(): Buffer {
    const piece = this.#writer().view();
    this.#isTaken = true;
    return piece;
  }

  #writer(): Writer {
    if (this.#isTaken) this.#out.reset();
    this.#isTaken = false;
    return this.#out;
  }
}
