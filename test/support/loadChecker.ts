// Holds what the clients of an ensemble remember against what servers promise, and against the final tree.
//
// ZooKeeper names its own order, the zxid, in each Stat; so no order has to be searched: the claimed
// one is verified, in time that grows with the length of the history.
import { DELETED, type History, type Load, type RecordedWrite } from './ensembleLoad.ts';
import type { TreeDump } from './treeDump.ts';

interface Known extends RecordedWrite {
  mzxid: bigint;
}

const byZxid = (a: Known, b: Known): number => (a.mzxid < b.mzxid ? -1 : a.mzxid > b.mzxid ? 1 : 0);

class Checker {
  readonly #history: History;
  readonly #tree: TreeDump;
  readonly found: string[];
  #known: Known[] = [];
  readonly #ofPath = new Map<string, Known[]>();

  constructor(history: History, tree: TreeDump) {
    this.#history = history;
    this.#tree = tree;
    this.found = [...history.violations];
  }

  run(): void {
    this.#resolve();
    this.#realTime();
    this.#sessionOrder();
    this.#versions();
    this.#reads();
    this.#finalTree();
    this.#sequences();
    this.#watches();
  }

  /** Writes whose answer was lost are known once somebody has seen their values. */
  #resolve(): void {
    const byValue = new Map(this.#history.writes.map((write) => [write.value, write]));
    const seen = (value: string | null, path: string, mzxid: bigint, version: number): void => {
      if (value === null || value === 'first') return;
      const write = byValue.get(value);
      if (write === undefined || write.path !== path) {
        this.found.push(`${path} shows ${value}, which nobody wrote there`);
      } else if (write.mzxid === null) {
        write.mzxid = mzxid;
        write.version = version;
      } else if (write.mzxid !== mzxid || write.version !== version) {
        const both = `${write.mzxid} version ${write.version}, then ${mzxid} version ${version}`;
        this.found.push(`${value} of ${path} has zxid ${both}`);
      }
    };
    for (const { value, path, mzxid, version } of this.#history.reads) {
      seen(value, path, mzxid, version);
    }
    for (const [path, { data, mzxid, version }] of this.#tree) {
      if (/^\/load\/(s\d+$|w\d+\/)/.test(path)) seen(data, path, mzxid, version);
    }
    this.#known = this.#history.writes
      .filter((write): write is Known => write.mzxid !== null)
      .sort(byZxid);
    for (const write of this.#known) {
      const same = this.#ofPath.get(write.path) ?? [];
      same.push(write);
      this.#ofPath.set(write.path, same);
    }
  }

