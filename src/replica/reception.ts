// From bytes to requests: frames, the handshake, and the order of each session's requests.
import { hex0x, NO_SESSION, type Zxid } from '../base/ids.ts';
import { operations } from '../operations/index.ts';
import type { AnswerContext, Operation, ReadOperation } from '../operations/operation.ts';
import { authenticate } from '../state/auth.ts';
import { isPasswordOf } from '../state/sessions.ts';
import type { Applied } from '../transactions/index.ts';
import { Reader, WireError } from '../wire/bytes.ts';
import { AuthPacket, ConnectRequest } from '../wire/client.ts';
import type { Id } from '../wire/data.ts';
import { ErrorCode } from '../wire/errors.ts';
import { FrameResult } from '../wire/frames.ts';
import { OpCode, Xid } from '../wire/opcodes.ts';
import { beginReply, endReply, failReply, writeConnectResponse } from './answers.ts';
import type { Connection, Waiting } from './connection.ts';
import type { ConnectionThrottleRules } from './connectionThrottle.ts';
import type { Replica } from './replica.ts';

export interface ReceptionRules {
  /** Bounds of the session timeout that is granted, in ms. */
  readonly minSessionTimeout: number;
  readonly maxSessionTimeout: number;
  /** globalOutstandingLimit: with more in flight, who already waits is not read any further. */
  readonly maxOutstanding: number;
  /** requestThrottleLimit: with more in flight nobody is read any further; 0 for no limit. */
  readonly maxInWork: number;
  readonly largeRequests: LargeRequestRules;
  readonly throttle: ConnectionThrottleRules;
}

export interface LargeRequestRules {
  /** Bytes above which a write is a large one; -1: none is. */
  readonly threshold: number;
  /** Bytes that large writes in flight may have together. */
  readonly maxBytes: number;
}

/** Answers a connection may have unsent, and requests it may have waiting, before its frames lie unread. */
const MAX_UNSENT_BYTES = 1 << 20;
const MAX_WAITING_BYTES = 4 << 20;
/** Bytes of writes in flight beyond which who already waits is not read: a thousand may have 1 MB each. */
const MAX_BYTES_IN_FLIGHT = 16 << 20;

/** A frame's length, which Apache does not count as part of a response. */
const LENGTH_BYTES = 4;

export class Reception {
  readonly #replica: Replica;
  readonly #rules: ReceptionRules;
  readonly #reader = new Reader();
  /** Reads frames that were set aside; the one above may stand in the middle of a chunk. */
  readonly #waitingReader = new Reader();
  /** Connections with unread frames that go on when something commits. */
  readonly #stalled = new Set<Connection>();
  /** Connections whose first waiting request is a sync. */
  readonly #syncing = new Set<Connection>();

  constructor(replica: Replica, rules: ReceptionRules) {
    this.#replica = replica;
    this.#rules = rules;
  }

  received(connection: Connection, chunk: Buffer): void {
    if (connection.state === 'closing' || connection.isLeaving) return;
    connection.frames.push(chunk);
    this.#read(connection);
  }

  /** The peer has taken its answers: frames that lie unread go on. */
  resumed(connection: Connection): void {
    if (connection.isStalled && connection.state !== 'closing') this.#read(connection);
  }

