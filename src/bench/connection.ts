// One session as the load generator drives it: many requests outstanding, no promise for each.
import { NO_ZXID, sessionId } from '../base/ids.ts';
import { Link } from '../client/link.ts';
import { realWorld } from '../client/world.ts';
import { type Reader, WireError, type Writer } from '../wire/bytes.ts';
import { OpCode, Xid } from '../wire/opcodes.ts';
import { BenchFailure, Exit, wrongReply } from './failure.ts';
import type { Target } from './targets.ts';

const CONNECT_TIMEOUT_MS = 10_000;
export const SESSION_TIMEOUT_MS = 30_000;
const MAX_FRAME = 64 * 1024 * 1024;
const PASSWORD_LENGTH = 16;
const MAX_XID = 0x7fffffff;

/** Writes and checks what a connection asks; `tag` is whatever it needs to know of a request. */
export interface Work {
  /** Writes opcode and body of the next request; the result comes back with the answer. */
  write(out: Writer): number;
  /** Throws BenchFailure for an answer that is wrong; the reader stands at the body. */
  check(tag: number, err: number, reader: Reader): void;
}

export interface ConnectionEvents {
  /** An answer that was right; times in milliseconds of `performance.now()`. */
  answered(tag: number, startedAt: number, heardAt: number): void;
  /** A watch event; the reader stands at it. */
  notified(reader: Reader, heardAt: number): void;
  /** The benchmark is over: nothing follows. */
  failed(reason: Error): void;
}

export class Connection {
  readonly #link: Link;
  readonly #events: ConnectionEvents;
  readonly #target: Target;
  readonly #tags: number[];
  readonly #startedAt: Float64Array;
  readonly #depth: number;
  #firstXid = 1;
  #nextXid = 1;
  #lastZxid = NO_ZXID as bigint;
  #work: Work | null = null;
  #onGreeted: (() => void) | null;
  #onClosed: (() => void) | null = null;

  constructor(target: Target, depth: number, events: ConnectionEvents, greeted: () => void) {
    this.#target = target;
    this.#depth = depth;
    this.#events = events;
    this.#onGreeted = greeted;
    // One more than the depth for the request that ends the session.
    this.#tags = new Array<number>(depth + 1).fill(0);
    this.#startedAt = new Float64Array(depth + 1);
    const greeting = {
      protocolVersion: 0,
      lastZxidSeen: NO_ZXID,
      timeOut: SESSION_TIMEOUT_MS,
      sessionId: sessionId(0n),
      passwd: Buffer.alloc(PASSWORD_LENGTH),
      readOnly: false,
    };
    this.#link = new Link(
      realWorld,
      { target, connectTimeoutMs: CONNECT_TIMEOUT_MS, maxFrame: MAX_FRAME, greeting },
      {
        greeted: ({ timeOut }) => this.#guarded(() => this.#greeted(timeOut)),
        frame: (reader) => this.#frame(reader),
        ended: (reason) => this.#ended(reason),
      },
    );
  }

  get outstanding(): number {
    return this.#nextXid - this.#firstXid;
  }

  get hasRoom(): boolean {
    return this.outstanding < this.#depth;
  }

  /** Sends the next request of `work` at the end of this turn. `startedAt` is when its time begins. */
  send(work: Work, startedAt: number): void {
    const { out } = this.#link;
    const frame = out.beginFrame();
    out.int(this.#nextXid);
    const tag = work.write(out);
    out.endFrame(frame);
    this.#work = work;
    this.#expect(tag, startedAt);
  }

  /** Ends the session; `closed` when the server has answered. Nothing may be outstanding. */
  close(closed: () => void): void {
    const { out } = this.#link;
    const frame = out.beginFrame();
    out.int(this.#nextXid);
    out.int(OpCode.closeSession);
    out.endFrame(frame);
    this.#onClosed = closed;
    this.#expect(0, 0);
  }

  /** Drops the socket, no event follows. */
  destroy(): void {
    this.#link.end();
  }

  #expect(tag: number, startedAt: number): void {
    const slot = this.#nextXid % this.#tags.length;
    this.#tags[slot] = tag;
    this.#startedAt[slot] = startedAt;
    this.#nextXid++;
    if (this.#nextXid > MAX_XID) throw new BenchFailure('too many requests for one session');
    this.#link.flush();
  }

  #greeted(timeOut: number): void {
    if (timeOut <= 0) throw wrongReply('no session was made');
    this.#link.keepAlive(timeOut);
    const greeted = this.#onGreeted;
    this.#onGreeted = null;
    greeted?.();
  }

  #frame(reader: Reader): void {
    this.#guarded(() => this.#read(reader));
  }

  #guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#link.end();
      const isShort = error instanceof WireError;
      this.#events.failed(isShort ? wrongReply(error.message) : (error as Error));
    }
  }

  #read(reader: Reader): void {
    const xid = reader.int();
    const zxid = reader.long();
    const err = reader.int();
    if (xid === Xid.ping) return;
    if (xid === Xid.notification) {
      this.#events.notified(reader, this.#link.heardAt);
      return;
    }
    if (xid !== this.#firstXid || this.outstanding === 0) {
      throw wrongReply(`xid ${xid} instead of ${this.#firstXid}`);
    }
    const slot = this.#firstXid % this.#tags.length;
    this.#firstXid++;
    if (zxid < this.#lastZxid) throw wrongReply(`zxid ${zxid} after ${this.#lastZxid}`);
    this.#lastZxid = zxid;
    if (this.#onClosed !== null) {
      this.#closed(err);
      return;
    }
    const tag = this.#tags[slot] ?? 0;
    this.#work?.check(tag, err, reader);
    if (reader.remaining > 0) throw wrongReply(`${reader.remaining} bytes too many`);
    this.#events.answered(tag, this.#startedAt[slot] ?? 0, this.#link.heardAt);
  }

  #closed(err: number): void {
    if (err !== 0) throw wrongReply(`error ${err} to closeSession`);
    const closed = this.#onClosed;
    this.#onClosed = null;
    this.#link.end();
    closed?.();
  }

  #ended(reason: Error): void {
    const { name } = this.#target;
    this.#events.failed(
      this.#onGreeted === null
        ? new BenchFailure(`${name}: the connection is lost: ${reason.message}`)
        : new BenchFailure(`cannot connect to ${name}: ${reason.message}`, Exit.noConnection),
    );
  }
}
