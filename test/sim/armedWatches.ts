// The one-shot watches that a client has set, and what it may and must hear of them.
import type { Zxid } from '../../src/base/ids.ts';
import { EventType } from '../../src/wire/opcodes.ts';
import type { PathHistories } from './checkers/pathHistories.ts';
import { PersistentWatches } from './persistentWatches.ts';
import type { Rearm, Request } from './requests.ts';
import { demand } from './violation.ts';

type Kind = 'data' | 'exist' | 'child';

const FIRED_BY: Partial<Record<number, readonly Kind[]>> = {
  [EventType.nodeCreated]: ['data', 'exist'],
  [EventType.nodeDataChanged]: ['data', 'exist'],
  [EventType.nodeDeleted]: ['data', 'exist', 'child'],
  [EventType.nodeChildrenChanged]: ['child'],
};

export class ArmedWatches {
  /** By kind and path: the zxid of the answer that set it. */
  readonly #armed: Record<Kind, Map<string, Zxid>> = {
    data: new Map(),
    exist: new Map(),
    child: new Map(),
  };

  /** Set anew a moment ago: a znode that is gone is told of for each kind of watch. */
  readonly #rearmed = new Set<string>();

  readonly persistent = new PersistentWatches();

  clear(): void {
    this.persistent.clear();
    this.#rearmed.clear();
    for (const map of Object.values(this.#armed)) map.clear();
  }

  /** A read has been answered that asked for a watch. */
  answered(request: Extract<Request, { type: 'read' }>, zxid: Zxid, isThere: boolean): void {
    if (!request.watch) return;
    const { how, path } = request;
    if (how === 'exists' && !isThere) this.#arm('exist', path, zxid);
    else if (isThere) this.#arm(how === 'children' ? 'child' : 'data', path, zxid);
  }

  #arm(kind: Kind, path: string, zxid: Zxid): void {
    // One that is set already is one still: what it has not told since is due as before.
    if (!this.#armed[kind].has(path)) this.#armed[kind].set(path, zxid);
  }

  /** C8: an event comes only for a watch that is set, and uses it up. True for a persistent one. */
  fired(type: number, path: string): boolean {
    const kinds = FIRED_BY[type] ?? [];
    const isPersistent = this.persistent.fired(type, path);
    let isKnown = isPersistent;
    for (const kind of kinds) isKnown = this.#armed[kind].delete(path) || isKnown;
    if (type === EventType.nodeDeleted && this.#rearmed.has(path)) return isPersistent;
    demand(isKnown, 'C8', () => `event ${type} of ${path}, which nobody watches`);
    return isPersistent;
  }

  /** C8: who sees the tree at `zxid` has been told of everything that happened before. */
  check(paths: PathHistories, zxid: Zxid, who: string): void {
    this.persistent.check(paths, zxid, who);
    for (const [kind, map] of Object.entries(this.#armed) as [Kind, Map<string, Zxid>][]) {
      for (const [path, since] of map) {
        const node = paths.at(path, zxid);
        const isDue =
          kind === 'exist'
            ? node !== null
            : node === null || (kind === 'data' ? node.mzxid : node.pzxid) > since;
        demand(
          !isDue,
          'C8',
          () => `${who} sees ${zxid.toString(16)} without the ${kind} event of ${path}`,
        );
      }
    }
  }

  /** What a client sends after it has connected again; null when it watches nothing. */
  rearm(seen: Zxid): Rearm | null {
    const { data, exist, child } = this.#armed;
    this.#rearmed.clear();
    const persistentWatches = this.persistent.paths;
    const persistentRecursiveWatches = this.persistent.recursivePaths;
    const lasting = persistentWatches.length + persistentRecursiveWatches.length;
    if (data.size + exist.size + child.size + lasting === 0) return null;
    for (const map of [data, child]) for (const path of map.keys()) this.#rearmed.add(path);
    return {
      relativeZxid: seen,
      dataWatches: [...data.keys()],
      existWatches: [...exist.keys()],
      childWatches: [...child.keys()],
      persistentWatches,
      persistentRecursiveWatches,
    };
  }

  /** The server has set them all. */
  rearmed(zxid: Zxid): void {
    this.persistent.armed(zxid);
    this.#rearmed.clear();
  }
}
