// The network between servers: election messages, links, and what cuts them.
import type { LinkId } from '../../src/consensus/events.ts';
import type { Notification } from '../../src/wire/election.ts';
import { Pipe } from './links.ts';
import type { SimOptions } from './options.ts';
import { PeerLink } from './peerLink.ts';
import type { Random } from './random.ts';
import type { SimServer } from './server.ts';
import type { Timers } from './timers.ts';

/** LearnerLinks.TRIES and PAUSE_MS. */
const TRIES = 5;
const PAUSE_MS = 100;
/** A SYN that nobody answers is sent again after this. */
const SYN_MS = 1000;

export class Network {
  readonly timers: Timers;
  readonly random: Random;
  readonly #options: SimOptions;
  readonly #servers: ReadonlyMap<number, SimServer>;
  /** The next link on which this packet arrives ends with it. */
  trap: string | null = null;
  readonly #cuts = new Set<number>();
  readonly #links = new Set<PeerLink>();
  readonly #mail = new Map<number, Pipe<() => void>>();
  /** Kicked when a cut is healed. */
  readonly #others = new Set<{ kick(): void }>();

  constructor(
    timers: Timers,
    random: Random,
    options: SimOptions,
    servers: ReadonlyMap<number, SimServer>,
  ) {
    this.timers = timers;
    this.random = random;
    this.#options = options;
    this.#servers = servers;
  }

  delay(): number {
    return this.random.around(this.#options.delay, this.#options.isEven);
  }

  get links(): readonly PeerLink[] {
    return [...this.#links];
  }

  // -- cuts ------------------------------------------------------------------------------------

  isCut(from: number, to: number): boolean {
    return this.#cuts.size > 0 && this.#cuts.has(from * 256 + to);
  }

  /** Nothing passes in this direction; both directions of all of them with `cutApart`. */
  cut(from: number, to: number): void {
    this.#cuts.add(from * 256 + to);
  }

  cutApart(some: readonly number[], others: readonly number[]): void {
    for (const a of some) {
      for (const b of others) {
        this.cut(a, b);
        this.cut(b, a);
      }
    }
  }

  heal(): void {
    if (this.#cuts.size === 0) return;
    this.#cuts.clear();
    // What was stuck comes through late, or the connection has been given up meanwhile.
    for (const link of this.links) {
      if (this.random.chance(0.3)) link.endBoth('connection timed out');
      else link.kick();
    }
    for (const pipe of this.#mail.values()) pipe.kick();
    for (const other of this.#others) other.kick();
  }

  onHeal(other: { kick(): void }): void {
    this.#others.add(other);
  }

  // -- elections -------------------------------------------------------------------------------

  notify(from: SimServer, to: number, notification: Notification): void {
    const target = this.#servers.get(to);
    if (target === undefined) return;
    if (!target.isUp) {
      if (this.#options.tellsReachability) {
        const { incarnation } = from;
        this.timers.after(this.delay(), () =>
          from.whenAwake(incarnation, () => from.take({ kind: 'unreachable', peer: to })),
        );
      }
      return;
    }
    if (this.random.chance(this.#options.electionLoss)) return;
    const { incarnation } = target;
    this.#mailOf(from.id, to).send(() =>
      target.whenAwake(incarnation, () =>
        target.take({ kind: 'notified', from: from.id, notification }),
      ),
    );
  }

  #mailOf(from: number, to: number): Pipe<() => void> {
    const key = from * 256 + to;
    let pipe = this.#mail.get(key);
    if (pipe === undefined) {
      pipe = new Pipe(this.timers, this.random, {
        delay: () => this.delay(),
        isBlocked: () => this.isCut(from, to),
        deliver: (run) => run(),
      });
      this.#mail.set(key, pipe);
    }
    return pipe;
  }

  /** A server is up: the others have a connection to it again. */
  reachable(peer: SimServer): void {
    if (!this.#options.tellsReachability) return;
    for (const other of this.#servers.values()) {
      if (other === peer || !other.isUp) continue;
      const { incarnation } = other;
      this.timers.after(this.delay(), () =>
        other.whenAwake(incarnation, () => other.take({ kind: 'reachable', peer: peer.id })),
      );
    }
  }

  // -- links -----------------------------------------------------------------------------------

  /** A learner connects; `linked` or `unlinked` is the answer. */
  connect(learner: SimServer, link: LinkId, to: number): void {
    const { initLimit, tickTime } = this.#options;
    const until = this.timers.now + initLimit * tickTime;
    this.#try({ learner, incarnation: learner.incarnation, link, to, until, tried: 0 });
  }

  #try(attempt: {
    learner: SimServer;
    incarnation: number;
    link: LinkId;
    to: number;
    until: number;
    tried: number;
  }): void {
    const { learner, incarnation, link, to, until } = attempt;
    const leader = this.#servers.get(to);
    const fail = (): void =>
      learner.whenAwake(incarnation, () => {
        if (!learner.isWanted(link)) return;
        learner.take({ kind: 'unlinked', link, reason: 'cannot connect' });
      });
    if (
      leader === undefined ||
      !learner.knows(to) ||
      attempt.tried === TRIES ||
      this.timers.now >= until
    ) {
      this.timers.after(0, fail);
      return;
    }
    this.timers.after(this.delay() + this.delay(), () => {
      if (learner.incarnation !== incarnation || !learner.isWanted(link)) return;
      if (this.isCut(learner.id, to) || this.isCut(to, learner.id)) {
        this.timers.after(SYN_MS, () => this.#try(attempt));
      } else if (leader.isUp) {
        const made = new PeerLink(this, learner, link, leader);
        this.#links.add(made);
        learner.wired(link, made);
        made.open();
      } else {
        attempt.tried++;
        this.timers.after(PAUSE_MS, () => this.#try(attempt));
      }
    });
  }

  forget(link: PeerLink): void {
    if (!link.learner.isOpen && !link.leader.isOpen) this.#links.delete(link);
  }

  /** The link of `server` with this number. */
  find(server: SimServer, link: LinkId): PeerLink | undefined {
    for (const one of this.#links) {
      if (!one.isOf(server)) continue;
      const end = one.endOf(server);
      if (end.isOpen && end.link === link && end.incarnation === server.incarnation) return one;
    }
    return undefined;
  }

  linksOf(server: SimServer): PeerLink[] {
    return this.links.filter((one) => one.isOf(server));
  }
}
