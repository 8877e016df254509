// A learner's way of taking what its clients want changed: the leader is asked, and its commits are matched.
import { Fifo } from '../base/fifo.ts';
import type { SessionId } from '../base/ids.ts';
import type { WriteOperation } from '../operations/operation.ts';
import { SessionTracker } from '../state/sessions.ts';
import type { TxnHeader } from '../transactions/index.ts';
import type { Reader } from '../wire/bytes.ts';
import type { Id } from '../wire/data.ts';
import { OpCode } from '../wire/opcodes.ts';
import { dataOf, type ForwardedRequest, type Touch } from '../wire/quorum.ts';
import { int } from '../wire/record.ts';
import type { Connection, Waiting } from './connection.ts';
import { establish, refuse, wait } from './handshake.ts';
import { NOT_YET, type Pipeline, type SyncPoint } from './pipeline.ts';
import type { Replica } from './replica.ts';

/** What a learner's role sends to its leader. */
export interface Upstream {
  /** A request of a client, whose body is lent for the call. */
  request(request: ForwardedRequest, authinfo: Id[] | null): void;
  /** Asks whether a session goes on; answered in the order of asking. */
  revalidate(session: SessionId, timeout: number): void;
}

export class Forwarding implements Pipeline {
  readonly isReadOnly = false;
  /** Of the clients that are connected here; who falls silent loses the connection, not the session. */
  readonly tracker: SessionTracker;
  readonly load = { count: 0, bytes: 0, largeBytes: 0 };
  readonly #replica: Replica;
  readonly #upstream: Upstream;
  readonly #largeThreshold: number;
  /** Connections that wait for a new session. */
  readonly #opening = new Map<SessionId, Connection>();
  /** Connections that wait to hear whether their session goes on. */
  readonly #resuming = new Map<SessionId, Connection>();
  readonly #syncs = new Fifo<SyncPoint>();
  /** Sessions whose clients were heard of since the last ping, with their timeouts. */
  readonly #heard = new Map<SessionId, number>();

  constructor(
    replica: Replica,
    upstream: Upstream,
    options: { readonly tickTime: number; readonly largeThreshold: number },
  ) {
    this.#replica = replica;
    this.#upstream = upstream;
    this.#largeThreshold = options.largeThreshold;
    this.tracker = new SessionTracker(options.tickTime);
  }

  get deadline(): number {
    return this.tracker.nextDeadline;
  }

