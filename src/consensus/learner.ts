// The role of a follower or an observer: accepts its leader's epoch and history, then what it broadcasts.
import { epochOf, hex0x, NO_ZXID, type SessionId, startOf, type Zxid } from '../base/ids.ts';
import { WireError } from '../wire/bytes.ts';
import type { Id } from '../wire/data.ts';
import {
  AckEpoch,
  dataOf,
  type ForwardedRequest,
  PacketType,
  type QuorumPacket,
  type Touch,
} from '../wire/quorum.ts';
import { beginningOf } from './beginning.ts';
import { Connecting, wrongInvitation } from './connecting.ts';
import { Errands } from './errands.ts';
import type { EpochKind, LinkId, RoleOutput } from './events.ts';
import type { LearnerOptions } from './learnerOptions.ts';
import { LearnerPhase as Phase } from './learnerPhase.ts';
import * as packets from './packets.ts';
import { Reception } from './reception.ts';

/** One time of following a leader, from the election to its end. After `ended` no call does anything. */
export class Learner {
  readonly #options: LearnerOptions;
  readonly #out: RoleOutput[];
  readonly #leader: string;
  readonly #connecting: Connecting;
  readonly #initTime: number;
  readonly #syncTime: number;
  #phase: Phase = Phase.announced;
  #heardAt: number;
  #epoch: number;
  #reception: Reception;
  /** What came while the log was cut; and where it is cut, null when a snapshot comes. */
  #held: QuorumPacket[] = [];
  #cutAfter: Zxid | null = null;
  /** Its history could not be cut: it tells of none, so that it gets the leader's snapshot. */
  #wantsAll = false;
  /** The zxid that the history ended with when NEWLEADER came. */
  #newLeaderBehind: Zxid;
  /** There from UPTODATE on. */
  #errands: Errands | null = null;

  constructor(options: LearnerOptions, now: number) {
    const { history, tickTime, initLimit, syncLimit, acceptedEpoch } = options;
    history.commitAll();
    this.#options = options;
    this.#out = options.out;
    this.#leader = `leader ${options.leader}`;
    this.#initTime = initLimit * tickTime;
    this.#syncTime = syncLimit * tickTime;
    this.#heardAt = now;
    this.#epoch = acceptedEpoch;
    this.#newLeaderBehind = history.last;
    this.#connecting = new Connecting(options, now);
    this.#reception = new Reception(history, acceptedEpoch, null, options.out);
  }

  /** The leader's epoch once it has told it; before that the last one that was accepted. */
  get epoch(): number {
    return this.#epoch;
  }

  get isEstablished(): boolean {
    return this.#phase === Phase.following;
  }

