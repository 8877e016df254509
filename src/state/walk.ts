// Walks over znodes, parents first.
import type { Zxid } from '../base/ids.ts';
import { childOf } from '../base/path.ts';
import type { Cursor } from './pathMap.ts';
import type { Znode } from './znode.ts';

/** Where znodes are looked up: a Tree's nodes. */
export interface Nodes {
  get(path: string): Znode | undefined;
}

/** Visits a znode and all below it; nothing may change meanwhile. */
export function walk(nodes: Nodes, path: string, visit: (path: string, node: Znode) => void): void {
  const node = nodes.get(path);
  if (node !== undefined) walkFrom(path, node, visit);
}

function walkFrom(path: string, node: Znode, visit: (path: string, node: Znode) => void): void {
  visit(path, node);
  node.children?.forEach((child, name) => {
    walkFrom(childOf(path, name), child, visit);
  });
}

/** Number of znodes below `node`. */
export function countBelow(node: Znode): number {
  let count = 0;
  node.children?.forEach((child) => {
    count += 1 + (child.children === null ? 0 : countBelow(child));
  });
  return count;
}

/** A znode whose children are being walked. */
interface Level {
  /** Its path and a slash, as what its children's paths begin with. */
  readonly above: Buffer;
  readonly children: Cursor<Znode>;
}

const NOTHING: Buffer = Buffer.alloc(0);

/**
 * A walk over all znodes from the root down that may rest, while they come and go. One created
 * after `newest` is left out with all below it, so that what comes has its parent before it, and no
 * path comes twice. One deleted meanwhile may still come; its delete is in the log.
 */
export class LiveWalk {
  readonly #nodes: Nodes;
  readonly #newest: Zxid;
  readonly #visit: (above: Buffer, name: string, node: Znode) => boolean;
  readonly #levels: Level[] = [];
  #isBegun = false;

  /**
   * @param visit is given a znode's path in two parts, the bytes of its parent's with a slash, and
   *   its own name (of the root, both are empty); true makes the walk rest
   */
  constructor(
    nodes: Nodes,
    newest: Zxid,
    visit: (above: Buffer, name: string, node: Znode) => boolean,
  ) {
    this.#nodes = nodes;
    this.#newest = newest;
    this.#visit = visit;
  }

  /** Goes on; true when the walk rests, false at its end. A loop: paths may be very deep. */
  walk(): boolean {
    if (!this.#isBegun && this.#begin()) return true;
    const levels = this.#levels;
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      const depth = levels.length;
      for (;;) {
        const node = level.children.next();
        if (node === undefined) {
          levels.pop();
          break;
        }
        if (node.czxid > this.#newest) continue;
        const name = level.children.key;
        const rests = this.#visit(level.above, name, node);
        if (node.children !== null) this.#enter(node, [level.above, Buffer.from(`${name}/`)]);
        if (rests) return true;
        if (levels.length !== depth) break;
      }
    }
    return false;
  }

  #begin(): boolean {
    this.#isBegun = true;
    const root = this.#nodes.get('/');
    if (root === undefined) return false;
    this.#enter(root, [Buffer.from('/')]);
    return this.#visit(NOTHING, '', root);
  }

  #enter({ children }: Znode, above: readonly Buffer[]): void {
    if (children === null) return;
    this.#levels.push({ above: Buffer.concat(above), children: children.cursor() });
  }
}