  /** A silent client is gone, or has moved on to another server; the leader decides about its session. */
  pass(): void {
    for (const id of this.tracker.expired(this.#replica.now.monotonic)) {
      this.tracker.remove(id);
      const connection = this.#replica.bySession.get(id);
      if (connection !== undefined) this.#replica.end(connection);
    }
  }

  // -- sessions --------------------------------------------------------------------------------

  heard({ session, timeout }: Connection): void {
    this.#heard.set(session, timeout);
    this.tracker.touch(session, this.#replica.now.monotonic);
  }

  /** What a ping of the leader's is answered with; each session is told once. */
  takeHeard(): Touch[] {
    const heard = Array.from(this.#heard, ([session, timeout]) => ({ session, timeout }));
    this.#heard.clear();
    return heard;
  }

  /** Only the leader knows that an end is on its way; here a session ends when that is committed. */
  isClosing(): boolean {
    return false;
  }

  open(connection: Connection): void {
    this.#opening.set(connection.session, connection);
    this.#request(connection, 0, OpCode.createSession, dataOf(int, connection.timeout));
  }

  resume(connection: Connection, id: SessionId): void {
    // Two connections may come for one session: the later one has it.
    const rival = this.#resuming.get(id);
    if (rival !== undefined) this.#replica.end(rival);
    wait(connection, this.#replica);
    this.#resuming.set(id, connection);
    this.#upstream.revalidate(id, connection.timeout);
  }

  /** The leader has said whether session `id` goes on. */
  revalidated(id: SessionId, isValid: boolean): void {
    const connection = this.#resuming.get(id);
    if (connection === undefined) return;
    this.#resuming.delete(id);
    if (connection.state === 'closing') return;
    connection.shift();
    if (isValid) {
      establish(connection, id, this.#replica);
      this.#replica.reception.resumed(connection);
    } else refuse(connection, id, this.#replica);
  }

  established({ session, timeout }: Connection): void {
    this.tracker.add(session, timeout, this.#replica.now.monotonic);
    this.#heard.set(session, timeout);
  }

  ended(session: SessionId): void {
    this.tracker.remove(session);
    this.#heard.delete(session);
  }

  // -- requests --------------------------------------------------------------------------------

  write(
    connection: Connection,
    xid: number,
    { opcode }: WriteOperation<unknown>,
    { buffer, position, end }: Reader,
  ): void {
    this.#request(connection, xid, opcode, buffer.subarray(position, end));
    this.#count(end - position, 1);
  }

  leave(connection: Connection, xid: number): void {
    this.#request(connection, xid, OpCode.closeSession, Buffer.alloc(0));
    this.#count(0, 1);
  }

  /** Requests of `bytes` each have been sent, or are done (-1). */
  #count(bytes: number, change: 1 | -1): void {
    const { load } = this;
    load.count += change;
    load.bytes += change * bytes;
    const isLarge = this.#largeThreshold >= 0 && bytes > this.#largeThreshold;
    if (isLarge) load.largeBytes += change * bytes;
  }

  #request(connection: Connection, cxid: number, opcode: number, body: Uint8Array): void {
    const { session, ids } = connection;
    this.#upstream.request({ session, cxid, opcode, body }, ids);
  }

  /** Whose request was committed; null when it was not one of this server's clients. */
  askerOf({ clientId, cxid, type }: TxnHeader): Connection | null {
    if (type === OpCode.createSession) {
      const connection = this.#opening.get(clientId);
      this.#opening.delete(clientId);
      return connection ?? null;
    }
    const connection = this.#replica.bySession.get(clientId);
    if (connection === undefined) return null;
    const first = firstWrite(connection);
    // A request that the client had sent through another server has a cxid of its own.
    if (first === undefined || first.xid !== cxid) return null;
    this.#releaseBefore(connection);
    this.#count(first.bytes, -1);
    return connection;
  }

  /** What was asked behind a sync is committed: the sync's answer is only on its way. */
  #releaseBefore(connection: Connection): void {
    for (const { kind, notBefore } of connection.waiting.values()) {
      if (kind === 'write') break;
      if (notBefore !== null) notBefore.zxid = this.#replica.state.lastZxid;
    }
    this.#replica.reception.drain(connection);
  }

  sync(connection: Connection, xid: number, body: Buffer): SyncPoint {
    const point: SyncPoint = { zxid: NOT_YET };
    this.#syncs.push(point);
    this.#request(connection, xid, OpCode.sync, body);
    return point;
  }

  /** The leader has sent all that the oldest sync waits for. */
  synced(): void {
    const point = this.#syncs.shift();
    if (point === undefined) return;
    point.zxid = this.#replica.state.lastZxid;
    this.#replica.reception.applied();
  }

  forget(connection: Connection): void {
    for (const { kind, bytes } of connection.waiting.values()) {
      if (kind === 'write') this.#count(bytes, -1);
    }
    if (this.#opening.get(connection.session) === connection) {
      this.#opening.delete(connection.session);
    }
    for (const [id, waiting] of this.#resuming) {
      if (waiting === connection) this.#resuming.delete(id);
    }
    if (this.#replica.bySession.get(connection.session) === connection) {
      this.tracker.remove(connection.session);
    }
  }
}

/** The oldest write that waits, behind reads that wait for a sync. */
function firstWrite({ waiting }: Connection): Waiting | undefined {
  for (const one of waiting.values())
    if (one.kind !== 'read') return one.kind === 'write' ? one : undefined;
  return undefined;
}