  /** When `tick` wants to be called, in ms. */
  get deadline(): number {
    if (this.#phase === Phase.over) return Number.POSITIVE_INFINITY;
    return Math.min(this.#connecting.deadline, this.#heardAt + this.#limit + 1);
  }

  get #limit(): number {
    return this.#phase === Phase.following ? this.#syncTime : this.#initTime;
  }

  linked(link: LinkId, now: number): void {
    if (this.#phase === Phase.over || link !== this.#connecting.link) return;
    this.#heardAt = now;
    this.#connecting.linked();
  }

  unlinked(link: LinkId, reason: string, now: number): void {
    if (this.#phase === Phase.over || link !== this.#connecting.link) return;
    // A leader that is still electing itself closes the link; a new election would only disturb it.
    if (this.#phase === Phase.announced && this.#connecting.failed(now)) return;
    this.#connecting.lost();
    this.end(`${this.#leader} has gone: ${reason}`);
  }

  packet(link: LinkId, packet: QuorumPacket, now: number): void {
    if (link !== this.#connecting.link) return;
    this.#heardAt = now;
    if (this.#phase === Phase.restoring) this.#held.push(packets.kept(packet));
    else this.#take(packet);
  }

  /** Bytes of the snapshot have come: the leader is alive. */
  heard(now: number): void {
    this.#heardAt = now;
  }

  /** This server has its log on disk up to here. */
  logged(upTo: Zxid): void {
    if (this.#phase === Phase.over) return;
    this.#reception.logged(upTo);
    this.#maybeSaveEpoch();
  }

  epochSaved(which: EpochKind, epoch: number): void {
    if (epoch !== this.#epoch) return;
    if (which === 'accepted' && this.#phase === Phase.accepting) this.#acceptEpoch(true);
    if (which === 'current' && this.#phase === Phase.savingEpoch) this.#acknowledgeNewLeader();
  }

  /** The log on disk ends where it was to be cut, and the state is what it was then. */
  truncated(now: number): void {
    if (this.#phase !== Phase.restoring || this.#cutAfter === null) return;
    this.#reception.truncated(this.#cutAfter);
    this.#resume(now);
  }

  /**
   * There is no history that ends there, nothing has changed: connects again as one without a
   * history, for a snapshot. It promises nothing by that; what it has stands until the other is on disk.
   */
  notTruncated(now: number): void {
    if (this.#phase !== Phase.restoring || this.#cutAfter === null) return;
    this.#held = [];
    this.#wantsAll = true;
    this.#phase = Phase.announced;
    this.#heardAt = now;
    this.#connecting.again(now);
  }

  /** The leader's snapshot is the state now, and it is on disk. */
  restored(id: Zxid, now: number): void {
    if (this.#phase !== Phase.restoring || this.#cutAfter !== null) return;
    this.#reception.restored(id);
    this.#resume(now);
  }

  tick(now: number): void {
    if (this.#phase === Phase.over) return;
    if (!this.#connecting.tick(now)) {
      this.end(`${this.#leader} cannot be reached`);
    } else if (now - this.#heardAt > this.#limit) {
      const limit = this.#phase === Phase.following ? 'syncLimit' : 'initLimit';
      this.end(`nothing heard of ${this.#leader} within ${limit}`);
    }
  }

  /** Forwards a client's request, whose body is lent for the call. */
  request(request: ForwardedRequest, authinfo: Id[] | null): void {
    this.#errands?.request(request, authinfo);
  }

  /** Asks whether the leader knows a session; `revalidated` is the answer. */
  revalidate(session: SessionId, timeout: number): void {
    this.#errands?.revalidate(session, timeout);
  }

  /** Answers the oldest ping: the sessions whose clients were heard of since the last one. */
  touch(sessions: readonly Touch[]): void {
    this.#errands?.touch(sessions);
  }

  #take(packet: QuorumPacket): void {
    if (this.#phase === Phase.over) return;
    try {
      const wrong = this.#handle(packet);
      if (wrong !== null) this.end(`${this.#leader} has sent ${wrong}`);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.end(`${this.#leader} has sent ${packets.nameOf(packet.type)}: ${error.message}`);
    }
  }

  /** Returns what is wrong with the packet. */
  #handle(packet: QuorumPacket): string | null {
    if (this.#phase >= Phase.syncing) return this.#receive(packet);
    if (this.#phase === Phase.accepted) return this.#beginSync(packet);
    const isInvitation = packet.type === PacketType.leaderInfo;
    if (this.#phase === Phase.announced && isInvitation) return this.#invited(packet);
    return packets.outOfPlace(packet);
  }

  #invited(packet: QuorumPacket): string | null {
    const wrong = wrongInvitation(packet);
    if (wrong !== null) return wrong;
    const epoch = epochOf(packet.zxid);
    const { acceptedEpoch, isObserver } = this.#options;
    if (epoch < acceptedEpoch && !isObserver) return `epoch ${epoch}, ${acceptedEpoch} is accepted`;
    if (this.#wantsAll && epoch !== this.#epoch) return `epoch ${epoch} behind ${this.#epoch}`;
    this.#epoch = epoch;
    this.#phase = Phase.accepting;
    if (epoch <= acceptedEpoch || this.#wantsAll) this.#acceptEpoch(false);
    // On disk before the leader may count on it (ZOOKEEPER-335, 1653).
    else this.#out.push({ kind: 'saveEpoch', which: 'accepted', epoch });
    return null;
  }

  /** An epoch that was accepted before may have been another leader's: -1 says that this is no promise. */
  #acceptEpoch(isFirst: boolean): void {
    const { history, isObserver, mayPromise, currentEpoch, out } = this.#options;
    const ackTo = isObserver ? null : this.#connecting.link;
    this.#phase = Phase.accepted;
    this.#reception = new Reception(history, this.#epoch, ackTo, out);
    const promised = isFirst && mayPromise !== false ? currentEpoch : -1;
    const last = this.#wantsAll ? NO_ZXID : history.last;
    this.#send(PacketType.ackEpoch, last, dataOf(AckEpoch, { currentEpoch: promised }));
  }

  #beginSync(packet: QuorumPacket): string | null {
    const beginning = beginningOf(packet, this.#options.history.last, this.#wantsAll);
    if (beginning.kind === 'wrong') return beginning.what;
    const { kind } = beginning;
    this.#phase = kind === 'diff' ? Phase.syncing : Phase.restoring;
    this.#cutAfter = kind === 'trunc' ? packet.zxid : null;
    if (kind === 'trunc') this.#out.push({ kind: 'truncate', after: packet.zxid });
    else if (kind === 'snap') this.#out.push({ kind: 'restoring', zxid: packet.zxid });
    return null;
  }

  #resume(now: number): void {
    this.#phase = Phase.syncing;
    this.#heardAt = now;
    const held = this.#held;
    this.#held = [];
    for (const packet of held) this.#take(packet);
  }

  /** What comes once the leader's history does; any order that is not that of ZAB is refused. */
  #receive(packet: QuorumPacket): string | null {
    switch (packet.type) {
      case PacketType.newLeader:
        if (this.#phase === Phase.syncing) return this.#newLeader(packet);
        break;
      case PacketType.upToDate:
        if (this.#phase !== Phase.synced) break;
        this.#phase = Phase.following;
        this.#errands = new Errands(this.#connecting.link, this.#out);
        this.#send(PacketType.ack, startOf(this.#epoch));
        this.#out.push({ kind: 'established' });
        return null;
      case PacketType.ping:
      case PacketType.revalidate:
      case PacketType.sync:
        if (this.#errands !== null) return this.#errands.take(packet);
        // It says that the leader waits for others. Apache's learners do not answer now either.
        if (packet.type === PacketType.ping) return null;
        break;
      default:
        return this.#reception.take(packet, this.#phase === Phase.following);
    }
    return packets.outOfPlace(packet);
  }

  #newLeader(packet: QuorumPacket): string | null {
    if (packet.zxid !== startOf(this.#epoch)) return `NEWLEADER of ${hex0x(packet.zxid)}`;
    if (packet.data !== null) {
      this.#out.push({ kind: 'announced', membership: Buffer.from(packet.data) });
    }
    this.#newLeaderBehind = this.#options.history.last;
    this.#phase = Phase.logging;
    this.#maybeSaveEpoch();
    return null;
  }

  #maybeSaveEpoch(): void {
    if (this.#phase !== Phase.logging || !this.#reception.hasOnDisk(this.#newLeaderBehind)) return;
    const { currentEpoch, mayPromise } = this.#options;
    this.#phase = Phase.savingEpoch;
    if (currentEpoch === this.#epoch && mayPromise !== false) this.#acknowledgeNewLeader();
    else this.#out.push({ kind: 'saveEpoch', which: 'current', epoch: this.#epoch });
  }

  #acknowledgeNewLeader(): void {
    this.#phase = Phase.synced;
    this.#send(PacketType.ack, startOf(this.#epoch));
    this.#reception.open();
  }

  #send(type: PacketType, id: Zxid, data: Buffer | null = null): void {
    const { link } = this.#connecting;
    this.#out.push({ kind: 'send', link, packet: packets.packet(type, id, data) });
  }

  /** Ends the role and its link, for reasons of its own or of the replica. */
  end(reason: string): void {
    if (this.#phase === Phase.over) return;
    this.#phase = Phase.over;
    this.#held = [];
    this.#errands = null;
    const link = this.#connecting.openLink;
    if (link !== null) this.#out.push({ kind: 'unlink', link });
    this.#out.push({ kind: 'ended', reason });
  }
}
