// One znode of the tree, with the fields that snapshots and Stats are made of.
import type { Zxid } from '../base/ids.ts';
import type { Acl, StatPersisted } from '../wire/data.ts';
import type { AclRef } from './aclCache.ts';
import { PathMap } from './pathMap.ts';

export const EMPTY: Buffer = Buffer.alloc(0);

/** What is kept of bytes that belong to someone else, such as a chunk of a socket. */
export const kept = (data: Uint8Array | null): Buffer | null =>
  data === null ? null : data.length === 0 ? EMPTY : Buffer.from(data);

/** What a decision needs to know of a znode: a Znode has it, and so has a change in flight. */
export interface NodeView extends Readonly<StatPersisted> {
  readonly acl: { readonly list: readonly Acl[] };
  /** Number of children ever created; a client sees `2 * cversion - numChildren`. */
  readonly cversion: number;
  readonly numChildren: number;
  readonly dataLength: number;
  /** CRC-32 of path and data, the unchanging part of the digest, as a signed 32-bit number. */
  readonly contentCrc: number;
  /** CRC-32 of path, data and stat as a signed 32-bit number; 0 below /zookeeper. */
  readonly digest: number;
}

/** What the preview of a change knows already: applying it need not find it out again. */
export interface Previewed {
  /** CRC-32 of path and data as the change leaves them. */
  readonly contentCrc: number;
  /** The znode that is changed; null for one that was itself in flight. */
  readonly znode: Znode | null;
  /** Of a create: the parent, null when it was itself in flight. */
  readonly parent: Znode | null;
}

/** There are millions of these: one shape, no empty collections, shared zxid objects. */
export class Znode implements NodeView {
  /** To be used at once: the next set may overwrite it in place. */
  data: Buffer | null;
  acl: AclRef;
  czxid: Zxid;
  mzxid: Zxid;
  pzxid: Zxid;
  ctime: number;
  mtime: number;
  version = 0;
  cversion = 0;
  aversion = 0;
  ephemeralOwner: bigint;
  /** By name, without path; null until the first child. Only the tree's Znodes change it. */
  children: PathMap<Znode> | null = null;
  contentCrc = 0;
  digest = 0;

  constructor(data: Buffer | null, acl: AclRef, zxid: Zxid, time: number, owner: bigint) {
    this.data = data;
    this.acl = acl;
    this.czxid = zxid;
    this.mzxid = zxid;
    this.pzxid = zxid;
    this.ctime = time;
    this.mtime = time;
    this.ephemeralOwner = owner;
  }

  /** A znode as a snapshot has it. Equal ids share one object, as when they come from a txn. */
  static of(data: Buffer | null, acl: AclRef, stat: StatPersisted): Znode {
    const owner = stat.ephemeralOwner === 0n ? 0n : stat.ephemeralOwner;
    const node = new Znode(data, acl, stat.czxid, stat.ctime, owner);
    if (stat.mzxid !== stat.czxid) node.mzxid = stat.mzxid;
    if (stat.pzxid !== stat.czxid) node.pzxid = stat.pzxid;
    node.mtime = stat.mtime;
    node.version = stat.version;
    node.cversion = stat.cversion;
    node.aversion = stat.aversion;
    return node;
  }

  /** Replaces a child of the same name. */
  setChild(name: string, child: Znode): void {
    if (this.children === null) this.children = new PathMap();
    this.children.set(name, child);
  }

  removeChild(name: string): void {
    const { children } = this;
    if (children?.delete(name) && children.size === 0) this.children = null;
  }

  get numChildren(): number {
    return this.children === null ? 0 : this.children.size;
  }

  get dataLength(): number {
    return this.data === null ? 0 : this.data.length;
  }
}
