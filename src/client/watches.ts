// Which watchers wait for what, as Apache's ZKWatchManager keeps it; by server path, chroot included.

import { ErrorCode } from '../wire/errors.ts';
import type { HeldWatch, WatchedEventType, Watcher, WatcherKind } from './api.ts';

type Kind = HeldWatch['kind'];
type Table = Map<string, Set<Watcher>>;

/** Which tables a removal of each kind empties, and the event that tells of it. */
const removedBy: Record<WatcherKind, readonly Kind[]> = {
  children: ['child'],
  data: ['data', 'exist'],
  any: ['child', 'data', 'exist', 'persistent', 'persistentRecursive'],
};
/** Persistent ones count as there for each kind, though only `any` removes them (as in 3.8). */
const foundBy: Record<WatcherKind, readonly Kind[]> = {
  children: ['child', 'persistent', 'persistentRecursive'],
  data: ['data', 'exist', 'persistent', 'persistentRecursive'],
  any: ['child', 'data', 'exist', 'persistent', 'persistentRecursive'],
};
const removalEvent: Record<Kind, WatchedEventType> = {
  child: 'ChildWatchRemoved',
  data: 'DataWatchRemoved',
  exist: 'DataWatchRemoved',
  persistent: 'PersistentWatchRemoved',
  persistentRecursive: 'PersistentWatchRemoved',
};

export type Removed = Map<WatchedEventType, Set<Watcher>>;

function addAll(to: Set<Watcher>, from: ReadonlySet<Watcher> | undefined): void {
  if (from !== undefined) for (const watcher of from) to.add(watcher);
}

export class WatchTable {
  readonly #tables: Record<Kind, Table> = {
    data: new Map(),
    exist: new Map(),
    child: new Map(),
    persistent: new Map(),
    persistentRecursive: new Map(),
  };

  add(kind: Kind, path: string, watcher: Watcher): void {
    const table = this.#tables[kind];
    const watchers = table.get(path);
    if (watchers === undefined) table.set(path, new Set([watcher]));
    else watchers.add(watcher);
  }

  paths(kind: Kind): string[] {
    return [...this.#tables[kind].keys()];
  }

  list(): HeldWatch[] {
    const held: HeldWatch[] = [];
    for (const [kind, table] of Object.entries(this.#tables) as [Kind, Table][]) {
      for (const [path, watchers] of table) held.push({ path, kind, watchers: watchers.size });
    }
    return held;
  }

  get size(): number {
    return Object.values(this.#tables).reduce((sum, table) => sum + table.size, 0);
  }

  clear(): void {
    for (const table of Object.values(this.#tables)) table.clear();
  }

  /** Every watcher there is: session events reach them all. */
  everyone(): Set<Watcher> {
    const all = new Set<Watcher>();
    for (const table of Object.values(this.#tables)) {
      for (const watchers of table.values()) addAll(all, watchers);
    }
    return all;
  }

  /** The watchers that an event is for; one-shot ones are used up by it. */
  triggered(type: WatchedEventType, path: string): Set<Watcher> {
    const told = new Set<Watcher>();
    if (type === 'NodeChildrenChanged') this.#takeAll(told, path, ['child']);
    else if (type === 'NodeDeleted') this.#takeAll(told, path, ['data', 'exist', 'child']);
    else this.#takeAll(told, path, ['data', 'exist']);
    addAll(told, this.#tables.persistent.get(path));
    // Sent for another watch of this client: recursive ones hear of no changed children (ZOOKEEPER-4475).
    if (type !== 'NodeChildrenChanged') this.#addRecursive(told, path);
    return told;
  }

  #takeAll(told: Set<Watcher>, path: string, kinds: readonly Kind[]): void {
    for (const kind of kinds) {
      const table = this.#tables[kind];
      if (table.size === 0) continue;
      addAll(told, table.get(path));
      table.delete(path);
    }
  }

  #addRecursive(told: Set<Watcher>, path: string): void {
    const table = this.#tables.persistentRecursive;
    if (table.size === 0) return;
    for (let at = path; ; at = at.slice(0, Math.max(at.lastIndexOf('/'), 1))) {
      addAll(told, table.get(at));
      if (at.length <= 1) return;
    }
  }

  /** Is there such a watcher (null: any) for the path? */
  has(path: string, watcher: Watcher | null, kind: WatcherKind): boolean {
    return foundBy[kind].some((name) => {
      const watchers = this.#tables[name].get(path);
      return watchers !== undefined && (watcher === null || watchers.has(watcher));
    });
  }

  /**
   * What remains of removeWatches when the server answered `err`: takes out `watcher` (null: all of the path)
   * and returns who was taken out, or the error for the caller. With `isLocal` the server's error is no obstacle.
   */
  remove(
    path: string,
    watcher: Watcher | null,
    kind: WatcherKind,
    isLocal: boolean,
    err: number,
  ): Removed | number {
    if (!this.has(path, watcher, kind)) return ErrorCode.noWatcher;
    if (!isLocal && err !== ErrorCode.ok) return err;
    const removed: Removed = new Map();
    for (const name of removedBy[kind]) {
      const taken = this.#takeOut(name, path, watcher);
      if (taken === null) continue;
      const type = removalEvent[name];
      const told = removed.get(type) ?? new Set();
      addAll(told, taken);
      removed.set(type, told);
    }
    return removed.size === 0 ? ErrorCode.noWatcher : removed;
  }

  #takeOut(kind: Kind, path: string, watcher: Watcher | null): ReadonlySet<Watcher> | null {
    const table = this.#tables[kind];
    const watchers = table.get(path);
    if (watchers === undefined) return null;
    if (watcher === null) {
      table.delete(path);
      return watchers;
    }
    if (!watchers.delete(watcher)) return null;
    if (watchers.size === 0) table.delete(path);
    return new Set([watcher]);
  }
}
