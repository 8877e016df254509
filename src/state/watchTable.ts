// Watches of one kind, data or children: by path and by watcher, and the delivery of an event.
import type { Zxid } from '../base/ids.ts';
import type { Acl } from '../wire/data.ts';
import type { EventType } from '../wire/opcodes.ts';
import { PathMap } from './pathMap.ts';
import { PathSet } from './pathSet.ts';

export interface Watcher {
  /**
   * Takes an event. `acl` is that of the znode the event is about (of a deleted one, what it was);
   * the receiver must drop the event unless it may READ by it (CVE-2024-23944). null: no check.
   */
  deliver(type: EventType, path: string, zxid: Zxid, acl: readonly Acl[] | null): void;
}

// The modes that one watcher may have on one path at once (ZOOKEEPER-4466).
export const STANDARD = 1;
export const PERSISTENT = 2;
export const RECURSIVE = 4;
const ALL = STANDARD | PERSISTENT | RECURSIVE;

/** A watcher of more paths than this has a PathSet. */
const FEW_PATHS = 256;

/** Watches of one table: data or children. */
export class WatchTable {
  readonly byPath = new PathMap<Map<Watcher, number>>();
  readonly byWatcher = new Map<Watcher, Set<string> | PathSet>();
  #recursive = 0;

  add(path: string, watcher: Watcher, mode: number): void {
    let watchers = this.byPath.get(path);
    if (watchers === undefined) {
      watchers = new Map();
      this.byPath.set(path, watchers);
    }
    const modes = watchers.get(watcher) ?? 0;
    if ((modes & mode) !== 0) return;
    watchers.set(watcher, modes | mode);
    if (mode === RECURSIVE) this.#recursive++;
    if (modes !== 0) return;
    const paths = this.byWatcher.get(watcher);
    if (paths === undefined) this.byWatcher.set(watcher, new Set([path]));
    else if (paths instanceof PathSet || paths.size < FEW_PATHS) paths.add(path);
    else this.byWatcher.set(watcher, new PathSet(paths).add(path));
  }

  modesOf(path: string, watcher: Watcher): number {
    return this.byPath.get(path)?.get(watcher) ?? 0;
  }

  /** Takes `modes` away; false if the watcher had none of them. */
  remove(path: string, watcher: Watcher, modes: number): boolean {
    const watchers = this.byPath.get(path);
    const had = watchers?.get(watcher) ?? 0;
    if (watchers === undefined || (had & modes) === 0) return false;
    this.#set(path, watchers, watcher, had, had & ~modes);
    return true;
  }

  removeWatcher(watcher: Watcher): void {
    const paths = this.byWatcher.get(watcher);
    if (paths === undefined) return;
    // While the set is walked its paths go one by one, which a Set allows.
    for (const path of paths) this.remove(path, watcher, ALL);
    this.byWatcher.delete(watcher);
  }

  /**
   * Delivers to each watcher of `path` once, then to recursive watchers above it, except those in
   * `except`; returns who was meant, null if nobody.
   */
  trigger(
    type: EventType,
    path: string,
    zxid: Zxid,
    acl: readonly Acl[] | null,
    except: Set<Watcher> | null,
  ): Set<Watcher> | null {
    if (this.byPath.size === 0) return null;
    const watchers = this.byPath.get(path);
    if (watchers === undefined && this.#recursive === 0) return null;
    const meant = new Set<Watcher>();
    if (watchers !== undefined) this.#take(path, watchers, meant);
    if (this.#recursive > 0) this.#addRecursive(path, meant);
    for (const watcher of meant) {
      if (except === null || !except.has(watcher)) watcher.deliver(type, path, zxid, acl);
    }
    return meant.size === 0 ? null : meant;
  }

  #take(path: string, watchers: Map<Watcher, number>, meant: Set<Watcher>): void {
    for (const [watcher, modes] of watchers) {
      meant.add(watcher);
      if ((modes & STANDARD) !== 0) this.#set(path, watchers, watcher, modes, modes & ~STANDARD);
    }
  }

  #addRecursive(path: string, meant: Set<Watcher>): void {
    for (let above = path; above.length > 1; ) {
      const slash = above.lastIndexOf('/');
      above = slash === 0 ? '/' : above.substring(0, slash);
      const watchers = this.byPath.get(above);
      if (watchers === undefined) continue;
      for (const [watcher, modes] of watchers) if ((modes & RECURSIVE) !== 0) meant.add(watcher);
    }
  }

  #set(
    path: string,
    watchers: Map<Watcher, number>,
    watcher: Watcher,
    before: number,
    after: number,
  ): void {
    if ((before & ~after & RECURSIVE) !== 0) this.#recursive--;
    if (after !== 0) {
      watchers.set(watcher, after);
      return;
    }
    watchers.delete(watcher);
    if (watchers.size === 0) this.byPath.delete(path);
    const paths = this.byWatcher.get(watcher);
    if (paths?.delete(path) && paths.size === 0) this.byWatcher.delete(watcher);
  }

  get count(): number {
    let count = 0;
    for (const paths of this.byWatcher.values()) count += paths.size;
    return count;
  }
}
