// A server's storage without the server: proposes mixed transactions, applies what is logged,
// and remembers which state belongs to each zxid.
import { sessionId, type Zxid, zxid } from '../../src/base/ids.ts';
import { type Logger, silentLogger } from '../../src/base/logger.ts';
import type { DataDir } from '../../src/server/storage/dataDir.ts';
import type { DataDirOptions } from '../../src/server/storage/dataDirOptions.ts';
import { Marks } from '../../src/server/storage/marks.ts';
import { openDataDir } from '../../src/server/storage/openDataDir.ts';
import { type Recovered, recover } from '../../src/server/storage/recovery.ts';
import { State } from '../../src/state/state.ts';
import {
  applyTxn,
  decodeTxn,
  encodeTxn,
  type SingleTxn,
  type Txn,
} from '../../src/transactions/index.ts';
import { Writer } from '../../src/wire/bytes.ts';
import { OpCode } from '../../src/wire/opcodes.ts';
import { dump } from './goldenTxns.ts';
import { type Random, SimCrash, type SimDisk } from './simDisk.ts';

export const LOG_DIR = '/data/version-2';

export const dumpText = (state: State): string =>
  JSON.stringify(dump(state), (_, value) => (typeof value === 'bigint' ? String(value) : value));

export type History = Map<Zxid, Buffer>;

/** The state after all entries up to `last`, as text. */
export function textAt(history: History, last: Zxid): string {
  const state = new State();
  for (let next = zxid(1n); next <= last; next = zxid(next + 1n)) {
    const entry = history.get(next);
    if (entry === undefined) throw new Error(`nobody proposed ${next}`);
    const { header, txn } = decodeTxn(entry);
    applyTxn(state, header, txn);
  }
  return dumpText(state);
}

const OPEN = [{ perms: 31, id: { scheme: 'world', id: 'anyone' } }];
const READ = [{ perms: 1, id: { scheme: 'world', id: 'anyone' } }];
const OWNED = [{ perms: 31, id: { scheme: 'digest', id: 'a:b' } }];

const unlocked = () => ({ isHeld: () => true, release() {} });

export const simOptions = (disk: SimDisk, more: Partial<DataDirOptions> = {}): DataDirOptions => ({
  dataDir: '/data',
  dataLogDir: '/data',
  preAllocSize: 8192,
  snapCount: 24,
  snapSizeLimit: 0,
  txnLogSizeLimit: 0,
  forceSync: true,
  fsyncWarningMs: 1000,
  snapshotPieceSize: 200,
  logger: silentLogger,
  disk,
  lock: unlocked,
  now: () => 0,
  ...more,
});

export class Life {
  readonly disk: SimDisk;
  readonly random: Random;
  readonly dataDir: DataDir;
  readonly recovered: Recovered;
  /** What has been applied, as a server would show it. */
  readonly live = new State();
  /** What will be when all that was proposed is applied. */
  readonly ahead = new State();
  /** The entry of each zxid; shared by all lives of one directory. */
  readonly history: History;
  acked: Zxid;
  failure: Error | null = null;
  #waiting: Buffer[] = [];
  #snapshots: Promise<void>[] = [];
  #names = 0;

  constructor(
    disk: SimDisk,
    random: Random,
    history: History = new Map(),
    more: Partial<DataDirOptions> = {},
  ) {
    this.disk = disk;
    this.random = random;
    this.history = history;
    this.dataDir = openDataDir(simOptions(disk, { random, ...more }));
    this.dataDir.onLogged = (upTo) => this.#logged(upTo);
    this.dataDir.onFailed = (error) => {
      if (!(error instanceof SimCrash)) this.failure = error;
    };
    this.dataDir.onSnapshotDue = () => this.snapshot();
    this.recovered = this.dataDir.recover(this.live);
    this.acked = this.live.lastZxid;
    examine(disk, this.ahead);
    for (const known of history.keys()) if (known > this.acked) history.delete(known);
  }

