// The role of a leader: founds an epoch with a quorum, and broadcasts as long as the quorum follows.
import { assert } from '../base/assert.ts';
import { counterOf, epochOf, hex0x, isStart, type SessionId, type Zxid } from '../base/ids.ts';
import { WireError } from '../wire/bytes.ts';
import { PacketType, type QuorumPacket } from '../wire/quorum.ts';
import type { EpochKind, LinkId, RoleOutput } from './events.ts';
import { Founding } from './founding.ts';
import type { LeaderOptions } from './leaderOptions.ts';
import { LearnerClients } from './learnerClients.ts';
import { type Following, Learners } from './learners.ts';
import * as packets from './packets.ts';
import { Pings } from './pings.ts';
import { Phase, type Progress } from './progress.ts';
import type { QuorumRule } from './quorum.ts';

/** Leaves room for what one step may decide: a million sessions may expire at once. */
const LAST_COUNTER = 0xfff0_0000;
/** Half ticks that followers have to hear that another is to lead. */
const LEAVING_TICKS = 2;

/**
 * One leadership, from winning an election to its end. All of `history` counts as its own at the
 * start; nothing is proposed before `established`. After `ended` no call does anything.
 */
export class Leader {
  readonly #options: LeaderOptions;
  readonly #out: RoleOutput[];
  readonly #learners: Learners;
  readonly #founding: Founding;
  readonly #pings: Pings;
  readonly #clients: LearnerClients;
  readonly #initTime: number;
  readonly #syncTime: number;
  readonly #lastCounter: number;
  #nextTick: number;
  /** True when the last look, half a tick ago, found no quorum. */
  #missesQuorum = false;
  #isOver = false;
  #isUsedUp = false;
  /** Ticks until it ends, Infinity as long as it goes on; and why. */
  #ticksLeft = Number.POSITIVE_INFINITY;
  #leavingFor = '';

  constructor(options: LeaderOptions, now: number) {
    const { history, tickTime } = options;
    history.commitAll();
    this.#options = options;
    this.#out = options.out;
    this.#initTime = options.initLimit * tickTime;
    this.#syncTime = options.syncLimit * tickTime;
    this.#lastCounter = options.lastCounter ?? LAST_COUNTER;
    this.#nextTick = now + tickTime / 2;
    this.#learners = new Learners(options);
    const drop = (learner: Progress, reason: string) => this.#drop(learner, reason);
    const end = (reason: string) => this.end(reason);
    this.#founding = new Founding(options, this.#learners, { drop, end }, now);
    this.#pings = new Pings(this.#learners, () => this.lastProposed, this.#out);
    this.#clients = new LearnerClients(this.#learners, this.#pings, this.#out);
    this.#founding.announced(null, now);
  }

  /** The new epoch once it is chosen, before that the accepted one. */
  get epoch(): number {
    return this.#founding.broadcast.epoch;
  }

  get isEstablished(): boolean {
    return this.#founding.isEstablished && !this.#isOver;
  }

  get lastProposed(): Zxid {
    return this.#founding.broadcast.lastProposed;
  }

  /** Those connected, for the words of the administrator. */
  get learners(): readonly Progress[] {
    return this.#learners.list();
  }

  /** The replica keeps this up: old logs are purged while the role goes on. */
  set logFrom(from: Zxid | null) {
    this.#founding.logFrom = from;
  }

  /** When `tick` wants to be called, in ms. */
  get deadline(): number {
    return this.#isOver ? Number.POSITIVE_INFINITY : this.#nextTick;
  }