  /**
   * One transaction was applied: syncs may be due, and the reads behind them. They go before the next
   * transaction, which may be a write of the same session behind the sync.
   */
  applied(): void {
    if (this.#syncing.size === 0) return;
    // A copy, as a sync that is not due yet goes back into the set.
    for (const connection of [...this.#syncing]) {
      this.#syncing.delete(connection);
      this.drain(connection);
    }
  }

  /** All that was logged is applied: stalled connections have room again. */
  committed(): void {
    if (this.#stalled.size === 0) return;
    for (const connection of [...this.#stalled]) {
      // Whoever stalls again goes to the end of the row: the first must not take all the room.
      this.#stalled.delete(connection);
      this.resumed(connection);
    }
  }

  forget(connection: Connection): void {
    this.#stalled.delete(connection);
    this.#syncing.delete(connection);
  }

  #read(connection: Connection): void {
    const { frames } = connection;
    for (;;) {
      if (this.#isCongested(connection)) {
        if (!connection.isStalled) this.#replica.stats.throttleWaits++;
        connection.isStalled = true;
        this.#stalled.add(connection);
        return;
      }
      const result = frames.next(this.#reader);
      if (result === FrameResult.none) break;
      if (result === FrameResult.bad) {
        this.#refuseLength(connection, frames.badLength);
        return;
      }
      this.#frame(connection);
      // A frame may have ended the connection, or asked for its end: what follows is not looked at.
      if (connection.isLeaving || (connection.state as string) === 'closing') return;
    }
    frames.keep();
    if (connection.isStalled) {
      connection.isStalled = false;
      this.#stalled.delete(connection);
    }
  }

  #isCongested(connection: Connection): boolean {
    // Clients send their credentials right behind the connect request: its answer comes first.
    if (connection.state === 'connecting') return true;
    if (connection.unsent + connection.out.length > MAX_UNSENT_BYTES) return true;
    const { maxInWork } = this.#rules;
    // Apache's RequestThrottler; whoever holds frames back needs no queue of its own for it.
    if (maxInWork > 0 && this.#replica.outstanding >= maxInWork) return true;
    const waiting = connection.waiting.length;
    if (waiting === 0) return false;
    return (
      this.#replica.outstanding > this.#rules.maxOutstanding ||
      this.#replica.bytesInFlight > MAX_BYTES_IN_FLIGHT ||
      connection.waitingBytes > MAX_WAITING_BYTES ||
      waiting > this.#rules.maxOutstanding
    );
  }

  #refuseLength(connection: Connection, length: number): void {
    this.#replica.report(
      'warn',
      `Close of session ${hex0x(connection.session)}: Len error. A message from /${connection.peer} with advertised length of ${length} is either a malformed message or too large to process (length is greater than jute.maxbuffer=${connection.frames.maxLength})`,
    );
    this.#replica.end(connection);
  }

  #frame(connection: Connection): void {
    connection.stats.received++;
    this.#replica.stats.received++;
    try {
      if (connection.state === 'fresh') this.#connect(connection);
      else this.#request(connection);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#replica.report(
        'warn',
        `Closing connection to /${connection.peer}: malformed request (${error.message})`,
      );
      this.#replica.end(connection);
    }
  }

  // -- the handshake ---------------------------------------------------------------------------

  #connect(connection: Connection): void {
    const replica = this.#replica;
    const request = ConnectRequest.read(this.#reader);
    connection.isOldClient = request.readOnly === null;
    if (!replica.throttle.admits(request.sessionId !== NO_SESSION, replica.now.monotonic)) {
      replica.stats.connectionsDropped++;
      replica.report('info', `Too many connect requests: closing /${connection.peer}`);
      replica.end(connection);
      return;
    }
    replica.stats.connects++;
    if (request.lastZxidSeen > replica.state.lastZxid) {
      replica.report(
        'info',
        `Refusing session request for client /${connection.peer} as it has seen zxid ${hex0x(request.lastZxidSeen)} our last zxid is ${hex0x(replica.state.lastZxid)} client must try another server`,
      );
      replica.end(connection);
      return;
    }
    const { minSessionTimeout, maxSessionTimeout } = this.#rules;
    connection.timeout = Math.min(Math.max(request.timeOut, minSessionTimeout), maxSessionTimeout);
    if (request.sessionId === NO_SESSION) {
      connection.session = replica.newSessionId();
      connection.state = 'connecting';
      connection.push(this.#waiting('connect', 0, OpCode.createSession));
      replica.createSession(connection);
    } else this.#resume(connection, request);
  }

  /**
   * Takes over an existing session. The password comes before any effect: a stranger must not be
   * able to cut the owner's connection (as it can in Apache's processConnectRequest).
   */
  #resume(connection: Connection, { sessionId, passwd }: ConnectRequest): void {
    const replica = this.#replica;
    const session = replica.tracker.get(sessionId);
    const isRight = isPasswordOf(sessionId, passwd);
    if (session === undefined || session.isClosing || !isRight) {
      const why = isRight
        ? `Invalid session ${hex0x(sessionId)} for client /${connection.peer}, probably expired`
        : `Incorrect password from /${connection.peer} for session ${hex0x(sessionId)}`;
      replica.report(isRight ? 'info' : 'warn', why);
      writeConnectResponse(connection, false);
      replica.end(connection);
      return;
    }
    replica.stats.revalidations++;
    const previous = replica.bySession.get(sessionId);
    if (previous !== undefined) replica.end(previous);
    connection.session = sessionId;
    connection.state = 'open';
    session.timeoutMs = connection.timeout;
    replica.tracker.renew(session, replica.now.monotonic);
    replica.establish(connection);
  }

