// A server's life in its ensemble: it looks for a leader, takes a role, and looks again when that ends.
import { assert } from '../base/assert.ts';
import { Fifo } from '../base/fifo.ts';
import { hex0x, type Zxid } from '../base/ids.ts';
import { CommittedLog } from '../consensus/committedLog.ts';
import { type Elected, Election } from '../consensus/election.ts';
import type { ConsensusEffect, LinkId, RoleOutput } from '../consensus/events.ts';
import { Leader } from '../consensus/leader.ts';
import type { LeaderOptions } from '../consensus/leaderOptions.ts';
import { Learner } from '../consensus/learner.ts';
import type { LearnerOptions } from '../consensus/learnerOptions.ts';
import type { Membership as Known } from '../consensus/looking.ts';
import type { ServerId } from '../consensus/quorum.ts';
import { DIGEST_VERSION } from '../state/digest.ts';
import type { State } from '../state/state.ts';
import { decodeTxn } from '../transactions/index.ts';
import { ServerState } from '../wire/election.ts';
import { type Membership, printMembership } from '../wire/membership.ts';
import { Deciding } from './deciding.ts';
import type { MemberEvent, Now } from './events.ts';
import { Forwarding } from './forwarding.ts';
import { takeRequest } from './learnerRequests.ts';
import { membershipOf } from './membership.ts';
import { Led } from './order.ts';
import type { Proposal } from './proposals.ts';
import type { Replica, ReplicaOptions } from './replica.ts';

/** What makes a server a member of an ensemble. */
export interface MemberOptions {
  readonly membership: Membership;
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

/** What a member does, as `status` and the four-letter words name it. */
export type Mode = 'looking' | 'leader' | 'follower' | 'observer';

const ROLE_NAMES: Readonly<Record<ServerState, string>> = {
  [ServerState.looking]: 'LOOKING',
  [ServerState.following]: 'FOLLOWING',
  [ServerState.leading]: 'LEADING',
  [ServerState.observing]: 'OBSERVING',
};

type Output = RoleOutput | Elected;
type DiskEvent = Extract<
  MemberEvent,
  { kind: 'logged' | 'epochSaved' | 'truncated' | 'snapshotReceived' | 'restarted' }
>;
type RoleOptions = Pick<
  LeaderOptions & LearnerOptions,
  | 'id'
  | 'acceptedEpoch'
  | 'currentEpoch'
  | 'history'
  | 'tickTime'
  | 'initLimit'
  | 'syncLimit'
  | 'configVersion'
  | 'out'
>;
type LearnerAsk = Extract<
  RoleOutput,
  { kind: 'requested' | 'revalidate' | 'touched' | 'confirmed' }
>;

/** Runs election and roles; everything that they say passes through its list. */
export class Member {
  readonly #replica: Replica;
  readonly #options: ReplicaOptions;
  readonly #own: MemberOptions;
  readonly #election: Election;
  readonly #known: Known;
  /** The end of the log; it outlives the roles. */
  readonly #history = new CommittedLog();
  readonly #out: Output[] = [];
  #accepted: number;
  #current: number;
  #leader: Leader | null = null;
  #learner: Learner | null = null;
  #deciding: Deciding | null = null;
  #forwarding: Forwarding | null = null;
  /** A learner's proposals that are not committed yet. */
  #backlog = new Fifo<Proposal>();
  #lastAppended: Zxid;
  #lastLogged: Zxid;
  /** Effects to the disk that are not answered yet, besides entries; a new election waits for all. */
  #pending = 0;
  #isEnding = false;
  #isTrusted: boolean;
  /** The last link that was asked for, and whether to follow it as an observer. */
  #link = -1;
  #isObserver = false;
  #lastLink = -1;

