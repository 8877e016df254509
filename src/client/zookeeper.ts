// The client object: each operation of the protocol as a method with a promise.

import { EventEmitter } from 'node:events';
import { ErrorCode } from '../wire/errors.ts';
import type {
  Acl,
  AddWatchMode,
  CallOptions,
  ClientEvents,
  ClientInfo,
  ConnectOptions,
  Created,
  CreateOptions,
  Data,
  HeldWatch,
  IteratedEvent,
  NodeAcl,
  NodeChildren,
  NodeData,
  Operation,
  OperationResult,
  ReadOperation,
  ReadResult,
  ReconfigRequest,
  RemoveWatchesOptions,
  Stat,
  State,
  Transaction,
  VersionOptions,
  Watcher,
  WatchIteratorOptions,
  WatchOptions,
  ZooKeeper,
} from './api.ts';
import { authBytes } from './auth.ts';
import type { Request } from './calls.ts';
import { untilConnected } from './connected.ts';
import { type ConnectString, parseConnectString } from './connectString.ts';
import { WatchIterator } from './iterate.ts';
import { bytesOf, checkCreation, checkOperation, multiError, versionOf } from './multi.ts';
import { checkPath, withChroot, withoutChroot } from './path.ts';
import * as requests from './requests.ts';
import { Session } from './session.ts';
import { TransactionBuilder } from './transaction.ts';
import { realWorld, type World } from './world.ts';

/** The node of the membership; it lies outside of every chroot. */
const CONFIG = { path: '/zookeeper/config', serverPath: '/zookeeper/config' };

export class Client implements ZooKeeper {
  readonly #emitter = new EventEmitter();
  readonly #connectString: ConnectString;
  readonly #session: Session;
  readonly #world: World;

  constructor(hosts: string, options: ConnectOptions, world: World = realWorld) {
    this.#world = world;
    this.#connectString = parseConnectString(hosts);
    const { sessionTimeout = 1 } = options;
    if (!(sessionTimeout > 0 && sessionTimeout === (sessionTimeout | 0))) {
      throw new TypeError(`sessionTimeout must be 1 to 2147483647 ms, got ${sessionTimeout}`);
    }
    this.#emitter.setMaxListeners(0);
    if (options.watcher !== undefined) this.#emitter.on('event', options.watcher);
    const listener = {
      state: (event: unknown) => void this.#emitter.emit('state', event),
      event: (event: unknown) => void this.#emitter.emit('event', event),
    };
    this.#session = new Session(this.#connectString, options, listener, world);
  }