  // -- requests --------------------------------------------------------------------------------

  #request(connection: Connection): void {
    const reader = this.#reader;
    const xid = reader.int();
    const opcode = reader.int();
    const { tracker, now } = this.#replica;
    tracker.touch(connection.session, now.monotonic);
    if (opcode === OpCode.auth) {
      this.#authenticate(connection, xid);
      return;
    }
    if (opcode === OpCode.sasl) {
      this.#refuseSasl(connection, xid);
      return;
    }
    if (opcode === OpCode.closeSession) {
      connection.isLeaving = true;
      // Of a session that is ending already the connection goes with it.
      if (this.#replica.isClosing(connection.session)) return;
      connection.push(this.#waiting('write', xid, opcode));
      this.#replica.closeSession(connection.session, connection, xid);
      return;
    }
    const operation = operations.get(opcode);
    if (operation?.kind === 'write') {
      if (this.#isTooLarge(connection, reader.remaining)) return;
      connection.push(this.#waiting('write', xid, opcode));
      this.#write(connection, xid, operation);
      return;
    }
    const mustWait = connection.waiting.length > 0 || this.#isAhead(opcode);
    if (mustWait) this.#setAside(connection, xid, opcode);
    else this.#answerRead(connection, xid, opcode, operation, reader, now.monotonic);
  }

  /** Ends the connection when its large write has no room beside those in flight. */
  #isTooLarge(connection: Connection, bytes: number): boolean {
    const { threshold, maxBytes } = this.#rules.largeRequests;
    if (threshold < 0 || bytes <= threshold) return false;
    if (this.#replica.largeBytes + bytes <= maxBytes) return false;
    this.#replica.stats.largeRequestsRejected++;
    this.#replica.report(
      'warn',
      `Closing /${connection.peer}: a request of ${bytes} bytes does not fit beside the ${this.#replica.largeBytes} bytes of large requests in work (largeRequestMaxBytes=${maxBytes})`,
    );
    this.#replica.end(connection);
    return true;
  }

  #write(connection: Connection, xid: number, operation: Operation & { kind: 'write' }): void {
    let request: unknown;
    try {
      request = operation.request.read(this.#reader);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#replica.refuseWrite(connection, xid, operation.opcode, ErrorCode.marshallingError);
      return;
    }
    this.#replica.write(connection, xid, operation, request);
  }

  #waiting(kind: Waiting['kind'], xid: number, opcode: number): Waiting {
    return {
      kind,
      xid,
      opcode,
      body: null,
      notBefore: null,
      since: this.#replica.now.monotonic,
    };
  }

  /** A sync is answered when all that was proposed before it has been applied. */
  #isAhead(opcode: number): boolean {
    return opcode === OpCode.sync && this.#replica.lastProposed > this.#replica.state.lastZxid;
  }

