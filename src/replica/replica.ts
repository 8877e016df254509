// A whole server without the world: requests in, transactions in order, answers out.
import { assert } from '../base/assert.ts';
import { Fifo } from '../base/fifo.ts';
import { hex0x, NO_SESSION, type SessionId, type Zxid } from '../base/ids.ts';
import { Leading } from '../consensus/leading.ts';
import { majority, type ServerId } from '../consensus/quorum.ts';
import type { Rules, WriteOperation } from '../operations/operation.ts';
import { prepareDeleteContainer } from '../operations/remove.ts';
import { DIGEST_VERSION } from '../state/digest.ts';
import { SessionTracker } from '../state/sessions.ts';
import type { State } from '../state/state.ts';
import { View } from '../state/view.ts';
import {
  type Applied,
  applyTxn,
  encodeTxn,
  previewTxn,
  type Txn,
  type TxnHeader,
} from '../transactions/index.ts';
import { Writer } from '../wire/bytes.ts';
import { ErrorCode } from '../wire/errors.ts';
import { OpCode } from '../wire/opcodes.ts';
import { writeConnectResponse } from './answers.ts';
import type { ReceptionRules } from './congestion.ts';
import type { Connection } from './connection.ts';
import { ConnectionThrottle } from './connectionThrottle.ts';
import { ContainerKeeper, type ContainerRules } from './containers.ts';
import { DigestLog } from './digestLog.ts';
import type { Effect, Event, Now } from './events.ts';
import { Reception } from './reception.ts';
import { ServerStats } from './stats.ts';

export interface ReplicaOptions {
  readonly serverId: ServerId;
  readonly state: State;
  readonly rules: Rules;
  readonly reception: ReceptionRules;
  readonly containers: ContainerRules;
  /** Sessions expire in steps of this many ms. */
  readonly tickTime: number;
  /** Id that the first new session gets; the next ones count up from it. */
  readonly firstSessionId: SessionId;
  /** A random number in [0, 1), for what must not be foreseen. */
  readonly chance: () => number;
}

/** A proposal on its way: applied, and its client answered, once it is committed. */
interface InFlight {
  readonly header: TxnHeader;
  readonly txn: Txn;
  /** Who asked; null for what the server decided itself (expiry, containers). */
  readonly connection: Connection | null;
  /** Of its log entry. */
  readonly bytes: number;
  readonly isLarge: boolean;
}

/** Bytes that the scratch buffer of log entries may keep between steps. */
const ENTRY_SIZE = 4096;

/**
 * One server as a value: `step` takes an event and returns what the world must do.
 * Answers are not effects; they are added to `Connection.out`, which the world sends afterwards.
 */
export class Replica {
  readonly state: State;
  readonly rules: Rules;
  readonly stats = new ServerStats();
  /** The connection that serves each session. */
  readonly bySession = new Map<SessionId, Connection>();
  /** The sessions that may expire; one whose end is proposed is marked as closing. */
  readonly tracker: SessionTracker;
  readonly digestLog = new DigestLog();
  readonly throttle: ConnectionThrottle;
  /** Bytes of all log entries in flight, and of those that are large. */
  bytesInFlight = 0;
  largeBytes = 0;
  readonly #serverId: ServerId;
  readonly #view: View;
  readonly #leading: Leading;
  readonly #reception: Reception;
  readonly #containers: ContainerKeeper;
  readonly #largeThreshold: number;
  readonly #inFlight = new Fifo<InFlight>();
  readonly #entry = new Writer(ENTRY_SIZE);
  #nextSession: bigint;
  #effects: Effect[] = [];
  #now: Now = { monotonic: 0, wall: 0 };

  constructor(options: ReplicaOptions, now: Now) {
    this.#now = now;
    this.#serverId = options.serverId;
    this.state = options.state;
    this.rules = options.rules;
    this.#view = new View(options.state);
    this.#leading = new Leading(majority([options.serverId]), options.state.lastZxid);
    this.#reception = new Reception(this, options.reception);
    const { throttle, largeRequests } = options.reception;
    this.throttle = new ConnectionThrottle(throttle, options.chance, now.monotonic);
    this.#largeThreshold = largeRequests.threshold;
    this.#containers = new ContainerKeeper(options.containers, now);
    this.#nextSession = options.firstSessionId;
    this.tracker = new SessionTracker(options.tickTime);
    // Sessions found on disk get a full timeout again: their clients could not reach anybody.
    for (const [id, timeout] of this.state.sessions.entries()) {
      this.tracker.add(id, timeout, now.monotonic);
    }
  }

