// A walk over a znode and all below it, parents first.
import { childOf } from '../base/path.ts';
import type { Znode } from './znode.ts';

export function walk(
  nodes: ReadonlyMap<string, Znode>,
  path: string,
  visit: (path: string, node: Znode) => void,
): void {
  const node = nodes.get(path);
  if (node === undefined) return;
  visit(path, node);
  if (node.children === null) return;
  for (const name of node.children) walk(nodes, childOf(path, name), visit);
}
