// Clients of an ensemble that write, read and watch through all that happens to it, and remember everything.
import { setTimeout as pause } from 'node:timers/promises';
import {
  connect,
  type Stat,
  type WatchedEvent,
  ZkError,
  type ZooKeeper,
} from '../../src/client/index.ts';
import { PATIENCE_MS, waitFor } from './processes.ts';
import { seeded } from './simDisk.ts';

/** A create or a set. Without `stat` its outcome is not known. */
export interface RecordedWrite {
  readonly session: bigint;
  readonly path: string;
  readonly value: string;
  readonly begun: number;
  /** When it was acknowledged; Infinity if that never came. */
  ended: number;
  mzxid: bigint | null;
  version: number;
  /** Order of sending within the session. */
  readonly order: number;
}

/** What a read has shown; `value` null: no such znode. */
export interface RecordedRead {
  readonly session: bigint;
  readonly path: string;
  readonly begun: number;
  /** The newest zxid that the session had seen when it asked. */
  readonly floor: bigint;
  readonly isSynced: boolean;
  readonly value: string | null;
  readonly mzxid: bigint;
  readonly version: number;
}

export interface RecordedWatch {
  readonly path: string;
  /** mzxid of the znode when the watch was left. */
  readonly mzxid: bigint;
  fired: number;
}

export interface RecordedSequence {
  readonly path: string;
  readonly czxid: bigint;
}

export interface History {
  readonly writes: RecordedWrite[];
  readonly reads: RecordedRead[];
  readonly watches: RecordedWatch[];
  readonly sequences: RecordedSequence[];
  /** What was against a promise as soon as it was seen. */
  readonly violations: string[];
}

const SHARED = 4;
const BURST = 8;

/** Errors that say nothing about the fate of a write. */
const isUnknown = (error: unknown): boolean =>
  error instanceof ZkError &&
  ['ConnectionLoss', 'RequestTimeout', 'SessionMoved'].includes(error.code);

const isError = (error: unknown, name: string): boolean =>
  error instanceof ZkError && error.code === name;

/** Whether a read behind a sync at the server with this address must show all that was acknowledged. */
type HeedsSync = (server: string | null) => Promise<boolean>;

interface LoadOptions {
  readonly random: () => number;
  readonly heedsSync: HeedsSync;
}

/** One client with its session; each write carries a value that no other has. */
class Worker {
  readonly id: number;
  readonly #history: History;
  readonly #random: () => number;
  readonly #heedsSync: HeedsSync;
  readonly client: ZooKeeper;
  /** Paths of its ephemerals that were acknowledged and not deleted. */
  readonly ephemerals = new Set<string>();
  /** When the last acknowledged write was sent. */
  ackedAt = 0;
  acked = 0;
  isExpired = false;
  #values = 0;
  #order = 0;
  #seen = 0n;
  #isStopping = false;
  #end: Promise<void> = Promise.resolve();
  /** Names below its own folder; a write of unknown outcome makes a name that is not used again. */
  readonly #own: string[] = [];

  constructor(id: number, client: ZooKeeper, load: LoadOptions & { history: History }) {
    this.id = id;
    this.client = client;
    this.#history = load.history;
    this.#random = load.random;
    this.#heedsSync = load.heedsSync;
    client.on('state', ({ state }) => {
      if (state === 'expired') this.isExpired = true;
    });
  }

  get dir(): string {
    return `/load/w${this.id}`;
  }

  start(): void {
    this.#isStopping = false;
    this.#end = this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#end;
  }