  snapshot(): void {
    this.#snapshots.push(
      this.dataDir.snapshot(this.live).catch((error: unknown) => {
        if (!(error instanceof SimCrash)) this.failure ??= error as Error;
      }),
    );
  }

  /** Proposes `count` transactions, a few per turn; ends early when the disk fails. */
  async run(count: number): Promise<void> {
    try {
      for (let left = count; left > 0 && this.failure === null; ) {
        for (let n = 1 + Math.floor(this.random() * 4); n > 0 && left > 0; n--, left--) {
          this.propose(this.#draw());
        }
        await this.turn();
      }
      for (let i = 0; i < 200 && this.failure === null && this.acked < this.ahead.lastZxid; i++) {
        await this.turn();
      }
      for (let i = 0; i < 200 && this.dataDir.isSnapshotting; i++) await this.turn();
    } catch (error) {
      if (!(error instanceof SimCrash)) throw error;
    }
  }

  async turn(): Promise<void> {
    this.dataDir.flush();
    await new Promise(setImmediate);
    this.disk.turn();
    await new Promise(setImmediate);
    if (this.disk.isDead) throw new SimCrash('the machine is gone');
  }

  propose(txn: Txn, session = 1n): void {
    const next = zxid(this.ahead.lastZxid + 1n);
    const time = 1_700_000_000_000 + Number(next);
    const header = { clientId: sessionId(session), cxid: 7, zxid: next, time, type: txn.type };
    applyTxn(this.ahead, header, txn);
    const writer = new Writer();
    encodeTxn(writer, header, txn, { version: 2, treeDigest: this.ahead.tree.digest });
    const entry = writer.copy();
    this.history.set(next, entry);
    this.#waiting.push(entry);
    this.dataDir.append(next, entry);
  }

  #logged(upTo: Zxid): void {
    for (;;) {
      const [entry] = this.#waiting;
      if (entry === undefined) break;
      const { header, txn } = decodeTxn(entry);
      if (header.zxid > upTo) break;
      applyTxn(this.live, header, txn);
      this.#waiting.shift();
    }
    this.acked = upTo;
  }

  #pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.random() * items.length)];
  }

  #draw(): Txn {
    const dice = this.random();
    if (dice < 0.1) return { type: OpCode.multi, txns: this.#multi() };
    if (dice < 0.15) return { type: OpCode.error, err: -101 };
    return this.#single();
  }

  #multi(): SingleTxn[] {
    const name = `/m${this.#names++}-${this.ahead.lastZxid}`;
    const root = this.ahead.tree.get('/');
    const cversion = root === undefined ? 0 : root.cversion;
    return [
      { ...this.#create(name, '/'), parentCVersion: cversion + 1 },
      { type: OpCode.check, path: name, version: 0 },
      { ...this.#create(`${name}/child`, name), parentCVersion: 1 },
      { type: OpCode.setData, path: name, data: Buffer.from('multi'), version: 1 },
    ];
  }

  #create(path: string, parent: string, ephemeral = false) {
    const cversion = this.ahead.tree.get(parent)?.cversion ?? 0;
    const data = Buffer.alloc(Math.floor(this.random() * 300), 'data');
    const acl = this.random() < 0.7 ? OPEN : this.random() < 0.5 ? READ : OWNED;
    const type = OpCode.create;
    return { type, path, data, acl, ephemeral, parentCVersion: cversion + 1 };
  }

  #single(): SingleTxn {
    const { tree, sessions } = this.ahead;
    const dice = this.random();
    const paths = [...tree.nodes]
      .filter(([path]) => !/^\/($|zookeeper)/.test(path))
      .sort(([, a], [, b]) => Number(a.czxid - b.czxid))
      .map(([path]) => path);
    const path = this.#pick(paths);
    if (dice < 0.08) return { type: OpCode.createSession, timeOut: 4000 };
    if (dice < 0.12 && sessions.has(sessionId(1n))) {
      const owned = [...(tree.ephemerals.get(sessionId(1n)) ?? [])];
      return { type: OpCode.closeSession, paths2Delete: owned };
    }
    const node = path === undefined ? undefined : tree.get(path);
    if (path !== undefined && node !== undefined) {
      if (dice < 0.3 && node.children === null) return { type: OpCode.delete, path };
      if (dice < 0.4) {
        const acl = this.#pick([OPEN, READ, OWNED]) ?? OPEN;
        return { type: OpCode.setAcl, path, acl, version: node.aversion + 1 };
      }
      if (dice < 0.6) {
        const data = Buffer.from(`changed ${this.ahead.lastZxid}`);
        return { type: OpCode.setData, path, data, version: node.version + 1 };
      }
    }
    const parent = node !== undefined && node.ephemeralOwner === 0n && dice < 0.85 ? path : '/';
    const name = `n${this.#names++}-${this.ahead.lastZxid}`;
    const full = parent === '/' || parent === undefined ? `/${name}` : `${parent}/${name}`;
    return this.#create(full, parent ?? '/', dice > 0.93);
  }
}

/** Recovers into `state` without touching anything. */
export function examine(disk: SimDisk, state: State, logger: Logger = silentLogger): Recovered {
  const marks = new Marks(disk, LOG_DIR);
  marks.load();
  return recover({ disk, snapDir: LOG_DIR, logDir: LOG_DIR }, marks, state, logger);
}
