// A leader's stream of proposals and commits to those who follow it: the path of every write.
import { assert } from '../base/assert.ts';
import { counterOf, epochOf, hex0x, startOf, type Zxid, zxid } from '../base/ids.ts';
import { activationData, PacketType } from '../wire/quorum.ts';
import type { CommittedLog } from './committedLog.ts';
import type { LinkId, RoleOutput } from './events.ts';
import { Leading } from './leading.ts';
import { LearnerSyncs } from './learnerSyncs.ts';
import { packet } from './packets.ts';
import { Phase, type Progress } from './progress.ts';
import type { QuorumRule, ServerId } from './quorum.ts';
import type { Sync } from './sync.ts';

/** A change of the membership on its way. */
interface Reconfig {
  readonly zxid: Zxid;
  readonly self: ServerId;
  /** The other voters of the new membership. */
  readonly voters: readonly ServerId[];
  /** This server votes there, too, and is where it was. */
  readonly keepsLeader: boolean;
}

export class Broadcast {
  readonly epoch: number;
  readonly syncs = new LearnerSyncs();
  readonly #leading: Leading;
  readonly #history: CommittedLog;
  readonly #out: RoleOutput[];
  /** Those that get each proposal, and those that get what is committed. */
  #followers: Progress[] = [];
  #observers: Progress[] = [];
  /** What followers were told with COMMITANDACTIVATE in this epoch. */
  readonly #activations = new Map<Zxid, Buffer>();
  /** A change of the membership that is not committed yet. */
  #reconfig: Reconfig | null = null;
  /** Another leads from now on: nothing more is committed here. */
  #isHandedOver = false;

  constructor(epoch: number, rule: QuorumRule, history: CommittedLog, out: RoleOutput[]) {
    this.epoch = epoch;
    this.#leading = new Leading(rule, startOf(epoch));
    this.#history = history;
    this.#out = out;
  }

  get lastProposed(): Zxid {
    return this.#leading.lastProposed;
  }

  propose(): Zxid {
    return this.#leading.propose();
  }

