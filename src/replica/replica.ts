// A whole server without the world: requests in, transactions in order, answers out.
import { assert } from '../base/assert.ts';
import type { SessionId, Zxid } from '../base/ids.ts';
import type { ServerId } from '../consensus/quorum.ts';
import type { Rules } from '../operations/operation.ts';
import { sessionIdAfter } from '../state/sessions.ts';
import type { State } from '../state/state.ts';
import type { Applied } from '../transactions/index.ts';
import { ErrorCode } from '../wire/errors.ts';
import { OpCode } from '../wire/opcodes.ts';
import type { ReceptionRules } from './congestion.ts';
import type { Connection } from './connection.ts';
import { ConnectionThrottle } from './connectionThrottle.ts';
import type { ContainerRules } from './containers.ts';
import { Deciding } from './deciding.ts';
import type { Effect, Event, Now } from './events.ts';
import { establish } from './handshake.ts';
import { Member } from './member.ts';
import type { MemberOptions } from './memberOptions.ts';
import { Alone } from './order.ts';
import type { Pipeline } from './pipeline.ts';
import { apply, type Proposal } from './proposals.ts';
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
  /** Id that the first new session gets, or a later one; the next ones count up from it. */
  readonly firstSessionId: SessionId;
  /** A random number in [0, 1), for what must not be foreseen. */
  readonly chance: () => number;
  /** Null for a server without peers, which serves at once. */
  readonly member: MemberOptions | null;
}

/**
 * One server as a value: `step` takes an event and returns what the world must do.
 * Answers are not effects; they are added to `Connection.out`, which the world sends afterwards.
 */
export class Replica {
  /** Replaced when a leader sends its own. */
  state: State;
  readonly rules: Rules;
  readonly stats = new ServerStats();
  /** The connection that serves each session. */
  readonly bySession = new Map<SessionId, Connection>();
  readonly throttle: ConnectionThrottle;
  readonly reception: Reception;
  readonly member: Member | null;
  /** Every connection that has been opened and not ended. */
  readonly #connections = new Set<Connection>();
  readonly #alone: Alone | null;
  #pipeline: Pipeline | null = null;
  #deciding: Deciding | null = null;
  #isServing = false;
  /** Until then no session expires, and no container goes. */
  #patientUntil = 0;
  #nextSession: SessionId;
  #effects: Effect[] = [];
  #now: Now = { monotonic: 0, wall: 0 };

  constructor(options: ReplicaOptions, now: Now) {
    this.#now = now;
    this.state = options.state;
    this.rules = options.rules;
    this.reception = new Reception(this, options.reception);
    const { throttle } = options.reception;
    this.throttle = new ConnectionThrottle(throttle, options.chance, now.monotonic);
    this.#nextSession = options.firstSessionId;
    this.member = options.member === null ? null : new Member(this, options, options.member);
    this.#alone = options.member === null ? this.#serveAlone(options) : null;
  }

