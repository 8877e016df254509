// The persistent watches that a client has set: each change behind them is told, before any newer data.
import type { Zxid } from '../../src/base/ids.ts';
import { EventType } from '../../src/wire/opcodes.ts';
import type { PathHistories } from './checkers/pathHistories.ts';
import { demand } from './violation.ts';

interface Watch {
  readonly path: string;
  readonly isRecursive: boolean;
  /** Changes behind this zxid are due. */
  from: Zxid;
  /** Events since then. */
  heard: number;
}

const covers = ({ path, isRecursive }: Watch, type: number, where: string): boolean =>
  where === path ||
  (isRecursive && where.startsWith(`${path}/`) && type !== EventType.nodeChildrenChanged);

export class PersistentWatches {
  #watches: Watch[] = [];
  /** False between a new connection and the answer to `setWatches`. */
  #isArmed = false;

  get paths(): string[] {
    return this.#watches.filter(({ isRecursive }) => !isRecursive).map(({ path }) => path);
  }

  get recursivePaths(): string[] {
    return this.#watches.filter(({ isRecursive }) => isRecursive).map(({ path }) => path);
  }

  clear(): void {
    this.#watches = [];
    this.#isArmed = false;
  }

  /** The connection has ended. */
  disarm(): void {
    this.#isArmed = false;
  }

  /** They are set on a new connection; what was missed meanwhile is not told. */
  armed(zxid: Zxid): void {
    this.#isArmed = true;
    for (const watch of this.#watches) {
      watch.from = zxid;
      watch.heard = 0;
    }
  }

  /** addWatch has been answered. */
  added(path: string, isRecursive: boolean, zxid: Zxid): void {
    const isKnown = this.#watches.some((one) => {
      return one.path === path && one.isRecursive === isRecursive;
    });
    if (!isKnown) this.#watches.push({ path, isRecursive, from: zxid, heard: 0 });
    this.#isArmed = true;
  }

  /** True when the event is one that such a watch is for. */
  fired(type: number, path: string): boolean {
    let isKnown = false;
    for (const watch of this.#watches) {
      if (!covers(watch, type, path)) continue;
      watch.heard++;
      isKnown = true;
    }
    return isKnown;
  }

  /** C8: who sees the tree at `zxid` has been told of each change that made it so. */
  check(paths: PathHistories, zxid: Zxid, who: string): void {
    if (!this.#isArmed) return;
    for (const watch of this.#watches) {
      const { path, isRecursive, from, heard } = watch;
      if (zxid <= from) continue;
      const due = paths.events(path, isRecursive, from, zxid);
      demand(heard >= due && (due > 0 || heard === 0), 'C8', () => {
        const kind = isRecursive ? 'recursive' : 'persistent';
        return `${who} sees ${zxid.toString(16)} with ${heard} of ${due} events of the ${kind} watch of ${path}`;
      });
      watch.from = zxid;
      watch.heard = 0;
    }
  }
}