  constructor(replica: Replica, options: ReplicaOptions, own: MemberOptions) {
    this.#replica = replica;
    this.#options = options;
    this.#own = own;
    this.#accepted = own.acceptedEpoch;
    this.#current = own.currentEpoch;
    this.#lastAppended = replica.state.lastZxid;
    this.#lastLogged = replica.state.lastZxid;
    this.#isTrusted = own.mayVote;
    this.#history.reset(replica.state.lastZxid);
    this.#known = membershipOf(own.membership);
    this.#election = new Election({
      id: options.serverId,
      membership: this.#known,
      chance: options.chance,
      mayVote: own.mayVote,
      out: this.#out,
    });
  }

  get election(): Election {
    return this.#election;
  }

  get mode(): Mode {
    if (this.#leader !== null) return 'leader';
    if (this.#learner === null) return 'looking';
    return this.#isObserver ? 'observer' : 'follower';
  }

  get deadline(): number {
    const role = this.#leader ?? this.#learner;
    return Math.min(this.#election.deadline, role?.deadline ?? Number.POSITIVE_INFINITY);
  }

  /** Before the first event: looks for a leader. */
  start(): void {
    this.#look();
    this.drain();
  }

  take(event: MemberEvent, { monotonic: now }: Now): void {
    switch (event.kind) {
      case 'notified':
        this.#election.notified(event.from, event.notification, now);
        this.#checkTrust();
        break;
      case 'reachable':
        this.#election.reachable(event.peer);
        break;
      case 'unreachable':
        this.#election.unreachable(event.peer, now);
        break;
      case 'linked':
        if (event.to !== null) this.#learner?.linked(event.link, now);
        else if (this.#leader !== null) this.#leader.linked(event.link, event.address, now);
        else this.#effect({ kind: 'unlink', link: event.link });
        break;
      case 'unlinked':
        this.#leader?.unlinked(event.link, event.reason);
        this.#learner?.unlinked(event.link, event.reason, now);
        break;
      case 'packet':
        (this.#leader ?? this.#learner)?.packet(event.link, event.packet, now);
        break;
      case 'heard':
        this.#learner?.heard(now);
        break;
      default:
        this.#takeFromDisk(event, now);
    }
  }

  #takeFromDisk(event: DiskEvent, now: number): void {
    switch (event.kind) {
      case 'logged':
        this.#lastLogged = event.upTo;
        (this.#leader ?? this.#learner)?.logged(event.upTo);
        break;
      case 'epochSaved':
        this.#pending--;
        if (event.which === 'accepted') this.#accepted = event.epoch;
        else this.#current = event.epoch;
        this.#leader?.epochSaved(event.which, event.epoch, now);
        this.#learner?.epochSaved(event.which, event.epoch);
        break;
      case 'truncated':
        this.#pending--;
        this.#replaceState(event.state);
        this.#learner?.truncated(event.state.lastZxid, now);
        break;
      case 'snapshotReceived':
        this.#restart(event.link, event.state);
        break;
      case 'restarted':
        this.#pending--;
        this.#learner?.restored(event.zxid, now);
        break;
    }
  }

  /** Time has come. */
  pass({ monotonic: now }: Now): void {
    if (this.#election.deadline <= now) this.#election.tick(now);
    const role = this.#leader ?? this.#learner;
    if (role !== null && role.deadline <= now) role.tick(now);
  }

  /** Carries out what election and roles have said; effects go on to the world. */
  drain(): void {
    // What is said meanwhile stands behind, and is taken in the same loop.
    for (let i = 0; i < this.#out.length; i++) this.#take(this.#out[i] as Output);
    this.#out.length = 0;
    const isQuiet = this.#pending === 0 && this.#lastLogged >= this.#lastAppended;
    if (this.#isEnding && isQuiet) this.#settle();
  }

  #take(output: Output): void {
    const replica = this.#replica;
    switch (output.kind) {
      case 'elected':
        this.#become(output);
        break;
      case 'committed':
        this.#committed(output.upTo);
        break;
      case 'established':
        this.#establish();
        break;
      case 'ended':
        this.#end(output.reason);
        break;
      case 'proposed':
        this.#proposed(output.zxid, output.entry);
        break;
      case 'requested':
      case 'revalidate':
      case 'touched':
      case 'confirmed':
        if (this.#deciding !== null) this.#serveLearner(output, this.#deciding);
        break;
      case 'revalidated':
        this.#forwarding?.revalidated(output.session, output.isValid);
        break;
      case 'synced':
        this.#forwarding?.synced();
        break;
      case 'pinged':
        this.#learner?.touch(this.#forwarding?.takeHeard() ?? []);
        break;
      case 'restoring':
        replica.report('info', `Getting a snapshot from leader ${hex0x(output.zxid)}`);
        break;
      case 'reconfigured':
        replica.report('warn', `The membership was changed by ${hex0x(output.zxid)}`);
        break;
      default:
        this.#effect(output);
    }
  }

  #effect(effect: ConsensusEffect): void {
    if (effect.kind === 'log') this.#lastAppended = effect.zxid;
    else if (effect.kind === 'link') this.#link = effect.link;
    else if (effect.kind === 'saveEpoch' || effect.kind === 'truncate') this.#pending++;
    this.#replica.effect(effect);
  }

  // -- history ---------------------------------------------------------------------------------

  #proposed(zxid: Zxid, entry: Buffer): void {
    this.#effect({ kind: 'log', zxid, entry });
    // The entry is lent, and its data live on in the transaction.
    const { header, txn, digest } = decodeTxn(Buffer.from(entry));
    const isComparable = digest !== null && digest.version === DIGEST_VERSION;
    const treeDigest = isComparable ? digest.treeDigest : null;
    this.#backlog.push({ header, txn, treeDigest });
  }

  #committed(upTo: Zxid): void {
    const replica = this.#replica;
    if (this.#deciding !== null) {
      this.#deciding.committed(upTo);
      return;
    }
    for (;;) {
      const next = this.#backlog.peek();
      if (next === undefined || next.header.zxid > upTo) break;
      this.#backlog.shift();
      replica.commit(next, this.#forwarding?.askerOf(next.header) ?? null);
      replica.reception.applied();
    }
    replica.reception.committed();
  }

  /** A snapshot has come from the leader: it replaces everything, once it is on disk. */
  #restart(link: LinkId, state: State): void {
    if (this.#learner === null || this.#link !== link) return;
    this.#replaceState(state);
    this.#replica.isDigestSettled = false;
    this.#pending++;
    this.#replica.effect({ kind: 'restart', state, link });
  }

  #replaceState(state: State): void {
    this.#replica.state = state;
    this.#backlog.clear();
    this.#lastAppended = state.lastZxid;
    this.#lastLogged = state.lastZxid;
  }

  // -- roles -----------------------------------------------------------------------------------

  #look(): void {
    const { now, state } = this.#replica;
    this.#replica.report('info', 'LOOKING');
    const isEmpty = this.#own.isEmpty && this.#current === 0 && state.lastZxid === 0n;
    const history = { lastZxid: state.lastZxid, currentEpoch: this.#current, isEmpty };
    this.#election.start(history, now.monotonic);
  }

  #become({ leader, state, startedAt }: Elected): void {
    const { now } = this.#replica;
    const took = Math.round(now.monotonic - startedAt);
    this.#replica.report('info', `${ROLE_NAMES[state]} - LEADER ELECTION TOOK - ${took} MS`);
    const role = {
      id: this.#options.serverId,
      acceptedEpoch: this.#accepted,
      currentEpoch: this.#current,
      history: this.#history,
      tickTime: this.#options.tickTime,
      initLimit: this.#own.initLimit,
      syncLimit: this.#own.syncLimit,
      configVersion: this.#own.membership.version,
      out: this.#out as RoleOutput[],
    };
    if (state === ServerState.leading) this.#lead(role);
    else this.#follow(role, leader, state === ServerState.observing);
  }

  #lead(role: RoleOptions): void {
    const { membership, logFrom } = this.#own;
    const { rule, members } = this.#known;
    // An ensemble's first membership gets its version from the first epoch (ZOOKEEPER-1783).
    const membershipText = (start: Zxid): Buffer =>
      Buffer.from(
        printMembership(membership.version === 0n ? { ...membership, version: start } : membership),
      );
    const options = { ...role, rule, members, membershipText, logFrom: logFrom() };
    this.#leader = new Leader(options, this.#replica.now.monotonic);
  }

  #follow(role: RoleOptions, leader: ServerId, isObserver: boolean): void {
    this.#isObserver = isObserver;
    const mayPromise = !this.#isWithheld;
    const nextLink = (): LinkId => this.#nextLink();
    const options = { ...role, leader, isObserver, mayPromise, nextLink };
    this.#learner = new Learner(options, this.#replica.now.monotonic);
  }

  /** Odd, so that it is none that the world has numbered. */
  #nextLink(): LinkId {
    this.#lastLink += 2;
    return this.#lastLink;
  }

  /** The role holds: clients may come. */
  #establish(): void {
    const replica = this.#replica;
    const { tickTime, containers } = this.#options;
    const { threshold: largeThreshold } = this.#options.reception.largeRequests;
    this.#election.established(this.#current);
    if (this.#leader !== null) {
      const deciding = new Deciding(replica, new Led(this.#leader), {
        tickTime,
        containers,
        largeThreshold,
      });
      this.#deciding = deciding;
      replica.serve(deciding, this.#own.leaderServes);
    } else if (this.#learner !== null) {
      const forwarding = new Forwarding(replica, this.#learner, { tickTime, largeThreshold });
      this.#forwarding = forwarding;
      replica.serve(forwarding, true);
      if (this.#isWithheld) this.#heal();
    }
  }

  /** A voter that has had nothing to say until now. */
  get #isWithheld(): boolean {
    return this.#known.rule.voters.includes(this.#options.serverId) && !this.#election.mayVote;
  }

  /** The leader's history is on this server's disk: it joins again, as one that counts. */
  #heal(): void {
    this.#election.healed();
    this.#isTrusted = true;
    this.#out.push({ kind: 'ended', reason: 'its data is whole again, it joins anew as a voter' });
  }

  /** Who finds itself empty among others that are not must not vote, nor after its next start. */
  #checkTrust(): void {
    if (!this.#isTrusted || !this.#isWithheld) return;
    this.#isTrusted = false;
    const reason = 'no data here, though the ensemble has some';
    this.#replica.effect({ kind: 'distrust', reason });
  }

  /** What a learner asks of this leader. */
  #serveLearner(output: LearnerAsk, deciding: Deciding): void {
    const leader = this.#leader;
    assert(leader !== null, 'learners ask a leader');
    switch (output.kind) {
      case 'requested': {
        const { link, packet } = output;
        const wrong = takeRequest(deciding, link, packet, () => leader.synced(link));
        if (wrong !== null) this.#replica.report('warn', `From a learner: ${wrong}`);
        break;
      }
      case 'revalidate': {
        const { link, session, timeout } = output;
        leader.revalidated(link, session, deciding.takeOver(session, timeout, link));
        break;
      }
      case 'touched':
        deciding.tracker.touch(output.session, this.#replica.now.monotonic);
        break;
      case 'confirmed':
        deciding.confirmed(output.token);
        break;
    }
  }

  #end(reason: string): void {
    const { mode } = this;
    this.#replica.report(mode === 'leader' ? 'warn' : 'info', `Shutting down ${mode}: ${reason}`);
    this.#leader = null;
    this.#learner = null;
    this.#replica.stopServing();
    this.#isEnding = true;
  }

  /**
   * Memory becomes what the disk says: what was logged counts, committed or not (P13; ZOOKEEPER-2845,
   * 4712). Only then this server's history can be told to others.
   */
  #settle(): void {
    this.#isEnding = false;
    const rest = this.#deciding?.proposals.drain() ?? this.#backlog.drain();
    for (const proposal of rest) this.#replica.commit(proposal, null);
    this.#deciding = null;
    this.#forwarding = null;
    this.#look();
    this.drain();
  }
}
