// The public types of the client library: what `import ... from 'zookeeper-ts'` lets a program see.

import type { Acl, ClientInfo, Id, Stat } from '../wire/data.ts';
import type { CreateMode as CreateModes } from '../wire/opcodes.ts';
import type { ZkError } from './errors.ts';

export type { Acl, ClientInfo, Id, Stat };

/** Names of the seven kinds of create; the TTL ones need `ttl`, in milliseconds. */
export type CreateMode = keyof typeof CreateModes;

/** What a znode holds: bytes, text (stored as UTF-8), or null for no data at all. */
export type Data = Uint8Array | string | null;

/** Where the client stands; `connecting` also while it looks for a server after a disconnection. */
export type State =
  | 'connecting'
  | 'connected'
  | 'connectedReadOnly'
  | 'authFailed'
  | 'expired'
  | 'closed';

/**
 * A step in the life of the client:
 * - `connecting`: an attempt begins (`server` says at which address), or has failed (`reason` says why,
 *   for example `connect ECONNREFUSED 127.0.0.1:2181`);
 * - `connected`, `connectedReadOnly`: the session is established or resumed at `server`;
 * - `disconnected`: an established connection is lost; requests in flight fail with ConnectionLoss;
 * - `probablyExpired`: disconnected for longer than the session timeout; only a server can tell;
 * - `expired`: a server said that the session is gone, with its ephemerals and watches;
 * - `authFailed`: a server refused the credentials; final;
 * - `closed`: `close()` or `abandon()` is done; final.
 */
export interface StateEvent {
  readonly state: State | 'disconnected' | 'probablyExpired';
  /** Why, in words of the system where there are any; empty when there is nothing to add. */
  readonly reason: string;
  /** host:port that it is about, null when none is. */
  readonly server: string | null;
  /** Watches that went with the session; other than 0 only for `expired`. */
  readonly watchesLost: number;
}

/** Types of event by Apache's names. `None` tells of the session, not of a znode. */
export type WatchedEventType =
  | 'None'
  | 'NodeCreated'
  | 'NodeDeleted'
  | 'NodeDataChanged'
  | 'NodeChildrenChanged'
  | 'DataWatchRemoved'
  | 'ChildWatchRemoved'
  | 'PersistentWatchRemoved';

/** States in an event, by Apache's names (`Watcher.Event.KeeperState`). */
export type WatchedEventState =
  | 'Disconnected'
  | 'SyncConnected'
  | 'AuthFailed'
  | 'ConnectedReadOnly'
  | 'SaslAuthenticated'
  | 'Expired'
  | 'Closed';

/** What a watcher is told; the two lines of Apache's shell show exactly these. */
export interface WatchedEvent {
  readonly type: WatchedEventType;
  readonly state: WatchedEventState;
  /** The znode without the chroot; null for `None`. */
  readonly path: string | null;
}

/**
 * Called in the order in which the server wrote events and replies: the event of one's own write before
 * that write's promise settles, and after the promises of all earlier replies have run.
 */
export type Watcher = (event: WatchedEvent) => void;

/** What every call takes. Neither takes back a request that is already on its way to the server. */
export interface CallOptions {
  /** Rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Rejects with RequestTimeout after so many milliseconds. */
  readonly timeout?: number | undefined;
}

export interface WatchOptions extends CallOptions {
  /**
   * A callback for one change of the node; `true` for the default watcher, the `event` listeners.
   * Session events (`None`) reach it too, until it is used up, as with Apache's client.
   */
  readonly watch?: Watcher | boolean | undefined;
}

export interface VersionOptions extends CallOptions {
  /** The version the znode must have; -1, the default, for any. */
  readonly version?: number | undefined;
}

export interface CreateOptions extends CallOptions {
  /** `persistent` by default. */
  readonly mode?: CreateMode | undefined;
  /** OPEN_ACL_UNSAFE by default. */
  readonly acl?: readonly Acl[] | undefined;
  /** Milliseconds without children or changes after which the server removes a TTL node. */
  readonly ttl?: number | undefined;
  /** Ask for the stat as well (3.5 and later servers). */
  readonly stat?: boolean | undefined;
}

export interface Created {
  /** The name the znode got, with the counter when sequential. */
  readonly path: string;
  /** Null when it was not asked for; containers and TTL nodes always bring it. */
  readonly stat: Stat | null;
}

export interface NodeData {
  readonly data: Buffer | null;
  readonly stat: Stat;
}

export interface NodeChildren {
  /** Names, not paths, in the server's order, which is none. */
  readonly names: string[];
  /** Null only when `{stat: false}` asked for the old request. */
  readonly stat: Stat | null;
}

