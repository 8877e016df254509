// The server that decides, alone or as leader: it prepares what clients ask, proposes, and expires sessions.
import { Fifo } from '../base/fifo.ts';
import { counterOf, hex0x, NO_SESSION, type SessionId, type Zxid } from '../base/ids.ts';
import type { Reconfiguration, WriteOperation } from '../operations/operation.ts';
import { prepareDeleteContainer } from '../operations/remove.ts';
import { SessionTracker } from '../state/sessions.ts';
import type { TxnHeader } from '../transactions/index.ts';
import { type Reader, WireError } from '../wire/bytes.ts';
import type { Id } from '../wire/data.ts';
import { ErrorCode } from '../wire/errors.ts';
import { OpCode } from '../wire/opcodes.ts';
import type { Connection } from './connection.ts';
import { ContainerKeeper, type ContainerRules } from './containers.ts';
import { establish, refuse } from './handshake.ts';
import type { Order } from './order.ts';
import { type Load, NOT_YET, type Pipeline, type SyncPoint } from './pipeline.ts';
import { Proposals } from './proposals.ts';
import type { Replica } from './replica.ts';

/** Who asks: the session's requests come through this server (`OWN`) or over a link to a learner. */
export interface Asker {
  readonly session: SessionId;
  readonly cxid: number;
  readonly owner: number;
  readonly ids: readonly Id[];
  /** Null when it is a learner's client, or nobody's. */
  readonly connection: Connection | null;
}

/** The owner of sessions whose clients are connected to this server; links have higher numbers. */
export const OWN = 0;

interface PendingSync {
  readonly token: number;
  /** All that was proposed before the sync. */
  readonly upTo: Zxid;
  isConfirmed: boolean;
  readonly release: () => void;
}

export class Deciding implements Pipeline {
  readonly isReadOnly = false;
  readonly tracker: SessionTracker;
  readonly proposals: Proposals;
  readonly #replica: Replica;
  readonly #order: Order;
  readonly #containers: ContainerKeeper;
  /** Oldest first, learners' too; each waits for a confirmed leader and for what was proposed before it. */
  readonly syncs = new Fifo<PendingSync>();
  #lastToken = 0;
  readonly #reconfiguration: Reconfiguration | null;

  constructor(
    replica: Replica,
    order: Order,
    options: {
      readonly tickTime: number;
      /** Null: the membership never changes. */
      readonly reconfiguration: Reconfiguration | null;
      readonly containers: ContainerRules;
      /** Bytes above which a client's entry is a large one; -1: none is. */
      readonly largeThreshold: number;
    },
  ) {
    const { now, state } = replica;
    this.#replica = replica;
    this.#order = order;
    this.#reconfiguration = options.reconfiguration;
    this.proposals = new Proposals({ state, order, largeThreshold: options.largeThreshold });
    this.#containers = new ContainerKeeper(options.containers, now);
    this.tracker = new SessionTracker(options.tickTime);
    // Sessions found on disk get a full timeout again: their clients could not reach anybody.
    for (const [id, timeout] of state.sessions.entries()) {
      this.tracker.add(id, timeout, now.monotonic);
    }
  }

  get load(): Load {
    return this.proposals;
  }