  #serveAlone(options: ReplicaOptions): Alone {
    const alone = new Alone(this.state.lastZxid, (e) => this.effect(e));
    this.#deciding = new Deciding(this, alone, {
      tickTime: options.tickTime,
      reconfiguration: null,
      containers: options.containers,
      largeThreshold: options.reception.largeRequests.threshold,
    });
    this.serve(this.#deciding, true);
    return alone;
  }

  get now(): Now {
    return this.#now;
  }

  /** How this server takes requests; only a server that has a leader, or is one, has any. */
  get pipeline(): Pipeline {
    assert(this.#pipeline !== null, 'who has no leader serves nobody');
    return this.#pipeline;
  }

  /** True while clients are served. */
  get isServing(): boolean {
    return this.#isServing;
  }

  /** Monotonic time at which it wants a `deadline` event. */
  get deadline(): number {
    const own = this.#pipelineDeadline;
    return Math.min(own, this.member?.deadline ?? Number.POSITIVE_INFINITY);
  }

  get #pipelineDeadline(): number {
    if (this.#pipeline === null) return Number.POSITIVE_INFINITY;
    return Math.max(this.#pipeline.deadline, this.#patientUntil);
  }

  /** Decides on `event`; what is returned must be carried out in order. */
  step(event: Event, now: Now): Effect[] {
    this.#now = now;
    this.#deciding?.proposals.begin();
    switch (event.kind) {
      case 'opened':
        this.#connections.add(event.connection);
        break;
      case 'received':
        this.reception.received(event.connection, event.chunk, event.isLent ?? false);
        break;
      case 'resumed':
        this.reception.resumed(event.connection);
        break;
      case 'closed':
        this.#forget(event.connection);
        break;
      case 'deadline':
        this.member?.pass(now);
        // A role that has just ended takes its pipeline with it.
        this.member?.drain();
        if (this.#pipelineDeadline <= now.monotonic) this.#pipeline?.pass();
        break;
      case 'stoodStill':
        this.#patientUntil = event.until;
        break;
      case 'logged':
        if (this.#alone !== null) this.#loggedAlone(this.#alone, event.upTo);
        else this.member?.take(event, now);
        break;
      default:
        this.member?.take(event, now);
    }
    this.member?.drain();
    const effects = this.#effects;
    if (effects.length > 0) this.#effects = [];
    return effects;
  }

  /** The first step of a member: it looks for a leader. */
  start(now: Now): Effect[] {
    this.#now = now;
    this.member?.start();
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  #loggedAlone(alone: Alone, upTo: Zxid): void {
    const committed = alone.logged(upTo);
    if (committed !== null) this.#deciding?.committed(committed);
  }

  /** From here on requests are taken; clients' only if `isForClients` (leaderServes=no). */
  serve(pipeline: Pipeline, isForClients: boolean): void {
    this.#nextSession = this.state.sessions.firstFree(this.#nextSession);
    this.#pipeline = pipeline;
    this.#deciding = pipeline instanceof Deciding ? pipeline : null;
    this.#isServing = isForClients;
  }

  /** There is no leader any more: clients look for another server. */
  stopServing(): void {
    for (const connection of this.#connections) this.end(connection);
    this.#pipeline = null;
    this.#deciding = null;
    this.#isServing = false;
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
    const id = this.#nextSession;
    this.#nextSession = sessionIdAfter(id);
    return id;
  }

  /** A proposal is committed: it becomes part of the state, and `connection`, which asked, is answered. */
  commit(proposal: Proposal, connection: Connection | null): void {
    const { header, txn } = proposal;
    this.stats.commits++;
    const applied = this.#apply(proposal);
    if (connection !== null && connection.state !== 'closing') {
      const waiting = connection.shift();
      assert(
        waiting !== undefined && waiting.kind !== 'read',
        'a commit finds its request waiting',
      );
      if (waiting.kind === 'connect') {
        establish(connection, header.clientId, this);
        this.#connected(connection, waiting.since);
      } else if (applied.err === ErrorCode.sessionMoved) {
        // No answer: a client that has moved on must not take this for one (ZOOKEEPER-710).
        this.end(connection);
      } else this.reception.answerWrite(connection, waiting, applied);
      this.reception.drain(connection);
    }
    if (txn.type === OpCode.closeSession) this.#sessionClosed(header.clientId);
  }

  #apply(proposal: Proposal): Applied {
    const { state } = this;
    const { tree, isDigestSettled } = state;
    const applied = apply(state, isDigestSettled ? proposal : { ...proposal, treeDigest: null });
    state.isDigestSettled ||= proposal.treeDigest === tree.digest;
    if (state.isDigestSettled) state.digestLog.pass(proposal.header.zxid, tree.digest);
    return applied;
  }

  #connected(connection: Connection, since: number): void {
    const { monotonic } = this.#now;
    this.stats.latency(monotonic - since);
    connection.stats.answer('SESS', 0, this.state.lastZxid, since, monotonic);
  }

  #sessionClosed(session: SessionId): void {
    this.#pipeline?.ended(session);
    const connection = this.bySession.get(session);
    if (connection !== undefined) this.end(connection);
  }

  #forget(connection: Connection): void {
    connection.state = 'closing';
    this.#connections.delete(connection);
    this.#pipeline?.forget(connection);
    connection.waiting.clear();
    connection.waitingBytes = 0;
    this.state.watches.removeWatcher(connection);
    this.reception.forget(connection);
    if (this.bySession.get(connection.session) === connection) {
      this.bySession.delete(connection.session);
    }
  }
}
