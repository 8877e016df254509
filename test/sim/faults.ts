// What goes wrong in a run, and when: each kind comes at its own rate, which the seed has drawn.
import type { FaultMix } from './options.ts';
import type { Random } from './random.ts';
import type { SimServer } from './server.ts';
import type { World } from './world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Packets with which something turns: links and servers end just there. */
const TURNS = [
  'FOLLOWERINFO',
  'LEADERINFO',
  'ACKEPOCH',
  'DIFF',
  'TRUNC',
  'SNAP',
  'NEWLEADER',
  'UPTODATE',
  'ACK',
  'PROPOSAL',
  'COMMIT',
  'SYNC',
  'REVALIDATE',
] as const;

export class Faults {
  readonly #world: World;
  /** A generator for each kind, so that one that is left out does not shift the others. */
  readonly #streams = new Map<string, Random>();
  /** Of the kind that strikes. */
  #random: Random;
  /** How often each kind has come. */
  readonly seen = new Map<string, number>();
  /** All that struck, in order: `pause:3` is the third of its kind. */
  readonly struck: string[] = [];
  /** Whoever dies stays dead: a scenario says what happens. */
  isManual = false;

  constructor(world: World) {
    this.#world = world;
    this.#random = world.random.fork();
    for (const kind of Object.keys(world.options.faults)) {
      this.#streams.set(kind, this.#random.fork());
    }
  }

  begin(): void {
    const kinds = Object.keys(this.#world.options.faults) as (keyof FaultMix)[];
    for (const kind of kinds) this.#next(kind);
  }

  #next(kind: keyof FaultMix, number = 1): void {
    const world = this.#world;
    const minutes = world.options.faults[kind];
    if (minutes === 0) return;
    const random = this.#streams.get(kind) ?? this.#random;
    world.timers.after(random.exponential(minutes * MINUTE), () => {
      if (world.isCalm) return;
      const name = `${kind}:${number}`;
      // What one fault draws does not shift the next one of its kind either.
      this.#random = random.fork();
      if (!world.options.skip.includes(name) && this.#strike(kind)) {
        this.seen.set(kind, (this.seen.get(kind) ?? 0) + 1);
        this.struck.push(name);
        world.counts.add(`fault ${kind}`);
      }
      this.#next(kind, number + 1);
    });
  }

