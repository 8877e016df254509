// The znodes of a benchmark: made before it under a root of its own, removed after it.
import { setTimeout } from 'node:timers/promises';
import type { ZooKeeper } from '../client/api.ts';
import { ZkError } from '../client/errors.ts';
import { createClient } from '../client/index.ts';
import { BenchFailure, Exit } from './failure.ts';
import type { Servers } from './targets.ts';

const CONNECT_TIMEOUT_MS = 10_000;
/** For a server to come back, or another leader, before what was made is left behind. */
const RECONNECT_TIMEOUT_MS = 10_000;
const RETRY_MS = 200;
/** Requests of the preparation that are outstanding. */
const BATCH = 1000;

async function inBatches(count: number, one: (index: number) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < count; from += BATCH) {
    const length = Math.min(BATCH, count - from);
    await Promise.all(Array.from({ length }, (_, i) => one(from + i)));
  }
}

/** Gone is as good as removed. A lost connection may come back until `giveUpAt`, as after an election. */
async function remove(zk: ZooKeeper, path: string, giveUpAt: number): Promise<void> {
  for (;;) {
    try {
      await zk.delete(path);
      return;
    } catch (error) {
      const code = error instanceof ZkError ? error.code : null;
      if (code === 'NoNode') return;
      if (code !== 'ConnectionLoss' || performance.now() > giveUpAt) throw error;
      await setTimeout(RETRY_MS);
    }
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

  /** Does the work, then removes everything and leaves. Of two failures the first is thrown. */
  async used<T>(work: () => Promise<T>): Promise<T> {
    let result: T;
    try {
      result = await work();
    } catch (error) {
      const left = await this.#clear();
      if (left !== null) process.stderr.write(`${left.message}\n`);
      throw error;
    }
    const left = await this.#clear();
    if (left !== null) throw left;
    return result;
  }

  async #clear(): Promise<BenchFailure | null> {
    const giveUpAt = performance.now() + RECONNECT_TIMEOUT_MS;
    const zk = this.#zk;
    try {
      for (const { path, count } of this.#folders) {
        await inBatches(count(), (number) => remove(zk, `${path}/${number}`, giveUpAt));
        if (path !== this.#root) await remove(zk, path, giveUpAt);
      }
      await remove(zk, this.#root, giveUpAt);
      await zk.close();
      return null;
    } catch (error) {
      // A client that is not ended would keep the program running.
      zk.abandon();
      return new BenchFailure(`${this.#root} is left behind: ${(error as Error).message}`);
    }
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
