// A whole tree as a client sees it, and the comparison of two: data, all fields of Stat, and ACLs.
import type { ZooKeeper } from '../../src/client/index.ts';

export interface DumpedNode {
  readonly data: string | null;
  readonly acl: string;
  /** Of Stat, as text. */
  readonly fields: Readonly<Record<string, string>>;
  readonly mzxid: bigint;
  readonly czxid: bigint;
  readonly version: number;
  readonly ephemeralOwner: bigint;
}

/** By path. */
export type TreeDump = Map<string, DumpedNode>;

/** Differs by nature: each server writes its own membership there. */
const OWN = '/zookeeper/config';

export async function dumpTree(client: ZooKeeper): Promise<TreeDump> {
  const dump: TreeDump = new Map();
  const visit = async (path: string): Promise<void> => {
    if (path === OWN) return;
    const [{ data, stat }, { acl }, { names }] = await Promise.all([
      client.get(path),
      client.getAcl(path),
      client.children(path),
    ]);
    const fields = Object.fromEntries(Object.entries(stat).map(([k, v]) => [k, String(v)]));
    const { mzxid, czxid, version, ephemeralOwner } = stat;
    const text = data === null ? null : data.toString('latin1');
    const rights = JSON.stringify(acl);
    dump.set(path, { data: text, acl: rights, fields, mzxid, czxid, version, ephemeralOwner });
    await Promise.all(names.map((name) => visit(path === '/' ? `/${name}` : `${path}/${name}`)));
  };
  await visit('/');
  return dump;
}

/** Throws with the first few differences. */
export function compareTrees(a: TreeDump, b: TreeDump, [nameA, nameB]: [string, string]): void {
  const differences: string[] = [];
  for (const path of new Set([...a.keys(), ...b.keys()])) {
    const [one, other] = [a.get(path), b.get(path)];
    if (one === undefined || other === undefined) {
      differences.push(`${path} is only on ${one === undefined ? nameB : nameA}`);
      continue;
    }
    if (one.data !== other.data) differences.push(`data of ${path}: ${one.data}, ${other.data}`);
    if (one.acl !== other.acl) differences.push(`ACL of ${path}: ${one.acl}, ${other.acl}`);
    for (const [field, value] of Object.entries(one.fields)) {
      const theirs = other.fields[field];
      if (theirs !== value) differences.push(`${field} of ${path}: ${value}, ${theirs}`);
    }
  }
  if (differences.length === 0) return;
  const shown = differences.slice(0, 20).join('\n');
  throw new Error(`${nameA} and ${nameB} differ in ${differences.length} places:\n${shown}`);
}