  /** False when there was nobody to strike. */
  #strike(kind: keyof FaultMix): boolean {
    const world = this.#world;
    const random = this.#random;
    const up = world.servers.filter(({ isUp }) => isUp);
    const server = random.chance(0.3) ? (world.leader ?? random.pick(up)) : random.pick(up);
    switch (kind) {
      case 'crashAll':
        for (const one of up) one.crash({ isPowerCut: world.isPowerCut(), reason: 'all crash' });
        return true;
      case 'partition':
        return this.#partition();
      case 'oneWay':
        return this.#oneWay();
      case 'reset':
        random.pick(world.network.links)?.endBoth('reset');
        return true;
      case 'resetAt':
        world.network.trap = random.pick(TURNS) ?? null;
        return true;
      case 'clientReset': {
        const client = random.pick(world.clients);
        if (random.chance(0.5)) client?.reset();
        else client?.stall(random.between(0, 3) * (client.timeout || 10_000));
        return true;
      }
      case 'lostDisk':
      case 'damage':
        return this.#ruin(kind);
    }
    if (server === undefined) return false;
    this.#strikeOne(kind, server);
    return true;
  }

  #strikeOne(kind: keyof FaultMix, server: SimServer): void {
    const world = this.#world;
    const random = this.#random;
    const { timers } = world;
    switch (kind) {
      case 'crash':
        server.crash({ isPowerCut: world.isPowerCut(), reason: 'crash' });
        break;
      case 'crashInStep':
        server.fuse = random.int(1, 40);
        break;
      case 'crashAt':
        server.dieBefore = random.pick(TURNS) ?? null;
        break;
      case 'pause': {
        server.pause();
        const { incarnation } = server;
        timers.after(random.exponential(random.pick([200, 1000, 10_000, 30_000]) ?? 1000), () => {
          if (server.incarnation === incarnation) server.wake();
        });
        break;
      }
      case 'slowDisk':
        server.syncTime = world.options.syncTime * random.between(5, 500);
        timers.after(random.exponential(20_000), () => server.hurryDisk());
        break;
      case 'failingDisk':
        server.failing = 1;
        break;
      case 'clock':
        server.jump(random.between(-HOUR, HOUR));
        break;
    }
  }

  #partition(): boolean {
    const world = this.#world;
    const random = this.#random;
    const ids = world.servers.map(({ id }) => id);
    for (let i = ids.length - 1; i > 0; i--) {
      const j = random.int(0, i);
      [ids[i], ids[j]] = [ids[j] as number, ids[i] as number];
    }
    const at = random.chance(0.5) ? 1 : random.int(1, ids.length - 1);
    const some = ids.slice(0, at);
    // A bridge: one server that both halves see.
    const others = random.chance(0.3) ? ids.slice(at + 1) : ids.slice(at);
    world.network.cutApart(some, others);
    world.trace.note(null, `cut ${some} | ${others}`);
    this.#healLater();
    return true;
  }

  #oneWay(): boolean {
    const world = this.#world;
    const random = this.#random;
    const from = random.pick(world.servers)?.id ?? 1;
    for (const { id } of world.servers) {
      if (id === from || random.chance(0.4)) continue;
      if (random.chance(0.5)) world.network.cut(from, id);
      else world.network.cut(id, from);
    }
    world.trace.note(null, `cut one way around ${from}`);
    this.#healLater();
    return true;
  }

  #healLater(): void {
    const world = this.#world;
    world.timers.after(this.#random.exponential(20_000), () => {
      world.network.heal();
      world.trace.note(null, 'cuts are healed');
    });
  }

  /** The disk of one server, as long as enough others have what it had. */
  #ruin(kind: 'lostDisk' | 'damage'): boolean {
    const world = this.#world;
    const { durability } = world.oracle;
    // One that joins late without data has no vote either, until it is synchronized.
    const lost = world.voters
      .filter((one) => durability.isLost(one) || one.medium.unhealed !== null)
      .map(({ id }) => id);
    if (!world.oracle.memberships.bears(lost)) return false;
    const server = this.#random.pick(world.voters);
    if (server === undefined || durability.isLost(server)) return false;
    const others = world.voters.filter((one) => one !== server);
    // What never had anything cannot know what an empty one lacks.
    if (others.some(({ medium }) => medium.current === 0)) return false;
    server.crash({ isPowerCut: true, reason: kind });
    const had = server.medium.durable;
    if (had === 0n) return false;
    durability.lost(server);
    if (kind === 'lostDisk') server.medium.lose();
    else if (!server.medium.damage(this.#random)) durability.joined(server);
    world.trace.note(server, kind);
    return true;
  }

  /** Whoever died comes back, sooner or later. */
  died(server: SimServer): void {
    const world = this.#world;
    const random = this.#random;
    const { incarnation } = server;
    if (this.isManual) return;
    const mean = random.pick([50, 2000, 20_000]) ?? 2000;
    const delay = world.isCalm ? 500 : random.exponential(mean);
    world.timers.after(delay, () => {
      if (server.incarnation === incarnation && !server.isRetired) server.start();
    });
  }

  heal(): void {
    const world = this.#world;
    world.network.heal();
    world.network.trap = null;
    for (const server of world.servers) {
      server.hurryDisk();
      server.failing = 0;
      server.fuse = 0;
      server.dieBefore = null;
      if (server.isPaused) server.wake();
      if (!server.isUp && !server.isRetired) server.start();
    }
  }
}
