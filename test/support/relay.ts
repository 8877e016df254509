// The network between servers of an ensemble: relays for both peer ports, which can be cut one way or both.
// Not the lab's relays (src/lab/relay.ts), which refuse while they are cut, as a server does that is
// gone: here a connection through a cut hangs, as on a network, or is reset; and the addresses in
// greetings are rewritten, because Apache's servers call back at those.
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { encodeGreeting, type HostPort, readGreeting } from '../../src/wire/election.ts';
import { freePort } from './processes.ts';

const host = '127.0.0.1';

/** What a relay does with what it carries from one server to another. */
type Road = 'open' | 'silent' | 'reset';

/** Other bytes in place of the first ones; null while these are too few. */
type Rewrite = (head: Buffer) => Buffer | null;

/**
 * For so long a learner's connection waits for a leader that does not listen yet. Without a relay it
 * would be refused, and tried again as often (Learner.connectToLeader); a relay has accepted it, and
 * closing it would send the learner back to an election while its leader still waits for it.
 */
const LISTENS_WITHIN_MS = 2000;
const TRY_EVERY_MS = 50;

const roadKey = (from: number, to: number): string => `${from}>${to}`;

interface PeerPorts {
  readonly peer: number;
  readonly election: number;
}

interface CarriedOptions {
  readonly from: number;
  readonly to: number;
  readonly target: number;
  readonly rewrite: Rewrite | null;
  /** For how many ms it waits for a target that refuses. */
  readonly patience: number;
}

/** A connection that server `from` has opened to server `to`. */
class Carried {
  readonly from: number;
  readonly to: number;
  readonly #near: Socket;
  readonly #network: Network;
  readonly #target: number;
  /** Of the first bytes; null once they are through, or if they go as they are. */
  #rewrite: Rewrite | null;
  #far: Socket | null = null;
  #isThrough = false;
  /** Until when a target that refuses is asked again, by the clock of `performance`; 0 before. */
  #triesUntil = 0;
  readonly #patience: number;
  #nextTry: NodeJS.Timeout | undefined;
  #head: Buffer = Buffer.alloc(0);

  constructor(network: Network, near: Socket, options: CarriedOptions) {
    this.#network = network;
    this.#near = near;
    this.from = options.from;
    this.to = options.to;
    this.#target = options.target;
    this.#rewrite = options.rewrite;
    this.#patience = options.patience;
    near.on('error', () => undefined); // 'close' follows
    near.on('close', () => this.end());
    this.apply();
  }

  /** The roads may have changed. */
  apply(): void {
    const there = this.#network.road(this.from, this.to);
    const back = this.#network.road(this.to, this.from);
    if (there === 'reset' || back === 'reset') {
      this.#near.resetAndDestroy();
      this.#far?.resetAndDestroy();
      return;
    }
    // A connection is made by packets both ways.
    if (this.#far === null && there === 'open' && back === 'open') this.#connect();
    if (there === 'open' && this.#isThrough) this.#near.resume();
    else this.#near.pause();
    if (back === 'open') this.#far?.resume();
    else this.#far?.pause();
  }

  end(): void {
    clearTimeout(this.#nextTry);
    this.#network.forget(this);
    this.#near.destroy();
    this.#far?.destroy();
  }

  #connect(): void {
    const far = dial({ port: this.#target, host, noDelay: true });
    this.#far = far;
    far.on('error', () => undefined); // 'close' follows
    far.on('close', () => {
      if (this.#isThrough || this.#near.destroyed) this.end();
      else this.#refused();
    });
    far.on('data', (chunk) => this.#near.write(chunk));
    far.once('connect', () => {
      this.#isThrough = true;
      this.#near.on('data', (chunk) => this.#forward(far, chunk));
      this.apply();
    });
  }

  #refused(): void {
    const now = performance.now();
    if (this.#triesUntil === 0) this.#triesUntil = now + this.#patience;
    if (now >= this.#triesUntil) this.end();
    else {
      this.#nextTry = setTimeout(() => {
        this.#far = null;
        this.apply();
      }, TRY_EVERY_MS);
    }
  }

  #forward(far: Socket, chunk: Buffer): void {
    if (this.#rewrite === null) {
      far.write(chunk);
      return;
    }
    this.#head = Buffer.concat([this.#head, chunk]);
    const head = this.#rewrite(this.#head);
    if (head === null) return;
    far.write(head);
    this.#rewrite = null;
  }
}

export class Network {
  /** Where each server listens. */
  readonly #ports: ReadonlyMap<number, PeerPorts>;
  /** Where a server is told that another one listens, by `from>to`. */
  readonly #relays = new Map<string, PeerPorts>();
  readonly #servers: Server[] = [];
  readonly #roads = new Map<string, Road>();
  readonly #carried = new Set<Carried>();

  private constructor(ports: ReadonlyMap<number, PeerPorts>) {
    this.#ports = ports;
  }

  static async between(ports: ReadonlyMap<number, PeerPorts>): Promise<Network> {
    const network = new Network(ports);
    for (const from of ports.keys()) {
      for (const [to, target] of ports) {
        if (from === to) continue;
        const relays = {
          peer: await network.#listen({
            from,
            to,
            target: target.peer,
            rewrite: null,
            patience: LISTENS_WITHIN_MS,
          }),
          election: await network.#listen({
            from,
            to,
            target: target.election,
            rewrite: (head) => network.#announced(from, to, head),
            patience: 0,
          }),
        };
        network.#relays.set(roadKey(from, to), relays);
      }
    }
    return network;
  }

  /** Where server `to` is, for server `from`. */
  portsOf(to: number, from: number): PeerPorts {
    return (this.#relays.get(roadKey(from, to)) ?? this.#ports.get(to)) as PeerPorts;
  }

  road(from: number, to: number): Road {
    return this.#roads.get(roadKey(from, to)) ?? 'open';
  }

  /** One way only: nothing that `from` sends arrives at `to`. */
  cut(from: number, to: number, road: Road = 'silent'): void {
    this.#roads.set(roadKey(from, to), road);
    this.#apply();
  }

  /** Servers of different groups hear nothing of each other, or get resets. */
  partition(groups: readonly (readonly number[])[], road: Road = 'silent'): void {
    const groupOf = (id: number) => groups.findIndex((group) => group.includes(id));
    for (const from of this.#ports.keys()) {
      for (const to of this.#ports.keys()) {
        if (groupOf(from) !== groupOf(to)) this.#roads.set(roadKey(from, to), road);
      }
    }
    this.#apply();
  }

  heal(): void {
    this.#roads.clear();
    this.#apply();
  }

  close(): void {
    for (const server of this.#servers) server.close();
    for (const one of [...this.#carried]) one.end();
  }

  forget(one: Carried): void {
    this.#carried.delete(one);
  }

  #apply(): void {
    for (const one of [...this.#carried]) one.apply();
  }

  async #listen(options: CarriedOptions): Promise<number> {
    const port = await freePort();
    const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) =>
      this.#carried.add(new Carried(this, socket, options)),
    );
    this.#servers.push(server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
    return port;
  }

  /** A server calls back at the address that a greeting names: that must be a relay, too. */
  #announced(from: number, to: number, head: Buffer): Buffer | null {
    const read = readGreeting(head);
    if (read === null) return null;
    const { greeting, length } = read;
    const address: HostPort = { host, port: this.portsOf(from, to).election };
    const rewritten = encodeGreeting({ ...greeting, addresses: [address] }, false);
    return Buffer.concat([rewritten, head.subarray(length)]);
  }
}
