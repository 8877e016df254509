// The usage that a quota keeps of its subtree, in the text of its stat node.
// It changes on each server by itself, without a transaction: no zxid, no version, no digest.
import { formatQuota, parseQuota, type QuotaPaths, statPathOf } from './quota.ts';
import { type Nodes, walk } from './walk.ts';
import type { Znode } from './znode.ts';

/** Counts nodes and bytes from `path` down; returns by how much the stat node has grown. */
export function recountUsage(nodes: Nodes, path: string): number {
  const statNode = nodes.get(statPathOf(path));
  if (statNode === undefined) return 0;
  const used = { count: 0, bytes: 0, countHardLimit: -1, byteHardLimit: -1 };
  walk(nodes, path === '' ? '/' : path, (_, node) => {
    used.count++;
    used.bytes += node.dataLength;
  });
  return setUsage(statNode, formatQuota(used));
}

/**
 * Counts a change at `path` for all that it belongs to; returns by how much their stat nodes have
 * grown. Apache counts it for the nearest only, and only while there is a limit, but all anew when it
 * loads a snapshot: there the servers of an ensemble may show different usage. Here it is at any time
 * what a count would give.
 */
export function addUsage(
  nodes: Nodes,
  measured: QuotaPaths,
  path: string,
  bytes: number,
  count: number,
): number {
  let growth = 0;
  for (const prefix of measured.allAbove(path)) {
    const statNode = nodes.get(statPathOf(prefix));
    if (statNode === undefined) continue;
    const used = parseQuota(statNode.data);
    used.count += count;
    used.bytes += bytes;
    growth += setUsage(statNode, formatQuota(used));
  }
  return growth;
}

function setUsage(statNode: Znode, text: string): number {
  const before = statNode.dataLength;
  statNode.setData(Buffer.from(text));
  return statNode.dataLength - before;
}
