// What each path was after each committed transaction that touched it: what reads are judged by.
import type { Zxid } from '../../../src/base/ids.ts';
import { parentOf } from '../../../src/base/path.ts';
import type { Tree } from '../../../src/state/tree.ts';
import type { Txn } from '../../../src/transactions/index.ts';
import type { Acl, Stat } from '../../../src/wire/data.ts';
import { OpCode } from '../../../src/wire/opcodes.ts';

export interface Version extends Stat {
  readonly data: string | null;
  readonly acl: readonly Acl[];
}

interface Step {
  readonly zxid: Zxid;
  readonly node: Version | null;
}

/** Paths that a transaction may have changed, parents included. */
function touched(txn: Txn, into: string[]): void {
  switch (txn.type) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTtl:
    case OpCode.delete:
    case OpCode.deleteContainer:
      into.push(txn.path, parentOf(txn.path));
      break;
    case OpCode.setData:
    case OpCode.setAcl:
      into.push(txn.path);
      break;
    case OpCode.closeSession:
      for (const path of txn.paths2Delete ?? []) into.push(path, parentOf(path));
      break;
    case OpCode.multi:
      for (const part of txn.txns) touched(part, into);
      break;
  }
}

export class PathHistories {
  readonly #steps = new Map<string, Step[]>();

  /** The transaction has just been applied to `tree`. */
  record(tree: Tree, zxid: Zxid, txn: Txn): void {
    const paths: string[] = [];
    touched(txn, paths);
    for (const path of paths) {
      const node = tree.get(path);
      const version =
        node === undefined
          ? null
          : {
              ...tree.statOf(node),
              data: node.data === null ? null : node.data.toString(),
              acl: node.acl.list,
            };
      const steps = this.#steps.get(path);
      if (steps === undefined) this.#steps.set(path, [{ zxid, node: version }]);
      else if (steps.at(-1)?.zxid === zxid) steps[steps.length - 1] = { zxid, node: version };
      else steps.push({ zxid, node: version });
    }
  }

  /** The znode as it was at `zxid`; null when there was none. */
  at(path: string, zxid: Zxid): Version | null {
    const steps = this.#steps.get(path) ?? [];
    return steps[firstAfter(steps, zxid) - 1]?.node ?? null;
  }

  /** How many events at least a persistent watch gets for what happened after `after`, up to `upTo`. */
  events(path: string, isRecursive: boolean, after: Zxid, upTo: Zxid): number {
    let count = 0;
    for (const [where, steps] of this.#steps) {
      if (where !== path && !(isRecursive && where.startsWith(`${path}/`))) continue;
      for (let i = firstAfter(steps, after); i < steps.length; i++) {
        const { zxid, node } = steps[i] as Step;
        if (zxid > upTo) break;
        count += eventsOf(steps[i - 1]?.node ?? null, node, !isRecursive);
      }
    }
    return count;
  }
}

/** The index of the first step after `zxid`. */
function firstAfter(steps: readonly Step[], zxid: Zxid): number {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((steps[middle] as Step).zxid <= zxid) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What is told of a step: of several changes in one transaction at least one of each kind. */
function eventsOf(before: Version | null, node: Version | null, ofChildren: boolean): number {
  if (before === null || node === null) return before === node ? 0 : 1;
  if (before.czxid !== node.czxid) return 1;
  const isOther = before.mzxid !== node.mzxid;
  return Number(isOther) + Number(ofChildren && before.pzxid !== node.pzxid);
}
