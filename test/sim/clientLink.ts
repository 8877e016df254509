// A client's connection to a server: bytes both ways, in order, until one of them or the network ends it.
import type { Connection } from '../../src/replica/connection.ts';
import { Pipe } from './links.ts';
import type { SimServer } from './server.ts';
import type { World } from './world.ts';

/** What the client hears of it. */
export interface ClientEars {
  connected(link: ClientLink): void;
  received(link: ClientLink, bytes: Buffer): void;
  lost(link: ClientLink): void;
}

export class ClientLink {
  readonly server: SimServer;
  readonly #world: World;
  readonly #ears: ClientEars;
  readonly #incarnation: number;
  readonly #up: Pipe<Buffer | null>;
  readonly #down: Pipe<Buffer | null>;
  #connection: Connection | null = null;
  #isOpen = true;
  #isReading = true;
  /** The server's side has ended. */
  #isServerGone = false;

  constructor(world: World, server: SimServer, ears: ClientEars) {
    this.#world = world;
    this.server = server;
    this.#ears = ears;
    this.#incarnation = server.incarnation;
    const { timers, random } = world;
    const { delay: mean, isEven } = world.options;
    const delay = (): number => random.around(mean, isEven);
    this.#up = new Pipe<Buffer | null>(timers, random, {
      delay,
      isBlocked: () => !this.#isReading,
      deliver: (bytes) => this.#toServer(bytes),
    });
    this.#down = new Pipe<Buffer | null>(timers, random, {
      delay,
      isBlocked: () => false,
      deliver: (bytes) => this.#toClient(bytes),
    });
    timers.after(delay() + delay(), () => this.#connect());
  }

  #connect(): void {
    if (!this.#isOpen) return;
    const { server } = this;
    if (!server.isUp || server.incarnation !== this.#incarnation) {
      this.#lose();
      return;
    }
    server.whenAwake(this.#incarnation, () => {
      this.#connection = server.accept(this);
    });
    this.#ears.connected(this);
  }

  send(bytes: Buffer): void {
    this.#up.send(bytes);
  }

  /** The client ends it. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#down.close();
    if (this.#world.random.chance(0.3)) this.#up.loseTail();
    this.#up.send(null);
  }

  /** The network ends it: both hear of it, what was under way is lost. */
  reset(): void {
    this.#up.loseTail();
    this.#up.send(null);
    this.#down.loseTail();
    this.#down.send(null);
  }

  #toServer(bytes: Buffer | null): void {
    const { server } = this;
    server.whenAwake(this.#incarnation, () => {
      const connection = this.#connection;
      if (connection === null || this.#isServerGone) return;
      if (bytes === null) {
        this.#isServerGone = true;
        server.clients.delete(connection);
        server.take({ kind: 'closed', connection });
        this.#down.send(null);
        return;
      }
      server.take({ kind: 'received', connection, chunk: bytes, isLent: true });
      bytes.fill(0xee);
    });
  }

  #toClient(bytes: Buffer | null): void {
    if (!this.#isOpen) return;
    if (bytes === null) this.#lose();
    else this.#ears.received(this, bytes);
  }

  #lose(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#up.close();
    this.#down.close();
    this.#ears.lost(this);
  }

  // -- the server's side -----------------------------------------------------------------------

  fromServer(bytes: Buffer): void {
    this.#down.send(bytes);
  }

  /** It has sent what it had to send. */
  serverCloses(): void {
    if (this.#isServerGone) return;
    this.#isServerGone = true;
    this.#down.send(null);
    const connection = this.#connection;
    const { server } = this;
    this.#up.close();
    if (connection === null) return;
    // Its socket says so in the next turn.
    server.later(0, () => server.take({ kind: 'closed', connection }));
  }

  /** It has died; `isSilent`: the client finds out by itself. */
  serverGone(isSilent: boolean): void {
    this.#isServerGone = true;
    this.#up.close();
    if (this.#world.random.chance(0.5)) this.#down.loseTail();
    if (!isSilent) this.#down.send(null);
  }

  setReading(isReading: boolean): void {
    this.#isReading = isReading;
    if (isReading) this.#up.kick();
  }
}
