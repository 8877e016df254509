// One election, from the start to its end: hears votes, changes the own one, and finds the leader.
import { NO_LEADER, type Notification, ServerState } from '../wire/election.ts';
import type { LookingOptions } from './lookingOptions.ts';
import type { QuorumRule, ServerId } from './quorum.ts';
import { Resending } from './resending.ts';
import { Backing } from './strangers.ts';
import { Ballots, type CastVote, castBy, hasHistory, isBetter, type Vote } from './votes.ts';

export interface Outcome {
  readonly vote: Vote;
  /** Who does not learn of the outcome by itself. */
  readonly toTell: readonly ServerId[];
}

/** Long.MIN_VALUE: what a server without a vote sends as zxid and epoch. */
const NO_HISTORY = -(2n ** 63n);
/** The zxid of an Apache server that could not read its data; it does not count. */
const UNREADABLE = -1n;

/**
 * FastLeaderElection.lookForLeader as a step machine. It elects whom Apache's would; it differs in
 * what it says earlier (to whoever has a worse vote), and in what it no longer believes once
 * its sender has said otherwise.
 */
export class Looking {
  readonly #options: LookingOptions;
  readonly #rule: QuorumRule;
  readonly #own: Vote;
  readonly #resending: Resending;
  /** Null when it has a vote of its own, or none to give: one that lost its data, or an observer. */
  readonly #backing: Backing | null;
  /**
   * Votes of this round (Apache's recvset), the own one among them. Within a round the leader is
   * enough: some servers have its new epoch in force already, and some do not.
   */
  readonly #received = new Ballots('leader');
  /** Votes of servers that have a role, of any round (Apache's outofelection). */
  readonly #established = new Ballots('leader and epoch');
  readonly #heard = new Set<ServerId>();
  /** Voters that no vote is expected from: not reachable, or without a vote of their own. */
  readonly #silent = new Set<ServerId>();
  #mayVote: boolean;
  #isEmptied = false;
  #round: bigint;
  #vote: Vote;
  /** When the wait for a better vote is over; null while no quorum agrees. */
  #finalizeAt: number | null = null;
  #outcome: Outcome | null = null;

  constructor(options: LookingOptions) {
    const { id, history, round } = options;
    this.#options = options;
    this.#rule = options.membership.rule;
    this.#resending = new Resending(options.chance, options.intervals);
    this.#mayVote = options.mayVote;
    this.#round = round;
    const peerEpoch = BigInt(history.currentEpoch);
    this.#own = { leader: id, zxid: history.lastZxid, electionEpoch: round, peerEpoch };
    this.#vote = this.#own;
    const isBacking = options.isStranger && !history.isEmpty;
    this.#backing = isBacking ? new Backing(this.#own) : null;
  }

  get vote(): Vote {
    return this.#vote;
  }

  get round(): bigint {
    return this.#round;
  }

  get heard(): ReadonlySet<ServerId> {
    return this.#heard;
  }

  abstains(voter: ServerId): boolean {
    return this.#heard.has(voter) && this.#silent.has(voter);
  }

  /** It has no data while others have: it gave its vote back. */
  get isEmptied(): boolean {
    return this.#isEmptied;
  }

  /** Null until a leader is found; then this object has done its work. */
  get outcome(): Outcome | null {
    return this.#outcome;
  }

  /** While a quorum agrees nothing is re-sent: Apache's servers wait anew after each message. */
  get deadline(): number {
    return this.#finalizeAt ?? this.#resending.at;
  }

  begin(now: number): void {
    this.#propose(this.#own, now);
    this.#weighQuorum(now);
  }

