// The client port: sockets in, chunks to the replica, one write per connection and turn.
import type { Socket } from 'node:net';
import type { Logger } from '../../base/logger.ts';
import { MAX_UNSENT_BYTES } from '../../replica/congestion.ts';
import { Connection } from '../../replica/connection.ts';
import type { Event, Now } from '../../replica/events.ts';
import type { ServerStats } from '../../replica/stats.ts';
import type { AuthOptions } from '../../state/auth.ts';
import { Writers } from '../../wire/writers.ts';
import type { Accepted } from './accepting.ts';
import { ClientListener, type ClientPlace } from './clientListener.ts';
import { Reclaim } from './reclaim.ts';

export interface ClientPortOptions {
  readonly port: number;
  /** Null for every address. */
  readonly address: string | null;
  readonly backlog: number;
  /** Connections from one address, 0 for no limit. */
  readonly maxPerAddress: number;
  /** Connections in all, 0 for no limit. */
  readonly maxConnections: number;
  /** jute.maxbuffer: the largest frame accepted. */
  readonly maxFrame: number;
  readonly access: AuthOptions;
  /** TCP keep-alive (clientTcpKeepAlive). */
  readonly keepAlive: boolean;
  readonly logger: Logger;
  readonly now: () => Now;
  readonly dispatch: (event: Event) => void;
  readonly onDirty: (connection: Connection) => void;
  readonly stats: ServerStats;
  readonly words: WordReader;
  /** A connection that has not sent its connect request after this many ms is closed. */
  readonly greetingMs: number;
}

/** The four-letter words: see admin/words.ts. */
interface WordReader {
  find(head: Buffer): string | null;
  sizeOf(word: string): number;
  answer(word: string, question: Buffer): string;
}

/**
 * Bytes that may be added for a connection that has more than `MAX_UNSENT_BYTES` unsent before it is cut:
 * watch events come unasked, so that not reading from it does not bound them.
 */
const CUT_OFF = 16 << 20;
/** Bytes of a connection's buffer for answers up to which it is kept for the next ones. */
const KEPT_OUT = 16 << 10;
/** How long a client that is ended may take for its last answers, in ms. */
const LINGER_MS = 1000;

class Client {
  readonly socket: Socket;
  readonly connection: Connection;
  /** First bytes of a connection, until there are enough of them to tell a word from a frame. */
  head: Buffer | null = null;
  /** Whether it is known that no word comes: what follows is only frames. */
  isGreeted = false;
  isPaused = false;
  /** Bytes that were added while much was unsent. */
  excess = 0;

  constructor(socket: Socket, connection: Connection) {
    this.socket = socket;
    this.connection = connection;
  }
}

/** Accepts clients, and carries bytes between their sockets and their `Connection`s. */
export class ClientPort {
  readonly #options: ClientPortOptions;
  readonly #listener: ClientListener;
  readonly #clients = new Map<Connection, Client>();
  readonly #perAddress = new Map<string, number>();
  readonly #writers = new Writers();
  readonly #sweeper: NodeJS.Timeout;
  readonly #reclaim: Reclaim;
  #nextId = 1;
  #isQuiet = false;

  constructor(options: ClientPortOptions) {
    this.#options = options;
    const { backlog, logger } = options;
    const onAccepted = (accepted: Accepted): void => this.#accept(accepted);
    this.#listener = new ClientListener({ backlog, logger, onAccepted });
    this.#sweeper = setInterval(() => this.#sweep(), Math.max(options.greetingMs / 4, 1));
    this.#sweeper.unref();
    this.#reclaim = new Reclaim({ bytesReceived: () => options.stats.bytesReceived });
  }

  /** Rejects with the system's error (EADDRINUSE, EACCES...). */
  listen(): Promise<void> {
    const { port, address } = this.#options;
    return this.#listener.listen({ port, address });
  }

  /** The port in use. */
  get port(): number {
    return this.#listener.port;
  }

