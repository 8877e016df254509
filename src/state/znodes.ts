// All znodes of a tree: each holds its children by name, and paths find their way through them.
import { assert } from '../base/assert.ts';
import { childOf } from '../base/path.ts';
import { PathMap } from './pathMap.ts';
import type { Znode } from './znode.ts';

/** So many parents at most are found by their path at once. */
const PARENTS = 16_384;

/**
 * Znodes by path; the root is `/`. A path leads to its parent, which is remembered by path (there
 * are few, and the same again and again), and by its last name to the znode. So no znode needs its
 * path kept, a walk needs no look-ups, and a tree that is loaded needs no second, large map.
 */
export class Znodes {
  #root: Znode | undefined;
  #size = 0;
  /** Parents by path, never the root; forgotten when they are too many. */
  readonly #parents = new PathMap<Znode>();
  /** The parent asked for last. */
  #recent: Znode | undefined;
  #recentPath = '';

  get size(): number {
    return this.#size;
  }

  get(path: string): Znode | undefined {
    const slash = path.lastIndexOf('/');
    if (slash === 0 && path.length === 1) return this.#root;
    const children = this.parentAt(path, slash)?.children;
    if (children === undefined || children === null) return undefined;
    return children.get(path, slash + 1);
  }

  has(path: string): boolean {
    return this.get(path) !== undefined;
  }

  /** The parent of `path`, whose last slash is at `slash`; undefined where there is no such znode. */
  parentAt(path: string, slash: number): Znode | undefined {
    if (slash === 0) return this.#root;
    // Of `//a` the rest would be `/`.
    if (slash < 2) return undefined;
    if (slash === this.#recentPath.length && path.startsWith(this.#recentPath)) return this.#recent;
    const parentPath = path.substring(0, slash);
    let parent = this.#parents.get(parentPath);
    if (parent === undefined) {
      parent = this.get(parentPath);
      if (parent === undefined) return undefined;
      if (this.#parents.size >= PARENTS) this.#parents.clear();
      this.#parents.set(parentPath, parent);
    }
    this.#recentPath = parentPath;
    this.#recent = parent;
    return parent;
  }

  setRoot(node: Znode): void {
    if (this.#root === undefined) this.#size++;
    this.#root = node;
  }

  /** Adds a child that `parent` does not have. */
  add(parent: Znode, name: string, node: Znode): void {
    const before = parent.numChildren;
    parent.setChild(name, node);
    assert(parent.numChildren > before, () => `a znode ${name} is there already`);
    this.#size++;
  }

  /** Puts `node` in the place of the one at `path`. */
  replace(path: string, parent: Znode, name: string, node: Znode): void {
    parent.setChild(name, node);
    this.#forget(path);
  }

  /** Removes a child that `parent` has. */
  remove(path: string, parent: Znode, name: string): void {
    parent.removeChild(name);
    this.#size--;
    this.#forget(path);
  }

  clear(): void {
    this.#root = undefined;
    this.#size = 0;
    this.#parents.clear();
    this.#recentPath = '';
    this.#recent = undefined;
  }

  /** Parents first; nothing may change meanwhile. */
  *[Symbol.iterator](): Generator<[path: string, node: Znode], void, void> {
    if (this.#root !== undefined) yield* entriesFrom('/', this.#root);
  }

  *keys(): Generator<string, void, void> {
    for (const [path] of this) yield path;
  }

  *values(): Generator<Znode, void, void> {
    for (const [, node] of this) yield node;
  }

  #forget(path: string): void {
    this.#parents.delete(path);
    if (path !== this.#recentPath) return;
    this.#recentPath = '';
    this.#recent = undefined;
  }
}

function* entriesFrom(path: string, node: Znode): Generator<[string, Znode], void, void> {
  yield [path, node];
  if (node.children === null) return;
  for (const [name, child] of node.children) yield* entriesFrom(childOf(path, name), child);
}