  async #run(): Promise<void> {
    while (!this.#isStopping && !this.isExpired) {
      try {
        await this.#step();
      } catch (error) {
        if (isError(error, 'SessionExpired')) break;
        if (!isUnknown(error)) {
          this.#history.violations.push(`worker ${this.id}: ${error}`);
          break;
        }
        // The client looks for another server by itself.
        await pause(5);
      }
    }
  }

  async #step(): Promise<void> {
    const dice = this.#random();
    if (dice < 0.3) await this.#write(this.#shared(), false);
    else if (dice < 0.4) await this.#create(false);
    else if (dice < 0.45) await this.#create(true);
    else if (dice < 0.5) await this.#sequence();
    else if (dice < 0.55) await this.#remove();
    else if (dice < 0.65) await this.#burst();
    else if (dice < 0.75) await this.#versioned();
    else if (dice < 0.8) await this.#read(this.#shared(), true);
    else if (dice < 0.85) await this.#watch(this.#shared());
    else await this.#read(this.#shared(), false);
  }

  #shared(): string {
    return `/load/s${Math.floor(this.#random() * SHARED)}`;
  }

  #begin(path: string, value = `w${this.id}-${++this.#values}`): RecordedWrite {
    const write: RecordedWrite = {
      session: this.client.sessionId,
      path,
      value,
      begun: performance.now(),
      ended: Number.POSITIVE_INFINITY,
      mzxid: null,
      version: -1,
      order: ++this.#order,
    };
    this.#history.writes.push(write);
    return write;
  }

  #acknowledged(write: RecordedWrite, { mzxid, version }: Stat): void {
    write.ended = performance.now();
    write.mzxid = mzxid;
    write.version = version;
    this.#saw(mzxid);
    this.acked++;
    this.ackedAt = Math.max(this.ackedAt, write.begun);
  }

  #saw(zxid: bigint): void {
    if (zxid > this.#seen) this.#seen = zxid;
  }

  async #write(path: string, isPipelined: boolean): Promise<void> {
    const write = this.#begin(path);
    const stat = await this.client.set(path, write.value);
    if (!isPipelined && this.#seen > stat.mzxid) {
      const { id } = this;
      this.#history.violations.push(
        `worker ${id}: its write of ${path} has an older zxid than what it saw`,
      );
    }
    this.#acknowledged(write, stat);
  }

  /** Writes without waiting for answers: they come, and take effect, in the order of sending. */
  async #burst(): Promise<void> {
    const path = this.#shared();
    const sent = Array.from({ length: BURST }, () => this.#write(path, true));
    const results = await Promise.allSettled(sent);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #create(isEphemeral: boolean): Promise<void> {
    const path = `${this.dir}/n${++this.#values}`;
    const write = this.#begin(path);
    const { stat } = await this.client.create(path, write.value, {
      mode: isEphemeral ? 'ephemeral' : 'persistent',
      stat: true,
    });
    if (stat === null) throw new Error(`no stat of ${path}`);
    this.#acknowledged(write, stat);
    if (isEphemeral) this.ephemerals.add(path);
    else this.#own.push(path);
  }

  async #sequence(): Promise<void> {
    const begun = performance.now();
    const { path, stat } = await this.client.create('/load/seq/n-', `w${this.id}`, {
      mode: 'persistentSequential',
      stat: true,
    });
    if (stat === null) throw new Error(`no stat of ${path}`);
    this.#saw(stat.czxid);
    this.acked++;
    this.ackedAt = Math.max(this.ackedAt, begun);
    this.#history.sequences.push({ path, czxid: stat.czxid });
  }

  async #remove(): Promise<void> {
    const path = this.#own.length > 20 ? this.#own.shift() : undefined;
    if (path === undefined) return;
    // A delete is answered without a zxid: only when it was acknowledged is known.
    const write = this.#begin(path, DELETED);
    await this.client.delete(path);
    write.ended = performance.now();
    if ((await this.client.exists(path)) !== null) {
      this.#history.violations.push(`worker ${this.id}: ${path} is there after its delete`);
    }
  }

  /** A write on condition that nothing has come between. */
  async #versioned(): Promise<void> {
    const path = this.#shared();
    const { version } = await this.#read(path, false);
    const write = this.#begin(path);
    try {
      const stat = await this.client.set(path, write.value, { version });
      if (stat.version !== version + 1) {
        const versions = `${version} became ${stat.version}`;
        this.#history.violations.push(`worker ${this.id}: version of ${path}: ${versions}`);
      }
      this.#acknowledged(write, stat);
    } catch (error) {
      if (!isError(error, 'BadVersion')) throw error;
      // It was refused: it has not happened.
      this.#history.writes.splice(this.#history.writes.indexOf(write), 1);
    }
  }

  async #read(path: string, behindSync: boolean): Promise<{ version: number }> {
    const begun = performance.now();
    const floor = this.#seen;
    if (behindSync) void this.client.sync(path).catch(() => undefined); // the read fails with it
    const { data, stat } = await this.client.get(path);
    const isSynced = behindSync && (await this.#heedsSync(this.client.server));
    const { mzxid, version } = stat;
    const { sessionId: session } = this.client;
    const value = data?.toString() ?? null;
    this.#history.reads.push({ session, path, begun, floor, isSynced, value, mzxid, version });
    this.#saw(mzxid);
    return { version };
  }

  async #watch(path: string): Promise<void> {
    const begun = performance.now();
    const floor = this.#seen;
    let watch: RecordedWatch | null = null;
    const seenBefore: WatchedEvent[] = [];
    const { data, stat } = await this.client.get(path, {
      watch: (event) => {
        if (event.type === 'None') return;
        if (watch === null) seenBefore.push(event);
        else watch.fired++;
      },
    });
    const { mzxid, version } = stat;
    watch = { path, mzxid, fired: seenBefore.length };
    this.#history.watches.push(watch);
    const { sessionId: session } = this.client;
    const value = data?.toString() ?? null;
    this.#history.reads.push({
      session,
      path,
      begun,
      floor,
      isSynced: false,
      value,
      mzxid,
      version,
    });
    this.#saw(mzxid);
    const again = await this.client.get(path);
    // The event comes before the data that it tells of.
    if (again.stat.mzxid !== mzxid && watch.fired === 0) {
      const what = `${path} at ${again.stat.mzxid}, watched at ${mzxid}`;
      this.#history.violations.push(`worker ${this.id}: no event before the new data of ${what}`);
    }
    this.#saw(again.stat.mzxid);
  }
}