  /** A write that began after another was acknowledged has the larger zxid. */
  #realTime(): void {
    let earliestEnd = Number.POSITIVE_INFINITY;
    let ofValue = '';
    for (const write of this.#known.toReversed()) {
      if (write.begun > earliestEnd) {
        this.found.push(`${write.value} began after ${ofValue} was acknowledged, but is older`);
      }
      if (write.ended < earliestEnd) {
        earliestEnd = write.ended;
        ofValue = write.value;
      }
    }
  }

  #sessionOrder(): void {
    const last = new Map<bigint, Known>();
    for (const write of this.#known) {
      const before = last.get(write.session);
      if (before !== undefined && before.order > write.order) {
        this.found.push(`${before.value} took effect before ${write.value} of the same session`);
      }
      last.set(write.session, write);
    }
  }

  #versions(): void {
    const unknown = new Map<string, number>();
    for (const { path, mzxid, value } of this.#history.writes) {
      if (mzxid === null && value !== DELETED) unknown.set(path, (unknown.get(path) ?? 0) + 1);
    }
    for (const [path, writes] of this.#ofPath) {
      let gaps = 0;
      let before = path.startsWith('/load/s') ? 0 : -1;
      for (const { value, version } of writes) {
        if (version <= before) this.found.push(`${value} of ${path} has version ${version} again`);
        gaps += version - before - 1;
        before = version;
      }
      if (gaps > (unknown.get(path) ?? 0)) {
        this.found.push(`${gaps} versions of ${path} are missing`);
      }
    }
  }

  /** The newest write of a path up to a zxid. */
  #newest(path: string, upTo: bigint): Known | null {
    const writes = this.#ofPath.get(path) ?? [];
    let [low, high] = [0, writes.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((writes[middle] as Known).mzxid <= upTo) low = middle + 1;
      else high = middle;
    }
    return writes[low - 1] ?? null;
  }

  #reads(): void {
    const acked = this.#known
      .filter(({ ended }) => ended < Number.POSITIVE_INFINITY)
      .sort((a, b) => a.ended - b.ended);
    const newestAcked: bigint[] = [];
    for (const { mzxid } of acked) {
      const before = newestAcked.at(-1) ?? 0n;
      newestAcked.push(mzxid > before ? mzxid : before);
    }
    for (const { path, floor, mzxid, value, isSynced, begun } of this.#history.reads) {
      const least = this.#newest(path, floor);
      if (least !== null && mzxid < least.mzxid) {
        this.found.push(`${path} showed ${value} to who had seen ${least.value} or newer`);
      }
      if (!isSynced) continue;
      let ended = acked.length;
      while (ended > 0 && (acked[ended - 1] as Known).ended >= begun) ended--;
      const synced = this.#newest(path, newestAcked[ended - 1] ?? 0n);
      if (synced !== null && mzxid < synced.mzxid) {
        this.found.push(`${path} showed ${value} behind a sync, after ${synced.value}`);
      }
    }
  }

  #finalTree(): void {
    const deleted = new Set<string>();
    for (const { path, value, ended } of this.#history.writes) {
      if (value !== DELETED) continue;
      deleted.add(path);
      if (ended < Number.POSITIVE_INFINITY && this.#tree.has(path)) {
        this.found.push(`${path} is there again after its delete`);
      }
    }
    for (const [path, writes] of this.#ofPath) {
      if (deleted.has(path)) continue;
      const last = writes.at(-1) as Known;
      const node = this.#tree.get(path);
      if (node === undefined) this.found.push(`${path} is lost, last written: ${last.value}`);
      else if (node.mzxid < last.mzxid) {
        this.found.push(`${path} lost ${last.value}, it shows ${node.data}`);
      }
    }
  }

  #sequences(): void {
    const { sequences } = this.#history;
    const sorted = [...sequences].sort((a, b) => (a.czxid < b.czxid ? -1 : 1));
    let before = '';
    for (const { path } of sorted) {
      if (path <= before) this.found.push(`sequence ${path} comes after ${before}`);
      before = path;
      if (!this.#tree.has(path)) this.found.push(`${path} is lost`);
    }
  }

  #watches(): void {
    for (const { path, mzxid, fired } of this.#history.watches) {
      if (fired > 1) this.found.push(`a watch on ${path} has fired ${fired} times`);
      if (fired === 0 && (this.#tree.get(path)?.mzxid ?? 0n) > mzxid) {
        this.found.push(`a watch on ${path} left at ${mzxid} has never fired`);
      }
      if (fired === 1 && this.#tree.get(path)?.mzxid === mzxid) {
        this.found.push(`a watch on ${path} left at ${mzxid} fired for nothing`);
      }
    }
  }
}

/** What a stopped load has seen go wrong; its sessions must all be alive still. */
export function faultsOf(load: Load, tree: TreeDump): string[] {
  const checker = new Checker(load.history, tree);
  checker.run();
  const owners = new Map(load.workers.map((worker) => [worker.client.sessionId, worker]));
  for (const worker of load.workers) {
    const { id, ephemerals, isExpired } = worker;
    if (isExpired) checker.found.push(`the session of worker ${id} has expired`);
    for (const path of ephemerals) {
      if (!tree.has(path)) checker.found.push(`ephemeral ${path} is lost`);
    }
  }
  for (const [path, { ephemeralOwner }] of tree) {
    if (ephemeralOwner !== 0n && !owners.has(ephemeralOwner)) {
      checker.found.push(`ephemeral ${path} has outlived its session`);
    }
  }
  return checker.found;
}
