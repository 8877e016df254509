// A set of paths that stays fast at scale: what PathMap is to Map.
import { PathMap } from './pathMap.ts';

/** For few paths a Set is smaller. */
export class PathSet {
  readonly #paths = new PathMap<true>();

  constructor(paths: Iterable<string>) {
    for (const path of paths) this.add(path);
  }

  get size(): number {
    return this.#paths.size;
  }

  add(path: string): this {
    this.#paths.set(path, true);
    return this;
  }

  delete(path: string): boolean {
    return this.#paths.delete(path);
  }

  [Symbol.iterator](): Iterator<string> {
    return this.#paths.keys();
  }
}
