// Servers that elect leaders in virtual time, over links that delay, lose and are cut; from a seed.
import { zxid } from '../../src/base/ids.ts';
import { Election, type ElectionOutput } from '../../src/consensus/election.ts';
import type { History, Membership } from '../../src/consensus/lookingOptions.ts';
import { majority, type QuorumRule, type ServerId } from '../../src/consensus/quorum.ts';
import { type Notification, ServerState } from '../../src/wire/election.ts';

/** A small seeded generator (mulberry32); in [0, 1). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const EMPTY: History = { lastZxid: zxid(0n), currentEpoch: 0, isEmpty: true };

export const history = (epoch: number, last: bigint): History => ({
  lastZxid: zxid(last),
  currentEpoch: epoch,
  isEmpty: false,
});

/** How long a role lasts without the others that it needs. */
const PATIENCE = 1_000;
const CHECK = 100;

interface Server {
  readonly id: ServerId;
  election: Election | null;
  history: History;
  /** Follows an established leader, or is one: with its history. */
  isSynced: boolean;
  roleSince: number;
  /** Counts its roles: a new one means new connections. */
  term: number;
  /** The term of the leader that it has a connection to. */
  linkedTo: number | null;
  tookMs: number[];
  sent: number;
}

interface Settings {
  readonly rule?: QuorumRule;
  readonly observers?: readonly ServerId[];
  readonly seed?: number;
  /** Longest delay of a message, in ms. */
  readonly delay?: number;
  /** Share of messages that vanish. */
  readonly loss?: number;
  /** Whether connections that are refused are reported to the server that wanted them. */
  readonly refusals?: boolean;
  readonly finalizeWait?: number;
}

/**
 * An ensemble of elections with roles as thin as they can be: a leader stays while a quorum follows
 * it, then has an epoch and commits a zxid at every check; followers stay while it leads.
 */
export class Elections {
  readonly servers = new Map<ServerId, Server>();
  readonly chance: () => number;
  readonly rule: QuorumRule;
  /** Leader of each epoch that was established. */
  readonly epochs = new Map<number, ServerId>();
  readonly broken: string[] = [];
  now = 0;
  loss: number;
  /** The last zxid that a quorum has had. */
  committed = zxid(0n);
  readonly #settings: Settings;
  readonly #membership: Membership;
  readonly #arrivals = new Map<string, number>();
  readonly #cuts = new Set<string>();
  #queue: { at: number; order: number; run: () => void }[] = [];
  #order = 0;

  constructor(voters: number | readonly ServerId[], settings: Settings = {}) {
    const ids =
      typeof voters === 'number' ? Array.from({ length: voters }, (_, i) => i + 1) : voters;
    const observers = settings.observers ?? [];
    this.rule = settings.rule ?? majority(ids);
    this.chance = seeded(settings.seed ?? 1);
    this.loss = settings.loss ?? 0;
    this.#settings = settings;
    this.#membership = { rule: this.rule, members: [...ids, ...observers], text: null };
    for (const id of this.#membership.members) {
      this.servers.set(id, {
        id,
        election: null,
        history: EMPTY,
        isSynced: false,
        roleSince: 0,
        term: 0,
        linkedTo: null,
        tookMs: [],
        sent: 0,
      });
    }
    this.#later(CHECK, () => this.#check());
  }

  server(id: ServerId): Server {
    const server = this.servers.get(id);
    if (server === undefined) throw new Error(`no server ${id}`);
    return server;
  }

  start(id: ServerId, from?: History, mayVote = true): void {
    const server = this.server(id);
    if (from !== undefined) server.history = from;
    const out = { push: (output: ElectionOutput) => this.#carryOut(server, output) };
    const { finalizeWait = 200 } = this.#settings;
    const { chance } = this;
    const membership = this.#membership;
    server.election = new Election({ id, membership, chance, out, mayVote, finalizeWait });
    this.#look(server);
  }

  crash(id: ServerId): void {
    const server = this.server(id);
    server.election = null;
    server.isSynced = false;
  }

  cut(from: ServerId, to: ServerId): void {
    this.#cuts.add(`${from}>${to}`);
  }

  /** Cuts all links between servers of different sides. */
  partition(...sides: ServerId[][]): void {
    for (const a of sides) {
      for (const b of sides) {
        if (a !== b) for (const from of a) for (const to of b) this.cut(from, to);
      }
    }
  }

  heal(): void {
    this.#cuts.clear();
    this.loss = 0;
  }

  run(forMs: number): void {
    const until = this.now + forMs;
    for (;;) {
      this.#queue.sort((a, b) => a.at - b.at || a.order - b.order);
      const next = this.#queue[0];
      const due = this.#due();
      const at = Math.min(next?.at ?? Infinity, due?.election?.deadline ?? Infinity);
      if (at > until) break;
      this.now = Math.max(this.now, at);
      if (next !== undefined && next.at <= at) {
        this.#queue.shift();
        next.run();
      } else due?.election?.tick(this.now);
    }
    this.now = until;
  }

  /** Runs until all that are up have a role under one leader; how long it took, null if too long. */
  settle(withinMs: number): number | null {
    const start = this.now;
    while (this.now < start + withinMs) {
      if (this.leader !== null) return this.now - start;
      this.run(10);
    }
    return null;
  }

  /** The one leader that all that are up agree on. */
  get leader(): ServerId | null {
    const up = [...this.servers.values()].filter((server) => server.election !== null);
    const leaders = new Set(
      up.map(({ election }) =>
        election?.state === ServerState.looking ? null : (election?.vote?.leader ?? null),
      ),
    );
    const [leader = null] = leaders;
    if (leaders.size !== 1 || leader === null) return null;
    return this.server(leader).election?.state === ServerState.leading ? leader : null;
  }

  states(): string {
    return [...this.servers.values()]
      .map(({ id, election }) => `${id}:${election === null ? '-' : 'LFdO'[election.state]}`)
      .join(' ');
  }

  #due(): Server | null {
    let due: Server | null = null;
    for (const server of this.servers.values()) {
      if (server.election === null) continue;
      if (server.election.deadline < (due?.election?.deadline ?? Infinity)) due = server;
    }
    return due;
  }

