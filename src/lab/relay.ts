// Stands between the servers of a lab: a port for each pair and purpose, which can fall silent in either direction.
import { connect, createServer, type Server, type Socket } from 'node:net';

const HOST = '127.0.0.1';

/** One port: connections that `from` opens to `to`. */
export interface RelayPort {
  readonly from: number;
  readonly to: number;
  readonly port: number;
  /** Where `to` really listens. */
  readonly target: number;
}

/** Which way words may go now. */
export interface Passage {
  /** From the one that connected to the one that was connected to. */
  readonly there: boolean;
  readonly back: boolean;
}

/** A connection through the relay. */
class Pair {
  readonly #near: Socket;
  readonly #far: Socket;
  #passage: Passage;
  /** One side has gone while the other could not be told. */
  #isBroken = false;

  constructor(near: Socket, far: Socket, passage: Passage, onEnd: () => void) {
    this.#near = near;
    this.#far = far;
    this.#passage = passage;
    this.#forward(near, far, () => this.#passage.there);
    this.#forward(far, near, () => this.#passage.back);
    far.once('close', onEnd);
    near.once('close', onEnd);
  }

  #forward(source: Socket, sink: Socket, mayPass: () => boolean): void {
    source.on('error', () => undefined); // 'close' follows, and is what counts
    source.on('data', (chunk) => {
      if (!sink.write(chunk)) source.pause();
    });
    sink.on('drain', () => {
      if (mayPass()) source.resume();
    });
    source.once('end', () => sink.end());
    source.once('close', (hadError) => {
      // What a dead process or a reset says to its peer does not get through a cut either.
      if (!mayPass()) this.#isBroken = true;
      else if (hadError) sink.resetAndDestroy();
      else sink.end();
    });
    if (!mayPass()) source.pause();
  }

  set passage(passage: Passage) {
    this.#passage = passage;
    if (this.#isBroken && passage.there && passage.back) {
      this.destroy();
      return;
    }
    for (const [source, mayPass] of [
      [this.#near, passage.there],
      [this.#far, passage.back],
    ] as const) {
      if (mayPass) source.resume();
      else source.pause();
    }
  }

  destroy(): void {
    this.#near.resetAndDestroy();
    this.#far.resetAndDestroy();
  }
}

/** Listens while its target is there and nothing is cut: a try to connect is refused otherwise. */
export class Relay {
  readonly #options: RelayPort;
  readonly #onTrouble: (what: string) => void;
  readonly #pairs = new Set<Pair>();
  #server: Server | null = null;
  #passage: Passage = { there: true, back: true };
  #isTargetUp = false;

  constructor(options: RelayPort, onTrouble: (what: string) => void) {
    this.#options = options;
    this.#onTrouble = onTrouble;
  }

  get to(): number {
    return this.#options.to;
  }

  get from(): number {
    return this.#options.from;
  }

  set isTargetUp(isUp: boolean) {
    this.#isTargetUp = isUp;
    this.#adapt();
  }

  set passage(passage: Passage) {
    this.#passage = passage;
    for (const pair of this.#pairs) pair.passage = passage;
    this.#adapt();
  }

  close(): void {
    this.#server?.close();
    this.#server = null;
    for (const pair of this.#pairs) pair.destroy();
  }

  #adapt(): void {
    const { there, back } = this.#passage;
    const isWanted = this.#isTargetUp && there && back;
    if (isWanted === (this.#server !== null)) return;
    if (isWanted) this.#listen();
    else {
      this.#server?.close();
      this.#server = null;
    }
  }

  #listen(): void {
    const { port } = this.#options;
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true });
    server.on('connection', (near) => this.#accept(near));
    server.on('error', (error) => {
      this.#onTrouble(`port ${port}: ${error.message}`);
      // Tried again when the targets are looked at next.
      if (this.#server === server) this.#server = null;
    });
    server.listen({ port, host: HOST, exclusive: true });
    this.#server = server;
  }

  #accept(near: Socket): void {
    const far = connect({
      host: HOST,
      port: this.#options.target,
      noDelay: true,
      allowHalfOpen: true,
    });
    const refuse = (): void => void near.resetAndDestroy();
    near.on('error', () => undefined); // a pair that never comes to be
    near.once('close', () => {
      if (far.connecting) far.destroy();
    });
    far.once('error', refuse);
    far.once('connect', () => {
      far.off('error', refuse);
      const pair: Pair = new Pair(near, far, this.#passage, () => {
        if (near.closed && far.closed) this.#pairs.delete(pair);
      });
      this.#pairs.add(pair);
      pair.passage = this.#passage;
    });
  }
}
