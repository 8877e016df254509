// Watches: who waits for what, one-shot and persistent, and what a change delivers to whom.
import type { Zxid } from '../base/ids.ts';
import type { Acl } from '../wire/data.ts';
import { EventType, WatcherType } from '../wire/opcodes.ts';
import type { Tree } from './tree.ts';
import { PERSISTENT, RECURSIVE, STANDARD, type Watcher, WatchTable } from './watchTable.ts';

export type { Watcher } from './watchTable.ts';

/** What a watch is set on. An exists watch is a data watch. */
export const WatchKind = { data: 0, child: 1, persistent: 2, persistentRecursive: 3 } as const;
export type WatchKind = (typeof WatchKind)[keyof typeof WatchKind];

export interface WatchesSummary {
  connections: number;
  paths: number;
  watches: number;
}

export class Watches {
  readonly #data = new WatchTable();
  readonly #child = new WatchTable();

  /** True when nobody watches anything: then a change need not look further. */
  get isEmpty(): boolean {
    return this.#data.byPath.size === 0 && this.#child.byPath.size === 0;
  }

  /** Number of watches, a persistent one counted in both tables as Apache does. */
  get count(): number {
    return this.#data.count + this.#child.count;
  }

  add(kind: WatchKind, path: string, watcher: Watcher): void {
    switch (kind) {
      case WatchKind.data:
        this.#data.add(path, watcher, STANDARD);
        break;
      case WatchKind.child:
        this.#child.add(path, watcher, STANDARD);
        break;
      case WatchKind.persistent:
        this.#data.add(path, watcher, PERSISTENT);
        this.#child.add(path, watcher, PERSISTENT);
        break;
      case WatchKind.persistentRecursive:
        // Never told of changed children, so not in that table (ZOOKEEPER-4475).
        this.#data.add(path, watcher, RECURSIVE);
        break;
    }
  }

  /** Removes what `type` names on exactly `path`; false if there was nothing (NOWATCHER). */
  remove(path: string, watcher: Watcher, type: WatcherType): boolean {
    const fromData = this.#data.remove(path, watcher, this.#modes(this.#data, path, watcher, type));
    const fromChild = this.#child.remove(
      path,
      watcher,
      this.#modes(this.#child, path, watcher, type),
    );
    return fromData || fromChild;
  }

  /** Whether the watcher has what `type` names on exactly `path`. */
  has(path: string, watcher: Watcher, type: WatcherType): boolean {
    return (
      this.#modes(this.#data, path, watcher, type) !== 0 ||
      this.#modes(this.#child, path, watcher, type) !== 0
    );
  }

  /** Which of the watcher's modes on `path` in this table `type` names. */
  #modes(table: WatchTable, path: string, watcher: Watcher, type: WatcherType): number {
    const modes = table.modesOf(path, watcher);
    switch (type) {
      case WatcherType.children:
        return table === this.#child ? oneShotFirst(modes) : 0;
      case WatcherType.data:
        return table === this.#data ? oneShotFirst(modes) : 0;
      case WatcherType.persistent:
        return modes & PERSISTENT;
      case WatcherType.persistentRecursive:
        return modes & RECURSIVE;
      case WatcherType.any:
        return modes;
    }
  }

  /** Forgets a connection that has closed. */
  removeWatcher(watcher: Watcher): void {
    this.#data.removeWatcher(watcher);
    this.#child.removeWatcher(watcher);
  }

  /** A znode has been created; ACLs are those of the znode and of its parent. */
  created(
    path: string,
    parent: string,
    zxid: Zxid,
    acl: readonly Acl[] | null,
    parentAcl: readonly Acl[] | null,
  ): void {
    this.#data.trigger(EventType.nodeCreated, path, zxid, acl, null);
    this.#child.trigger(EventType.nodeChildrenChanged, parent, zxid, parentAcl, null);
  }

  /** A znode has been deleted. Who watched data and children is told of it once. */
  deleted(
    path: string,
    parent: string,
    zxid: Zxid,
    acl: readonly Acl[] | null,
    parentAcl: readonly Acl[] | null,
  ): void {
    const told = this.#data.trigger(EventType.nodeDeleted, path, zxid, acl, null);
    this.#child.trigger(EventType.nodeDeleted, path, zxid, acl, told);
    this.#child.trigger(EventType.nodeChildrenChanged, parent, zxid, parentAcl, null);
  }

  dataChanged(path: string, zxid: Zxid, acl: readonly Acl[] | null): void {
    this.#data.trigger(EventType.nodeDataChanged, path, zxid, acl, null);
  }

  /** The figures of `wchs`: as in Apache, of data watches only. */
  summary(): WatchesSummary {
    const { byPath, byWatcher, count } = this.#data;
    return { connections: byWatcher.size, paths: byPath.size, watches: count };
  }

  /** Data watches by connection (`wchc`). */
  byWatcher(): Iterable<[Watcher, Iterable<string>]> {
    return this.#data.byWatcher.entries();
  }

  /** Data watches by path (`wchp`); of each path's map the keys are the watchers. */
  byPath(): Iterable<[string, ReadonlyMap<Watcher, number>]> {
    return this.#data.byPath.entries();
  }
}

/** A 3.8 client removes a persistent watch, too, by asking for its data or children half. */
const oneShotFirst = (modes: number): number =>
  (modes & STANDARD) !== 0 ? STANDARD : modes & PERSISTENT;

export interface WatchesToRearm {
  relativeZxid: Zxid;
  dataWatches: readonly string[];
  existWatches: readonly string[];
  childWatches: readonly string[];
  persistentWatches?: readonly string[];
  persistentRecursiveWatches?: readonly string[];
}

/**
 * Sets the watches of a client that has reconnected; what has changed since the last zxid it saw
 * is delivered at once instead (setWatches, setWatches2).
 */
export function rearmWatches(
  watches: Watches,
  tree: Tree,
  request: WatchesToRearm,
  watcher: Watcher,
): void {
  const { relativeZxid } = request;
  for (const path of request.dataWatches) {
    const node = tree.get(path);
    if (node === undefined) watcher.deliver(EventType.nodeDeleted, path, relativeZxid, null);
    else if (node.mzxid > relativeZxid) {
      watcher.deliver(EventType.nodeDataChanged, path, node.mzxid, node.acl.list);
    } else watches.add(WatchKind.data, path, watcher);
  }
  for (const path of request.existWatches) {
    const node = tree.get(path);
    if (node === undefined) watches.add(WatchKind.data, path, watcher);
    else watcher.deliver(EventType.nodeCreated, path, node.czxid, node.acl.list);
  }
  for (const path of request.childWatches) {
    const node = tree.get(path);
    if (node === undefined) watcher.deliver(EventType.nodeDeleted, path, relativeZxid, null);
    else if (node.pzxid > relativeZxid) {
      watcher.deliver(EventType.nodeChildrenChanged, path, node.pzxid, node.acl.list);
    } else watches.add(WatchKind.child, path, watcher);
  }
  for (const path of request.persistentWatches ?? []) {
    watches.add(WatchKind.persistent, path, watcher);
  }
  for (const path of request.persistentRecursiveWatches ?? []) {
    watches.add(WatchKind.persistentRecursive, path, watcher);
  }
}
