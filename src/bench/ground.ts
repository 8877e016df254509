// The znodes of a benchmark: made before it under a root of its own, removed after it.
import type { ZooKeeper } from '../client/api.ts';
import { ZkError } from '../client/errors.ts';
import { createClient } from '../client/index.ts';
import { BenchFailure, Exit } from './failure.ts';
import type { Servers } from './targets.ts';

const CONNECT_TIMEOUT_MS = 10_000;
/** Requests of the preparation that are outstanding. */
const BATCH = 1000;

async function inBatches(count: number, one: (index: number) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < count; from += BATCH) {
    const length = Math.min(BATCH, count - from);
    await Promise.all(Array.from({ length }, (_, i) => one(from + i)));
  }
}

/** Gone is as good as removed. */
async function remove(zk: ZooKeeper, path: string): Promise<void> {
  try {
    await zk.delete(path);
  } catch (error) {
    if (!(error instanceof ZkError && error.code === 'NoNode')) throw error;
  }
}

/** The root and what is below it. All of it is ours: the root must not have been there. */
export class Ground {
  readonly #zk: ZooKeeper;
  readonly #root: string;
  /** In the order of their making; folders may have numbered children. */
  readonly #folders: { readonly path: string; count: () => number }[] = [];

  private constructor(zk: ZooKeeper, root: string) {
    this.#zk = zk;
    this.#root = root;
  }

  /** Connects and makes the root. */
  static async make(servers: Servers, root: string): Promise<Ground> {
    const zk = await connectTo(servers.connectString);
    try {
      await zk.create(root);
    } catch (error) {
      await zk.close();
      if (error instanceof ZkError && error.code === 'NodeExists') {
        throw new BenchFailure(`${root} exists: take another --path, or delete it first`);
      }
      if (error instanceof ZkError && error.code === 'NoNode') {
        throw new BenchFailure(`${root} cannot be made: its parent does not exist`);
      }
      throw error;
    }
    return new Ground(zk, root);
  }

  /** `count` znodes below the root, named by number. */
  async plant(count: number, data: (key: number) => Buffer): Promise<void> {
    let planted = 0;
    this.#folders.push({ path: this.#root, count: () => planted });
    await inBatches(count, async (key) => {
      // A copy: the request is written in this turn, but that is the client's affair.
      const created = this.#zk.create(`${this.#root}/${key}`, Buffer.from(data(key)));
      planted = Math.max(planted, key + 1);
      await created;
    });
  }

  /** A folder for numbered znodes that the benchmark makes itself; `count` says how many it made. */
  async folder(path: string, count: () => number): Promise<void> {
    await this.#zk.create(path);
    this.#folders.push({ path, count });
  }

  /** Removes everything and leaves. */
  async clear(): Promise<void> {
    for (const { path, count } of this.#folders) {
      await inBatches(count(), (number) => remove(this.#zk, `${path}/${number}`));
      if (path !== this.#root) await remove(this.#zk, path);
    }
    await remove(this.#zk, this.#root);
    await this.#zk.close();
  }
}

/** Unlike the library, which tries for ever, it gives up when every server has been tried once. */
async function connectTo(connectString: string): Promise<ZooKeeper> {
  const zk = createClient(connectString);
  const failed = new AbortController();
  let untried = zk.hosts.length;
  zk.on('state', ({ reason, server }) => {
    if (reason === '' || server === null) return;
    untried--;
    if (untried <= 0) failed.abort(new Error(reason));
  });
  try {
    await zk.whenConnected({ timeout: CONNECT_TIMEOUT_MS, signal: failed.signal });
    return zk;
  } catch (error) {
    zk.abandon();
    const why = error instanceof Error ? error.message : String(error);
    throw new BenchFailure(`cannot connect to ${connectString}: ${why}`, Exit.noConnection);
  }
}
