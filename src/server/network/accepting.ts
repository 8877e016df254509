// Accepts connections with one stream each, and reads all of them into one buffer.
import { type Server, Socket } from 'node:net';
import { readLent } from './readBuffer.ts';

/** Bytes from a socket; lent ones are void when it returns. */
export type Take = (chunk: Buffer, isLent: boolean) => void;

/** A connection that has been accepted, and that nothing is read from yet. */
export interface Accepted {
  readonly address: string;
  readonly port: number;
  refuse(): void;
  /** Starts to read. */
  open(take: Take): Socket;
}

/** The part of `net` that there is no other way to: libuv's socket beneath the stream. */
interface Handle {
  useUserBuffer?: unknown;
  getpeername(out: { address?: string; port?: number }): number;
  setNoDelay(isOn: boolean): void;
  close(): void;
}
type OnConnection = (this: unknown, error: number, handle: Handle | undefined) => void;
interface Inside {
  _handle: { onconnection?: OnConnection } | null;
}

/**
 * Hands every connection of a server that listens to `accept`. `net` makes a stream before it asks,
 * and that stream reads into buffers of its own: it would be thrown away at once, at a third of the
 * price of a short session. So the accepted handle is taken from under it.
 */
export function acceptFrom(server: Server, accept: (accepted: Accepted) => void): void {
  server.on('connection', (socket) => accept(ofStream(socket)));
  const listening = (server as unknown as Inside)._handle;
  const ordinary = listening?.onconnection;
  if (!listening || typeof ordinary !== 'function') return;
  listening.onconnection = function (error, handle) {
    if (error !== 0 || handle === undefined || typeof handle.useUserBuffer !== 'function') {
      ordinary.call(this, error, handle);
    } else accept(new AcceptedHandle(handle));
  };
}

class AcceptedHandle implements Accepted {
  readonly address: string;
  readonly port: number;
  readonly #handle: Handle;

  constructor(handle: Handle) {
    const peer: { address?: string; port?: number } = {};
    // A peer that is gone already has no name; its end comes as soon as it is read from.
    handle.getpeername(peer);
    this.address = plainAddress(peer.address ?? '');
    this.port = peer.port ?? 0;
    this.#handle = handle;
  }

  refuse(): void {
    this.#handle.close();
  }

  open(take: Take): Socket {
    const handle = this.#handle;
    handle.setNoDelay(true);
    const onread = readLent((chunk) => take(chunk, true));
    return new Socket({ handle, onread } as ConstructorParameters<typeof Socket>[0]);
  }
}

/** Where Node has no such handle: chunks of a stream. */
function ofStream(socket: Socket): Accepted {
  return {
    address: plainAddress(socket.remoteAddress ?? ''),
    port: socket.remotePort ?? 0,
    refuse: () => void socket.destroy(),
    open(take) {
      socket.on('data', (chunk) => take(chunk, false));
      socket.resume();
      return socket;
    },
  };
}

/** IPv4 addresses mapped into IPv6 are shown, counted and matched as IPv4. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