  /** The entry is lent. */
  proposed(id: Zxid, entry: Buffer): void {
    assert(id === this.#leading.lastProposed, () => `${hex0x(id)} is not the last zxid taken`);
    this.#history.append(id, entry);
    const out = this.#out;
    out.push({ kind: 'log', zxid: id, entry });
    if (this.#followers.length === 0) return;
    const proposal = packet(PacketType.proposal, id, entry);
    for (const { link } of this.#followers) out.push({ kind: 'send', link, packet: proposal });
  }

  /** A voter has everything up to `upTo` on its disk, this server or another. */
  logged(server: ServerId, upTo: Zxid): void {
    const committed = this.#leading.logged(server, upTo);
    if (committed !== null) this.#commit(committed);
  }

  /** The entry of the zxid taken last changes the membership: `changeRule` has come with it. */
  reconfigure(self: ServerId, newVoters: readonly ServerId[], keepsLeader: boolean): void {
    const voters = newVoters.filter((voter) => voter !== self);
    this.#reconfig = { zxid: this.lastProposed, self, voters, keepsLeader };
  }

  /** Another rule holds; `learners` are those that are connected. */
  changeRule(rule: QuorumRule, learners: readonly Progress[]): void {
    for (const { id, counts } of learners) if (!counts) this.#leading.forget(id);
    const committed = this.#leading.changeRule(rule);
    if (committed !== null) this.#commit(committed);
    for (const { id, counts, phase, logged } of learners) {
      // Who becomes a voter has acknowledged for nothing until now.
      if (counts && phase >= Phase.synced) this.logged(id, logged);
    }
  }

  /** Nothing more is committed here. */
  handOver(): void {
    this.#isHandedOver = true;
  }

  /**
   * Sends a learner what its history lacks, all that is in flight, and NEWLEADER behind it
   * (ZOOKEEPER-3104); from now on it gets each proposal, or as an observer what is committed.
   */
  join(learner: Progress, sync: Sync, membershipText: Buffer, now: number): void {
    const { link, isObserver } = learner;
    const { committed } = this.#history;
    if (sync.kind === 'snap') {
      this.#send(link, PacketType.snap, committed);
      this.#out.push({ kind: 'sendSnapshot', link });
    } else {
      const isDiff = sync.kind === 'diff';
      this.#send(
        link,
        isDiff ? PacketType.diff : PacketType.trunc,
        isDiff ? committed : sync.after,
      );
      this.#sendCommitted(link, sync);
    }
    if (!isObserver) {
      for (const { zxid: id, entry } of this.#history.uncommitted()) {
        this.#send(link, PacketType.proposal, id, entry);
      }
    }
    this.#send(link, PacketType.newLeader, startOf(this.epoch), membershipText);
    learner.syncedTo = committed;
    // Only what is proposed in this epoch, and is not sent as history, is to be acknowledged.
    learner.logged = startOf(this.epoch);
    if (epochOf(committed) === this.epoch) learner.logged = committed;
    learner.enter(Phase.syncing, now);
    (isObserver ? this.#observers : this.#followers).push(learner);
  }

  #sendCommitted(link: LinkId, { after, diskUpTo }: Exclude<Sync, { kind: 'snap' }>): void {
    if (diskUpTo !== null) this.#out.push({ kind: 'sendHistory', link, after, upTo: diskUpTo });
    for (const { zxid: id, entry } of this.#history.committedAfter(diskUpTo ?? after)) {
      this.#send(link, PacketType.proposal, id, entry);
      this.#send(link, PacketType.commit, id);
    }
  }

  #send(link: LinkId, type: PacketType, id?: Zxid, data?: Buffer): void {
    this.#out.push({ kind: 'send', link, packet: packet(type, id, data) });
  }

  leave(learner: Progress): void {
    this.#followers = this.#followers.filter((other) => other !== learner);
    this.#observers = this.#observers.filter((other) => other !== learner);
    // Its next link may begin with TRUNC, so what it has acknowledged on this one is not for ever.
    this.#leading.forget(learner.id);
  }

  /**
   * UPTODATE, and then the commits that were kept from a follower until now: one that comes behind
   * NEWLEADER for a proposal before it is too much for Apache's followers (ZOOKEEPER-4394).
   */
  letIn(learner: Progress, now: number): void {
    const { link } = learner;
    this.#send(link, PacketType.upToDate);
    learner.enter(Phase.following, now);
    if (learner.isObserver) return;
    const { syncedTo } = learner;
    const first = epochOf(syncedTo) === this.epoch ? counterOf(syncedTo) + 1 : 1;
    const last = counterOf(this.#leading.lastCommitted);
    const start = startOf(this.epoch);
    for (let counter = first; counter <= last; counter++) {
      const id = zxid(start + BigInt(counter));
      const data = this.#activations.get(id);
      if (data === undefined) this.#send(link, PacketType.commit, id);
      else this.#send(link, PacketType.commitAndActivate, id, data);
    }
  }

  #commit(upTo: Zxid): void {
    if (this.#isHandedOver) return;
    const out = this.#out;
    for (;;) {
      const { zxid: id, entry } = this.#history.commitNext();
      this.syncs.before(id);
      if (id === this.#reconfig?.zxid) {
        this.#activate(this.#reconfig, entry);
        if (id === upTo || this.#isHandedOver) return;
      } else {
        this.#tell(PacketType.commit, PacketType.inform, id, null, entry);
        if (id >= upTo) break;
      }
    }
    out.push({ kind: 'committed', upTo });
  }

  /** Tells followers that an entry is committed, and observers what it is. */
  #tell(
    toFollowers: PacketType,
    toObservers: PacketType,
    id: Zxid,
    data: Buffer | null,
    entry: Buffer,
  ): void {
    const out = this.#out;
    if (this.#followers.length > 0) {
      const commit = packet(toFollowers, id, data);
      for (const { link, phase } of this.#followers) {
        if (phase === Phase.following) out.push({ kind: 'send', link, packet: commit });
      }
    }
    if (this.#observers.length > 0) {
      const inform = packet(toObservers, id, entry);
      for (const { link } of this.#observers) out.push({ kind: 'send', link, packet: inform });
    }
  }

  /**
   * The new membership is in force. A leader that does not vote there, or has moved, names one that
   * has the most (Leader.getDesignatedLeader) and commits nothing more.
   */
  #activate({ zxid: id, voters, keepsLeader, self }: Reconfig, entry: Buffer): void {
    const leader = keepsLeader ? self : (this.#leading.furthest(voters) ?? self);
    const data = activationData(leader);
    const { commitAndActivate, informAndActivate } = PacketType;
    this.#tell(commitAndActivate, informAndActivate, id, data, activationData(leader, entry));
    this.#activations.set(id, data);
    this.#reconfig = null;
    if (leader !== self) this.#isHandedOver = true;
    this.#out.push({ kind: 'committed', upTo: id }, { kind: 'reconfigured', zxid: id, leader });
  }
}
