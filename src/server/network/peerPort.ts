// A port for other servers: those that connect and do not say who they are are few and go soon.
import { createServer, type Server, type Socket } from 'node:net';
import type { Logger } from '../../base/logger.ts';
import type { ServerId } from '../../consensus/quorum.ts';
import { type HostPort, printHostPort } from '../../wire/election.ts';
import { causeOf, type Lookup } from './peerConnect.ts';

/** How a server listens for others. */
interface ListeningOptions {
  /** Its own addresses. */
  readonly addresses: readonly HostPort[];
  /** Listen on every address of this machine (quorumListenOnAllIPs). */
  readonly onAllAddresses: boolean;
  /** Tries to bind, 0: without end (electionPortBindRetry). */
  readonly bindTries: number;
  /** Between two tries to bind, in ms. */
  readonly bindPauseMs?: number;
  /** A connection that has not said who it is after this many ms is closed. */
  readonly silentMs?: number;
  readonly logger: Logger;
}

/** What the links over the election port and those over the quorum port have in common. */
export interface PeerLinksOptions extends ListeningOptions {
  readonly id: ServerId;
  /** Servers that no member list names may come, before a reconfig adds them. */
  readonly admitsStrangers: boolean;
  readonly lookup?: Lookup;
}

/** Where another server listens, on the port in question. */
export interface PeerAddresses {
  readonly id: ServerId;
  readonly addresses: readonly HostPort[];
}

interface PeerPortOptions extends ListeningOptions {
  /** What the port is for, in messages: `the election`. */
  readonly name: string;
  /** Connections from one address that have not said who they are; the oldest makes room. */
  readonly maxSilent?: number;
  readonly onAccepted: (visitor: Visitor) => void;
}

/** A connection that was accepted, and has not said who it is. */
export interface Visitor {
  /** Paused. Whoever puts another socket in its place says so here. */
  socket: Socket;
  readonly from: string;
  /** It has said who it is, or is gone: it is none of the silent ones any more. */
  known(): void;
}

/** Apache's ExitCode.UNABLE_TO_BIND_QUORUM_PORT. */
const CANNOT_BIND = 14;
const PAUSE_MS = 1000;
const SILENT_MS = 5000;
const MAX_SILENT = 16;
/** Silent connections in all, from however many addresses. */
const MAX_SILENT_IN_ALL = 512;

/** Listens for peers; never waits for what one of them says. */
export class PeerPort {
  readonly #options: PeerPortOptions;
  /** By where they are bound. */
  readonly #servers = new Map<string, Server>();
  #moving: Promise<number[]> = Promise.resolve([]);
  /** Accepted and not known yet, oldest first, with the timer that ends each. */
  readonly #silent = new Map<Visitor, NodeJS.Timeout>();
  #wake: (() => void) | null = null;
  #isClosed = false;

  constructor(options: PeerPortOptions) {
    this.#options = options;
  }

  /**
   * Resolves with the ports in use, one per address. Rejects when one cannot be bound, with a line
   * for the user as the message, and the code for the process to exit with as `exitCode`.
   */
  listen(): Promise<number[]> {
    return this.#listenAt(this.#options.addresses);
  }

  /** Listens there from now on, as `listen`; who has connected stays. It goes on as before if it cannot. */
  move(addresses: readonly HostPort[]): Promise<number[]> {
    this.#moving = this.#moving.catch(() => []).then(() => this.#listenAt(addresses));
    return this.#moving;
  }

  async #listenAt(addresses: readonly HostPort[]): Promise<number[]> {
    const { onAllAddresses } = this.#options;
    const ports: number[] = [];
    // Several addresses of ours may share a port, which is then bound once.
    const wanted = new Set<string>();
    for (const { host, port } of addresses) {
      const where = onAllAddresses ? `${port}` : `${host}:${port}`;
      wanted.add(where);
      const server =
        this.#servers.get(where) ?? (await this.#bind(onAllAddresses ? null : host, port));
      this.#servers.set(where, server);
      const bound = server.address();
      ports.push(typeof bound === 'object' && bound !== null ? bound.port : port);
    }
    for (const [where, server] of this.#servers) {
      if (wanted.has(where)) continue;
      server.close();
      this.#servers.delete(where);
    }
    return ports;
  }

  async #bind(host: string | null, port: number): Promise<Server> {
    const { name, bindTries, bindPauseMs = PAUSE_MS, logger } = this.#options;
    const where = host === null ? `port ${port}` : printHostPort({ host, port });
    for (let tried = 1; ; tried++) {
      try {
        return await this.#bindOnce(host, port);
      } catch (error) {
        const cause = causeOf(error, host ?? '');
        if (this.#isClosed || tried === bindTries) {
          const times = bindTries === 1 ? '' : ` after ${tried} tries`;
          const message = `Cannot listen for ${name} on ${where}${times}: ${cause}`;
          throw Object.assign(new Error(message, { cause: error }), { exitCode: CANNOT_BIND });
        }
        logger.error(`Exception while listening to address ${where}: ${cause}`);
        await this.#pause(bindPauseMs);
      }
    }
  }

  #bindOnce(host: string | null, port: number): Promise<Server> {
    const server = createServer({ noDelay: true, pauseOnConnect: true }, (socket) =>
      this.#accept(socket),
    );
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port, ...(host === null ? {} : { host }) }, () => {
        server.removeListener('error', reject);
        server.on('error', (error) =>
          this.#options.logger.warn(`Cannot accept a connection: ${error.message}`),
        );
        if (this.#isClosed) {
          server.close();
          reject(new Error('closed'));
          return;
        }
        resolve(server);
      });
    });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #accept(socket: Socket): void {
    const { logger, silentMs = SILENT_MS, maxSilent = MAX_SILENT } = this.#options;
    const from = socket.remoteAddress ?? '';
    socket.setKeepAlive(true);
    socket.on('error', (error) => logger.debug(`${from}: ${error.message}`));
    const visitor: Visitor = { socket, from, known: () => this.#known(visitor) };
    const timer = setTimeout(() => {
      logger.debug(`${from}: connected to the ${this.#options.name} port and said nothing`);
      this.#drop(visitor);
    }, silentMs);
    this.#makeRoom(from, maxSilent);
    this.#silent.set(visitor, timer);
    socket.once('close', () => visitor.known());
    this.#options.onAccepted(visitor);
  }

  /** The oldest goes, not the newest: a peer speaks at once, and must get in through a crowd. */
  #makeRoom(from: string, maxSilent: number): void {
    const same = [...this.#silent.keys()].filter((visitor) => visitor.from === from);
    const [oldest] = same.length >= maxSilent ? same : this.#silent.keys();
    if (oldest === undefined) return;
    if (same.length >= maxSilent || this.#silent.size >= MAX_SILENT_IN_ALL) this.#drop(oldest);
  }

  #drop(visitor: Visitor): void {
    visitor.known();
    visitor.socket.destroy();
  }

  #known(visitor: Visitor): void {
    clearTimeout(this.#silent.get(visitor));
    this.#silent.delete(visitor);
  }

  close(): void {
    this.#isClosed = true;
    this.#wake?.();
    for (const server of this.#servers.values()) server.close();
    for (const visitor of [...this.#silent.keys()]) this.#drop(visitor);
  }
}
