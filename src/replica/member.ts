// A server's life in its ensemble: it looks for a leader, takes a role, and looks again when that ends.
import { type Elected, Election } from '../consensus/election.ts';
import type { RoleOutput } from '../consensus/events.ts';
import type { History as Told } from '../consensus/lookingOptions.ts';
import type { ServerId } from '../consensus/quorum.ts';
import { type Notification, ServerState } from '../wire/election.ts';
import type { Membership } from '../wire/membership.ts';
import { Ensemble } from './ensemble.ts';
import type { Effect, MemberEvent, Mode, Now } from './events.ts';
import { FollowingRole } from './followingRole.ts';
import { History } from './history.ts';
import { LeadingRole } from './leadingRole.ts';
import type { MemberOptions } from './memberOptions.ts';
import { ReadOnly, readOnlyAfter } from './readOnly.ts';
import { Reconfiguring } from './reconfiguring.ts';
import type { Replica, ReplicaOptions } from './replica.ts';
import type { Role, RoleParts } from './role.ts';

const ROLE_NAMES: Readonly<Record<ServerState, string>> = {
  [ServerState.looking]: 'LOOKING',
  [ServerState.following]: 'FOLLOWING',
  [ServerState.leading]: 'LEADING',
  [ServerState.observing]: 'OBSERVING',
};

type Output = RoleOutput | Elected;

/** Runs election and roles; everything that they say passes through one list. */
export class Member {
  readonly election: Election;
  readonly #replica: Replica;
  readonly #options: ReplicaOptions;
  readonly #own: MemberOptions;
  readonly #reconfiguring: Reconfiguring;
  readonly #history: History;
  readonly #out: Output[] = [];
  #role: Role | null = null;
  /** A role that is over: the next election waits for what it has asked of the disk. */
  #ended: Role | null = null;
  #isTrusted: boolean;
  /** The leader's history is on this server's disk: from the next election on it counts. */
  #isHealed = false;
  /** Peers whose election port could not be reached when that was last tried. */
  readonly #unreachable = new Set<ServerId>();
  #lastLink = -1;
  /** Monotonic time at which reads are served if there is no leader by then. */
  #readOnlyAt = Number.POSITIVE_INFINITY;

