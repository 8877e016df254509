// Fast leader election: finds the leader that a quorum agrees on, and tells those who look for it.
import { assert } from '../base/assert.ts';
import { type Notification, ServerState } from '../wire/election.ts';
import type { ConsensusEffect } from './events.ts';
import { Looking } from './looking.ts';
import type { History, Membership } from './lookingOptions.ts';
import type { ServerId } from './quorum.ts';
import type { Intervals } from './resending.ts';
import { Answers } from './strangers.ts';
import type { Vote } from './votes.ts';

/** The election is over; the server takes the role that `state` names. */
export interface Elected {
  readonly kind: 'elected';
  readonly leader: ServerId;
  readonly state: ServerState;
  readonly vote: Vote;
  /** When this election began, for `LEADER ELECTION TOOK`. */
  readonly startedAt: number;
}

export type ElectionOutput = ConsensusEffect | Elected;

export interface ElectionOptions {
  readonly id: ServerId;
  readonly membership: Membership;
  /** In [0, 1): spreads the re-sending, so that servers do not stay in step. */
  readonly chance: () => number;
  readonly out: { push(output: ElectionOutput): unknown };
  /**
   * False for a server whose data was damaged: it follows a leader that others elect, until
   * `healed`. An observer never votes, whatever this says. Default true.
   */
  readonly mayVote?: boolean;
  /** Answer servers that no line names, as Apache does, so that a reconfig can add them. */
  readonly answersStrangers?: boolean;
  /** How long a better vote is waited for once a quorum agrees; Apache's 200 ms by default. */
  readonly finalizeWait?: number;
  /** How often what it votes for is said again; Apache's fastleader.*NotificationInterval. */
  readonly intervals?: Intervals;
}

const FINALIZE_WAIT = 200;

const NOBODY: ReadonlySet<ServerId> = new Set();

/**
 * One server's part in the elections of its ensemble, for as long as it runs: while it looks for a
 * leader it votes (Looking), and in every role it answers those who look (the WorkerReceiver of
 * FastLeaderElection). Times are in ms of the caller's clock.
 */
export class Election {
  readonly id: ServerId;
  readonly #options: ElectionOptions;
  #membership: Membership;
  #isWithheld: boolean;
  /** The last round that this server took part in: its logical clock. */
  #round = 0n;
  #startedAt = 0;
  #looking: Looking | null = null;
  readonly #answers = new Answers();
  /** What was elected, null before the first time and while looking. */
  #elected: { state: ServerState; vote: Vote } | null = null;

  constructor(options: ElectionOptions) {
    this.id = options.id;
    this.#options = options;
    this.#membership = options.membership;
    this.#isWithheld = options.mayVote === false;
  }

  get state(): ServerState {
    return this.#elected?.state ?? ServerState.looking;
  }

  /** While looking the proposal, otherwise the vote that was elected; null before the start. */
  get vote(): Vote | null {
    return this.#elected?.vote ?? this.#looking?.vote ?? null;
  }

  /** When the last election began. */
  get startedAt(): number {
    return this.#startedAt;
  }

  get mayVote(): boolean {
    return !this.#isWithheld && this.#membership.rule.voters.includes(this.id);
  }

