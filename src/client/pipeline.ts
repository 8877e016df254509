// The requests of a session in their order: those that wait for a connection, those that wait for an answer.

import { Fifo } from '../base/fifo.ts';
import { type Reader, WireError, Writer } from '../wire/bytes.ts';
import { Call, type Request } from './calls.ts';
import type { Deliveries } from './deliveries.ts';
import type { Link } from './link.ts';

const MAX_XID = 0x7fffffff;

/** xids count from 1 and start over; negative ones have meanings of their own. */
export const nextXid = (xid: number): number => (xid === MAX_XID ? 1 : xid + 1);

export class Pipeline {
  readonly #deliveries: Deliveries;
  /** Sent and not answered. */
  readonly #sent = new Fifo<Call>();
  /** Not sent: there is no connection. */
  readonly #waiting = new Fifo<Call>();
  #xid = 0;

  constructor(deliveries: Deliveries) {
    this.#deliveries = deliveries;
  }

  /** A call that is not on its way yet. */
  call<T>(request: Request<T>, resolve: (value: T) => void, reject: (error: Error) => void): Call {
    this.#xid = nextXid(this.#xid);
    const read = (reader: Reader | null) => {
      const value = request.read(reader);
      return () => resolve(value);
    };
    return new Call(this.#xid, request, read, reject);
  }

  /** Sends a call, or keeps its bytes while there is no link. */
  send(call: Call, request: Request<unknown>, link: Link | null): void {
    if (link === null) {
      const frame = new Writer(256);
      writeRequest(frame, call.xid, request);
      call.frame = frame.take();
      this.#waiting.push(call);
      return;
    }
    call.sentBytes = writeRequest(link.out, call.xid, request);
    this.#sent.push(call);
    link.flush();
  }

  /** The program does not want the answer any more. What is not sent will not be. */
  giveUp(call: Call): void {
    call.isGivenUp = true;
    if (call.frame !== null) this.#waiting.remove(call);
  }

  /** Writes what waited to a new link. */
  sendWaiting(link: Link): void {
    for (const call of this.#waiting.drain()) {
      if (call.frame !== null) {
        link.out.raw(call.frame);
        call.sentBytes = call.frame.length - LENGTH_BYTES;
      }
      call.frame = null;
      this.#sent.push(call);
    }
  }

  /** Answers come in the order of the requests; anything else is no ZooKeeper, or a broken one. */
  answered(xid: number, err: number, reader: Reader): void {
    const call = this.#sent.peek();
    if (call === undefined) throw new WireError(`an answer to ${xid}, nothing was asked`);
    if (call.xid !== xid) throw new WireError(`an answer to ${xid} instead of ${call.xid}`);
    // Taken out only when read, so that one that cannot be read fails with the connection.
    const settle = call.finish(err, reader);
    this.#sent.shift();
    this.#deliveries.settle(settle);
  }

  /** Fails one call at once. */
  refuse(call: Call, err: number): void {
    this.#deliveries.settle(call.finish(err, null));
  }

  failSent(err: number, cause?: Error): void {
    this.#fail(this.#sent, err, cause);
  }

  failWaiting(err: number, cause?: Error): void {
    this.#fail(this.#waiting, err, cause);
  }

  #fail(calls: Fifo<Call>, err: number, cause?: Error): void {
    for (const call of calls.drain()) this.#deliveries.settle(call.finish(err, null, cause));
  }
}

/** Before every frame. */
const LENGTH_BYTES = 4;

/** Returns the size of the frame, without the length before it. */
function writeRequest(out: Writer, xid: number, request: Request<unknown>): number {
  const start = out.beginFrame();
  out.int(xid);
  out.int(request.type);
  try {
    request.write(out);
  } catch (error) {
    // Half a frame would turn everything after it into nonsense.
    out.reset(start);
    throw error;
  }
  out.endFrame(start);
  return out.length - start - LENGTH_BYTES;
}
