// The tree as it will be when all proposals in flight have committed (Apache's outstandingChanges).
import { assert } from '../base/assert.ts';
import type { SessionId, Zxid } from '../base/ids.ts';
import { parentOf } from '../base/path.ts';
import type { Acl } from '../wire/data.ts';
import { Change, OPEN } from './change.ts';
import { contentCrcOf, DigestSum, digestOf, isOutsideDigest } from './digest.ts';
import type { State } from './state.ts';
import type { Tree } from './tree.ts';
import type { NodeView, Previewed, Znode } from './znode.ts';

/** Where a path leads. */
interface Found {
  path: string | null;
  /** The last one in flight. */
  change: Change | undefined;
  /** Looked up where no change is in flight. */
  znode: Znode | undefined;
}

const nothingFound = (): Found => ({ path: null, change: undefined, znode: undefined });

/** What `View.create` needs of a create transaction. */
export interface Creation {
  readonly path: string;
  readonly data: Uint8Array | null;
  readonly acl: readonly Acl[] | null;
  readonly parentCVersion: number;
}

/**
 * How many applied changes stay before queue and map are made anew without them. Taking each out
 * of the map when it is applied would cost as much as all the rest.
 */
const COMPACT_AT = 1024;

export class View {
  readonly #tree: Tree;
  /** In the order of their zxids; those before `#head` have been applied. */
  #changes: Change[] = [];
  #head = 0;
  /** The last change of each path, applied ones too until the next compaction. */
  #latest = new Map<string, Change>();
  /** The last two look-ups: what a request asks about is what it then changes. */
  #found = nothingFound();
  #foundBefore = nothingFound();
  /** Digest of the tree after all changes in flight; means nothing while there are none. */
  readonly #digest = new DigestSum();

  constructor(state: State) {
    this.#tree = state.tree;
  }

  /** Number of changes in flight. */
  get size(): number {
    return this.#changes.length - this.#head;
  }

  /** The znode as it will be; undefined if there will be none. */
  node(path: string): NodeView | undefined {
    const { change, znode } = this.#find(path);
    if (change === undefined) return znode;
    return change.isDeleted ? undefined : change;
  }

  /** The digest of the tree after all that is in flight: that of the transaction added last. */
  get treeDigest(): bigint {
    return this.size === 0 ? this.#tree.digest : this.#digest.value;
  }

