// One server of the simulation: a real replica on a simulated disk, network and clock; it can be
// crashed between any two effects, paused, and started again.
import { NO_ZXID, type Zxid, zxid } from '../../src/base/ids.ts';
import type { LinkId } from '../../src/consensus/events.ts';
import { Connection } from '../../src/replica/connection.ts';
import type { Effect, Event, Mode, Now } from '../../src/replica/events.ts';
import type { Membership } from '../../src/wire/membership.ts';
import { Writers } from '../../src/wire/writers.ts';
import type { ClientLink } from './clientLink.ts';
import { Medium } from './medium.ts';
import { firstMembership } from './memberships.ts';
import { codeOfEffect, codeOfEvent, nameOfEffect, nameOfEvent } from './names.ts';
import type { PeerLink } from './peerLink.ts';
import { Random } from './random.ts';
import { replicaOptions } from './replicaOptions.ts';
import { Silence } from './silence.ts';
import { Storage } from './storage.ts';
import type { Timer } from './timers.ts';
import { demand } from './violation.ts';
import { WatchedReplica } from './watchedReplica.ts';
import type { World } from './world.ts';

export class SimServer {
  readonly id: number;
  readonly isObserver: boolean;
  readonly medium: Medium;
  /** Switched off for good, or until its operator needs it again. */
  isRetired = false;
  /** Counts its lives; what was meant for an earlier one is dropped. */
  incarnation = 0;
  isUp = false;
  isPaused = false;
  mode: Mode = 'looking';
  isEstablished = false;
  isLeading = false;
  /** The end of its history, durable or not. */
  lastAppended: Zxid = NO_ZXID;
  /** Means of its disk now; faults change them. */
  syncTime: number;
  failing = 0;
  /** It dies before the n-th effect from now on; 0: never. */
  fuse = 0;
  /** It dies before the next effect whose name begins so. */
  dieBefore: string | null = null;
  readonly clients = new Map<Connection, ClientLink>();
  readonly #writers = new Writers();
  readonly #world: World;
  readonly #rate: number;
  #wallOffset = 0;
  /** What it has heard is on its way. */
  #heard: Membership | null = null;
  #wokeAt = Number.NEGATIVE_INFINITY;
  #replica: WatchedReplica | null = null;
  #storage: Storage | null = null;
  #timer: Timer | null = null;
  #timerAt = 0;
  /** What its leader has not heard of it, nor of its clients. */
  readonly silence: Silence;
  /** What it waits for as a member, which may be overdue from the beginning. */
  #deadline = Number.POSITIVE_INFINITY;
  #deadlineSince = 0;
  readonly #wanted = new Map<LinkId, PeerLink | null>();
  readonly #asleep: (() => void)[] = [];
  readonly #events: Event[] = [];
  #dirty: Connection[] = [];
  #isBusy = false;
  #nextLink = 2;
  #nextConnection = 1;

  constructor(world: World, id: number, isObserver: boolean) {
    this.#world = world;
    this.id = id;
    this.isObserver = isObserver;
    const { skew, syncTime, startsAt, voters, observers } = world.options;
    const isFirst = id <= voters + observers;
    this.medium = new Medium(firstMembership(world.options), isFirst ? zxid(startsAt) : NO_ZXID);
    this.#rate = 1 + world.random.between(-skew, skew);
    this.syncTime = syncTime;
    this.silence = new Silence(world.timers);
  }

