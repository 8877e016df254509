// A request of the program on its way: what to send, how to read the answer, whose promise to settle.

import type { Reader, Writer } from '../wire/bytes.ts';
import { ErrorCode } from '../wire/errors.ts';
import type { OpCode } from '../wire/opcodes.ts';
import type { CallOptions } from './api.ts';
import { ZkError } from './errors.ts';
import type { Timer, World } from './world.ts';

/** What a method of the API asks of the session. */
export interface Request<T> {
  /** The method's name and the client's path, for errors. */
  readonly op: string;
  readonly path: string | null;
  readonly type: OpCode;
  write(writer: Writer): void;
  /** `reader` stands at the body; null when there is none because the answer was `alsoOk`. */
  read(reader: Reader | null): T;
  /** An error code that is an answer here, as NoNode is for exists. */
  readonly alsoOk?: number;
  /**
   * Told the outcome, in the order of the wire, before the promise settles: watches are registered here.
   * May turn it into another one. Not asked when the program gave the call up, but see `finishesAnyway`.
   */
  readonly finish?: (err: number) => number;
  /** What the server has taken away must go here too, even when nobody waits for the answer. */
  readonly finishesAnyway?: boolean;
}

/** Something that waits for an answer with its xid. */
export class Call {
  readonly xid: number;
  readonly op: string;
  /** The bytes while they wait for a connection; null once they are on their way. */
  frame: Buffer | null = null;
  /** Bytes of the request once it is on its way, without the length before it. */
  sentBytes: number | null = null;
  isGivenUp = false;
  readonly #finish: ((err: number) => number) | undefined;
  readonly #read: (reader: Reader | null) => () => void;
  readonly #reject: (error: ZkError) => void;
  readonly #path: string | null;
  readonly #alsoOk: number;
  readonly #finishesAnyway: boolean;

  constructor(
    xid: number,
    request: Request<unknown>,
    read: (reader: Reader | null) => () => void,
    reject: (error: ZkError) => void,
  ) {
    this.xid = xid;
    this.op = request.op;
    this.#path = request.path;
    this.#alsoOk = request.alsoOk ?? ErrorCode.ok;
    this.#finish = request.finish;
    this.#finishesAnyway = request.finishesAnyway === true;
    this.#read = read;
    this.#reject = reject;
  }

  /**
   * The outcome is here: does the bookkeeping now and returns what settles the promise.
   * Throws WireError when the body cannot be read.
   */
  finish(err: number, reader: Reader | null, cause?: unknown): () => void {
    if (this.isGivenUp) {
      if (this.#finishesAnyway) this.#finish?.(err);
      return () => {};
    }
    // Read before the bookkeeping: what cannot be read must register nothing.
    const settle = err === ErrorCode.ok ? this.#read(reader) : null;
    const outcome = this.#finish === undefined ? err : this.#finish(err);
    if (outcome === ErrorCode.ok || outcome === this.#alsoOk) return settle ?? this.#read(null);
    const error = new ZkError(outcome, this.op, this.#path, {
      cause,
      requestBytes: this.sentBytes,
    });
    return () => this.#reject(error);
  }
}

/** A promise's two ends for a call, with the caller's own limits on waiting. */
export function waitFor<T>(
  world: World,
  options: CallOptions,
  timedOut: () => ZkError,
  begin: (resolve: (value: T) => void, reject: (error: unknown) => void) => () => void,
): Promise<T> {
  const { signal, timeout } = options;
  if (signal === undefined && timeout === undefined) {
    return new Promise<T>((resolve, reject) => {
      begin(resolve, reject);
    });
  }
  return new Promise<T>((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason as Error);
      return;
    }
    let timer: Timer | null = null;
    let isDone = false;
    const tidy = () => {
      isDone = true;
      timer?.cancel();
      signal?.removeEventListener('abort', onAbort);
    };
    const giveUp = begin(
      (value) => {
        tidy();
        resolve(value);
      },
      (error) => {
        tidy();
        reject(error as Error);
      },
    );
    const stop = (error: unknown) => {
      tidy();
      giveUp();
      reject(error as Error);
    };
    const onAbort = () => stop(signal?.reason);
    // An ended session fails a call at once.
    if (isDone) return;
    signal?.addEventListener('abort', onAbort);
    if (timeout !== undefined) timer = world.after(timeout, () => stop(timedOut()));
  });
}