  /** The ephemeral znodes that the session will have. */
  ephemeralsOf(session: SessionId): string[] {
    const paths = new Set(this.#tree.ephemerals.get(session) ?? []);
    for (let i = this.#head; i < this.#changes.length; i++) {
      const change = this.#changes[i] as Change;
      if (change.isDeleted) paths.delete(change.path);
      else if (change.ephemeralOwner === session) paths.add(change.path);
    }
    return [...paths];
  }

  /** Adds a create; its parent must be there and the path must not. */
  create(zxid: Zxid, time: number, creation: Creation, owner: bigint): Previewed {
    const { path } = creation;
    const parent = this.#push(zxid, parentOf(path));
    const { parentCVersion } = creation;
    const cversion = parentCVersion === -1 ? (parent.cversion + 1) | 0 : parentCVersion;
    // The same condition as in Tree.create, or the digests differ.
    if (cversion > parent.cversion) {
      parent.cversion = cversion;
      parent.pzxid = zxid;
    }
    parent.numChildren++;
    this.#seal(parent);
    const node = this.#push(zxid, path, true);
    node.parent = parent;
    node.acl = creation.acl === null ? OPEN : { list: creation.acl };
    node.czxid = zxid;
    node.mzxid = zxid;
    node.pzxid = zxid;
    node.ctime = time;
    node.mtime = time;
    node.ephemeralOwner = owner;
    this.#setContent(node, creation.data);
    this.#seal(node);
    return node;
  }

  /** Adds a delete; what is not there is passed over (as when a session closes). */
  remove(zxid: Zxid, path: string): void {
    if (this.node(path) === undefined) return;
    const parent = this.#push(zxid, parentOf(path));
    parent.numChildren--;
    if (zxid > parent.pzxid) parent.pzxid = zxid;
    this.#seal(parent);
    const node = this.#push(zxid, path);
    node.isDeleted = true;
    node.numChildren = 0;
    this.#digest.replace(node.digest, 0);
    node.digest = 0;
  }

  /** Adds new data. */
  setData(
    zxid: Zxid,
    time: number,
    path: string,
    data: Uint8Array | null,
    version: number,
  ): Previewed {
    const node = this.#push(zxid, path);
    node.mtime = time;
    node.mzxid = zxid;
    node.version = version;
    this.#setContent(node, data);
    this.#seal(node);
    return node;
  }

  setAcl(zxid: Zxid, path: string, acl: readonly Acl[] | null, version: number): void {
    const node = this.#push(zxid, path);
    node.acl = acl === null ? OPEN : { list: acl };
    node.aversion = version;
    this.#seal(node);
  }

  /** A point to roll back to, as long as nothing is applied in between. */
  mark(): number {
    return this.#changes.length;
  }

  /** Takes back all changes added since `mark`: a multi has failed. */
  rollback(mark: number): void {
    while (this.#changes.length > mark) {
      const change = this.#changes.pop() as Change;
      this.#digest.replace(change.digest, change.digestBefore);
      if (change.previous === null) this.#latest.delete(change.path);
      else this.#latest.set(change.path, change.previous);
    }
    this.#forgetFound();
  }

  /** Forgets the changes up to `zxid`: the tree has them now. */
  applied(zxid: Zxid): void {
    this.#forgetFound();
    const changes = this.#changes;
    let head = this.#head;
    while (head < changes.length) {
      const change = changes[head] as Change;
      if (change.inFlight > zxid) break;
      change.isApplied = true;

      // Else a path that is always in flight would keep all its past.
      change.previous = null;
      head++;
    }
    this.#head = head;
    if (head >= COMPACT_AT && head * 2 >= changes.length) this.#compact();
  }

  /** Forgets all changes: leadership has ended. */
  clear(): void {
    this.#changes = [];
    this.#head = 0;
    this.#latest = new Map();
    this.#forgetFound();
  }

  #compact(): void {
    this.#changes = this.#changes.slice(this.#head);
    this.#head = 0;
    // Few paths that change again and again may stay.
    if (this.#latest.size < COMPACT_AT + 2 * this.#changes.length) return;
    this.#latest = new Map();
    for (const change of this.#changes) this.#latest.set(change.path, change);
  }

  #inFlight(path: string): Change | undefined {
    if (this.size === 0) return undefined;
    const change = this.#latest.get(path);
    return change === undefined || change.isApplied ? undefined : change;
  }

  #find(path: string): Found {
    const recent = this.#found;
    if (recent.path === path) return recent;
    const found = this.#foundBefore;
    if (found.path === path) return found;
    this.#foundBefore = recent;
    this.#found = found;
    found.path = path;
    found.change = this.#inFlight(path);
    found.znode = found.change === undefined ? this.#tree.get(path) : undefined;
    return found;
  }

  #forgetFound(): void {
    this.#found.path = null;
    this.#foundBefore.path = null;
  }

  /** A new change of `path`, starting from what will be there (nothing, when `isNew`). */
  #push(zxid: Zxid, path: string, isNew = false): Change {
    if (this.size === 0) this.#digest.value = this.#tree.digest;
    const found = this.#find(path);
    const latest = found.change;
    const node = latest ?? found.znode;
    const isThere = node !== undefined && latest?.isDeleted !== true;
    const change = new Change(path, zxid, latest ?? null);
    if (isNew) assert(!isThere, () => `${path} exists`);
    else {
      assert(isThere, () => `no ${path} to change`);
      change.znode = latest === undefined ? (found.znode ?? null) : latest.znode;
      change.copy(node);
      change.digestBefore = change.digest;
    }
    found.change = change;
    this.#changes.push(change);
    this.#latest.set(path, change);
    return change;
  }

  #setContent(node: Change, data: Uint8Array | null): void {
    node.dataLength = data === null ? 0 : data.length;
    if (this.#tree.options.digest && !isOutsideDigest(node.path)) {
      node.contentCrc = contentCrcOf(node.path, data);
    }
  }

  #seal(node: Change): void {
    if (!this.#tree.options.digest || isOutsideDigest(node.path)) return;
    node.digest = digestOf(node.contentCrc, node);
    this.#digest.replace(node.digestBefore, node.digest);
  }
}