export interface NodeAcl {
  readonly acl: Acl[];
  readonly stat: Stat;
}

/** How a create in a multi may differ: servers give no stat there, except of containers and TTL nodes. */
export type CreatePartOptions = Omit<CreateOptions, keyof CallOptions | 'stat'>;

/** One part of a multi. */
export type Operation =
  | ({
      readonly op: 'create';
      readonly path: string;
      readonly data?: Data | undefined;
    } & CreatePartOptions)
  | { readonly op: 'delete'; readonly path: string; readonly version?: number | undefined }
  | {
      readonly op: 'set';
      readonly path: string;
      readonly data: Data;
      readonly version?: number | undefined;
    }
  | { readonly op: 'check'; readonly path: string; readonly version: number };

/** The same place in the results as the operation had; a failed multi throws a ZkError with `results`. */
export type OperationResult =
  | { readonly op: 'create'; readonly path: string; readonly stat: Stat | null }
  | { readonly op: 'delete' }
  | { readonly op: 'set'; readonly stat: Stat }
  | { readonly op: 'check' }
  | { readonly op: 'error'; readonly errno: number };

/** Operations gathered for one multi: `await zk.transaction().check(...).create(...).commit()`. */
export interface Transaction {
  create(path: string, data?: Data, options?: CreatePartOptions): this;
  delete(path: string, version?: number): this;
  set(path: string, data: Data, version?: number): this;
  check(path: string, version: number): this;
  commit(options?: CallOptions): Promise<OperationResult[]>;
}

/** One part of a multiRead. */
export type ReadOperation = { readonly op: 'get' | 'children'; readonly path: string };

/** Reads fail one by one, so an error is a result here. */
export type ReadResult =
  | { readonly op: 'get'; readonly data: Buffer | null; readonly stat: Stat }
  | { readonly op: 'children'; readonly names: string[] }
  | { readonly op: 'error'; readonly error: ZkError };

export type AddWatchMode = 'persistent' | 'persistentRecursive';
export type WatcherKind = 'children' | 'data' | 'any';

export interface RemoveWatchesOptions extends CallOptions {
  /** Which kind; `any` by default. */
  readonly kind?: WatcherKind | undefined;
  /** Only this watcher (`true`: the default watcher); all of the path when left out. */
  readonly watcher?: Watcher | boolean | undefined;
  /** Forget them here even when no server can be asked. */
  readonly local?: boolean | undefined;
}

/** A watch that this client holds. */
export interface HeldWatch {
  readonly path: string;
  readonly kind: 'data' | 'exist' | 'child' | AddWatchMode;
  /** How many different watchers wait for it. */
  readonly watchers: number;
}

export interface WatchIteratorOptions {
  /** `persistent` by default; `persistentRecursive` needs a 3.6 server. */
  readonly mode?: AddWatchMode | undefined;
  /** Ends the iteration, without an error. */
  readonly signal?: AbortSignal | undefined;
}

/** An event of `zk.watch()`. */
export interface IteratedEvent extends WatchedEvent {
  /** Changes may have gone unseen before this event: there was a disconnection or a re-armed watch. */
  readonly gap: boolean;
}

export interface ReconfigRequest {
  /** Incremental: `server.4=h:p:p:participant;p` lines joined by commas, and ids to leave. */
  readonly joining?: string | undefined;
  readonly leaving?: string | undefined;
  /** Whole: the new membership. */
  readonly members?: string | undefined;
  /** Version of the configuration (hex in `version=`) that this may change; -1n for any. */
  readonly fromConfig?: bigint | undefined;
}

export interface AuthInfo {
  readonly scheme: string;
  readonly auth: string | Uint8Array;
}

export interface ConnectOptions {
  /** Asked of the server, in milliseconds; it may grant another. 30 000 by default. */
  readonly sessionTimeout?: number | undefined;
  /** How long `connect` waits for the first connection, in ms; for ever by default. */
  readonly connectTimeout?: number | undefined;
  /** A read-only server is better than none. */
  readonly readOnly?: boolean | undefined;
  /** Credentials that are sent first on every connection. */
  readonly auth?: readonly AuthInfo[] | undefined;
  /** Resume this session instead of starting one. */
  readonly session?: { readonly id: bigint; readonly password: Uint8Array } | undefined;
  /** The default watcher: gets every session event and what watches with `true` bring. */
  readonly watcher?: Watcher | undefined;
  /** Longest reply accepted, in bytes (`jute.maxbuffer` of Apache's clients); 64 MiB by default. */
  readonly maxFrame?: number | undefined;
  /** Ends the wait of `connect` and closes the client; not looked at by `createClient`. */
  readonly signal?: AbortSignal | undefined;
}