  get deadline(): number {
    return Math.min(this.tracker.nextDeadline, this.#containers.deadline);
  }

  // -- sessions --------------------------------------------------------------------------------

  heard({ session }: Connection): void {
    this.tracker.touch(session, this.#replica.now.monotonic);
  }

  isClosing(session: SessionId): boolean {
    return this.tracker.get(session)?.isClosing ?? true;
  }

  open(connection: Connection): void {
    const { session, timeout } = connection;
    this.createSession({ session, cxid: 0, owner: OWN, ids: [], connection }, timeout);
  }

  createSession({ session, cxid, owner, connection }: Asker, timeOut: number): void {
    this.tracker.add(session, timeOut, this.#replica.now.monotonic).owner = owner;
    const header = this.#header(session, cxid, OpCode.createSession);
    this.proposals.propose(header, { type: OpCode.createSession, timeOut }, connection);
  }

  resume(connection: Connection, id: SessionId): void {
    if (this.takeOver(id, connection.timeout, OWN)) establish(connection, id, this.#replica);
    else refuse(connection, id, this.#replica);
  }

  /** Whether the session goes on at `owner`, with the timeout that its client has negotiated there. */
  takeOver(id: SessionId, timeout: number, owner: number): boolean {
    const session = this.tracker.get(id);
    if (session === undefined || session.isClosing) return false;
    session.timeoutMs = timeout;
    session.owner = owner;
    this.tracker.renew(session, this.#replica.now.monotonic);
    return true;
  }

  leave(connection: Connection, xid: number): void {
    this.closeSession(connection.session, connection, xid);
  }

  /** Proposes the end of a session, with what it leaves behind. */
  closeSession(session: SessionId, connection: Connection | null, cxid: number): void {
    this.tracker.close(session);
    const header = this.#header(session, cxid, OpCode.closeSession);
    const paths2Delete = this.proposals.view.ephemeralsOf(session);
    this.proposals.propose(header, { type: OpCode.closeSession, paths2Delete }, connection);
  }

  ended(session: SessionId): void {
    this.tracker.remove(session);
  }

  /** Why a session may not write: it is over, or its client has moved on to another server. */
  refusal({ session: id, owner }: Asker): ErrorCode {
    const session = this.tracker.get(id);
    if (session === undefined || session.isClosing) return ErrorCode.sessionExpired;
    // The first to ask after a change of leader has it (Apache's SessionTrackerImpl.checkSession).
    session.owner ??= owner;
    return session.owner === owner ? ErrorCode.ok : ErrorCode.sessionMoved;
  }

  // -- writes ----------------------------------------------------------------------------------

  write(
    connection: Connection,
    xid: number,
    operation: WriteOperation<unknown>,
    reader: Reader,
  ): void {
    // A write's data live on in its transaction until it is applied.
    connection.frames.own(reader);
    const { session, ids } = connection;
    this.decide({ session, cxid: xid, owner: OWN, ids, connection }, operation, reader);
  }

  /** Prepares a write and proposes what came of it, an error included (it takes a zxid too). */
  decide(asker: Asker, operation: WriteOperation<unknown>, reader: Reader): void {
    const { session, cxid, ids, connection } = asker;
    const { proposals } = this;
    const { state, rules } = this.#replica;
    let request: unknown;
    let err = this.refusal(asker);
    try {
      request = operation.request.read(reader);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      err = ErrorCode.marshallingError;
    }
    const header = this.#header(session, cxid, operation.opcode);
    const { zxid, time } = header;
    const txn =
      err === ErrorCode.ok
        ? operation.prepare(request, {
            view: proposals.view,
            state,
            rules,
            zxid,
            time,
            session,
            ids,
            reconfiguration: this.#reconfiguration,
          })
        : err;
    if (typeof txn === 'number') proposals.refuse(header, txn, connection);
    else proposals.propose(header, txn, connection);
  }

  /** The answer to a learner's request that cannot be decided. */
  refuse({ session, cxid }: Asker, opcode: number, err: ErrorCode): void {
    this.proposals.refuse(this.#header(session, cxid, opcode as OpCode), err, null);
  }

  #header(clientId: SessionId, cxid: number, type: OpCode): TxnHeader {
    const zxid = this.#order.propose();
    return { clientId, cxid, zxid, time: this.#replica.now.wall, type };
  }

  /** Everything up to here is committed. */
  committed(upTo: Zxid): void {
    for (;;) {
      const next = this.proposals.nextCommitted(upTo);
      if (next === undefined) break;
      this.#confirmBefore(next.header.zxid);
      this.#replica.commit(next, next.connection);
      this.proposals.applied(next);
      this.#releaseSyncs();
      this.#replica.reception.applied();
    }
    this.#replica.reception.committed();
  }

  established(): void {}

  forget(): void {}

  /** In an epoch without a proposal yet all that there is has been applied. */
  get #proposedUpTo(): Zxid {
    const { lastProposed } = this.#order;
    return counterOf(lastProposed) === 0 ? this.#replica.state.lastZxid : lastProposed;
  }

  // -- sync ------------------------------------------------------------------------------------

  sync(): SyncPoint | null {
    const point: SyncPoint = { zxid: NOT_YET };
    const upTo = this.#proposedUpTo;
    this.requestSync(() => {
      point.zxid = upTo;
    });
    return point.zxid <= this.#replica.state.lastZxid ? null : point;
  }

  /** Calls back, in order, once this leader is confirmed and all proposed before has been applied. */
  requestSync(release: () => void): void {
    const token = ++this.#lastToken;
    const isConfirmed = this.#order.confirm(token);
    this.syncs.push({ token, upTo: this.#proposedUpTo, isConfirmed, release });
    this.#releaseSyncs();
  }

  /** A quorum followed this leader when it was asked for `token`, or later. */
  confirmed(token: number): void {
    for (const sync of this.syncs.values()) if (sync.token <= token) sync.isConfirmed = true;
    this.#releaseSyncs();
    this.#replica.reception.applied();
  }

  /**
   * A quorum has logged what was proposed after a sync: so this was the leader when it was asked.
   * The sync comes first, as the next transaction may be a write of the same session.
   */
  #confirmBefore(committed: Zxid): void {
    if (this.syncs.length === 0) return;
    for (const sync of this.syncs.values()) if (sync.upTo < committed) sync.isConfirmed = true;
    this.#releaseSyncs();
    this.#replica.reception.applied();
  }

  #releaseSyncs(): void {
    const { lastZxid } = this.#replica.state;
    for (;;) {
      const sync = this.syncs.peek();
      if (sync === undefined || !sync.isConfirmed || sync.upTo > lastZxid) return;
      this.syncs.shift();
      sync.release();
    }
  }

  // -- time ------------------------------------------------------------------------------------

  pass(): void {
    const replica = this.#replica;
    for (const session of this.tracker.expired(replica.now.monotonic)) {
      const timeout = this.tracker.get(session)?.timeoutMs ?? 0;
      replica.report(
        'info',
        `Expiring session ${hex0x(session)}, timeout of ${timeout}ms exceeded`,
      );
      replica.stats.expiredSessions++;
      this.closeSession(session, null, 0);
    }
    for (const path of this.#containers.due(replica.state, replica.now)) {
      this.#removeContainer(path);
    }
  }

  #removeContainer(path: string): void {
    const { proposals } = this;
    const header = this.#header(NO_SESSION, 0, OpCode.deleteContainer);
    const txn = prepareDeleteContainer(path, { view: proposals.view, state: this.#replica.state });
    if (typeof txn === 'number') proposals.refuse(header, txn, null);
    else proposals.propose(header, txn, null);
  }
}
