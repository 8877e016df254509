// One connection to one server: dial, greet, frames both ways, heart-beat; it never comes back once it ended.

import { Reader, WireError, Writer } from '../wire/bytes.ts';
import { ConnectRequest, ConnectResponse } from '../wire/client.ts';
import { FrameResult, Frames } from '../wire/frames.ts';
import { OpCode, Xid } from '../wire/opcodes.ts';
import type { Target } from './hosts.ts';
import type { Socket, Timer, World } from './world.ts';

export interface LinkEvents {
  /** The first frame: the server's answer to the greeting. */
  greeted(response: ConnectResponse): void;
  /** Every later frame; a WireError from here ends the link. */
  frame(reader: Reader): void;
  /** Once; not after `end`. */
  ended(reason: Error): void;
}

export interface LinkOptions {
  readonly target: Target;
  /** For connecting and greeting together. */
  readonly connectTimeoutMs: number;
  readonly maxFrame: number;
  readonly greeting: ConnectRequest;
}

/** Apache's client lets no more than this pass without a word, however long the session timeout. */
const MAX_PING_INTERVAL_MS = 10_000;

export class Link {
  readonly target: Target;
  /** Frames to send; call `flush` after writing. */
  readonly out = new Writer();
  readonly #world: World;
  readonly #options: LinkOptions;
  readonly #events: LinkEvents;
  readonly #frames: Frames;
  readonly #reader = new Reader();
  readonly #socket: Socket;
  #timer: Timer | null = null;
  #isGreeting = false;
  #isGreeted = false;
  #isEnded = false;
  #willFlush = false;
  #begunAt: number;
  #sentAt: number;
  #heardAt: number;
  #pingEveryMs = 0;
  #silenceLimitMs = 0;

  constructor(world: World, options: LinkOptions, events: LinkEvents) {
    this.#world = world;
    this.#options = options;
    this.#events = events;
    this.target = options.target;
    this.#frames = new Frames(options.maxFrame);
    this.#begunAt = world.now();
    this.#sentAt = this.#begunAt;
    this.#heardAt = this.#begunAt;
    this.#socket = world.dial(options.target.address, options.target.port, {
      connected: () => this.#greet(),
      data: (chunk) => this.#received(chunk),
      closed: (reason) => this.#over(reason),
    });
    this.#arm(options.connectTimeoutMs);
  }

  /** The greeting is out and not answered: the server may be making a session. */
  get isGreeting(): boolean {
    return this.#isGreeting && !this.#isGreeted;
  }

  get heardAt(): number {
    return this.#heardAt;
  }

  /** Drops the connection; no event follows. */
  end(): void {
    this.#isEnded = true;
    this.#timer?.cancel();
    this.#socket.destroy();
  }

  /** Sends what is in `out` at the end of this turn, in one write. */
  flush(): void {
    if (this.#willFlush) return;
    this.#willFlush = true;
    this.#world.soon(() => this.#flushNow());
  }

  /** Keeps the session of so many milliseconds alive from now on: a word each third, doubt at two thirds. */
  keepAlive(sessionTimeoutMs: number): void {
    this.#silenceLimitMs = (sessionTimeoutMs * 2) / 3;
    this.#pingEveryMs = Math.min(sessionTimeoutMs / 3, MAX_PING_INTERVAL_MS);
    this.#check();
  }

  /** Ends the link as the server's or the network's fault would. */
  fail(reason: Error): void {
    this.#socket.destroy();
    this.#over(reason);
  }

  #greet(): void {
    const start = this.out.beginFrame();
    ConnectRequest.write(this.out, this.#options.greeting);
    this.out.endFrame(start);
    this.#isGreeting = true;
    this.#flushNow();
  }

  #flushNow(): void {
    this.#willFlush = false;
    if (this.#isEnded || this.out.length === 0) return;
    this.#sentAt = this.#world.now();
    this.#socket.write(this.out.take());
  }

  #received(chunk: Buffer): void {
    this.#heardAt = this.#world.now();
    this.#frames.push(chunk);
    try {
      this.#readFrames();
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.fail(new Error(`unexpected answer from the server: ${error.message}`, { cause: error }));
      return;
    }
    this.#frames.keep();
  }

  #readFrames(): void {
    for (;;) {
      if (this.#isEnded) return;
      const result = this.#frames.next(this.#reader);
      if (result === FrameResult.none) return;
      if (result === FrameResult.bad) {
        throw new WireError(`a frame of ${this.#frames.badLength} bytes`);
      }
      if (this.#isGreeted) this.#events.frame(this.#reader);
      else {
        const response = ConnectResponse.read(this.#reader);
        this.#isGreeted = true;
        this.#events.greeted(response);
      }
    }
  }

  #over(reason: Error): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#timer?.cancel();
    this.#events.ended(reason);
  }

  #arm(ms: number): void {
    this.#timer?.cancel();
    this.#timer = this.#world.after(Math.max(Math.ceil(ms), 1), () => this.#check());
  }

  #check(): void {
    if (this.#isEnded) return;
    const now = this.#world.now();
    const left = this.#timeLeft(now);
    if (left <= 0) {
      // A program that was busy for long finds timers first and the server's bytes after them:
      // look at the input once before giving up.
      this.#world.soon(() => this.#confirmSilence());
      return;
    }
    if (this.#silenceLimitMs === 0) {
      this.#arm(left);
      return;
    }
    if (now - this.#sentAt >= this.#pingEveryMs) this.#ping(now);
    this.#arm(Math.min(left, this.#sentAt + this.#pingEveryMs - now));
  }

  #timeLeft(now: number): number {
    return this.#silenceLimitMs === 0
      ? this.#begunAt + this.#options.connectTimeoutMs - now
      : this.#heardAt + this.#silenceLimitMs - now;
  }

  #confirmSilence(): void {
    if (this.#isEnded) return;
    const now = this.#world.now();
    if (this.#timeLeft(now) > 0) {
      this.#check();
      return;
    }
    const { address, port } = this.target;
    const text =
      this.#silenceLimitMs === 0
        ? `connect ETIMEDOUT ${address}:${port} (${Math.round(this.#options.connectTimeoutMs)} ms)`
        : `nothing heard from the server for ${Math.round(now - this.#heardAt)} ms`;
    this.fail(new Error(text));
  }

  #ping(now: number): void {
    const start = this.out.beginFrame();
    this.out.int(Xid.ping);
    this.out.int(OpCode.ping);
    this.out.endFrame(start);
    this.#sentAt = now;
    this.flush();
  }
}