  /** New clients come there from now on; those who are connected stay. */
  async move(place: ClientPlace): Promise<void> {
    if (!this.#isQuiet) await this.#listener.move(place);
  }

  get connections(): Iterable<Connection> {
    return this.#clients.keys();
  }

  get count(): number {
    return this.#clients.size;
  }

  #accept(accepted: Accepted): void {
    const { maxPerAddress, maxConnections, maxFrame, access, logger, now, onDirty, stats } =
      this.#options;
    const { address } = accepted;
    const peers = this.#perAddress.get(address) ?? 0;
    if (maxPerAddress > 0 && peers >= maxPerAddress) {
      logger.warn(`Too many connections from /${address} - max is ${maxPerAddress}`);
      stats.connectionsRejected++;
      accepted.refuse();
      return;
    }
    if (maxConnections > 0 && this.#clients.size >= maxConnections) {
      logger.warn(`Too many connections: /${address} refused - max is ${maxConnections} in all`);
      stats.connectionsRejected++;
      accepted.refuse();
      return;
    }
    this.#perAddress.set(address, peers + 1);
    const { monotonic, wall } = now();
    const connection = new Connection({
      id: this.#nextId++,
      address,
      port: accepted.port,
      maxFrame,
      opened: monotonic,
      openedWall: wall,
      access,
      writers: this.#writers,
      onDirty,
    });
    const socket = accepted.open((chunk, isLent) => this.#data(client, chunk, isLent));
    if (this.#options.keepAlive) socket.setKeepAlive(true);
    const client = new Client(socket, connection);
    this.#clients.set(connection, client);
    socket.on('drain', () => this.#resume(client));
    socket.on('error', (error) => logger.debug(`/${connection.peer}: ${error.message}`));
    socket.on('close', () => this.#gone(client));
    this.#options.dispatch({ kind: 'opened', connection });
  }

  #data(client: Client, chunk: Buffer, isLent: boolean): void {
    this.#options.stats.bytesReceived += chunk.length;
    const bytes = client.isGreeted ? chunk : this.#greet(client, chunk);
    if (bytes === null) return;
    const { connection } = client;
    const isStillLent = isLent && bytes === chunk;
    this.#options.dispatch({ kind: 'received', connection, chunk: bytes, isLent: isStillLent });
  }

  /** Bytes of frames at the beginning of a connection; null when they are a word, or too few. */
  #greet(client: Client, chunk: Buffer): Buffer | null {
    const { connection, socket } = client;
    const { words } = this.#options;
    const head = client.head === null ? chunk : Buffer.concat([client.head, chunk]);
    const word = head.length < 4 ? null : words.find(head);
    if (head.length < 4 || (word !== null && head.length < words.sizeOf(word))) {
      client.head = head === chunk ? Buffer.from(chunk) : head;
      return null;
    }
    client.head = null;
    client.isGreeted = true;
    if (word === null) return head;
    connection.state = 'closing';
    connection.stats.received++;
    socket.end(words.answer(word, head));
    return null;
  }

  /** Sends what the connection has to send: one write. */
  flush(connection: Connection): void {
    connection.isDirty = false;
    const client = this.#clients.get(connection);
    if (client === undefined || connection.outLength === 0) return;
    const { out } = connection;
    // One answer may be larger than any limit: what comes on top of it counts.
    client.excess =
      client.socket.writableLength > MAX_UNSENT_BYTES ? client.excess + out.length : 0;
    if (client.excess > CUT_OFF) this.#cut(client);
    this.#options.stats.bytesSent += out.length;
    // A large buffer is given away, so that a connection that asked for much once does not keep it.
    const bytes = out.length > KEPT_OUT ? out.take() : out.copy();
    if (client.socket.writable) client.socket.write(bytes);
    connection.emptyOut();
    connection.unsent = client.socket.writableLength;
    if (connection.unsent > MAX_UNSENT_BYTES) this.#pause(client);
    else if (client.isPaused) this.#resume(client);
  }

  #cut({ socket, connection }: Client): void {
    if (socket.destroyed) return;
    const unread = `${socket.writableLength} bytes for it lie unread`;
    this.#options.logger.warn(`Closing /${connection.peer}: ${unread}`);
    socket.destroy();
  }

  /** Sends what is left, then ends the connection. */
  close(connection: Connection): void {
    this.flush(connection);
    const socket = this.#clients.get(connection)?.socket;
    // A client that has left sends nothing any more, and a shutdown of its own would only cost time;
    // of any other a request may lie unread, and a close would reset what it was answered.
    if (connection.isLeaving && socket?.writableLength === 0) socket.destroy();
    else socket?.destroySoon();
  }

  /** Reads no more from the connection: the replica cannot take more of it now. */
  pause(connection: Connection): void {
    const client = this.#clients.get(connection);
    if (client !== undefined) this.#pause(client);
  }

  /** The replica can take more of it; the peer must have taken its answers, too. */
  resume(connection: Connection): void {
    const client = this.#clients.get(connection);
    if (client !== undefined) this.#resume(client);
  }

  #pause(client: Client): void {
    if (client.isPaused) return;
    client.isPaused = true;
    client.socket.pause();
  }

  #resume(client: Client): void {
    if (this.#isQuiet) return;
    const { connection, socket } = client;
    connection.unsent = socket.writableLength;
    if (!client.isPaused || connection.unsent > MAX_UNSENT_BYTES) return;
    if (connection.isStalled) {
      // Answered by the effect `resume` when its frames have all been read.
      this.#options.dispatch({ kind: 'resumed', connection });
      return;
    }
    client.isPaused = false;
    socket.resume();
  }

  #gone(client: Client): void {
    const { connection } = client;
    this.#clients.delete(connection);
    this.#reclaim.left();
    const peers = (this.#perAddress.get(connection.address) ?? 1) - 1;
    if (peers === 0) this.#perAddress.delete(connection.address);
    else this.#perAddress.set(connection.address, peers);
    this.#options.dispatch({ kind: 'closed', connection });
  }

  /** Ends connections that never said what they want; each costs a socket and nothing else. */
  #sweep(): void {
    const before = this.#options.now().monotonic - this.#options.greetingMs;
    for (const [connection, client] of this.#clients) {
      const isSilent = connection.state === 'fresh' || connection.state === 'closing';
      if (!isSilent || connection.opened > before) continue;
      if (connection.state === 'fresh') this.#options.stats.neverGreeted++;
      client.socket.destroy();
    }
  }

  /** Stops accepting and reading; what was asked before may still be answered. */
  quiesce(): void {
    clearInterval(this.#sweeper);
    this.#reclaim.stop();
    this.#isQuiet = true;
    this.#listener.close();
    for (const client of this.#clients.values()) client.socket.pause();
  }

  /** Sends what is left to each client, and ends it; who does not take it within a second is cut off. */
  async shutDown(): Promise<void> {
    this.quiesce();
    const clients = [...this.#clients.values()];
    const ended = clients.map(
      ({ socket }) => new Promise<void>((resolve) => socket.once('close', () => resolve())),
    );
    for (const connection of [...this.#clients.keys()]) this.close(connection);
    const cutOff = setTimeout(() => {
      for (const { socket } of clients) socket.destroy();
    }, LINGER_MS);
    await Promise.all(ended);
    clearTimeout(cutOff);
  }
}