  get state(): State {
    return this.#session.state;
  }
  get isConnected(): boolean {
    return this.#session.isConnected;
  }
  get sessionId(): bigint {
    return this.#session.id;
  }
  get sessionPassword(): Buffer {
    return Buffer.from(this.#session.password);
  }
  get sessionTimeout(): number {
    return this.#session.timeoutMs;
  }
  get lastZxid(): bigint {
    return this.#session.lastZxid;
  }
  get server(): string | null {
    return this.#session.server;
  }
  get hosts(): readonly string[] {
    return this.#connectString.hosts.map((host) => host.name);
  }
  get chroot(): string {
    return this.#session.chroot;
  }

  on<K extends keyof ClientEvents>(event: K, listener: (...args: ClientEvents[K]) => void): this {
    this.#emitter.on(event, listener as (...args: unknown[]) => void);
    return this;
  }
  once<K extends keyof ClientEvents>(event: K, listener: (...args: ClientEvents[K]) => void): this {
    this.#emitter.once(event, listener as (...args: unknown[]) => void);
    return this;
  }
  off<K extends keyof ClientEvents>(event: K, listener: (...args: ClientEvents[K]) => void): this {
    this.#emitter.off(event, listener as (...args: unknown[]) => void);
    return this;
  }

  whenConnected(options: CallOptions = {}): Promise<void> {
    return untilConnected(this, this.#world, options);
  }

  async create(path: string, data?: Data, options: CreateOptions = {}): Promise<Created> {
    const creation = { ...options, path, data };
    checkCreation(creation);
    return this.#submit(requests.create(this.chroot, creation), options);
  }

  async get(path: string, options: WatchOptions = {}): Promise<NodeData> {
    const at = this.#place(path);
    return this.#submit(requests.get(at, this.#watching('data', at.serverPath, options)), options);
  }

  async getString(path: string, options: WatchOptions = {}): Promise<string | null> {
    const { data } = await this.get(path, options);
    return data === null ? null : data.toString();
  }

  async set(path: string, data: Data, options: VersionOptions = {}): Promise<Stat> {
    const at = this.#place(path);
    return this.#submit(requests.set(at, bytesOf(data), versionOf(options.version)), options);
  }

  async delete(path: string, options: VersionOptions = {}): Promise<void> {
    checkPath(path);
    return this.#submit(requests.remove(this.chroot, path, versionOf(options.version)), options);
  }

  async exists(path: string, options: WatchOptions = {}): Promise<Stat | null> {
    const at = this.#place(path);
    const watching = this.#watching('exist', at.serverPath, options);
    return this.#submit(requests.exists(at, watching), options);
  }

  async children(
    path: string,
    options: WatchOptions & { readonly stat?: boolean | undefined } = {},
  ): Promise<NodeChildren> {
    const at = this.#place(path);
    const watching = this.#watching('child', at.serverPath, options);
    return this.#submit(requests.children(at, watching, options.stat !== false), options);
  }

  async allChildrenNumber(path: string, options: CallOptions = {}): Promise<number> {
    return this.#submit(requests.allChildrenNumber(this.#place(path)), options);
  }

  async ephemerals(prefix = '/', options: CallOptions = {}): Promise<string[]> {
    checkPath(prefix);
    return this.#submit(requests.ephemerals(this.chroot, prefix), options);
  }

  async getAcl(path: string, options: CallOptions = {}): Promise<NodeAcl> {
    return this.#submit(requests.getAcl(this.#place(path)), options);
  }

  async setAcl(path: string, acl: readonly Acl[], options: VersionOptions = {}): Promise<Stat> {
    const request = requests.setAcl(this.#place(path), acl, versionOf(options.version));
    return this.#submit(request, options);
  }

  async sync(path: string, options: CallOptions = {}): Promise<string> {
    return this.#submit(requests.sync(this.chroot, this.#place(path)), options);
  }

  async multi(
    operations: readonly Operation[],
    options: CallOptions = {},
  ): Promise<OperationResult[]> {
    for (const operation of operations) checkOperation(operation);
    if (operations.length === 0) return [];
    const results = await this.#submit(requests.multi(this.chroot, operations), options);
    const error = multiError(operations, results);
    if (error !== null) throw error;
    return results;
  }

  async multiRead(
    operations: readonly ReadOperation[],
    options: CallOptions = {},
  ): Promise<ReadResult[]> {
    for (const { path } of operations) checkPath(path);
    if (operations.length === 0) return [];
    return this.#submit(requests.multiRead(this.chroot, operations), options);
  }

  transaction(): Transaction {
    return new TransactionBuilder((operations, options) => this.multi(operations, options));
  }

  async whoAmI(options: CallOptions = {}): Promise<ClientInfo[]> {
    return this.#submit(requests.whoAmI(), options);
  }

  async config(options: WatchOptions = {}): Promise<NodeData> {
    const watching = this.#watching('data', CONFIG.serverPath, options);
    return this.#submit(requests.get(CONFIG, watching, 'config'), options);
  }

  async reconfig(request: ReconfigRequest, options: CallOptions = {}): Promise<NodeData> {
    return this.#submit(requests.reconfig(request), options);
  }

  async addAuth(
    scheme: string,
    auth: string | Uint8Array,
    options: CallOptions = {},
  ): Promise<void> {
    return this.#session.addAuth(scheme, authBytes(auth), options);
  }

  async addWatch(
    path: string,
    mode: AddWatchMode,
    watcher: Watcher | boolean = true,
    options: CallOptions = {},
  ): Promise<void> {
    const at = this.#place(path);
    const added = this.#watcherOf(watcher);
    if (added === null) throw new TypeError('addWatch needs a watcher');
    const finish = (err: number) => {
      // A persistent watch waits for a node that is not there yet, too.
      if (err === ErrorCode.ok || err === ErrorCode.noNode) {
        this.#session.watches.add(mode, at.serverPath, added);
      }
      return err;
    };
    return this.#submit(requests.addWatch(at, mode, finish), options);
  }

  async removeWatches(path: string, options: RemoveWatchesOptions = {}): Promise<void> {
    const at = this.#place(path);
    const { kind = 'any', local = false } = options;
    const watcher = this.#watcherOf(options.watcher);
    const finish = (err: number) => {
      const removed = this.#session.watches.remove(at.serverPath, watcher, kind, local, err);
      if (typeof removed === 'number') return removed;
      this.#session.tellRemoved(removed, at.serverPath, err);
      return ErrorCode.ok;
    };
    return this.#submit(requests.removeWatches(at, kind, watcher !== null, finish), options);
  }

  watches(): HeldWatch[] {
    const { chroot, watches } = this.#session;
    return watches.list().map((held) => ({ ...held, path: withoutChroot(chroot, held.path) }));
  }

  watch(path: string, options: WatchIteratorOptions = {}): AsyncIterableIterator<IteratedEvent> {
    checkPath(path);
    return new WatchIterator(this, path, options);
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#session.close(resolve));
  }

  abandon(): void {
    this.#session.abandon('abandoned');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #submit<T>(request: Request<T>, options: CallOptions): Promise<T> {
    return this.#session.submit(request, options);
  }

  #place(path: string): requests.Place {
    checkPath(path);
    return { path, serverPath: withChroot(this.chroot, path) };
  }

  #watcherOf(watch: Watcher | boolean | undefined): Watcher | null {
    if (typeof watch === 'function') return watch;
    return watch === true ? this.#session.defaultWatcher : null;
  }

  /** A watch is registered by the answer: on a node for all three kinds, on a missing one for exists only. */
  #watching(
    kind: 'data' | 'exist' | 'child',
    serverPath: string,
    options: WatchOptions,
  ): requests.Watching {
    const watcher = this.#watcherOf(options.watch);
    const { watches } = this.#session;
    const finish = (err: number) => {
      if (watcher === null) return err;
      if (err === ErrorCode.ok) watches.add(kind === 'exist' ? 'data' : kind, serverPath, watcher);
      else if (err === ErrorCode.noNode && kind === 'exist') watches.add(kind, serverPath, watcher);
      return err;
    };
    return { watch: watcher !== null, finish };
  }
}