  tick(now: number): void {
    if (this.#finalizeAt !== null) {
      if (now >= this.#finalizeAt) this.#end(this.#vote);
    } else if (now >= this.#resending.at) {
      const message = `Notification time out: ${this.#resending.backOff()} ms`;
      this.#options.out.push({ kind: 'report', level: 'debug', message });
      this.#broadcast(now);
      if (this.#resending.isSlow) this.#ask();
    }
  }

  unreachable(peer: ServerId, now: number): void {
    this.#heard.delete(peer);
    this.#silent.add(peer);
    this.#received.delete(peer);
    this.#established.delete(peer);
    this.#weighQuorum(now);
  }

  /** What a voter says. */
  consider(from: ServerId, heard: Notification, now: number): void {
    this.#heard.add(from);
    if (this.#options.history.isEmpty && this.#mayVote && hasHistory(heard)) {
      this.#giveBack(from, now);
    }
    if (heard.state === ServerState.looking) {
      this.#established.delete(from);
      // The round of who has no say is nothing to anybody, and Apache's servers would answer it.
      const hasSay = this.#rule.voters.includes(this.#options.id);
      if (heard.electionEpoch < this.#round && hasSay) this.notify(from);
    }
    if (!this.#mayLead(heard.leader) || heard.state === ServerState.observing) {
      // Only voters can be elected; a voter that proposes nobody takes its vote back.
      this.#silent.add(from);
      this.#received.delete(from);
    } else {
      this.#silent.delete(from);
      if (heard.state === ServerState.looking) this.#weigh(from, heard, now);
      else this.#join(from, heard);
    }
    if (this.#outcome === null) this.#weighQuorum(now);
  }

  /** What anybody says, when no membership that this server knows of counts it. */
  back(from: ServerId, heard: Notification): void {
    if (this.#backing?.hear(from, heard) === true) this.notify(from);
  }

  notify(to: ServerId, round?: bigint): void {
    const config = this.#options.membership.text;
    const vote = this.#backing?.voteFor(to) ?? this.#vote;
    const electionEpoch = round ?? vote.electionEpoch;
    const notification = { state: ServerState.looking, ...vote, electionEpoch, config };
    this.#options.out.push({ kind: 'notify', to, notification });
  }

  #mayLead(server: ServerId): boolean {
    const { rule, named } = this.#options.membership;
    return rule.voters.includes(server) || named?.includes(server) === true;
  }

  /** The vote of a server that is looking too. */
  #weigh(from: ServerId, heard: Notification, now: number): void {
    if (heard.zxid === UNREADABLE || !this.#mayVote) return;
    if (heard.electionEpoch < this.#round) {
      // It was told the round, and will come back in it with its better vote.
      if (this.#finalizeAt !== null && isBetter(this.#rule, heard, this.#vote)) this.#wait(now);
      return;
    }
    if (heard.electionEpoch > this.#round) {
      this.#round = heard.electionEpoch;
      this.#received.clear();
      this.#propose(isBetter(this.#rule, heard, this.#own) ? heard : this.#own, now);
    } else if (isBetter(this.#rule, heard, this.#vote)) {
      this.#propose(heard, now);
    } else if (isBetter(this.#rule, this.#vote, heard)) {
      // The broadcast of this vote is under way, or was lost: then this replaces it.
      this.notify(from);
    }
    this.#received.put(from, castBy(heard));
  }

  /**
   * The vote of a server that follows or leads. It ends this election when a quorum stands behind a
   * leader, in this round or established in another one (ZOOKEEPER-1514, 1732), and the leader
   * itself says that it leads, lest a dead one be followed over and over (checkLeader).
   */
  #join(from: ServerId, heard: Notification): void {
    const cast = castBy(heard);
    // A reconfig that only this log ends with asks for a second quorum, which may never be: to
    // follow who leads by one of them is safe, since a leader counts for itself.
    const { parts } = this.#rule;
    const rules = parts === undefined || cast.leader === this.#options.id ? [this.#rule] : parts;
    if (heard.electionEpoch === this.#round) {
      this.#received.put(from, cast);
      if (this.#isLed(this.#received, cast, rules)) {
        this.#end(heard);
        return;
      }
    } else {
      // Whoever has a role in another round no longer stands by its vote in this one.
      this.#received.delete(from);
    }
    if (!this.#established.supports(from, cast)) this.#resending.hurry();
    this.#established.put(from, cast);
    if (this.#isLed(this.#established, cast, rules)) this.#end(heard);
  }

  /** Whether a quorum by any of the rules stands behind a leader that leads. */
  #isLed(ballots: Ballots, vote: CastVote, rules: readonly QuorumRule[]): boolean {
    if (!rules.some((rule) => ballots.elect(rule, vote))) return false;
    // "If everyone else thinks that I lead": but never who may not even vote.
    if (vote.leader === this.#options.id)
      return this.#mayVote && vote.electionEpoch === this.#round;
    return ballots.get(vote.leader)?.state === ServerState.leading;
  }

  #propose({ leader, zxid, peerEpoch }: Vote, now: number): void {
    const electionEpoch = this.#round;
    this.#finalizeAt = null;
    if (this.#mayVote) {
      this.#vote = { leader, zxid, electionEpoch, peerEpoch };
      this.#received.put(this.#options.id, { ...this.#vote, state: ServerState.looking });
    } else {
      // getInitId, getInitLastLoggedZxid and getPeerEpoch of Apache's observers.
      this.#vote = { leader: NO_LEADER, zxid: NO_HISTORY, electionEpoch, peerEpoch: NO_HISTORY };
      this.#received.delete(this.#options.id);
    }
    this.#broadcast(now);
  }

  /** Starts or ends the wait for a better vote, as a quorum agrees with the own one or does not. */
  #weighQuorum(now: number): void {
    const vote: CastVote = { ...this.#vote, state: ServerState.looking };
    if (!this.#mayVote || !this.#received.elect(this.#rule, vote)) this.#finalizeAt = null;
    else if (vote.leader === this.#options.id && this.#isUnanimous(vote)) this.#end(vote, true);
    else if (this.#finalizeAt === null) this.#wait(now);
  }

  #wait(now: number): void {
    this.#finalizeAt = now + this.#options.finalizeWait;
  }

  /**
   * No voter is left that a better vote could come from. Only the leader need know: the others
   * hear of it. An empty server waits for all, since one that is away may have data.
   */
  #isUnanimous(vote: CastVote): boolean {
    const { isEmpty } = this.#options.history;
    return this.#rule.voters.every(
      (voter) => this.#received.supports(voter, vote) || (this.#silent.has(voter) && !isEmpty),
    );
  }

  #end({ leader, zxid, electionEpoch, peerEpoch }: Vote, isEarly = false): void {
    const vote: Vote = { leader, zxid, electionEpoch, peerEpoch };
    const { id, membership } = this.#options;
    const cast: CastVote = { ...vote, state: ServerState.looking };
    // Who voted for this leader waits as long as it did, and comes by itself.
    const toTell = membership.members.filter(
      (member) => member !== id && (isEarly || !this.#received.supports(member, cast)),
    );
    this.#round = electionEpoch;
    this.#outcome = { vote, toTell };
  }

  /** A server that lost its data must not help to elect one that knows too little. */
  #giveBack(from: ServerId, now: number): void {
    this.#mayVote = false;
    this.#isEmptied = true;
    // What that means is told with `distrust`, by who knows whether it can have lost any.
    const message = `This server has no data but server ${from} has: it takes its vote back`;
    this.#options.out.push({ kind: 'report', level: 'debug', message });
    this.#propose(this.#own, now);
  }

  /**
   * An Apache server that looks, too, keeps its vote to itself when it hears a worse one of its round,
   * and says it again only after it has heard nothing for its own interval, which grows to 60 s. It
   * answers a vote of an earlier round at once (WorkerReceiver), so it gets one of round 0.
   */
  #ask(): void {
    for (const to of this.#rule.voters) {
      if (to !== this.#options.id && !this.#heard.has(to)) this.notify(to, 0n);
    }
  }

  /** To the voters only: what others have to know is who leads (sendNotifications). */
  #broadcast(now: number): void {
    this.#resending.sent(now);
    const asked = new Set([...this.#rule.voters, ...(this.#backing?.askers ?? [])]);
    for (const voter of asked) if (voter !== this.#options.id) this.notify(voter);
  }
}
