// From bytes to requests: frames, and the order of each session's requests and answers.
import { operations } from '../operations/index.ts';
import type { AnswerContext, Operation, ReadOperation } from '../operations/operation.ts';
import type { Applied } from '../transactions/index.ts';
import { Reader, WireError } from '../wire/bytes.ts';
import { ConnectRequest } from '../wire/client.ts';
import { ErrorCode } from '../wire/errors.ts';
import { FrameResult } from '../wire/frames.ts';
import { OpCode, Xid } from '../wire/opcodes.ts';
import { beginReply, endReply, failReply } from './answers.ts';
import { isCongested, type ReceptionRules, refuseLength, refusesLarge } from './congestion.ts';
import type { Connection, Waiting } from './connection.ts';
import { refuseSasl, takeCredentials } from './credentials.ts';
import { connect } from './handshake.ts';
import type { SyncPoint } from './pipeline.ts';
import type { Replica } from './replica.ts';

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

  received(connection: Connection, chunk: Buffer, isLent: boolean): void {
    if (connection.state === 'closing' || connection.isLeaving) return;
    connection.frames.push(chunk, isLent);
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
      if (isCongested(connection, this.#replica, this.#rules)) {
        this.#stall(connection);
        return;
      }
      const result = frames.next(this.#reader);
      if (result === FrameResult.none) break;
      if (result === FrameResult.bad) {
        refuseLength(connection, frames.badLength, this.#replica);
        return;
      }
      this.#frame(connection);
      // A frame may have ended the connection, or asked for its end: what follows is not looked at.
      if (connection.isLeaving || (connection.state as string) === 'closing') return;
    }
    frames.keep();
    if (!connection.isStalled) return;
    connection.isStalled = false;
    this.#stalled.delete(connection);
    this.#replica.effect({ kind: 'resume', connection });
  }

  #stall(connection: Connection): void {
    connection.frames.hold();
    this.#stalled.add(connection);
    if (connection.isStalled) return;
    connection.isStalled = true;
    this.#replica.stats.throttleWaits++;
    this.#replica.effect({ kind: 'pause', connection });
  }

  #frame(connection: Connection): void {
    connection.stats.received++;
    this.#replica.stats.received++;
    try {
      if (connection.state === 'fresh') {
        if (!this.#replica.isServing) {
          this.#replica.end(connection);
          return;
        }
        const request = ConnectRequest.read(this.#reader);
        connect(connection, request, this.#replica, this.#rules);
      } else this.#request(connection);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#replica.report(
        'warn',
        `Closing connection to /${connection.peer}: malformed request (${error.message})`,
      );
      this.#replica.end(connection);
    }
  }

  // -- requests --------------------------------------------------------------------------------

  #request(connection: Connection): void {
    const reader = this.#reader;
    const xid = reader.int();
    const opcode = reader.int();
    const { pipeline, now } = this.#replica;
    pipeline.heard(connection);
    if (opcode === OpCode.auth) {
      takeCredentials(connection, xid, reader, this.#replica);
      return;
    }
    if (opcode === OpCode.sasl) {
      refuseSasl(connection, xid, this.#replica);
      return;
    }
    if (opcode === OpCode.closeSession) {
      connection.isLeaving = true;
      // Of a session that is ending already the connection goes with it.
      if (pipeline.isClosing(connection.session)) return;
      connection.push(this.#waiting('write', xid, opcode));
      pipeline.leave(connection, xid);
      return;
    }
    const operation = operations.get(opcode);
    if (pipeline.isReadOnly && (operation?.kind === 'write' || opcode === OpCode.sync)) {
      this.answerEmpty(connection, this.#waiting('write', xid, opcode), ErrorCode.notReadOnly);
      return;
    }
    if (operation?.kind === 'write') {
      const { largeRequests } = this.#rules;
      if (refusesLarge(connection, reader.remaining, this.#replica, largeRequests)) return;
      connection.push(this.#waiting('write', xid, opcode));
      pipeline.write(connection, xid, operation, reader);
      return;
    }
    const point = opcode === OpCode.sync ? this.#syncPoint(connection, xid) : null;
    if (connection.waiting.length > 0 || point !== null) {
      this.#setAside(connection, xid, opcode, point);
    } else this.#answerRead(connection, xid, opcode, operation, reader, now.monotonic);
  }

  #waiting(kind: Waiting['kind'], xid: number, opcode: number): Waiting {
    return {
      kind,
      xid,
      opcode,
      body: null,
      bytes: this.#reader.remaining,
      notBefore: null,
      since: this.#replica.now.monotonic,
    };
  }

  #syncPoint(connection: Connection, xid: number): SyncPoint | null {
    const { buffer, position, end } = this.#reader;
    return this.#replica.pipeline.sync(connection, xid, buffer.subarray(position, end));
  }

  #setAside(connection: Connection, xid: number, opcode: number, point: SyncPoint | null): void {
    const { buffer, position, end } = this.#reader;
    if (point !== null && connection.waiting.length === 0) this.#syncing.add(connection);
    connection.push({
      kind: 'read',
      xid,
      opcode,
      body: Buffer.from(buffer.subarray(position, end)),
      bytes: 0,
      notBefore: point,
      since: this.#replica.now.monotonic,
    });
  }

  /** Answers the reads that waited, up to the next write. */
  drain(connection: Connection): void {
    for (;;) {
      const next = connection.waiting.peek();
      if (next === undefined || next.body === null) return;
      if (next.notBefore !== null && next.notBefore.zxid > this.#replica.state.lastZxid) {
        this.#syncing.add(connection);
        return;
      }
      connection.shift();
      const operation = operations.get(next.opcode);
      const reader = this.#waitingReader.reset(next.body);
      this.#answerRead(connection, next.xid, next.opcode, operation, reader, next.since);
    }
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
    let start = connection.outLength;
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
    if (this.#replica.pipeline.isClosing(connection.session)) return ErrorCode.sessionExpired;
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

  /** Answers a request without a body. */
  answerEmpty(connection: Connection, { xid, opcode, since }: Waiting, err: ErrorCode): void {
    const start = this.#begin(connection, xid, err);
    this.#finish(connection, start, operations.get(opcode)?.label ?? 'CLOS', xid, since);
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
}