  get replica(): WatchedReplica {
    if (this.#replica === null) throw new Error(`server ${this.id} is down`);
    return this.#replica;
  }

  get role(): string {
    if (!this.isUp) return 'down';
    if (this.isPaused) return 'paused';
    return this.isEstablished || this.mode === 'looking' ? this.mode : `(${this.mode})`;
  }

  get epoch(): number {
    return this.medium.current;
  }

  get lastZxid(): Zxid {
    return this.#replica?.state.lastZxid ?? this.medium.durable;
  }

  get now(): Now {
    const { options } = this.#world;
    const { now } = this.#world.timers;
    return {
      monotonic: now * this.#rate,
      wall: Math.floor(options.wallStart + now + this.#wallOffset),
    };
  }

  jump(ms: number): void {
    this.#wallOffset += ms;
  }

  // -- life ------------------------------------------------------------------------------------

  start(): void {
    const world = this.#world;
    const { state, isEmpty } = this.medium.open();
    this.incarnation++;
    this.isUp = true;
    this.failing = 0;
    this.lastAppended = state.lastZxid;
    this.mode = 'looking';
    this.#heard = null;
    world.trace.note(this, 'start', () => `start ${this.medium.unhealed ?? ''}`.trimEnd());
    world.oracle.started(this);
    const { incarnation } = this;
    this.#storage = new Storage({
      medium: this.medium,
      timers: world.timers,
      random: world.random,
      syncTime: () => this.syncTime,
      failing: () => this.failing,
      snapCount: world.options.snapCount,
      pieceSize: world.options.pieceSize,
      isEven: world.options.isEven,
      dispatch: (event) => this.whenAwake(incarnation, () => this.take(event)),
      die: (reason) => this.crash({ isPowerCut: true, reason }),
      state: () => this.replica.state,
      onChanged: (what) => world.oracle.diskChanged(this, what),
    });
    const options = replicaOptions(
      world.options,
      this.id,
      this.medium,
      { state, isEmpty },
      this.now,
    );
    this.#replica = new WatchedReplica({ ...options, chance: world.random.next }, this.now, {
      committing: (proposal) => world.oracle.committing(this, proposal),
      committed: (proposal) => world.oracle.committed(this, proposal),
      established: () => {
        this.isEstablished = true;
        world.oracle.established(this);
      },
    });
    this.#isBusy = true;
    this.#carryOutAll(this.#replica.start(this.now));
    world.network.reachable(this);
  }

  crash({ isPowerCut, reason }: { isPowerCut: boolean; reason: string }): void {
    if (!this.isUp) return;
    const world = this.#world;
    world.trace.note(this, 'crash', () => `crash ${reason}${isPowerCut ? ', power cut' : ''}`);
    this.isUp = false;
    this.isPaused = false;
    this.isLeading = false;
    this.isEstablished = false;
    this.silence.begin();
    this.incarnation++;
    this.#storage?.close();
    this.#storage = null;
    this.#replica = null;
    if (this.#timer !== null) world.timers.cancel(this.#timer);
    this.#timer = null;
    this.#deadline = Number.POSITIVE_INFINITY;
    this.#wanted.clear();
    this.#asleep.length = 0;
    this.#events.length = 0;
    this.#dirty.length = 0;
    this.#isBusy = false;
    this.fuse = 0;
    const isSilent = isPowerCut && world.random.chance(0.3);
    for (const link of world.network.linksOf(this)) {
      link.close(this, { isReset: world.random.chance(0.5), isSilent });
    }
    for (const link of this.clients.values()) link.serverGone(isSilent);
    this.clients.clear();
    if (isPowerCut) {
      // Of its own, so that traces do not depend on what lay unsynced.
      const { seed } = world.options;
      this.medium.cutPower(new Random(seed * 8191 + this.id * 127 + this.incarnation));
    }
    world.oracle.crashed(this);
    world.faults.died(this);
  }

  pause(): void {
    if (!this.isUp) return;
    this.isPaused = true;
    this.#world.trace.note(this, 'pause');
  }

  wake(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.#wokeAt = this.#world.timers.now;
    this.#world.trace.note(this, 'wake');
    const { incarnation } = this;
    const waiting = this.#asleep.splice(0);
    for (const run of waiting) if (this.incarnation === incarnation) run();
    if (this.incarnation === incarnation) this.#setTimer();
  }

  /** Runs it now, or once the server is no longer paused; never in another life of it. */
  whenAwake(incarnation: number, run: () => void): void {
    if (this.incarnation !== incarnation) return;
    if (this.isPaused) {
      this.#asleep.push(() => {
        if (this.incarnation === incarnation) run();
      });
    } else run();
  }

  later(delay: number, run: () => void): void {
    const { incarnation } = this;
    this.#world.timers.after(delay, () => this.whenAwake(incarnation, run));
  }

  /** Its disk is as fast as it ever was. */
  hurryDisk(): void {
    this.syncTime = this.#world.options.syncTime;
    this.#storage?.hurry();
  }

  // -- the loop --------------------------------------------------------------------------------

  take(event: Event): void {
    if (this.#isBusy) {
      this.#events.push(event);
      return;
    }
    this.#isBusy = true;
    this.#demandTimer();
    this.#world.counts.event(event);
    this.#world.trace.note(this, event.kind, () => nameOfEvent(event), codeOfEvent(event));
    // Until then it may turn out that the log cannot be cut, and nothing has changed.
    if (event.kind === 'truncated') this.lastAppended = event.state.lastZxid;
    this.#carryOutAll(this.replica.step(event, this.now));
    for (;;) {
      const next = this.#events.shift();
      if (next === undefined || !this.isUp) break;
      this.take(next);
    }
  }

  /** C15: whoever takes part hears of its deadlines, also once it has stood still. */
  #demandTimer(): void {
    const { timers, options } = this.#world;
    const overdue = this.now.monotonic - Math.max(this.#deadline, this.#deadlineSince);
    const isWaking = timers.now - this.#wokeAt < options.tickTime;
    demand(overdue <= 2 * options.tickTime || isWaking, 'C15', () => {
      return `server ${this.id} has not heard of its deadline for ${Math.round(overdue)} ms`;
    });
  }

  #carryOutAll(effects: readonly Effect[]): void {
    const { incarnation } = this;
    for (const effect of effects) {
      if (this.fuse > 0 && --this.fuse === 0) {
        this.crash({ isPowerCut: this.#world.isPowerCut(), reason: `before ${effect.kind}` });
        return;
      }
      if (this.dieBefore !== null && nameOfEffect(effect).startsWith(this.dieBefore)) {
        this.crash({ isPowerCut: true, reason: `before ${this.dieBefore}` });
        this.dieBefore = null;
        return;
      }
      this.#carryOut(effect);
      if (this.incarnation !== incarnation) return;
    }
    for (const connection of this.#dirty.splice(0)) this.#send(connection);
    this.#storage?.flush();
    this.#isBusy = false;
    this.#setTimer();
  }

  #carryOut(effect: Effect): void {
    const world = this.#world;
    if (effect.kind === 'report') {
      world.reported(this, effect.level, effect.message);
      return;
    }
    world.trace.note(this, effect.kind, () => `> ${nameOfEffect(effect)}`, codeOfEffect(effect));
    world.oracle.effect(this, effect);
    world.counts.effect(effect);
    switch (effect.kind) {
      case 'log':
        this.lastAppended = effect.zxid;
        this.#storage?.append(effect.zxid, effect.entry);
        break;
      case 'close':
        this.#send(effect.connection);
        this.clients.get(effect.connection)?.serverCloses();
        this.clients.delete(effect.connection);
        break;
      case 'pause':
      case 'resume':
        this.clients.get(effect.connection)?.setReading(effect.kind === 'resume');
        break;
      case 'notify':
        world.network.notify(this, effect.to, effect.notification);
        break;
      case 'became':
        this.#became(effect.mode);
        break;
      case 'link':
        this.#wanted.set(effect.link, null);
        world.network.connect(this, effect.link, effect.to);
        break;
      case 'unlink':
        this.#unlink(effect.link);
        break;
      case 'send':
        world.network.find(this, effect.link)?.send(this, effect.packet);
        break;
      case 'sendSnapshot':
        world.network.find(this, effect.link)?.sendSnapshot(world.options.pieceSize);
        break;
      case 'sendHistory': {
        const { link, after, upTo } = effect;
        world.network.find(this, link)?.sendHistory(this.medium.history(after, upTo));
        break;
      }
      case 'saveEpoch':
        this.#storage?.saveEpoch(effect.which, effect.epoch);
        break;
      case 'truncate':
        this.#storage?.truncate(effect.after);
        break;
      case 'restart': {
        const link = world.network.find(this, effect.link);
        this.lastAppended = effect.state.lastZxid;
        this.#storage?.restart(effect.state, () => link?.release());
        break;
      }
      case 'distrust':
        this.#storage?.distrust(effect.reason);
        break;
      case 'membership':
        this.medium.membership = effect.active;
        this.medium.pending = effect.pending;
        this.#heard = effect.heard;
        break;
    }
  }

  #became(mode: Mode): void {
    this.mode = mode;
    this.isLeading = mode === 'leader';
    // After a reconfig one role may follow another at once.
    this.isEstablished = false;
    if (!this.isLeading) {
      this.silence.begin();
      return;
    }
    this.silence.leads();
    for (const link of this.#world.network.linksOf(this)) link.welcome();
  }

  #unlink(link: LinkId): void {
    this.#wanted.delete(link);
    const { network, random } = this.#world;
    network.find(this, link)?.close(this, { isReset: random.chance(0.2), isSilent: false });
  }

  #send(connection: Connection): void {
    connection.isDirty = false;
    if (connection.outLength === 0) return;
    const bytes = connection.out.copy();
    connection.emptyOut();
    this.clients.get(connection)?.fromServer(bytes);
  }

  #setTimer(): void {
    if (!this.isUp || this.isPaused || this.#replica === null) return;
    const { timers } = this.#world;
    const { monotonic } = this.now;
    const { deadline, member } = this.#replica;
    if (member !== null && member.deadline !== this.#deadline) {
      this.#deadline = member.deadline;
      this.#deadlineSince = monotonic;
    }
    const wait = Math.max(Math.ceil(deadline - monotonic), 1) / this.#rate;
    const at = timers.now + wait;
    if (this.#timer !== null && this.#timerAt <= at) return;
    if (this.#timer !== null) timers.cancel(this.#timer);
    this.#timer = null;
    if (at === Number.POSITIVE_INFINITY) return;
    this.#timerAt = at;
    const { lateness, tickTime } = this.#world.options;
    const { random } = this.#world;
    const late = lateness > 0 ? Math.min(random.exponential(lateness), tickTime / 2) : 0;
    this.#timer = timers.at(at + late, () => {
      const { incarnation } = this;
      this.#timer = null;
      if (this.isPaused) this.#asleep.push(() => this.#fireLate(at));
      else this.whenAwake(incarnation, () => this.take({ kind: 'deadline' }));
    });
  }

  /** What a server does that finds that it stood still: see Loop. */
  #fireLate(dueAt: number): void {
    const { timers, options } = this.#world;
    const late = timers.now - dueAt;
    if (late > options.tickTime / 2) {
      const until = this.now.monotonic + Math.min(late, 20 * options.tickTime);
      this.take({ kind: 'stoodStill', until });
    }
    const { incarnation } = this;
    timers.after(0, () => this.whenAwake(incarnation, () => this.take({ kind: 'deadline' })));
  }

  // -- connections -----------------------------------------------------------------------------

  newLink(): LinkId {
    const link = this.#nextLink;
    this.#nextLink += 2;
    return link;
  }

  /** Whether it knows where that server is. */
  knows(peer: number): boolean {
    const { membership, pending } = this.medium;
    const all = [membership, pending, this.#heard].flatMap((one) => one?.servers ?? []);
    return all.some(({ id }) => id === peer);
  }

  isWanted(link: LinkId): boolean {
    return this.#wanted.has(link);
  }

  wired(link: LinkId, made: PeerLink): void {
    this.#wanted.set(link, made);
  }

  accept(link: ClientLink): Connection {
    const now = this.now;
    const connection = new Connection({
      id: this.#nextConnection++,
      address: '10.0.1.1',
      port: 40_000,
      maxFrame: 0xfffff,
      opened: now.monotonic,
      openedWall: now.wall,
      access: this.replica.rules.access,
      writers: this.#writers,
      onDirty: (one) => this.#dirty.push(one),
    });
    this.clients.set(connection, link);
    this.take({ kind: 'opened', connection });
    return connection;
  }
}
