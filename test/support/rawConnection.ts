// A socket of bare bytes: sends whatever it is told and gathers the frames that come back.
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { waitFor } from './processes.ts';

/** How long `replies` waits for what it was told to expect. */
const PATIENCE_MS = 30_000;

export class RawConnection {
  #socket: Socket;
  #bytes = Buffer.alloc(0);
  #closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
    });
    socket.on('error', () => undefined); // a reset is a way to close: 'close' follows
    socket.on('close', () => {
      this.#closed = true;
    });
  }

  static open(port: number): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () =>
        resolve(new RawConnection(socket)),
      );
      socket.once('error', reject);
    });
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  send(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  end(): void {
    this.#socket.destroy();
  }

  /** The frames (length included) that are here, taken out; a frame in part stays. */
  frames(): string[] {
    const found: string[] = [];
    while (this.#bytes.length >= 4) {
      const length = 4 + this.#bytes.readInt32BE(0);
      if (this.#bytes.length < length) break;
      found.push(this.#bytes.subarray(0, length).toString('hex'));
      this.#bytes = this.#bytes.subarray(length);
    }
    return found;
  }

  /** Everything that is here, as one piece. */
  chunk(): string[] {
    if (this.#bytes.length === 0) return [];
    const all = this.#bytes.toString('hex');
    this.#bytes = Buffer.alloc(0);
    return [all];
  }

  /** All that comes until the server closes, as text. */
  async untilClosed(): Promise<string> {
    await waitFor('the close', () => this.#closed, 10_000);
    return this.#bytes.toString('utf8');
  }

  /** The frames that come until `isEnough`; the end of the connection is an error. */
  async until(isEnough: (frames: string[]) => boolean, patience = 10_000): Promise<string[]> {
    const found: string[] = [];
    const end = Date.now() + patience;
    for (;;) {
      found.push(...this.frames());
      if (isEnough(found)) return found;
      if (this.#closed) throw new Error(`closed after ${found.join(' ')}`);
      if (Date.now() > end)
        throw new Error(`no more within ${patience} ms than ${found.join(' ')}`);
      await this.#change();
    }
  }

  /** Resolves when more bytes are here, or the end. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#socket.off('data', wake).off('close', wake);
        resolve();
      };
      const timer = setTimeout(wake, 100);
      this.#socket.once('data', wake).once('close', wake);
    });
  }

  /**
   * What comes until `count` replies are there, the server's close counted as one. With a count
   * of 0: what comes within `quiet` milliseconds.
   */
  async replies(count: number, raw: boolean, quiet = 400): Promise<string[]> {
    const found: string[] = [];
    const gather = () => {
      found.push(...(raw ? this.chunk() : this.frames()));
      return this.#closed || found.length >= count;
    };
    if (count === 0 || raw) await pause(quiet);
    if (count > 0) {
      // What is missing in the end is for the caller to tell.
      const until = performance.now() + PATIENCE_MS;
      while (!gather() && performance.now() < until) await this.#change();
      if (!this.#closed && found.length < count) await pause(quiet);
    }
    gather();
    return this.#closed ? [...found, 'close'] : found;
  }
}