export interface ClientEvents {
  /** Every step, in order with `event`. */
  state: [event: StateEvent];
  /** What the default watcher gets: session events (`None`), and watches set with `true`. */
  event: [event: WatchedEvent];
}

/** A session with an ensemble. Paths are those below the chroot of the connect string. */
export interface ZooKeeper {
  readonly state: State;
  /** `state` is `connected` or `connectedReadOnly`. */
  readonly isConnected: boolean;
  /** 0n until the first connection. */
  readonly sessionId: bigint;
  readonly sessionPassword: Buffer;
  /** Negotiated, in milliseconds; what was asked for until the first connection. */
  readonly sessionTimeout: number;
  /** The newest transaction this client has seen. */
  readonly lastZxid: bigint;
  /** host:port of the server it is connected to, null when it is not. */
  readonly server: string | null;
  /** host:port list of the connect string, in its order. */
  readonly hosts: readonly string[];
  /** '' when there is none. */
  readonly chroot: string;

  on<K extends keyof ClientEvents>(event: K, listener: (...args: ClientEvents[K]) => void): this;
  once<K extends keyof ClientEvents>(event: K, listener: (...args: ClientEvents[K]) => void): this;
  off<K extends keyof ClientEvents>(event: K, listener: (...args: ClientEvents[K]) => void): this;

  /** Settles at the first connection; rejects when the client ends before, or as `options` say. */
  whenConnected(options?: CallOptions): Promise<void>;

  create(path: string, data?: Data, options?: CreateOptions): Promise<Created>;
  get(path: string, options?: WatchOptions): Promise<NodeData>;
  getString(path: string, options?: WatchOptions): Promise<string | null>;
  set(path: string, data: Data, options?: VersionOptions): Promise<Stat>;
  delete(path: string, options?: VersionOptions): Promise<void>;
  /** Null when there is no such node; a watch then waits for its creation. */
  exists(path: string, options?: WatchOptions): Promise<Stat | null>;
  children(
    path: string,
    options?: WatchOptions & { readonly stat?: boolean | undefined },
  ): Promise<NodeChildren>;
  allChildrenNumber(path: string, options?: CallOptions): Promise<number>;
  /** Paths of this session's ephemerals at or below `prefix` ('/' by default). */
  ephemerals(prefix?: string, options?: CallOptions): Promise<string[]>;
  getAcl(path: string, options?: CallOptions): Promise<NodeAcl>;
  /** `version` is the aversion. */
  setAcl(path: string, acl: readonly Acl[], options?: VersionOptions): Promise<Stat>;
  sync(path: string, options?: CallOptions): Promise<string>;

  /** All or nothing; a ZkError names the first failing operation in `index`. */
  multi(operations: readonly Operation[], options?: CallOptions): Promise<OperationResult[]>;
  multiRead(operations: readonly ReadOperation[], options?: CallOptions): Promise<ReadResult[]>;
  transaction(): Transaction;

  whoAmI(options?: CallOptions): Promise<ClientInfo[]>;
  /** /zookeeper/config, whatever the chroot. */
  config(options?: WatchOptions): Promise<NodeData>;
  reconfig(request: ReconfigRequest, options?: CallOptions): Promise<NodeData>;

  /** Also sent on every later connection; settles when the server took it. */
  addAuth(scheme: string, auth: string | Uint8Array, options?: CallOptions): Promise<void>;

  /** Without `watcher` the default watcher gets the events. */
  addWatch(
    path: string,
    mode: AddWatchMode,
    watcher?: Watcher | boolean,
    options?: CallOptions,
  ): Promise<void>;
  removeWatches(path: string, options?: RemoveWatchesOptions): Promise<void>;
  /** What is watched now. */
  watches(): HeldWatch[];
  /** Events of a znode until the loop is left, the signal aborts or the session ends. */
  watch(path: string, options?: WatchIteratorOptions): AsyncIterableIterator<IteratedEvent>;

  /** Ends the session at the server (its ephemerals go at once); settles when the socket is closed. */
  close(): Promise<void>;
  /** Drops the socket and leaves the session to expire at the server. */
  abandon(): void;
  /** `close()`, for `await using zk = await connect(...)`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** `connect`: settles with the first connection; rejects (and closes) as the options say. */
export type Connect = (hosts: string, options?: ConnectOptions) => Promise<ZooKeeper>;
/** `createClient`: a client that is still connecting; throws TypeError on a bad connect string. */
export type CreateClient = (hosts: string, options?: ConnectOptions) => ZooKeeper;
