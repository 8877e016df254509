// A server's life in its ensemble: it looks for a leader, takes a role, and looks again when that ends.
import type { Zxid } from '../base/ids.ts';
import { type Elected, Election } from '../consensus/election.ts';
import type { RoleOutput } from '../consensus/events.ts';
import type { History as Told } from '../consensus/looking.ts';
import type { ServerId } from '../consensus/quorum.ts';
import { type Notification, ServerState } from '../wire/election.ts';
import type { Membership } from '../wire/membership.ts';
import { Ensemble, isSame, keepsPlace, membershipIn, type ReconfigOptions } from './ensemble.ts';
import type { Effect, MemberEvent, Mode, Now } from './events.ts';
import { FollowingRole } from './followingRole.ts';
import { History } from './history.ts';
import { LeadingRole } from './leadingRole.ts';
import type { Replica, ReplicaOptions } from './replica.ts';
import type { Role, RoleParts } from './role.ts';

/** What makes a server a member of an ensemble. */
export interface MemberOptions {
  readonly membership: Membership;
  /** Null: the membership is what the configuration says, whatever others say (reconfigEnabled). */
  readonly reconfig: ReconfigOptions | null;
  /** As found on disk. */
  readonly acceptedEpoch: number;
  readonly currentEpoch: number;
  /** Neither snapshot nor log nor epochs were found. */
  readonly isEmpty: boolean;
  /** False when its data was damaged: it follows a leader that others elect until it is healed. */
  readonly mayVote: boolean;
  /** From this zxid on the log on disk is without a gap; null when it holds nothing. */
  readonly logFrom: () => Zxid | null;
  /** Ticks that a learner has to connect and to synchronize. */
  readonly initLimit: number;
  /** Ticks that it may fall behind. */
  readonly syncLimit: number;
  /** False: the leader takes no clients of its own. */
  readonly leaderServes: boolean;
}

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
  readonly #ensemble: Ensemble;
  readonly #history: History;
  readonly #out: Output[] = [];
  #role: Role | null = null;
  /** A role that is over: the next election waits for what it has asked of the disk. */
  #ended: Role | null = null;
  #isTrusted: boolean;
  /** Who is to lead when the present role has ended, named by the leader of a reconfig. */
  #appointed: ServerId | null = null;
  /** Peers whose election port could not be reached when that was last tried. */
  readonly #unreachable = new Set<ServerId>();
  #lastLink = -1;

  constructor(replica: Replica, options: ReplicaOptions, own: MemberOptions) {
    this.#replica = replica;
    this.#options = options;
    this.#own = own;
    const epochs = { accepted: own.acceptedEpoch, current: own.currentEpoch };
    this.#history = new History(replica.state.lastZxid, epochs);
    this.#isTrusted = own.mayVote;
    this.#ensemble = new Ensemble(own.membership, own.reconfig, replica.state);
    this.#ensemble.show(replica.state, replica.now.wall);
    this.election = new Election({
      id: options.serverId,
      membership: this.#ensemble.known,
      answersStrangers: this.#ensemble.isDynamic,
      chance: options.chance,
      mayVote: own.mayVote,
      out: this.#out,
    });
  }

  get mode(): Mode {
    return this.#role?.mode ?? 'looking';
  }

  /** Quorums are made of groups and weights. */
  get isGrouped(): boolean {
    return this.#ensemble.active.groups.length > 0;
  }

  get deadline(): number {
    return Math.min(this.election.deadline, this.#role?.deadline ?? Number.POSITIVE_INFINITY);
  }

  /** Before the first event: looks for a leader. */
  start(): void {
    if (this.#ensemble.pending !== null) this.#tellWorld();
    this.#look();
    this.drain();
  }

  take(event: MemberEvent, { monotonic: now }: Now): void {
    switch (event.kind) {
      case 'notified':
        this.#learn(event.from, event.notification);
        this.election.notified(event.from, event.notification, now);
        this.#checkTrust();
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
        break;
      case 'truncated':
        this.#replica.state = event.state;
        this.#history.replaced(event.state.lastZxid);
        this.#restored();
        this.#history.settled();
        break;
      case 'restarted':
        this.#history.settled();
        break;
    }
    this.#role?.take(event, now);
  }

  /** Time has come. */
  pass({ monotonic: now }: Now): void {
    if (this.election.deadline <= now) this.election.tick(now);
    if (this.#role !== null && this.#role.deadline <= now) this.#role.pass(now);
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
  }

  /** What this server says of its history in an election. */
  #told(): Told {
    const { lastZxid } = this.#replica.state;
    const { current } = this.#history;
    const isEmpty = this.#own.isEmpty && current === 0 && lastZxid === 0n;
    return { lastZxid, currentEpoch: current, isEmpty };
  }

  #become({ leader, state, startedAt }: Elected): void {
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
      ensemble: this.#ensemble,
      onReconfig: (membership) => this.#reconfig(membership),
      onActivated: (membership, suggested) => this.#activate(membership, suggested),
      onRestored: () => this.#restored(),
      onEstablished: () => this.#established(),
      nextLink: () => this.#nextLink(),
    };
    const isObserver = state === ServerState.observing;
    const mayPromise = !this.#isWithheld;
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
    if (!this.#isWithheld) return;
    // The leader's history is on this server's disk: it joins again, as one that counts.
    this.election.healed();
    this.#isTrusted = true;
    this.#role?.end('its data is whole, it joins again as a voter');
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
    const leader = this.#appointed;
    this.#appointed = null;
    if (leader === null) this.#look();
    else this.election.appoint(leader, this.#told(), this.#replica.now.monotonic);
    this.drain();
  }

  // -- the membership --------------------------------------------------------------------------

  /** A server that looks for a leader learns from others of a newer membership (FastLeaderElection). */
  #learn(from: ServerId, { config }: Notification): void {
    if (!this.#ensemble.isDynamic || config === null || this.#role !== null) return;
    if (this.#ended !== null || !this.#isNewer(config)) return;
    const next = membershipIn(config);
    if (next === null) return;
    this.#replica.report('info', `Server ${from} knows of a newer membership, ${nameOf(next)}`);
    this.#activate(next, null);
    this.election.start(this.#told(), this.#replica.now.monotonic);
  }

  /** Most say the same again and again: the version alone is quickly read. */
  #isNewer(config: string): boolean {
    const version = /^version=([0-9a-f]{1,16})$/m.exec(config)?.[1];
    return version !== undefined && BigInt(`0x${version}`) > this.#ensemble.active.version;
  }

  #reconfig(membership: Membership): void {
    if (this.#ensemble.propose(membership)) this.#changed();
  }

  #restored(): void {
    const { state, now } = this.#replica;
    if (this.#ensemble.restored(state)) this.#changed();
    this.#ensemble.show(state, now.wall);
  }

  /** QuorumPeer.processReconfig. */
  #activate(membership: Membership, suggested: ServerId | null): boolean {
    const before = this.#ensemble.active;
    if (!this.#ensemble.activate(membership)) return true;
    const { state, now } = this.#replica;
    this.#ensemble.show(state, now.wall);
    this.#changed();
    if (isSame(before, membership)) return true;
    this.#replica.report('info', `The membership ${nameOf(membership)} is in force`);
    const leader = this.election.vote?.leader;
    const role = this.#role;
    if (role === null || leader === undefined) return true;
    const hasLeader =
      suggested === null ? keepsPlace(before, membership, leader) : suggested === leader;
    if (hasLeader && this.election.dueState === this.election.state) return true;
    this.#appointed = suggested;
    role.end('the membership has changed');
    return false;
  }

  #changed(): void {
    this.election.changeMembership(this.#ensemble.known);
    this.#role?.membershipChanged();
    this.#tellWorld();
  }

  #tellWorld(): void {
    const { active, pending } = this.#ensemble;
    this.#replica.effect({ kind: 'membership', active, pending });
  }
}

const nameOf = ({ version, servers }: Membership): string =>
  `${version.toString(16)} of [${servers.map(({ id }) => id).join(', ')}]`;