  get #isVoter(): boolean {
    return this.#membership.rule.voters.includes(this.id);
  }

  /** It has no vote here, and a reconfig may give it one, or is said to. */
  get #isStranger(): boolean {
    const { members, named } = this.#membership;
    if (this.#options.answersStrangers !== true || this.#isVoter) return false;
    return !members.includes(this.id) || named?.includes(this.id) === true;
  }

  get deadline(): number {
    return this.#looking?.deadline ?? Number.POSITIVE_INFINITY;
  }

  /** Members heard of since the election began; nobody when there is none. */
  get heard(): ReadonlySet<ServerId> {
    return this.#looking?.heard ?? NOBODY;
  }

  get voters(): readonly ServerId[] {
    return this.#membership.rule.voters;
  }

  /** Voters not heard of since the election began. */
  get missing(): ServerId[] {
    const { voters } = this.#membership.rule;
    return voters.filter((voter) => voter !== this.id && !this.heard.has(voter));
  }

  /** Voters, this server included, that are there but have no vote to give. */
  get abstaining(): ServerId[] {
    return this.#membership.rule.voters.filter((voter) =>
      voter === this.id ? this.#isWithheld : this.#looking?.abstains(voter) === true,
    );
  }

  /** Begins to look for a leader, in a new round. */
  start(history: History, now: number): void {
    const looking = new Looking({
      id: this.id,
      membership: this.#membership,
      mayVote: this.mayVote,
      isStranger: this.#isStranger && !this.#isWithheld,
      round: this.#round + 1n,
      history,
      finalizeWait: this.#options.finalizeWait ?? FINALIZE_WAIT,
      chance: this.#options.chance,
      intervals: this.#options.intervals,
      out: this.#options.out,
    });
    this.#elected = null;
    this.#looking = looking;
    this.#answers.clear();
    this.#startedAt = now;
    looking.begin(now);
    this.#conclude(looking);
  }

  /**
   * A peer knows of a membership that has changed, and `changeMembership` was called: begins anew.
   * What is changed is in a log: a server without data has lost it, or is new, and does not vote
   * among those who were voters then.
   */
  startAnew(history: History, now: number, { zxid, peerEpoch }: Vote): void {
    const isToldByEmpty = zxid === 0n && peerEpoch === 0n;
    if (history.isEmpty && this.mayVote && !isToldByEmpty) {
      this.#isWithheld = true;
      const message = 'This server has no data of that: it does not vote until it has them';
      this.#options.out.push({ kind: 'report', level: 'debug', message });
    }
    this.start(history, now);
  }

  /**
   * The leader of a reconfig has named this one for the time behind it: everybody takes its new role
   * at once (QuorumPeer.updateVote). If that comes to nothing, the role's end brings an election.
   */
  appoint(leader: ServerId, { lastZxid, currentEpoch }: History, now: number): void {
    const peerEpoch = BigInt(currentEpoch);
    const vote: Vote = { leader, zxid: lastZxid, electionEpoch: this.#round, peerEpoch };
    const state = this.#roleUnder(leader);
    this.#looking = null;
    this.#startedAt = now;
    this.#elected = { state, vote };
    this.#options.out.push({ kind: 'elected', leader, state, vote, startedAt: now });
  }

  /**
   * A peer says how it votes. Ids that are no members (unless strangers are answered) and the own
   * id are forged or misconfigured: they get no answer and have no effect.
   */
  notified(from: ServerId, notification: Notification, now: number): void {
    const { rule, members, named } = this.#membership;
    const isVoter = rule.voters.includes(from) || named?.includes(from) === true;
    if (from === this.id) return;
    if (!isVoter && !members.includes(from) && this.#options.answersStrangers !== true) return;
    const looking = this.#looking;
    if (looking !== null && isVoter) {
      looking.consider(from, notification, now);
      this.#conclude(looking);
    } else if (notification.state === ServerState.looking) {
      // Apache answers non-voters whatever they do; two that take each other for one never stop.
      if (looking === null || this.#owesAnswer(looking, from, notification, now)) {
        this.#answer(from);
      }
    }
    if (looking !== null && looking === this.#looking) looking.back(from, notification);
  }

  /** Two that look and have no vote have nothing to say to each other. */
  #owesAnswer(looking: Looking, from: ServerId, question: Vote, now: number): boolean {
    return this.#isVoter && this.#answers.isDue(from, question, looking.vote, now);
  }

  /** To be called when `deadline` has come. */
  tick(now: number): void {
    if (this.#looking === null) return;
    this.#looking.tick(now);
    this.#conclude(this.#looking);
  }

  /** The peer's election port cannot be reached: a better vote will not come from there. */
  unreachable(peer: ServerId, now: number): void {
    if (this.#looking === null || peer === this.id) return;
    this.#looking.unreachable(peer, now);
    this.#conclude(this.#looking);
  }

  /** A connection to the peer was made: what was said before may be lost, so it is said again. */
  reachable(peer: ServerId): void {
    if (this.#looking === null || peer === this.id) return;
    if (this.#membership.rule.voters.includes(peer)) this.#looking.notify(peer);
  }

  /**
   * The leader's epoch is in force here: those who join later must hear the same one from all
   * (QuorumPeer.updateElectionVote, ZOOKEEPER-1732).
   */
  established(epoch: number): void {
    assert(this.#elected !== null, 'an epoch is in force without a leader');
    const { state, vote } = this.#elected;
    this.#elected = { state, vote: { ...vote, peerEpoch: BigInt(epoch) } };
  }

  /** The leader's history is on this server's disk: from now on it votes and says so. */
  healed(): void {
    this.#isWithheld = false;
    this.#nameRole();
  }

  /**
   * A reconfig has begun or ended; a server that is looking must `start` again, and one that has
   * another role than `dueState` must give it up.
   */
  changeMembership(membership: Membership): void {
    this.#membership = membership;
  }

  /** The role that this server should have with its leader. */
  get dueState(): ServerState {
    return this.#elected === null
      ? ServerState.looking
      : this.#roleUnder(this.#elected.vote.leader);
  }

  #conclude(looking: Looking): void {
    this.#round = looking.round;
    if (looking.isEmptied) this.#isWithheld = true;
    const { outcome } = looking;
    if (outcome === null) return;
    const { vote, toTell } = outcome;
    const state = this.#roleUnder(vote.leader);
    this.#looking = null;
    this.#elected = { state, vote };
    const { leader } = vote;
    this.#options.out.push({ kind: 'elected', leader, state, vote, startedAt: this.#startedAt });
    // Apache's leader waits until it is asked; said at once, nobody waits for its next question.
    if (leader === this.id) for (const peer of toTell) this.#answer(peer);
  }

  /** FastLeaderElection.learningState; who may not vote must not be counted as a follower. */
  #roleUnder(leader: ServerId): ServerState {
    if (leader === this.id) return ServerState.leading;
    // One that no line names yet follows without a vote, ready to get one by a reconfig.
    return this.mayVote || this.#isStranger ? ServerState.following : ServerState.observing;
  }

  #nameRole(): void {
    if (this.#elected === null) return;
    const { vote } = this.#elected;
    this.#elected = { state: this.#roleUnder(vote.leader), vote };
  }

  /** To one that is looking: who leads, or how this server votes. */
  #answer(to: ServerId): void {
    if (this.#elected === null) {
      this.#looking?.notify(to);
      return;
    }
    const { state, vote } = this.#elected;
    const notification = { state, ...vote, config: this.#membership.text };
    this.#options.out.push({ kind: 'notify', to, notification });
  }
}
