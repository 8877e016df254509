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
  if (node === undefined) return;
  visit(path, node);
  if (node.children === null) return;
  for (const name of node.children) walk(nodes, childOf(path, name), visit);
}

/** A znode whose children are being walked. */
interface Level {
  path: string;
  names: Iterator<string>;
}

/**
 * All znodes from the root down, siblings in the order of their sets, while they may come and go
 * between any two steps. One created after `newest` is left out with all below it, so that what
 * comes has its parent before it, and no path comes twice.
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
    const { value: name, done } = level.names.next();
    if (done === true) {
      level = levels.pop();
      continue;
    }
    const path = childOf(level.path, name);
    const node = nodes.get(path);
    if (node === undefined || node.czxid > newest) continue;
    yield [path, node];
    const below = levelOf(path, node);
    if (below === undefined) continue;
    levels.push(level);
    level = below;
  }
}

/** undefined without children; taken after the znode was given out, by when it may have some. */
const levelOf = (path: string, node: Znode): Level | undefined =>
  node.children === null ? undefined : { path, names: node.children.values() };