  /** Requests that wait for their proposal to be committed. */
  get outstanding(): number {
    return this.#inFlight.length;
  }

  get lastProposed(): Zxid {
    return this.#leading.lastProposed;
  }

  get now(): Now {
    return this.#now;
  }

  /** Monotonic time at which it wants a `deadline` event. */
  get deadline(): number {
    return Math.min(this.tracker.nextDeadline, this.#containers.deadline);
  }

  /** Decides on `event`; what is returned must be carried out in order. */
  step(event: Event, now: Now): Effect[] {
    this.#now = now;
    switch (event.kind) {
      case 'opened':
        break;
      case 'received':
        this.#reception.received(event.connection, event.chunk);
        break;
      case 'resumed':
        this.#reception.resumed(event.connection);
        break;
      case 'closed':
        this.#closed(event.connection);
        break;
      case 'logged':
        this.#logged(event.upTo);
        break;
      case 'deadline':
        this.#deadline();
        break;
    }
    const effects = this.#effects;
    if (effects.length > 0) this.#effects = [];
    return effects;
  }

  effect(effect: Effect): void {
    this.#effects.push(effect);
  }

  report(level: 'info' | 'warn' | 'debug', message: string): void {
    this.#effects.push({ kind: 'report', level, message });
  }

  /** Ends a connection after what it has to send; its session lives on. */
  end(connection: Connection): void {
    if (connection.state === 'closing') return;
    this.#forget(connection);
    this.#effects.push({ kind: 'close', connection });
  }

  newSessionId(): SessionId {
    const id = this.#nextSession as SessionId;
    this.#nextSession = BigInt.asIntN(64, this.#nextSession + 1n);
    return id;
  }

  /** True for a session that has ended, or whose end is proposed: whatever it asks comes too late. */
  isClosing(session: SessionId): boolean {
    return this.tracker.get(session)?.isClosing ?? true;
  }

  /** Prepares a client's write and proposes what came of it, an error included (it takes a zxid too). */
  write(
    connection: Connection,
    xid: number,
    operation: WriteOperation<unknown>,
    request: unknown,
  ): void {
    const header = this.#header(connection.session, xid, operation.opcode);
    const txn = this.isClosing(connection.session)
      ? ErrorCode.sessionExpired
      : operation.prepare(request, {
          view: this.#view,
          state: this.state,
          rules: this.rules,
          zxid: header.zxid,
          time: header.time,
          session: connection.session,
          ids: connection.ids,
        });
    this.#proposeOrRefuse(header, txn, connection);
  }

  /** Proposes the refusal of a write whose body could not be read. */
  refuseWrite(connection: Connection, xid: number, opcode: OpCode, err: ErrorCode): void {
    this.#proposeOrRefuse(this.#header(connection.session, xid, opcode), err, connection);
  }

  createSession(connection: Connection): void {
    this.tracker.add(connection.session, connection.timeout, this.#now.monotonic);
    const header = this.#header(connection.session, 0, OpCode.createSession);
    this.#propose(header, { type: OpCode.createSession, timeOut: connection.timeout }, connection);
  }

  /** Proposes the end of a session, with what it leaves behind. */
  closeSession(session: SessionId, connection: Connection | null, cxid: number): void {
    this.tracker.close(session);
    const header = this.#header(session, cxid, OpCode.closeSession);
    const paths2Delete = this.#view.ephemeralsOf(session);
    this.#propose(header, { type: OpCode.closeSession, paths2Delete }, connection);
  }

  #header(clientId: SessionId, cxid: number, type: OpCode): TxnHeader {
    return { clientId, cxid, zxid: this.#leading.propose(), time: this.#now.wall, type };
  }

  #proposeOrRefuse(header: TxnHeader, txn: Txn | ErrorCode, connection: Connection | null): void {
    if (typeof txn !== 'number') this.#propose(header, txn, connection);
    else {
      const refusal: TxnHeader = { ...header, type: OpCode.error };
      this.#propose(refusal, { type: OpCode.error, err: txn }, connection);
    }
  }

  #propose(header: TxnHeader, txn: Txn, connection: Connection | null): void {
    if (txn.type !== OpCode.multi) previewTxn(this.#view, header, txn);
    const entry = this.#entry.reset();
    const digest = this.state.tree.options.digest
      ? { version: DIGEST_VERSION, treeDigest: this.#view.treeDigest }
      : null;
    encodeTxn(entry, header, txn, digest);
    this.#effects.push({ kind: 'log', zxid: header.zxid, entry: entry.copy() });
    const bytes = entry.length;
    const isLarge =
      connection !== null && this.#largeThreshold >= 0 && bytes > this.#largeThreshold;
    this.bytesInFlight += bytes;
    if (isLarge) this.largeBytes += bytes;
    this.#inFlight.push({ header, txn, connection, bytes, isLarge });
  }

  #logged(upTo: Zxid): void {
    const committed = this.#leading.logged(this.#serverId, upTo);
    if (committed === null) return;
    for (;;) {
      const next = this.#inFlight.peek();
      if (next === undefined || next.header.zxid > committed) break;
      this.#inFlight.shift();
      this.#commit(next);
      this.#reception.applied();
    }
    this.#reception.committed();
  }

  #commit({ header, txn, connection, bytes, isLarge }: InFlight): void {
    this.bytesInFlight -= bytes;
    if (isLarge) this.largeBytes -= bytes;
    this.stats.commits++;
    const applied = applyTxn(this.state, header, txn);
    this.#view.applied(header.zxid);
    if (this.digestLog.isDue(header.zxid)) {
      this.digestLog.add(header.zxid, this.state.tree.digest);
    }
    if (connection !== null && connection.state !== 'closing') this.#answer(connection, applied);
    if (txn.type === OpCode.closeSession) this.#sessionClosed(header.clientId);
  }

