// The tree of znodes, with what is derived from it kept up to date.
import { NO_ZXID, type SessionId, type Zxid } from '../base/ids.ts';
import { childOf, nameOf, parentOf } from '../base/path.ts';
import type { Acl, Stat, StatPersisted } from '../wire/data.ts';
import { ErrorCode } from '../wire/errors.ts';
import { AclCache, isUnresolved, OPEN_REF, READ_ACL } from './aclCache.ts';
import { Owned } from './owned.ts';
import { OwnerKind, ownerKind } from './owner.ts';
import { LIMIT_NODE, QUOTA_ROOT, QuotaPaths, STAT_NODE } from './quota.ts';
import { CONFIG_PATH, PROC_PATH } from './specialPaths.ts';
import { TreeDigest } from './treeDigest.ts';
import { DEFAULT_TREE_OPTIONS, type TreeOptions } from './treeOptions.ts';
import { addUsage, recountUsage } from './usage.ts';
import { countBelow, walk } from './walk.ts';
import { EMPTY, type Previewed, Znode } from './znode.ts';
import { Znodes } from './znodes.ts';

export { CONFIG_PATH, isSpecialPath } from './specialPaths.ts';
export { DEFAULT_TREE_OPTIONS, type TreeOptions } from './treeOptions.ts';

export class Tree {
  readonly options: TreeOptions;
  /** Only the tree changes them. */
  readonly nodes = new Znodes();
  readonly acls = new AclCache();
  readonly quotas = new QuotaPaths();
  /** Whose usage is kept. */
  readonly #measured = new QuotaPaths();
  readonly #owned: Owned;
  /** Lengths of all paths and data (zk_approximate_data_size). */
  dataSize = 0;
  readonly #digest: TreeDigest;

  constructor(options: TreeOptions = DEFAULT_TREE_OPTIONS) {
    this.options = options;
    this.#owned = new Owned(options);
    this.#digest = new TreeDigest(options.digest);
    this.#putSystemNode('/');
    this.#putSystemNode(PROC_PATH);
    this.#putSystemNode(QUOTA_ROOT);
    this.ensureConfigNode();
  }

  /** Makes /zookeeper/config, readable only (ZOOKEEPER-2014), where an old snapshot lacks it. */
  ensureConfigNode(): void {
    if (this.nodes.has(CONFIG_PATH)) return;
    this.#putSystemNode(CONFIG_PATH);
    this.setAcl(CONFIG_PATH, READ_ACL, -1);
  }

