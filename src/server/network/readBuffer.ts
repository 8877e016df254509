// Reads all sockets into one buffer: a stream of chunks costs a fifth of a small request.
import { type OnReadOpts, Socket } from 'node:net';

/** What is read is dealt with, or copied, before the next read of any socket. */
const shared = Buffer.allocUnsafeSlow(64 * 1024);

/** The parts of a socket that `net` gives no other way to: its handle, and the server that counts it. */
interface Inside {
  _handle: { useUserBuffer?: unknown } | null;
  _server: unknown;
}

/**
 * Puts a socket with a read buffer in the place of an accepted, paused one, and starts to read.
 * `take` gets chunks of the shared buffer (`isLent`: they are void when it returns); where Node has
 * no such buffer it gets chunks of a stream.
 */
export function readFrom(accepted: Socket, take: (chunk: Buffer, isLent: boolean) => void): Socket {
  const old = accepted as unknown as Inside;
  const handle = old._handle;
  if (handle === null || typeof handle.useUserBuffer !== 'function') {
    accepted.on('data', (chunk) => take(chunk, false));
    accepted.resume();
    return accepted;
  }
  const server = old._server;
  old._handle = null;
  old._server = null;
  const onread = {
    buffer: shared,
    callback(length: number): boolean {
      take(shared.subarray(0, length), true);
      return true;
    },
  };
  const socket = new Socket({ handle, onread } as ConstructorParameters<typeof Socket>[0]);
  (socket as unknown as Inside)._server = server;
  return socket;
}

/** Option `onread` of a socket that connects: `take` gets chunks of the shared buffer, lent for the call. */
export const readLent = (take: (chunk: Buffer) => void): OnReadOpts => ({
  buffer: shared,
  callback(length) {
    take(shared.subarray(0, length));
    return true;
  },
});