  #answer(connection: Connection, applied: Applied): void {
    const waiting = connection.shift();
    assert(waiting !== undefined && waiting.kind !== 'read', 'a commit finds its request waiting');
    if (waiting.kind === 'connect') {
      connection.state = 'open';
      this.establish(connection);
      this.stats.latency(this.#now.monotonic - waiting.since);
      const { lastZxid } = this.state;
      connection.stats.answer('SESS', 0, lastZxid, waiting.since, this.#now.monotonic);
    } else this.#reception.answerWrite(connection, waiting, applied);
    this.#reception.drain(connection);
  }

  /** Answers a connect request with the session that the connection has now. */
  establish(connection: Connection): void {
    this.bySession.set(connection.session, connection);
    writeConnectResponse(connection, true);
    this.stats.sent++;
    connection.stats.sent++;
    this.report(
      'debug',
      `Established session ${hex0x(connection.session)} with negotiated timeout ${connection.timeout} for client /${connection.peer}`,
    );
  }

  #sessionClosed(session: SessionId): void {
    this.tracker.remove(session);
    const connection = this.bySession.get(session);
    if (connection !== undefined) this.end(connection);
  }

  #closed(connection: Connection): void {
    this.#forget(connection);
  }

  #forget(connection: Connection): void {
    connection.state = 'closing';
    connection.waiting.clear();
    connection.waitingBytes = 0;
    this.state.watches.removeWatcher(connection);
    this.#reception.forget(connection);
    if (this.bySession.get(connection.session) === connection) {
      this.bySession.delete(connection.session);
    }
  }

  #deadline(): void {
    for (const session of this.tracker.expired(this.#now.monotonic)) {
      const timeout = this.tracker.get(session)?.timeoutMs ?? 0;
      this.report('info', `Expiring session ${hex0x(session)}, timeout of ${timeout}ms exceeded`);
      this.stats.expiredSessions++;
      this.closeSession(session, null, 0);
    }
    for (const path of this.#containers.due(this.state, this.#now)) this.#removeContainer(path);
  }

  #removeContainer(path: string): void {
    const header = this.#header(NO_SESSION, 0, OpCode.deleteContainer);
    const txn = prepareDeleteContainer(path, { view: this.#view, state: this.state });
    this.#proposeOrRefuse(header, txn, null);
  }
}