  #putSystemNode(path: string): void {
    const node = new Znode(EMPTY, OPEN_REF, NO_ZXID, 0, 0n);
    const parent = path === '/' ? undefined : this.nodes.get(parentOf(path));
    if (parent === undefined) this.nodes.setRoot(node);
    else this.nodes.add(parent, nameOf(path), node);
    this.#count(path, node);
  }

  get(path: string): Znode | undefined {
    return this.nodes.get(path);
  }

  /** Sum of the digests of all znodes modulo 2^64, signed. */
  get digest(): bigint {
    return this.#digest.sum.value;
  }

  /** As Apache counts, which holds the root twice. */
  get nodeCount(): number {
    return this.nodes.size + 1;
  }

  /** Paths of the ephemeral znodes of each session that has any. */
  get ephemerals(): ReadonlyMap<SessionId, ReadonlySet<string>> {
    return this.#owned.ephemerals;
  }

  get ephemeralCount(): number {
    return this.#owned.ephemeralCount;
  }

  get containers(): ReadonlySet<string> {
    return this.#owned.containers;
  }

  get ttls(): ReadonlySet<string> {
    return this.#owned.ttls;
  }

  statOf(node: Znode): Stat {
    const numChildren = node.numChildren;
    const owner = node.ephemeralOwner;
    return {
      czxid: node.czxid,
      mzxid: node.mzxid,
      ctime: node.ctime,
      mtime: node.mtime,
      version: node.version,
      // What is kept counts creates; a client sees creates and deletes.
      cversion: (node.cversion * 2 - numChildren) | 0,
      aversion: node.aversion,
      ephemeralOwner: owner === 0n || this.kindOf(owner) === OwnerKind.session ? owner : 0n,
      dataLength: node.dataLength,
      numChildren,
      pzxid: node.pzxid,
    };
  }

  kindOf(owner: bigint): OwnerKind {
    return ownerKind(owner, this.options);
  }

  /** Number of znodes below `path`. */
  descendantsOf(path: string): number {
    if (path === '/') return this.nodes.size - 1;
    const node = this.nodes.get(path);
    return node === undefined ? -1 : countBelow(node);
  }

  /**
   * Adds a znode; `parentCVersion` -1 stands for one more than the parent has. What was previewed
   * needs no look-ups: its parent is there, and it is not.
   * The parent's cversion and pzxid only ever grow: a replay over a fuzzy snapshot brings creates
   * of znodes that were deleted before the snapshot saw the parent.
   */
  create(
    path: string,
    data: Uint8Array | null,
    acl: readonly Acl[] | null,
    owner: bigint,
    parentCVersion: number,
    zxid: Zxid,
    time: number,
    preview?: Previewed,
  ): ErrorCode {
    const slash = path.lastIndexOf('/');
    const parent = preview?.parent?.znode ?? this.nodes.parentAt(path, slash);
    if (parent === undefined) return ErrorCode.noNode;
    const name = path.substring(slash + 1);
    if (preview === undefined && parent.children?.has(name)) return ErrorCode.nodeExists;
    const parentPath = slash === 0 ? '/' : path.substring(0, slash);
    this.#raiseCversion(parentPath, parent, parentCVersion, zxid, preview?.parent);
    const node = new Znode(data, this.acls.use(acl), zxid, time, owner);
    this.nodes.add(parent, name, node);
    this.#count(path, node, preview);
    if (path.startsWith(QUOTA_ROOT)) this.#quotaNodeCreated(parentPath, name);
    if (!this.#measured.isEmpty) this.#addUsage(path, node.dataLength, 1);
    return ErrorCode.ok;
  }

  /**
   * What is left to do of a create that found its znode there, as in a replay: to raise the parent
   * (see `create`), and to give the znode the ACL that its fuzzy snapshot did not hold.
   */
  createdBefore(
    path: string,
    acl: readonly Acl[] | null,
    parentCVersion: number,
    zxid: Zxid,
  ): void {
    const parentPath = parentOf(path);
    const parent = this.nodes.get(parentPath);
    if (parent !== undefined) this.#raiseCversion(parentPath, parent, parentCVersion, zxid);
    const node = this.nodes.get(path);
    if (node === undefined || !isUnresolved(node.acl)) return;
    this.acls.release(node.acl);
    node.acl = this.acls.use(acl);
  }

  /**
   * Removes a znode; undefined if there was none, and then the parent's pzxid is raised all the
   * same (the snapshot may have seen the parent before the delete and the child's place after it).
   * Children, which only a replay can leave here, go as well: their creates are still to come.
   */
  remove(path: string, zxid: Zxid): Znode | undefined {
    const slash = path.lastIndexOf('/');
    const parent = this.nodes.parentAt(path, slash);
    if (parent === undefined || path.length === 1) return undefined;
    if (zxid > parent.pzxid) {
      parent.pzxid = zxid;
      this.#digest.statChanged(slash === 0 ? '/' : path.substring(0, slash), parent);
    }
    const name = path.substring(slash + 1);
    const node = parent.children?.get(name);
    if (node === undefined) return undefined;
    this.#remove(path, parent, name, node);
    return node;
  }

  /** Replaces the data, `preview` as in `create`; undefined if there is no such znode. */
  setData(
    path: string,
    data: Uint8Array | null,
    version: number,
    zxid: Zxid,
    time: number,
    preview?: Previewed,
  ): Znode | undefined {
    const node = preview?.znode ?? this.nodes.get(path);
    if (node === undefined) return undefined;
    const before = node.dataLength;
    node.setData(data);
    node.mtime = time;
    node.mzxid = zxid;
    node.version = version;
    this.#digest.dataChanged(path, node, preview);
    const growth = node.dataLength - before;
    this.dataSize += growth;
    if (!this.#measured.isEmpty) this.#addUsage(path, growth, 0);
    return node;
  }

  /** Replaces the ACL; undefined if there is no such znode. */
  setAcl(path: string, acl: readonly Acl[] | null, version: number): Znode | undefined {
    const node = this.nodes.get(path);
    if (node === undefined) return undefined;
    const before = node.acl;
    node.acl = this.acls.use(acl);
    this.acls.release(before);
    node.aversion = version;
    this.#digest.statChanged(path, node);
    return node;
  }

  /** Forgets everything, the system's znodes too: a snapshot comes next. */
  clear(): void {
    this.nodes.clear();
    this.acls.clear();
    this.quotas.clear();
    this.#measured.clear();
    this.#owned.clear();
    this.dataSize = 0;
    this.#digest.sum.value = 0n;
  }

  /**
   * Takes a znode of a snapshot (its root has the empty path); false if its parent is missing.
   * A fuzzy snapshot may hold a path twice; the later one counts.
   */
  load(path: string, data: Uint8Array | null, aclIndex: bigint, stat: StatPersisted): boolean {
    const node = Znode.of(data, this.acls.useLoaded(aclIndex), stat);
    if (path === '') {
      const root = this.nodes.get('/');
      if (root !== undefined) this.#takePlace('/', root, node);
      this.nodes.setRoot(node);
      this.#count('/', node);
      return true;
    }
    const slash = path.lastIndexOf('/');
    const parent = this.nodes.parentAt(path, slash);
    if (parent === undefined) return false;
    const name = path.substring(slash + 1);
    const before = parent.children?.get(name);
    if (before === undefined) this.nodes.add(parent, name, node);
    else {
      this.#takePlace(path, before, node);
      this.nodes.replace(path, parent, name, node);
    }
    this.#count(path, node);
    return true;
  }

  #takePlace(path: string, before: Znode, node: Znode): void {
    node.children = before.children;
    this.#discount(path, before);
  }

  /** Ends loading: finds the quotas, counts their usage anew, forgets ACLs nobody has. */
  finishLoading(): void {
    walk(this.nodes, QUOTA_ROOT, (path) => {
      const slash = path.lastIndexOf('/');
      this.#quotaNodeCreated(path.slice(0, slash), path.slice(slash + 1));
    });
    this.acls.purgeUnused();
  }

  /** Counts in a znode that has been added. */
  #count(path: string, node: Znode, preview?: Previewed): void {
    this.dataSize += path.length + node.dataLength;
    this.#digest.dataChanged(path, node, preview);
    const owner = node.ephemeralOwner;
    if (owner !== 0n) this.#owned.add(path, owner);
  }

  #discount(path: string, node: Znode): void {
    this.dataSize -= path.length + node.dataLength;
    this.#digest.sum.replace(node.digest, 0);
    this.acls.release(node.acl);
    const owner = node.ephemeralOwner;
    if (owner !== 0n) this.#owned.remove(path, owner);
    if (path.startsWith(QUOTA_ROOT)) {
      const limited = parentOf(path).slice(QUOTA_ROOT.length);
      if (path.endsWith(`/${LIMIT_NODE}`)) this.quotas.delete(limited);
      else if (path.endsWith(`/${STAT_NODE}`)) this.#measured.delete(limited);
    }
    if (!this.#measured.isEmpty) this.#addUsage(path, -node.dataLength, -1);
  }

  #remove(path: string, parent: Znode, name: string, node: Znode): void {
    const { children } = node;
    if (children !== null) {
      for (const [below, child] of [...children]) {
        this.#remove(childOf(path, below), node, below, child);
      }
    }
    this.nodes.remove(path, parent, name);
    this.#discount(path, node);
  }

  #raiseCversion(
    path: string,
    node: Znode,
    wanted: number,
    zxid: Zxid,
    preview?: Previewed | null,
  ): void {
    const cversion = wanted === -1 ? (node.cversion + 1) | 0 : wanted;
    if (cversion <= node.cversion) return;
    node.cversion = cversion;
    node.pzxid = zxid;
    this.#digest.statChanged(path, node, preview);
  }

  #addUsage(path: string, bytes: number, count: number): void {
    this.dataSize += addUsage(this.nodes, this.#measured, path, bytes, count);
  }

  #quotaNodeCreated(parentPath: string, name: string): void {
    const limited = parentPath.slice(QUOTA_ROOT.length);
    if (name === LIMIT_NODE) this.quotas.add(limited);
    else if (name === STAT_NODE) {
      this.dataSize += recountUsage(this.nodes, limited);
      this.#measured.add(limited);
    }
  }
}