  linked(link: LinkId, address: string, now: number): void {
    if (!this.#isOver) this.#learners.add(link, address, now);
  }

  unlinked(link: LinkId, reason: string): void {
    const learner = this.#learners.get(link);
    if (learner === undefined || this.#isOver) return;
    this.#remove(learner);
    this.#report('info', `${learner} has gone: ${reason}`);
    const isLeaving = this.#ticksLeft !== Number.POSITIVE_INFINITY;
    if (isLeaving && !this.#learners.hasVoters) this.end(this.#leavingFor);
  }

  packet(link: LinkId, packet: QuorumPacket, now: number): void {
    const learner = this.#learners.get(link);
    if (learner === undefined || this.#isOver) return;
    learner.heardAt = now;
    try {
      const wrong = this.#handle(learner, packet, now);
      if (wrong !== null) this.#drop(learner, wrong);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#drop(learner, `${packets.nameOf(packet.type)}: ${error.message}`);
    }
  }

  /** This server has its log on disk up to here. */
  logged(upTo: Zxid): void {
    if (this.#isOver) return;
    if (upTo > this.#founding.onDisk) this.#founding.onDisk = upTo;
    if (!this.isEstablished || epochOf(upTo) !== this.epoch) return;
    this.#founding.broadcast.logged(this.#options.id, upTo);
  }

  epochSaved(which: EpochKind, epoch: number, now: number): void {
    if (!this.#isOver) this.#founding.epochSaved(which, epoch, now);
  }

  tick(now: number): void {
    if (this.#isOver || now < this.#nextTick) return;
    this.#nextTick = now + this.#options.tickTime / 2;
    if (--this.#ticksLeft <= 0) this.end(this.#leavingFor);
    if (this.#isOver) return;
    for (const learner of this.#learners.list()) {
      const reason = learner.overdue(now, this.#initTime, this.#syncTime);
      if (reason === null) continue;
      this.#drop(learner, reason);
      // It was silent for long enough: no second look.
      this.#missesQuorum = true;
    }
    if (this.#founding.isEstablished) this.#checkQuorum();
    else this.#founding.check(now);
    if (this.#isOver) return;
    for (const learner of this.#learners.list()) {
      if (learner.phase === Phase.following) learner.watch(this.lastProposed, now);
      this.#pings.ping(learner);
    }
  }

  /** Takes the next zxid; `proposed` must follow. Only while established. */
  propose(): Zxid {
    assert(this.isEstablished, 'a proposal of who does not lead');
    return this.#founding.broadcast.propose();
  }

  /** Logs and sends what has taken the zxid; the entry is lent for the step. */
  proposed(id: Zxid, entry: Buffer): void {
    this.#founding.broadcast.proposed(id, entry);
    // Behind the last counter of an epoch there is no zxid (ZOOKEEPER-1277, 4883).
    if (counterOf(id) < this.#lastCounter || this.#isUsedUp) return;
    this.#isUsedUp = true;
    this.#out.push({ kind: 'usedUp' });
  }

  /** The answer to `usedUp`: no proposal follows. */
  usedUp(): void {
    this.end('the zxids of this epoch are used up');
  }

  /** True when a quorum under `rule` follows and has all of this history (isQuorumSynced). */
  isSynced(rule: QuorumRule): boolean {
    return this.#learners.isSynced(rule);
  }

  /** The next proposal changes the membership; `changeMembership` has been called for it. */
  reconfigure(next: QuorumRule, keepsLeader: boolean): void {
    this.#founding.broadcast.reconfigure(this.#options.id, next.voters, keepsLeader);
  }

  /** Others decide from now on, and others may follow. */
  changeMembership(following: Following): void {
    if (this.#isOver) return;
    this.#learners.change(following);
    this.#founding.broadcast.changeRule(following.rule, this.#learners.list());
  }

  /**
   * Another is to lead. Followers go by themselves once they have heard of it; who closes a link
   * first may lose what is on its way there.
   */
  leave(reason: string): void {
    this.#leavingFor = reason;
    this.#ticksLeft = LEAVING_TICKS;
    this.#founding.broadcast.handOver();
  }

  /** Asks whether a quorum still follows: `confirmed` with this token is the answer. */
  confirm(token: number): void {
    if (this.isEstablished) this.#pings.confirm(token);
  }

  /** The answer to `revalidate`. */
  revalidated(link: LinkId, session: SessionId, isValid: boolean): void {
    if (!this.#isOver) this.#clients.revalidated(link, session, isValid);
  }

  /** A learner forwards a `sync`: what is returned answers it, if no commit has before. */
  sync(link: LinkId): () => void {
    return this.#founding.broadcast.syncs.ask(this.lastProposed, () => {
      if (!this.#isOver) this.#clients.synced(link);
    });
  }

  /** Returns what is wrong with the packet. */
  #handle(learner: Progress, packet: QuorumPacket, now: number): string | null {
    const { phase } = learner;
    switch (packet.type) {
      case PacketType.ack:
        return this.#acknowledged(learner, packet.zxid, now);
      case PacketType.request:
      case PacketType.ping:
      case PacketType.revalidate:
        return this.#clients.take(learner, packet);
      case PacketType.followerInfo:
      case PacketType.observerInfo:
        if (phase !== Phase.linked) break;
        return this.#announced(learner, packet, now);
      case PacketType.ackEpoch:
        if (phase !== Phase.invited) break;
        return this.#founding.accepted(learner, packet, now);
    }
    return packets.outOfPlace(packet);
  }

  #announced(learner: Progress, packet: QuorumPacket, now: number): string | null {
    const { refusal, earlier } = this.#learners.announce(learner, packet, now);
    if (refusal !== null) return refusal;
    if (earlier !== null) this.#drop(earlier, 'it has connected again');
    this.#founding.announced(learner, now);
    return null;
  }

  /** An ACK says that all up to its zxid is on the learner's disk. */
  #acknowledged(learner: Progress, id: Zxid, now: number): string | null {
    const { phase } = learner;
    if (phase < Phase.syncing) return 'ACK out of place';
    if (isStart(id, this.epoch)) {
      if (phase === Phase.syncing) this.#founding.synced(learner, now);
      return null;
    }
    // Apache's followers acknowledge what they got in the sync as well, and not always behind the
    // ACK of NEWLEADER (ZOOKEEPER-4685).
    if (epochOf(id) < this.epoch) return null;
    if (id > this.lastProposed) return `ACK of ${hex0x(id)}, which was never proposed`;
    if (id <= learner.logged) return null;
    learner.logged = id;
    if (learner.counts) this.#founding.broadcast.logged(learner.id, id);
    return null;
  }

  /** Ends the role when it is without a quorum at two looks, or lost it to silence. */
  #checkQuorum(): void {
    const hasQuorum = this.#learners.isQuorum(({ phase }) => phase >= Phase.announced);
    if (!hasQuorum && this.#missesQuorum) this.end(`only ${this.#learners.names()} follow still`);
    this.#missesQuorum = !hasQuorum;
  }

  #drop(learner: Progress, reason: string): void {
    // Whoever is gone already was dropped by what came of its packet.
    if (this.#isOver || this.#learners.get(learner.link) !== learner) return;
    this.#remove(learner);
    this.#out.push({ kind: 'unlink', link: learner.link });
    this.#report('warn', `the link of ${learner} is closed: ${reason}`);
  }

  #remove(learner: Progress): void {
    this.#learners.delete(learner);
    this.#founding.broadcast.leave(learner);
  }

  /** Ends the role and its links, for reasons of its own or of the replica. */
  end(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const { link } of this.#learners.list()) this.#out.push({ kind: 'unlink', link });
    this.#out.push({ kind: 'ended', reason });
  }

  #report(level: 'info' | 'warn', message: string): void {
    this.#out.push({ kind: 'report', level, message });
  }
}