/** The value that stands for a delete. */
export const DELETED = '(deleted)';

export class Load {
  readonly history: History = { writes: [], reads: [], watches: [], sequences: [], violations: [] };
  readonly workers: Worker[] = [];
  readonly #options: LoadOptions;

  /** `heedsSync` is true of every server by default. */
  constructor(seed: number, heedsSync: HeedsSync = async () => true) {
    this.#options = { random: seeded(seed), heedsSync };
  }

  /** Connects the workers, each with these servers in an order of its own, and sets them to work. */
  async start(hosts: string, count = 5, sessionTimeout = 20_000): Promise<void> {
    for (let id = 1; id <= count; id++) {
      const client = await connect(hosts, { sessionTimeout, connectTimeout: 20_000 });
      this.workers.push(new Worker(id, client, { ...this.#options, history: this.history }));
    }
    const [first] = this.workers;
    if (first === undefined) throw new Error('no workers');
    await first.client.create('/load');
    await first.client.create('/load/seq');
    for (let i = 0; i < SHARED; i++) await first.client.create(`/load/s${i}`, 'first');
    for (const { client, dir } of this.workers) {
      await client.sync('/load');
      await client.create(dir);
    }
    for (const worker of this.workers) worker.start();
    await this.carriedOn();
  }

  get acked(): number {
    return this.workers.reduce((sum, { acked }) => sum + acked, 0);
  }

  /** Waits until each worker had a write acknowledged that it sent after this call. */
  async carriedOn(patience = PATIENCE_MS): Promise<void> {
    const since = performance.now();
    const missing = () => this.workers.filter(({ ackedAt }) => ackedAt <= since);
    try {
      await waitFor('every client to write on', () => missing().length === 0, patience);
    } catch (error) {
      const stuck = missing().map(({ id, client }) => `${id}: ${client.state} ${client.server}`);
      const said = this.history.violations.join('; ');
      throw new Error(`${(error as Error).message}: ${stuck.join(', ')} ${said}`);
    }
  }

  /** Waits for `count` more acknowledged writes. */
  async more(count: number, patience = PATIENCE_MS): Promise<void> {
    const enough = this.acked + count;
    await waitFor(`${count} more writes`, () => this.acked >= enough, patience);
  }

  /** The workers end what they are at; their sessions stay. */
  async stop(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.stop()));
  }

  resume(): void {
    for (const worker of this.workers) worker.start();
  }

  async close(): Promise<void> {
    await this.stop();
    await Promise.all(this.workers.map(({ client }) => client.close()));
  }
}
