// One znode of the tree, with the fields that snapshots and Stats are made of.
import type { Zxid } from '../base/ids.ts';
import type { Acl, StatPersisted } from '../wire/data.ts';
import type { AclRef } from './aclCache.ts';
import { contentCrcOf } from './digest.ts';
import { PathMap } from './pathMap.ts';
import { place, SLAB_ITEM } from './slab.ts';

export const EMPTY: Buffer = Buffer.alloc(0);
/** Small data are replaced in place: a new place each time doubles the time of a set. */
const OVERWRITE_UP_TO = 1024;

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
export interface Previewed extends Readonly<StatPersisted> {
  /** CRC-32 of path and data as the change leaves them. */
  readonly contentCrc: number;
  /** Of the znode with this content and stat. */
  readonly digest: number;
  /** The znode that is changed; null for one that was itself in flight. */
  readonly znode: Znode | null;
  /** Of a create: the parent, null when it was itself in flight. */
  readonly parent: Previewed | null;
}

/** There are millions of these: one shape, no empty collections, shared zxid objects. */
export class Znode implements NodeView {
  /** The data, or the slab in which they are. */
  #bytes: Buffer | null = null;
  #at = 0;
  #length = 0;
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

  /** Copies the data. */
  constructor(
    data: Uint8Array | null,
    acl: AclRef,
    zxid: Zxid,
    time: number,
    owner: bigint,
    isLoading = false,
  ) {
    if (data !== null) this.#keep(data, isLoading);
    this.acl = acl;
    this.czxid = zxid;
    this.mzxid = zxid;
    this.pzxid = zxid;
    this.ctime = time;
    this.mtime = time;
    this.ephemeralOwner = owner;
  }

  /** A znode as a snapshot has it. Equal ids share one object, as when they come from a txn. */
  static of(data: Uint8Array | null, acl: AclRef, stat: StatPersisted): Znode {
    const owner = stat.ephemeralOwner === 0n ? 0n : stat.ephemeralOwner;
    const node = new Znode(data, acl, stat.czxid, stat.ctime, owner, true);
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
    return this.#length;
  }

  /** To be used at once: the next set may overwrite it in place. */
  get data(): Buffer | null {
    const bytes = this.#bytes;
    if (bytes === null || bytes.length === this.#length) return bytes;
    // What is read once is likely to be read again.
    const view = bytes.subarray(this.#at, this.#at + this.#length);
    this.#bytes = view;
    this.#at = 0;
    return view;
  }

  /** The same for those who pass through all znodes: nothing more is kept for it. */
  glimpse(): Buffer | null {
    const bytes = this.#bytes;
    if (bytes === null || bytes.length === this.#length) return bytes;
    return bytes.subarray(this.#at, this.#at + this.#length);
  }

  /** Copies the data. */
  setData(data: Uint8Array | null): void {
    const bytes = this.#bytes;
    const length = this.#length;
    if (data === null) {
      this.#bytes = null;
      this.#at = 0;
      this.#length = 0;
    } else if (bytes !== null && data.length === length && length <= OVERWRITE_UP_TO) {
      bytes.set(data, this.#at);
    } else {
      this.#keep(data, false);
    }
  }

  /** CRC-32 of `path` and the data. */
  crcWith(path: string): number {
    return contentCrcOf(path, this.#bytes, this.#at, this.#at + this.#length);
  }

  /** A slab is longer than any data in it, which tells it from data of their own. */
  #keep(data: Uint8Array, isLoading: boolean): void {
    this.#length = data.length;
    this.#at = 0;
    if (data.length === 0) this.#bytes = EMPTY;
    else if (data.length > SLAB_ITEM) this.#bytes = Buffer.from(data);
    else {
      const { slab, at } = place(data, isLoading);
      this.#bytes = slab;
      this.#at = at;
    }
  }
}