  constructor(replica: Replica, options: ReplicaOptions, own: MemberOptions) {
    this.#replica = replica;
    this.#options = options;
    this.#own = own;
    const epochs = { accepted: own.acceptedEpoch, current: own.currentEpoch };
    this.#history = new History(replica.state.lastZxid, epochs, own.commitLogCount);
    this.#isTrusted = own.mayVote;
    const ensemble = new Ensemble(own.membership, own.reconfig ?? null, replica.state);
    this.election = new Election({
      id: options.serverId,
      membership: ensemble.known,
      answersStrangers: ensemble.isDynamic,
      chance: options.chance,
      mayVote: own.mayVote,
      ...(own.intervals === undefined ? {} : { intervals: own.intervals }),
      out: this.#out,
    });
    this.#reconfiguring = new Reconfiguring(ensemble, replica, this.election, {
      role: () => this.#role,
    });
    this.#reconfiguring.show();
  }

  get mode(): Mode {
    return this.#role?.mode ?? (this.#replica.isServing ? 'read-only' : 'looking');
  }

  /** Null while it looks for a leader. */
  get role(): Pick<Role, 'leader' | 'leadership'> | null {
    return this.#role;
  }

  get membership(): Membership {
    return this.#reconfiguring.ensemble.active;
  }

  get deadline(): number {
    const { deadline = Number.POSITIVE_INFINITY } = this.#role ?? {};
    return Math.min(this.election.deadline, this.#readOnlyAt, deadline);
  }

  /** Before the first event: looks for a leader. */
  start(): void {
    this.#reconfiguring.begin(this.#own.reconfig?.pending ?? null);
    this.#look();
    this.drain();
  }

  take(event: MemberEvent, { monotonic: now }: Now): void {
    switch (event.kind) {
      case 'notified':
        this.#notified(event.from, event.notification, now);
        return;
      case 'reachable':
        this.#unreachable.delete(event.peer);
        this.election.reachable(event.peer);
        return;
      case 'unreachable':
        this.#unreachable.add(event.peer);
        this.election.unreachable(event.peer, now);
        return;
      case 'linked':
        if (event.to === null && this.mode !== 'leader') {
          this.#effect({ kind: 'unlink', link: event.link });
        }
        break;
      case 'logged':
        this.#history.logged(event.upTo);
        break;
      case 'epochSaved':
        this.#history.epochSaved(event.which, event.epoch);
        if (event.which === 'current' && this.#isWithheld) this.#isHealed = true;
        break;
      case 'truncated':
        this.#replica.state = event.state;
        this.#history.replaced(event.state.lastZxid);
        this.#reconfiguring.restored();
        this.#history.settled();
        break;
      case 'notTruncated':
      case 'restarted':
        this.#history.settled();
        break;
    }
    this.#role?.take(event, now);
  }

  #notified(from: ServerId, notification: Notification, now: number): void {
    const isLooking = this.#role === null && this.#ended === null;
    if (isLooking && this.#reconfiguring.isNews(from, notification)) {
      this.election.startAnew(this.#told(), now, notification);
    }
    this.election.notified(from, notification, now);
    this.#checkTrust();
  }

  /** Time has come. */
  pass({ monotonic: now }: Now): void {
    if (this.election.deadline <= now) this.election.tick(now);
    if (this.#role !== null && this.#role.deadline <= now) this.#role.pass(now);
    if (this.#readOnlyAt <= now) this.#serveReads();
  }

  /** There is no leader yet: who wants no more than to read need not wait for one. */
  #serveReads(): void {
    this.#readOnlyAt = Number.POSITIVE_INFINITY;
    // What a damaged member has may be less than it has told its clients before.
    if (!this.#isTrusted) return;
    this.#replica.serve(new ReadOnly(this.#replica, this.#options.tickTime), true);
    this.#replica.report('info', 'Read-only server started');
  }

  /** Carries out what election and roles have said; effects go on to the world. */
  drain(): void {
    // What is said meanwhile stands behind, and is taken in the same loop.
    for (let i = 0; i < this.#out.length; i++) this.#act(this.#out[i] as Output);
    this.#out.length = 0;
    if (this.#ended !== null && this.#history.isQuiet) this.#settle(this.#ended);
  }

  #act(output: Output): void {
    switch (output.kind) {
      case 'elected':
        this.#become(output);
        break;
      case 'ended':
        this.#end(output.reason);
        break;
      case 'log':
      case 'saveEpoch':
      case 'notify':
      case 'link':
      case 'unlink':
      case 'send':
      case 'sendSnapshot':
      case 'sendHistory':
      case 'truncate':
      case 'report':
        this.#effect(output);
        break;
      default:
        this.#role?.act(output);
    }
  }

  #effect(effect: Effect): void {
    this.#history.asked(effect);
    this.#replica.effect(effect);
  }

  #look(): void {
    const { now } = this.#replica;
    this.#replica.report('info', 'LOOKING');
    this.#replica.effect({ kind: 'became', mode: 'looking' });
    this.election.start(this.#told(), now.monotonic);
    for (const peer of this.#unreachable) this.election.unreachable(peer, now.monotonic);
    if (!this.#own.readOnlyMode) return;
    this.#readOnlyAt = now.monotonic + readOnlyAfter(this.#options.tickTime);
  }

  /** What this server says of its history in an election. */
  #told(): Told {
    const { lastZxid } = this.#replica.state;
    const { current, accepted } = this.#history;
    // Who has accepted an epoch has not lost its disk: a new ensemble whose first epoch failed would
    // wait for votes for ever.
    const isEmpty = this.#own.isEmpty && accepted === 0 && lastZxid === 0n;
    return { lastZxid, currentEpoch: current, isEmpty };
  }

  #become({ leader, state, startedAt }: Elected): void {
    this.#readOnlyAt = Number.POSITIVE_INFINITY;
    if (this.#replica.isServing) this.#replica.stopServing();
    const took = Math.round(this.#replica.now.monotonic - startedAt);
    this.#replica.report('info', `${ROLE_NAMES[state]} - LEADER ELECTION TOOK - ${took}`);
    const parts: RoleParts = {
      replica: this.#replica,
      options: this.#options,
      own: this.#own,
      history: this.#history,
      // A role only adds to the list.
      out: this.#out as RoleOutput[],
      effect: (effect) => this.#effect(effect),
      reconfiguring: this.#reconfiguring,
      onEstablished: () => this.#established(),
      nextLink: () => this.#nextLink(),
    };
    const isObserver = state === ServerState.observing;
    const mayPromise = this.#isTrusted && !this.#isWithheld;
    this.#role =
      state === ServerState.leading
        ? new LeadingRole(parts)
        : new FollowingRole(parts, { leader, isObserver, mayPromise });
    this.#replica.effect({ kind: 'became', mode: this.mode });
  }

  /** Odd, so that it is none that the world has numbered. */
  #nextLink(): number {
    this.#lastLink += 2;
    return this.#lastLink;
  }

  #established(): void {
    this.election.established(this.#history.current);
    if (this.#isWithheld) this.#role?.end('its data is whole, it joins again as a voter');
    else this.#isTrusted = true;
  }

  #trust(): void {
    this.election.healed();
    this.#isTrusted = true;
    this.#isHealed = false;
  }

  /** A voter that has nothing to say, because it has lost what it knew. */
  get #isWithheld(): boolean {
    return this.election.voters.includes(this.#options.serverId) && !this.election.mayVote;
  }

  /** Who finds itself empty among others that are not must not vote, nor after its next start. */
  #checkTrust(): void {
    if (!this.#isTrusted || !this.#isWithheld) return;
    this.#isTrusted = false;
    const reason = 'no data here, though the ensemble has some';
    this.#replica.effect({ kind: 'distrust', reason });
  }

  #end(reason: string): void {
    if (this.#role === null) return;
    const { mode } = this;
    this.#replica.report(mode === 'leader' ? 'warn' : 'info', `Shutting down ${mode}: ${reason}`);
    this.#ended = this.#role;
    this.#role = null;
    this.#replica.stopServing();
  }

  /**
   * Memory becomes what the disk says: what was logged counts, committed or not (P13; ZOOKEEPER-2845,
   * 4712). Only then this server's history can be told to others.
   */
  #settle(ended: Role): void {
    this.#ended = null;
    for (const proposal of ended.rest()) this.#replica.commit(proposal, null);
    this.#history.begin(this.#replica.state.lastZxid);
    if (this.#isHealed) this.#trust();
    this.#reconfiguring.show();
    const leader = this.#reconfiguring.takeAppointed();
    if (leader === null) this.#look();
    else this.election.appoint(leader, this.#told(), this.#replica.now.monotonic);
    this.drain();
  }
}
