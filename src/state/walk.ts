// Walks over znodes, parents first.
import type { Zxid } from '../base/ids.ts';
import { childOf } from '../base/path.ts';
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
  path: string;
  children: Iterator<[string, Znode]>;
}

/**
 * All znodes from the root down, while they may come and go between any two steps. One created
 * after `newest` is left out with all below it, so that what comes has its parent before it, and no
 * path comes twice. One deleted meanwhile may still come; its delete is in the log.
 */
export function* walkLive(
  nodes: Nodes,
  newest: Zxid,
): Generator<[path: string, node: Znode], void, void> {
  const root = nodes.get('/');
  if (root === undefined) return;
  yield ['/', root];
  const levels: Level[] = [];
  let level: Level | undefined = levelOf('/', root);
  while (level !== undefined) {
    const { value, done } = level.children.next();
    if (done === true) {
      level = levels.pop();
      continue;
    }
    const [name, node]: [string, Znode] = value;
    if (node.czxid > newest) continue;
    const path = childOf(level.path, name);
    yield [path, node];
    const below = levelOf(path, node);
    if (below === undefined) continue;
    levels.push(level);
    level = below;
  }
}

/** undefined without children; taken after the znode was given out, by when it may have some. */
const levelOf = (path: string, node: Znode): Level | undefined =>
  node.children === null ? undefined : { path, children: node.children.entries() };
