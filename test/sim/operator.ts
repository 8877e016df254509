// The operator of a simulated ensemble: starts servers that join, changes the membership in every way
// there is, switches off what was removed, and now and then makes a mistake.
import type { Member, PeerRole } from '../../src/wire/membership.ts';
import { SimClient } from './client.ts';
import { lineOf, memberOf } from './memberships.ts';
import type { Changes } from './options.ts';
import type { Random } from './random.ts';
import { OPERATOR } from './replicaOptions.ts';
import type { Reconfig } from './requests.ts';
import type { SimServer } from './server.ts';
import type { World } from './world.ts';

/** A request without what it changes. */
const NOTHING = { type: 'reconfig', joining: null, leaving: null, members: null } as const;
/** A number that no server has. */
const NOBODY = 99;

export class Operator {
  readonly #world: World;
  readonly #changes: Changes;
  readonly #random: Random;
  readonly #client: SimClient;

  constructor(world: World, changes: Changes) {
    this.#world = world;
    this.#changes = changes;
    this.#random = world.random.fork();
    this.#client = new SimClient(world, world.clients.length + 1, OPERATOR);
    this.#client.isIdle = true;
    world.clients.push(this.#client);
  }

  begin(): void {
    this.#world.timers.after(this.#random.exponential(this.#changes.pause), () => {
      if (this.#world.isCalm) return;
      this.#act();
      this.begin();
    });
  }

  #act(): void {
    const random = this.#random;
    const draw = random.next();
    if (draw < 0.2)
      this.#bringBack(random.pick(this.#world.servers.filter((one) => one.isRetired)));
    else if (draw < 0.35) this.#retire();
    else {
      this.#client.ask(this.#request());
      // A second one behind it comes while the first is under way, or finds what that has made.
      if (random.chance(0.15)) this.#client.ask(this.#request());
    }
  }

  /** What is a member, or may be, must be there; and all must have a way to those who know. */
  calm(): void {
    const { servers, oracle } = this.#world;
    for (const one of servers) {
      if (one.isRetired && oracle.memberships.isMember(one.id)) this.#bringBack(one);
    }
    const informed = this.#informed();
    for (const one of servers) {
      if (!one.isRetired && !informed.has(one.id)) this.#inform(one);
    }
  }

  /** Those who know the membership of today, who know one of them as a voter, and so on. */
  #informed(): Set<number> {
    const { servers, oracle } = this.#world;
    const { version } = oracle.memberships.current;
    const on = servers.filter(({ isRetired }) => !isRetired);
    const aware = on.filter(({ medium: { membership, pending } }) => {
      return membership.version >= version || (pending?.version ?? 0n) >= version;
    });
    const informed = new Set(aware.map(({ id }) => id));
    for (let size = -1; size < informed.size; ) {
      size = informed.size;
      for (const { id, medium } of on) {
        const known = [medium.membership, medium.pending].flatMap((one) => one?.servers ?? []);
        const asked = known.filter(({ role }) => role === 'participant');
        if (asked.some((one) => informed.has(one.id))) informed.add(id);
      }
    }
    return informed;
  }

  /** All that it knows are switched off: nobody but the operator can tell it where the others are. */
  #inform(server: SimServer): void {
    const { medium } = server;
    this.#world.trace.note(server, 'informed');
    server.crash({ isPowerCut: false, reason: 'for another configuration' });
    medium.membership = this.#world.oracle.memberships.current;
    medium.pending = null;
  }

  get #members(): readonly Member[] {
    return this.#world.oracle.memberships.current.servers;
  }

  // -- servers ---------------------------------------------------------------------------------

  /** Starts one that joins for the first time, or one that was removed: as it was, or with nothing. */
  #bringBack(server: SimServer | undefined): void {
    if (server === undefined) return;
    const { durability, memberships } = this.#world.oracle;
    const { medium, id } = server;
    server.isRetired = false;
    const isWiped = this.#random.chance(this.#changes.wipes) && !memberships.isMember(id);
    if (server.incarnation === 0 || isWiped) {
      durability.wiped(server);
      medium.lose();
      const role: PeerRole = this.#random.chance(0.5) ? 'participant' : 'observer';
      const others = this.#members.filter((one) => one.id !== id);
      const servers = [...others, memberOf(id, role)].sort((a, b) => a.id - b.id);
      medium.membership = { servers, groups: [], weights: new Map(), version: 0n };
      medium.pending = null;
    }
    this.#world.trace.note(server, 'brought back');
    server.start();
  }

  /** Switches off one that is out, once enough of the others know that it is. */
  #retire(): void {
    const { servers, oracle, trace, isCalm } = this.#world;
    const { memberships } = oracle;
    const { version } = memberships.current;
    const aware = servers.filter(({ medium }) => medium.membership.version >= version);
    if (isCalm || !memberships.isQuorum(aware.map(({ id }) => id))) return;
    const out = servers.filter(({ id, isRetired }) => !isRetired && !memberships.isMember(id));
    const server = this.#random.pick(out);
    if (server === undefined || !this.#random.chance(this.#changes.retires)) return;
    server.isRetired = true;
    trace.note(server, 'retired');
    server.crash({ isPowerCut: false, reason: 'retired' });
  }

  // -- requests --------------------------------------------------------------------------------

  #request(): Reconfig {
    const random = this.#random;
    const { version } = this.#world.oracle.memberships.current;
    const wanted = random.pick([-1n, -1n, version, version, 5n]) ?? -1n;
    return { ...NOTHING, ...this.#change(), version: wanted };
  }

  #change(): Partial<Reconfig> {
    const random = this.#random;
    const ids = this.#members.map(({ id }) => id);
    const someone = random.pick(ids) ?? 1;
    const others = this.#world.servers.map(({ id }) => id).filter((id) => !ids.includes(id));
    const newcomer = random.pick(others) ?? someone;
    switch (random.int(0, 8)) {
      case 0:
      case 1:
        return { joining: this.#line(newcomer) };
      case 2:
        return { leaving: String(someone) };
      case 3:
        return { leaving: String(this.#world.leader?.id ?? someone) };
      case 4:
        return { joining: this.#line(someone) };
      case 5:
        return { joining: this.#line(newcomer), leaving: String(someone) };
      case 6:
        return { leaving: random.chance(0.5) ? ids.join(',') : String(NOBODY) };
      default:
        return { members: this.#whole() };
    }
  }

  #line(id: number): string {
    return lineOf(id, this.#random.chance(0.75) ? 'participant' : 'observer');
  }

  /** Any of those that are there, or might be. */
  #whole(): string {
    const random = this.#random;
    const share = random.pick([0.5, 0.8, 1]) ?? 0.8;
    const chosen = this.#world.servers.filter(() => random.chance(share));
    const separator = random.chance(0.5) ? ',' : '\n';
    return chosen.map(({ id }) => this.#line(id)).join(separator);
  }
}
