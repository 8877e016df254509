// Encodes the part that snapshot files and the snapshots that leaders send have in common (see snapshotTree.ts).
import type { SessionId } from '../base/ids.ts';
import { Writer } from './bytes.ts';
import { type Acl, AclList, type StatPersisted } from './data.ts';
import { SIGNATURE } from './snapshotTree.ts';

/** Writes a tree in this order, and gives it away in pieces. What stands around it is the subclass's. */
export abstract class SnapshotTreeEncoder {
  /** Kept between pieces, which are somewhat larger than what asks for them. */
  protected readonly out = new Writer(1 << 17, 1 << 20);

  /** Bytes encoded since the last `take`. */
  get pending(): number {
    return this.out.length;
  }

  sessions(sessions: Iterable<readonly [SessionId, number]>, count: number): void {
    const { out } = this;
    out.int(count);
    for (const [id, timeoutMs] of sessions) {
      out.long(id);
      out.int(timeoutMs);
    }
  }

  acls(acls: Iterable<readonly [bigint, readonly Acl[]]>, count: number): void {
    const { out } = this;
    out.int(count);
    for (const [index, list] of acls) {
      out.long(index);
      AclList.write(out, list as Acl[]);
    }
  }

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
  ): void {
    const { out } = this;
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

  endOfNodes(): void {
    this.out.string('/');
  }

  /** What has been encoded since the last call, as a view that the next encoding overwrites. */
  take(): Buffer {
    const piece = this.out.view();
    this.out.reset();
    return piece;
  }
}

/** Writes the snapshot that a leader sends to a learner. */
export class SnapshotStreamEncoder extends SnapshotTreeEncoder {
  override endOfNodes(): void {
    super.endOfNodes();
    this.out.string(SIGNATURE);
  }
}
