// One client's connection as the replica sees it: its session, its order of requests, its answers.
import { Fifo } from '../base/fifo.ts';
import { NO_SESSION, type SessionId, type Zxid } from '../base/ids.ts';
import { checkAcl } from '../state/acl.ts';
import { type AuthOptions, ipId } from '../state/auth.ts';
import type { Watcher } from '../state/watches.ts';
import type { Writer } from '../wire/bytes.ts';
import type { Acl, Id } from '../wire/data.ts';
import { Frames } from '../wire/frames.ts';
import { type EventType, KeeperState, Perm, Xid } from '../wire/opcodes.ts';
import type { Writers } from '../wire/writers.ts';
import type { SyncPoint } from './pipeline.ts';

/** A request that waits: a write for its commit, a read for the writes before it. */
export interface Waiting {
  readonly kind: 'write' | 'read' | 'connect';
  readonly xid: number;
  readonly opcode: number;
  /** The request's body, for a read; a write has been prepared already. */
  readonly body: Buffer | null;
  /** Of the request's body, for a write. */
  readonly bytes: number;
  /** A read that must not run before this has been applied (sync). */
  readonly notBefore: SyncPoint | null;
  /** Monotonic time of arrival. */
  readonly since: number;
}

/** `fresh` until its connect request, `closing` once it must not be served any more. */
export type ConnectionState = 'fresh' | 'connecting' | 'open' | 'closing';

/** Counters of `cons`: what one connection did since it came, or since the last reset. */
class ConnectionStats {
  received = 0;
  sent = 0;
  lastOperation = 'NA';
  lastCxid = -1;
  lastZxid: bigint = -1n;
  lastResponse = 0;
  lastLatency = 0;
  minLatency = Number.MAX_SAFE_INTEGER;
  maxLatency = 0;
  totalLatency = 0;
  answered = 0;

  answer(operation: string, cxid: number, zxid: bigint, since: number, now: number): void {
    const elapsed = now - since;
    this.lastOperation = operation;
    // Special xids (ping, auth) leave the last cxid as it is, as in ServerCnxn.updateStatsForResponse.
    if (cxid >= 0) this.lastCxid = cxid;
    this.lastZxid = zxid;
    this.lastResponse = now;
    this.lastLatency = elapsed;
    if (elapsed < this.minLatency) this.minLatency = elapsed;
    if (elapsed > this.maxLatency) this.maxLatency = elapsed;
    this.totalLatency += elapsed;
    this.answered++;
  }

  reset(): void {
    Object.assign(this, new ConnectionStats());
  }
}

export class Connection implements Watcher {
  readonly id: number;
  /** Address of the peer without port; what the ip scheme sees. */
  readonly address: string;
  readonly port: number;
  readonly frames: Frames;
  readonly waiting = new Fifo<Waiting>();
  readonly stats = new ConnectionStats();
  /** Monotonic and wall time of its opening. */
  readonly opened: number;
  readonly openedWall: number;
  state: ConnectionState = 'fresh';
  session: SessionId = NO_SESSION;
  /** Negotiated session timeout in ms. */
  timeout = 0;
  /** Clients before 3.4 neither send nor expect the readOnly byte. */
  isOldClient = false;
  ids: Id[];
  /** True once its session's end was asked for: no further request is looked at. */
  isLeaving = false;
  /** Bytes of requests that wait in `waiting`. */
  waitingBytes = 0;
  /** Bytes handed to the socket that the peer has not taken yet; kept by the network. */
  unsent = 0;
  /** True while frames lie unread because this connection has too much in flight or unsent. */
  isStalled = false;
  /** True while the connection is on the list of those with something to send. */
  isDirty = false;
  #out: Writer | null = null;
  readonly #writers: Writers;
  readonly #access: AuthOptions;
  readonly #onDirty: (connection: Connection) => void;

  constructor(options: {
    id: number;
    address: string;
    port: number;
    maxFrame: number;
    opened: number;
    openedWall: number;
    access: AuthOptions;
    writers: Writers;
    onDirty: (connection: Connection) => void;
  }) {
    this.id = options.id;
    this.address = options.address;
    this.port = options.port;
    this.opened = options.opened;
    this.openedWall = options.openedWall;
    this.frames = new Frames(options.maxFrame);
    this.ids = [ipId(options.address)];
    this.#access = options.access;
    this.#writers = options.writers;
    this.#onDirty = options.onDirty;
  }

  /** `host:port` as logs and `cons` show it. */
  get peer(): string {
    return `${this.address.includes(':') ? `[${this.address}]` : this.address}:${this.port}`;
  }

  /** Takes what is to be sent. */
  get out(): Writer {
    this.#out ??= this.#writers.take();
    return this.#out;
  }

  /** Bytes in `out`. */
  get outLength(): number {
    return this.#out === null ? 0 : this.#out.length;
  }

  /** What was in `out` is on its way, or void. */
  emptyOut(): void {
    if (this.#out === null) return;
    this.#writers.give(this.#out);
    this.#out = null;
  }

  /** Says that `out` has bytes to send. */
  touchOut(): void {
    if (this.isDirty) return;
    this.isDirty = true;
    this.#onDirty(this);
  }

  /**
   * A watch of this connection fired. Written at once, so that it precedes every answer that
   * shows the newer state. Its zxid is -1, as in NIOServerCnxn.process up to 3.8.
   * Who may not read the znode is not told of it (CVE-2024-23944).
   */
  deliver(type: EventType, path: string, _zxid: Zxid, acl: readonly Acl[] | null): void {
    if (this.state === 'closing') return;
    if (acl !== null && !checkAcl(this.#access, acl, Perm.read, this.ids)) return;
    const out = this.out;
    const start = out.beginFrame();
    out.int(Xid.notification);
    out.long(-1n);
    out.int(0);
    out.int(type);
    out.int(KeeperState.syncConnected);
    out.string(path);
    out.endFrame(start);
    this.stats.sent++;
    this.touchOut();
  }

  push(waiting: Waiting): void {
    this.waiting.push(waiting);
    if (waiting.body !== null) this.waitingBytes += waiting.body.length;
  }

  shift(): Waiting | undefined {
    const waiting = this.waiting.shift();
    if (waiting !== undefined && waiting.body !== null) this.waitingBytes -= waiting.body.length;
    return waiting;
  }
}
