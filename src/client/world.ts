// The outside as the client sees it: clock, chance, name service and sockets; tests bring their own.

import { lookup } from 'node:dns';
import { isIP, connect as openSocket } from 'node:net';

export interface Timer {
  cancel(): void;
}

export interface SocketEvents {
  connected(): void;
  /** The memory is used again after the call. */
  data(chunk: Buffer): void;
  /** Once, and not after `destroy`. */
  closed(reason: Error): void;
}

export interface Socket {
  write(bytes: Uint8Array): void;
  destroy(): void;
}

export interface World {
  /** Milliseconds of a clock that only goes forward. */
  now(): number;
  after(ms: number, run: () => void): Timer;
  /** When the input that is there has been read: the end of this turn. */
  soon(run: () => void): void;
  /** When every promise that is settled has run what waits for it. */
  afterPromises(run: () => void): void;
  /** In [0, 1). */
  random(): number;
  /** Every address of a name, or why there is none. */
  resolve(host: string, done: (found: readonly string[] | Error) => void): void;
  dial(address: string, port: number, events: SocketEvents): Socket;
}

/** Reason of a connection that ended without an error of the system. */
export const CLOSED_BY_SERVER = 'the server closed the connection';

const READ_BUFFER = 64 * 1024;

function dial(address: string, port: number, events: SocketEvents): Socket {
  let isOver = false;
  let reason: Error | null = null;
  const socket = openSocket({
    host: address,
    port,
    noDelay: true,
    onread: {
      // One buffer for the life of the socket instead of one for each chunk.
      buffer: Buffer.allocUnsafeSlow(READ_BUFFER),
      callback(length, buffer) {
        if (!isOver) events.data(Buffer.from(buffer.buffer, buffer.byteOffset, length));
        return true;
      },
    },
  });
  socket.on('connect', () => {
    if (!isOver) events.connected();
  });
  socket.on('error', (error) => {
    reason = error;
  });
  socket.on('close', () => {
    if (isOver) return;
    isOver = true;
    events.closed(reason ?? new Error(CLOSED_BY_SERVER));
  });
  return {
    write(bytes) {
      if (!isOver) socket.write(bytes);
    },
    destroy() {
      isOver = true;
      socket.destroy();
    },
  };
}

export const realWorld: World = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return { cancel: () => clearTimeout(timer) };
  },
  soon: (run) => {
    setImmediate(run);
  },
  // Ticks run only once the queue of promise jobs is empty, whatever those jobs add to it.
  afterPromises: (run) => queueMicrotask(() => process.nextTick(run)),
  random: () => Math.random(),
  resolve(host, done) {
    if (isIP(host) !== 0) {
      done([host]);
      return;
    }
    lookup(host, { all: true }, (error, addresses) => {
      if (error !== null) done(error);
      else done([...new Set(addresses.map((found) => found.address))]);
    });
  },
  dial,
};
