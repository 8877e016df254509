// A whole server without the world: requests in, transactions in order, answers out.
import { assert } from '../base/assert.ts';
import { hex0x, NO_SESSION, type SessionId, type Zxid } from '../base/ids.ts';
import type { ServerId } from '../consensus/quorum.ts';
import type { Rules, WriteOperation } from '../operations/operation.ts';
import { prepareDeleteContainer } from '../operations/remove.ts';
import { SessionTracker } from '../state/sessions.ts';
import type { State } from '../state/state.ts';
import type { Applied, TxnHeader } from '../transactions/index.ts';
import { ErrorCode } from '../wire/errors.ts';
import { OpCode } from '../wire/opcodes.ts';
import { writeConnectResponse } from './answers.ts';
import type { ReceptionRules } from './congestion.ts';
import type { Connection } from './connection.ts';
import { ConnectionThrottle } from './connectionThrottle.ts';
import { ContainerKeeper, type ContainerRules } from './containers.ts';
import { DigestLog } from './digestLog.ts';
import type { Effect, Event, Now } from './events.ts';
import { type InFlight, Proposals } from './proposals.ts';
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
  /** What is on its way to being committed. */
  readonly proposals: Proposals;
  readonly #reception: Reception;
  readonly #containers: ContainerKeeper;
  #nextSession: bigint;
  #effects: Effect[] = [];
  #now: Now = { monotonic: 0, wall: 0 };

  constructor(options: ReplicaOptions, now: Now) {
    this.#now = now;
    this.state = options.state;
    this.rules = options.rules;
    this.#reception = new Reception(this, options.reception);
    const { throttle, largeRequests } = options.reception;
    this.throttle = new ConnectionThrottle(throttle, options.chance, now.monotonic);
    this.proposals = new Proposals({
      state: options.state,
      serverId: options.serverId,
      largeThreshold: largeRequests.threshold,
      effect: (effect) => this.effect(effect),
    });
    this.#containers = new ContainerKeeper(options.containers, now);
    this.#nextSession = options.firstSessionId;
    this.tracker = new SessionTracker(options.tickTime);
    // Sessions found on disk get a full timeout again: their clients could not reach anybody.
    for (const [id, timeout] of this.state.sessions.entries()) {
      this.tracker.add(id, timeout, now.monotonic);
    }
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
    this.proposals.begin();
    switch (event.kind) {
      case 'opened':
        break;
      case 'received':
        this.#reception.received(event.connection, event.chunk, event.isLent ?? false);
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
          view: this.proposals.view,
          state: this.state,
          rules: this.rules,
          zxid: header.zxid,
          time: header.time,
          session: connection.session,
          ids: connection.ids,
        });
    if (typeof txn === 'number') this.proposals.refuse(header, txn, connection);
    else this.proposals.propose(header, txn, connection);
  }

  /** Proposes the refusal of a write whose body could not be read. */
  refuseWrite(connection: Connection, xid: number, opcode: OpCode, err: ErrorCode): void {
    this.proposals.refuse(this.#header(connection.session, xid, opcode), err, connection);
  }

  createSession(connection: Connection): void {
    this.tracker.add(connection.session, connection.timeout, this.#now.monotonic);
    const header = this.#header(connection.session, 0, OpCode.createSession);
    const { createSession: type } = OpCode;
    this.proposals.propose(header, { type, timeOut: connection.timeout }, connection);
  }

  /** Proposes the end of a session, with what it leaves behind. */
  closeSession(session: SessionId, connection: Connection | null, cxid: number): void {
    this.tracker.close(session);
    const header = this.#header(session, cxid, OpCode.closeSession);
    const paths2Delete = this.proposals.view.ephemeralsOf(session);
    this.proposals.propose(header, { type: OpCode.closeSession, paths2Delete }, connection);
  }

  #header(clientId: SessionId, cxid: number, type: OpCode): TxnHeader {
    return this.proposals.header(clientId, cxid, type, this.#now.wall);
  }

  #logged(upTo: Zxid): void {
    const committed = this.proposals.logged(upTo);
    if (committed === null) return;
    for (;;) {
      const next = this.proposals.nextCommitted(committed);
      if (next === undefined) break;
      this.#commit(next);
      this.#reception.applied();
    }
    this.#reception.committed();
  }

  #commit(proposal: InFlight): void {
    const { header, txn, connection } = proposal;
    this.stats.commits++;
    const applied = this.proposals.apply(proposal);
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
    const { proposals, state } = this;
    const txn = prepareDeleteContainer(path, { view: proposals.view, state });
    if (typeof txn === 'number') proposals.refuse(header, txn, null);
    else proposals.propose(header, txn, null);
  }
}