  #later(afterMs: number, run: () => void): void {
    this.#queue.push({ at: this.now + afterMs, order: this.#order++, run });
  }

  #look(server: Server): void {
    server.isSynced = false;
    server.term++;
    server.linkedTo = null;
    server.election?.start(server.history, this.now);
  }

  #carryOut(server: Server, output: ElectionOutput): void {
    if (output.kind === 'notify') this.#send(server, output.to, output.notification);
    if (output.kind !== 'elected') return;
    server.roleSince = this.now;
    server.tookMs.push(this.now - output.startedAt);
  }

  #send(from: Server, to: ServerId, notification: Notification): void {
    from.sent++;
    const peer = this.servers.get(to);
    const { delay = 10, refusals = false } = this.#settings;
    if (peer?.election === null && refusals) {
      this.#later(1, () => from.election?.unreachable(to, this.now));
    }
    if (this.chance() < this.loss) return;
    const link = `${from.id}>${to}`;
    const at = Math.max(this.now + this.chance() * delay, this.#arrivals.get(link) ?? 0);
    this.#arrivals.set(link, at);
    this.#later(at - this.now, () => {
      if (!this.#cuts.has(link)) peer?.election?.notified(from.id, notification, this.now);
    });
  }

  /** What roles do: notice that they are alone, establish an epoch, bring followers up to date. */
  #check(): void {
    this.#later(CHECK, () => this.#check());
    for (const server of this.servers.values()) {
      const { election } = server;
      if (election === null || election.state === ServerState.looking) continue;
      const isServed =
        election.state === ServerState.leading ? this.#lead(server) : this.#follow(server);
      if (isServed) server.roleSince = this.now;
      else if (this.now - server.roleSince > PATIENCE) this.#look(server);
    }
  }

  #isLinked(a: ServerId, b: ServerId): boolean {
    return !this.#cuts.has(`${a}>${b}`) && !this.#cuts.has(`${b}>${a}`);
  }

  #follow(server: Server): boolean {
    const leader = this.server(server.election?.vote?.leader ?? server.id);
    if (server.linkedTo !== null && server.linkedTo !== leader.term) this.#look(server);
    if (leader.election?.state !== ServerState.leading) return false;
    if (!this.#isLinked(server.id, leader.id)) return false;
    if (server.election?.state !== ServerState.looking) server.linkedTo = leader.term;
    return true;
  }

  #lead(leader: Server): boolean {
    const withLeader = [...this.servers.values()].filter(
      ({ id, election, linkedTo }) =>
        id === leader.id ||
        (election !== null &&
          linkedTo === leader.term &&
          election.vote?.leader === leader.id &&
          this.#isLinked(id, leader.id)),
    );
    const votersWith = new Set(
      withLeader.filter(({ election }) => election?.mayVote).map(({ id }) => id),
    );
    if (!this.rule.isQuorum((voter) => votersWith.has(voter))) return false;
    if (!leader.isSynced) this.#establish(leader, withLeader);
    leader.history = { ...leader.history, lastZxid: zxid(leader.history.lastZxid + 1n) };
    this.committed = leader.history.lastZxid;
    for (const server of withLeader) this.#sync(server, leader.history);
    return true;
  }

  #establish(leader: Server, withLeader: readonly Server[]): void {
    if (leader.history.lastZxid < this.committed)
      this.broken.push(`${leader.id} leads with ${leader.history.lastZxid}, not ${this.committed}`);
    const epoch = 1 + Math.max(...withLeader.map((server) => server.history.currentEpoch));
    if (this.epochs.has(epoch)) this.broken.push(`epoch ${epoch} has two leaders`);
    this.epochs.set(epoch, leader.id);
    leader.history = history(epoch, BigInt(epoch) << 32n);
  }

  #sync(server: Server, from: History): void {
    server.history = from;
    if (server.isSynced) return;
    server.isSynced = true;
    server.election?.healed();
    server.election?.established(from.currentEpoch);
  }
}
