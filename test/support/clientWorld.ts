// A world for the client in tests: virtual time, names and sockets in the hand of the test.

import { sessionId, zxid } from '../../src/base/ids.ts';
import type { Socket, SocketEvents, Timer, World } from '../../src/client/world.ts';
import { Reader, Writer } from '../../src/wire/bytes.ts';
import {
  ConnectRequest,
  ConnectResponse,
  ReplyHeader,
  WatcherEvent,
} from '../../src/wire/client.ts';
import { FrameResult, Frames } from '../../src/wire/frames.ts';

/** The other end of one dialled connection. */
export class FakeConnection implements Socket {
  readonly address: string;
  readonly port: number;
  /** Whole frames that the client sent, without their length; raw bytes when it never framed. */
  readonly frames: Buffer[] = [];
  /** How many times the client wrote. */
  writes = 0;
  raw = Buffer.alloc(0);
  isDestroyed = false;
  #isOpen = false;
  readonly #events: SocketEvents;
  readonly #splitter = new Frames(1 << 30);

  constructor(address: string, port: number, events: SocketEvents) {
    this.address = address;
    this.port = port;
    this.#events = events;
  }

  write(bytes: Uint8Array): void {
    this.writes++;
    this.raw = Buffer.concat([this.raw, bytes]);
    this.#splitter.push(Buffer.from(bytes));
    const reader = new Reader();
    while (this.#splitter.next(reader) === FrameResult.frame) {
      this.frames.push(Buffer.from(reader.buffer.subarray(reader.position, reader.end)));
    }
    this.#splitter.keep();
  }

  destroy(): void {
    this.isDestroyed = true;
  }

  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#events.connected();
  }

  /** Bytes from the server, in a buffer that is wiped afterwards as a socket's would be used again. */
  send(...parts: Uint8Array[]): void {
    const chunk = Buffer.concat(parts);
    this.#events.data(chunk);
    chunk.fill(0xee);
  }

  close(reason = 'the server closed the connection'): void {
    if (!this.isDestroyed) this.#events.closed(new Error(reason));
  }

  /** The greeting that the client sent. */
  get greeting(): ConnectRequest {
    return ConnectRequest.read(new Reader(this.frames[0]));
  }

  /** Accepts the socket and the greeting. */
  welcome(answer: Partial<ConnectResponse> = {}): void {
    this.open();
    const asked = this.greeting;
    this.send(
      connectFrame({
        protocolVersion: 0,
        timeOut: asked.timeOut,
        sessionId: sessionId(0x1234n),
        passwd: Buffer.alloc(16, 7),
        readOnly: false,
        ...answer,
      }),
    );
  }

  /** xid and opcode of each frame after the greeting. */
  get requests(): { xid: number; type: number; body: Reader }[] {
    return this.frames.slice(1).map((frame) => {
      const body = new Reader(frame);
      return { xid: body.int(), type: body.int(), body };
    });
  }

  /** Answers the newest request. */
  reply(err = 0, write: (w: Writer) => void = () => {}, id = 1n): void {
    this.send(replyFrame(this.requests.at(-1)!.xid, id, err, write));
  }
}

const framed = (write: (w: Writer) => void): Buffer => {
  const writer = new Writer();
  const start = writer.beginFrame();
  write(writer);
  writer.endFrame(start);
  return writer.take();
};

export const connectFrame = (response: ConnectResponse): Buffer =>
  framed((w) => ConnectResponse.write(w, response));

export const replyFrame = (
  xid: number,
  id: bigint,
  err: number,
  write: (w: Writer) => void = () => {},
): Buffer =>
  framed((w) => {
    ReplyHeader.write(w, { xid, zxid: zxid(id), err });
    write(w);
  });

export const eventFrame = (type: number, path: string): Buffer =>
  replyFrame(-1, -1n, 0, (w) => WatcherEvent.write(w, { type, state: 3, path }));

interface Planned {
  readonly at: number;
  readonly run: () => void;
}

export class FakeWorld implements World {
  time = 1_000_000;
  readonly connections: FakeConnection[] = [];
  /** What `random` returns. */
  chance = 0;
  /** Addresses of names; others resolve to themselves, a string is the reason for none. */
  readonly names = new Map<string, string[] | string>();
  /** Called at each dial, to answer at once. */
  dialled: (connection: FakeConnection) => void = () => {};
  #timers: Planned[] = [];
  #soon: (() => void)[] = [];

  now(): number {
    return this.time;
  }

  after(ms: number, run: () => void): Timer {
    const planned = { at: this.time + ms, run };
    this.#timers.push(planned);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== planned);
      },
    };
  }

  soon(run: () => void): void {
    this.#soon.push(run);
  }

  afterPromises(run: () => void): void {
    queueMicrotask(() => process.nextTick(run));
  }

  random(): number {
    return this.chance;
  }

  resolve(host: string, done: (found: readonly string[] | Error) => void): void {
    const found = this.names.get(host) ?? [host];
    this.soon(() => done(typeof found === 'string' ? new Error(found) : found));
  }

  dial(address: string, port: number, events: SocketEvents): Socket {
    const connection = new FakeConnection(address, port, events);
    this.connections.push(connection);
    this.soon(() => this.dialled(connection));
    return connection;
  }

  get timers(): number {
    return this.#timers.length;
  }

  /** The newest connection. */
  get connection(): FakeConnection {
    const newest = this.connections.at(-1);
    if (newest === undefined) throw new Error('nothing was dialled');
    return newest;
  }

  /** Lets everything happen that can without time going on. */
  async settle(): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const due = this.#soon.splice(0);
      if (due.length === 0) return;
      for (const run of due) run();
    }
  }

  /** Time goes on, timers fire in order. */
  async pass(ms: number): Promise<void> {
    const end = this.time + ms;
    await this.settle();
    for (;;) {
      const next = this.#timers.reduce<Planned | null>(
        (first, timer) => (first === null || timer.at < first.at ? timer : first),
        null,
      );
      if (next === null || next.at > end) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.time = Math.max(this.time, next.at);
      next.run();
      await this.settle();
    }
    this.time = end;
    await this.settle();
  }
}