  #setAside(connection: Connection, xid: number, opcode: number): void {
    const { buffer, position, end } = this.#reader;
    const notBefore = this.#isAhead(opcode) ? this.#replica.lastProposed : null;
    if (notBefore !== null && connection.waiting.length === 0) this.#syncing.add(connection);
    connection.push({
      kind: 'read',
      xid,
      opcode,
      body: Buffer.from(buffer.subarray(position, end)),
      notBefore,
      since: this.#replica.now.monotonic,
    });
  }

  /** Answers the reads that waited, up to the next write. */
  drain(connection: Connection): void {
    for (;;) {
      const next = connection.waiting.peek();
      if (next === undefined || next.body === null) return;
      if (next.notBefore !== null && this.#isLater(next.notBefore)) {
        this.#syncing.add(connection);
        return;
      }
      connection.shift();
      const operation = operations.get(next.opcode);
      const reader = this.#waitingReader.reset(next.body);
      this.#answerRead(connection, next.xid, next.opcode, operation, reader, next.since);
    }
  }

  #isLater(zxid: Zxid): boolean {
    return zxid > this.#replica.state.lastZxid;
  }

  // -- answers ---------------------------------------------------------------------------------

  #answerRead(
    connection: Connection,
    xid: number,
    opcode: number,
    operation: Operation | undefined,
    reader: Reader,
    since: number,
  ): void {
    if (operation === undefined || operation.kind === 'write') {
      this.#replica.report('warn', `Received packet at server of unknown type ${opcode}`);
      // Under zxid -1: the request never got one (Apache's UnimplementedRequestProcessor).
      const start = beginReply(connection, xid, -1n, ErrorCode.unimplemented);
      this.#finish(connection, start, 'NA', xid, since);
      this.#replica.end(connection);
      return;
    }
    // A ping is answered under its own xid, whatever the client's was.
    const answerXid = opcode === OpCode.ping ? Xid.ping : xid;
    let start = connection.out.length;
    if (operation.isEventful === true) {
      const err = this.#answer(connection, operation, reader);
      start = this.#begin(connection, answerXid, err);
    } else {
      this.#begin(connection, answerXid, ErrorCode.ok);
      const err = this.#answer(connection, operation, reader);
      if (err !== ErrorCode.ok) failReply(connection, start, err);
    }
    this.#finish(connection, start, operation.label, answerXid, since);
  }

  #answer(connection: Connection, operation: ReadOperation<unknown>, reader: Reader): ErrorCode {
    if (this.#replica.isClosing(connection.session)) return ErrorCode.sessionExpired;
    const context: AnswerContext = {
      state: this.#replica.state,
      rules: this.#replica.rules,
      session: connection.session,
      ids: connection.ids,
      watcher: connection,
    };
    try {
      return operation.answer(operation.request.read(reader), context, connection.out);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      return ErrorCode.marshallingError;
    }
  }

  /** Answers a write that has been applied; the events it caused are in `out` already. */
  answerWrite(connection: Connection, { xid, opcode, since }: Waiting, applied: Applied): void {
    // A multi is answered with the results of its parts, whether or not one of them is an error.
    const err = applied.multi === null ? applied.err : ErrorCode.ok;
    const start = this.#begin(connection, xid, err);
    const operation = operations.get(opcode);
    if (err === ErrorCode.ok && operation?.kind === 'write') {
      operation.respond(connection.out, applied);
    }
    this.#finish(connection, start, operation?.label ?? 'CLOS', xid, since);
  }

  #begin(connection: Connection, xid: number, err: number): number {
    return beginReply(connection, xid, this.#replica.state.lastZxid, err);
  }

  #finish(connection: Connection, start: number, label: string, xid: number, since: number): void {
    const { stats, state, now } = this.#replica;
    stats.reply(endReply(connection, start) - LENGTH_BYTES);
    stats.latency(now.monotonic - since);
    connection.stats.sent++;
    connection.stats.answer(label, xid, state.lastZxid, since, now.monotonic);
  }

  /** As a server that demands no SASL but cannot do it either: AUTHFAILED, a null token, the end. */
  #refuseSasl(connection: Connection, xid: number): void {
    const start = beginReply(connection, xid, 0n, ErrorCode.authFailed);
    connection.out.bytes(null);
    endReply(connection, start);
    this.#replica.report('warn', `SASL is not supported: closing /${connection.peer}`);
    this.#replica.end(connection);
  }

  /** Takes effect at once, and is answered at once under its own xid, as in ZooKeeperServer.processPacket. */
  #authenticate(connection: Connection, xid: number): void {
    const { scheme, auth } = AuthPacket.read(this.#reader);
    const ids = authenticate(scheme, auth, connection.address, this.#replica.rules.access);
    const err = ids === null ? ErrorCode.authFailed : ErrorCode.ok;
    this.#replica.stats.sent++;
    connection.stats.sent++;
    endReply(connection, beginReply(connection, xid, 0n, err));
    if (ids === null) {
      this.#replica.stats.authFailures++;
      this.#replica.report('warn', `Authentication failed for scheme: ${scheme}`);
      this.#replica.end(connection);
      return;
    }
    connection.ids = withIds(connection.ids, ids);
  }
}

function withIds(known: readonly Id[], added: readonly Id[]): Id[] {
  const isNew = (id: Id) => !known.some((k) => k.scheme === id.scheme && k.id === id.id);
  return [...known, ...added.filter(isNew)];
}
