// Which server to try next: the hosts in a random order, and of each every address its name has now.

import type { Host } from './connectString.ts';
import type { World } from './world.ts';

/** One address to try. */
export interface Target {
  readonly address: string;
  readonly port: number;
  /** host:port as the connect string names it. */
  readonly name: string;
}

function shuffled<T>(values: readonly T[], random: () => number): T[] {
  const result: T[] = [];
  for (const value of values) {
    const at = Math.floor(random() * (result.length + 1));
    result.splice(at, 0, value);
  }
  return result;
}

export class Hosts {
  readonly #world: World;
  readonly #order: readonly Host[];
  /** Index of the host that was tried last; -1 before the first. */
  #at = -1;
  /** Addresses of that host that are still to be tried. */
  #addresses: readonly string[] = [];
  /** Hosts begun since the last success or the last full round. */
  #begun = 0;

  constructor(hosts: readonly Host[], world: World) {
    this.#world = world;
    // So that the clients of an ensemble spread over its servers.
    this.#order = shuffled(hosts, () => world.random());
  }

  get size(): number {
    return this.#order.length;
  }

  /** Everything has been tried since the last success: time to wait. Starts a new round when so. */
  endRound(): boolean {
    if (this.#begun < this.#order.length || this.#addresses.length > 0) return false;
    this.#begun = 0;
    return true;
  }

  /** A connection stands; losing it begins a new round, with the next host. */
  succeeded(): void {
    this.#begun = 0;
    this.#addresses = [];
  }

  /** Resolves names anew each time, because servers move (ZOOKEEPER-2184). */
  next(done: (target: Target | Error, name: string) => void): void {
    const host = this.#order[this.#at];
    const [address, ...rest] = this.#addresses;
    if (host !== undefined && address !== undefined) {
      this.#addresses = rest;
      done({ address, port: host.port, name: host.name }, host.name);
      return;
    }
    this.#at = (this.#at + 1) % this.#order.length;
    this.#begun++;
    this.#resolve(done);
  }

  #resolve(done: (target: Target | Error, name: string) => void): void {
    const host = this.#order[this.#at];
    if (host === undefined) return;
    const { port, name } = host;
    this.#world.resolve(host.host, (found) => {
      if (found instanceof Error) {
        done(found, name);
        return;
      }
      const [address, ...rest] = shuffled(found, () => this.#world.random());
      this.#addresses = rest;
      if (address === undefined) done(new Error(`${host.host} has no address`), name);
      else done({ address, port, name }, name);
    });
  }
}
