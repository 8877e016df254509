// Where clients connect: bound at the start, moved by a reconfig while those who are connected stay.
import { createServer, type Server } from 'node:net';
import type { Logger } from '../../base/logger.ts';
import { type Accepted, acceptFrom } from './accepting.ts';
import { causeOf } from './peerConnect.ts';

export interface ClientPlace {
  readonly port: number;
  /** Null for every address. */
  readonly address: string | null;
}

export interface ClientListenerOptions {
  readonly backlog: number;
  readonly logger: Logger;
  readonly onAccepted: (accepted: Accepted) => void;
}

interface Bound {
  readonly place: ClientPlace;
  readonly server: Server;
}

const nameOf = ({ port, address }: ClientPlace): string =>
  `${address ?? '0.0.0.0/0.0.0.0'}:${port}`;

/** A configuration without an address, and a membership, say in different ways that it is any. */
const isAnywhere = ({ address }: ClientPlace): boolean =>
  address === null || address === '0.0.0.0' || address === '::';

const isSame = (a: ClientPlace, b: ClientPlace): boolean =>
  a.port === b.port && (a.address === b.address || (isAnywhere(a) && isAnywhere(b)));

export class ClientListener {
  readonly #options: ClientListenerOptions;
  #bound: Bound | null = null;
  /** One move after the other. */
  #moving: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: ClientListenerOptions) {
    this.#options = options;
  }

  /** The port in use, 0 when there is none. */
  get port(): number {
    const address = this.#bound?.server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Rejects with the system's error (EADDRINUSE, EACCES...). */
  async listen(place: ClientPlace): Promise<void> {
    this.#options.logger.info(`binding to port ${nameOf(place)}`);
    this.#bound = await this.#bind(place);
    if (this.#isClosed) this.close();
  }

  /**
   * Takes new clients there from now on (NIOServerCnxnFactory.reconfigure). If that cannot be, it goes
   * on where it is; Apache's servers are then without a port.
   */
  move(place: ClientPlace): Promise<void> {
    this.#moving = this.#moving.then(() => this.#move(place));
    return this.#moving;
  }

  close(): void {
    this.#isClosed = true;
    if (this.#bound?.server.listening === true) this.#bound.server.close();
  }

  async #move(place: ClientPlace): Promise<void> {
    const old = this.#bound;
    if (this.#isClosed || old === null || isSame(old.place, place)) return;
    try {
      await this.listen(place);
      old.server.close();
    } catch (error) {
      if (place.port === old.place.port) await this.#swap(old, place);
      else this.#failed(place, old.place, error);
    }
  }

  /** The same port at another address may not be bound beside the old one. */
  async #swap(old: Bound, place: ClientPlace): Promise<void> {
    old.server.close();
    try {
      await this.listen(place);
    } catch (error) {
      this.#failed(place, old.place, error);
      await this.listen(old.place).catch((again: unknown) => this.#failed(old.place, null, again));
    }
  }

  #failed(place: ClientPlace, kept: ClientPlace | null, error: unknown): void {
    const cause = causeOf(error, place.address ?? '');
    const still = kept === null ? '' : `; clients connect to ${nameOf(kept)} as before`;
    this.#options.logger.error(`Cannot move the client port to ${nameOf(place)}: ${cause}${still}`);
  }

  #bind(place: ClientPlace): Promise<Bound> {
    const { backlog, logger, onAccepted } = this.#options;
    const server = createServer({ noDelay: true, pauseOnConnect: true });
    const host = place.address === null ? {} : { host: place.address };
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port: place.port, backlog, ...host }, () => {
        server.removeListener('error', reject);
        acceptFrom(server, onAccepted);
        // An accept that fails (EMFILE) must not end the server: the client is refused, others are served.
        server.on('error', (error) => logger.warn(`Cannot accept a connection: ${error.message}`));
        resolve({ place, server });
      });
    });
  }
}
