// How a leader founds its epoch: a quorum says what it has accepted, accepts the new one, and gets its history.
import { hex0x, startOf, type Zxid } from '../base/ids.ts';
import {
  AckEpoch,
  dataOf,
  fromData,
  LeaderInfo,
  PacketType,
  PROTOCOL_VERSION,
  type QuorumPacket,
} from '../wire/quorum.ts';
import { Broadcast } from './broadcast.ts';
import type { EpochKind, RoleOutput } from './events.ts';
import type { LeaderOptions } from './leaderOptions.ts';
import { isMoreRecent, type Learners, MAX_EPOCH } from './learners.ts';
import { packet } from './packets.ts';
import { Phase, type Progress } from './progress.ts';
import { chooseSync, type Sync } from './sync.ts';

/** What has become of the epoch, in order. */
const Stage = {
  /** A quorum is to say which epochs it has accepted. */
  discovery: 0,
  /** The new epoch goes to this server's disk. */
  saving: 1,
  /** A quorum is to accept the new epoch. */
  agreement: 2,
  /** A quorum is to have this server's history on disk. */
  synchronisation: 3,
  established: 4,
} as const;
type Stage = (typeof Stage)[keyof typeof Stage];

const HISTORY_LIMIT = 100_000;
/** Milliseconds and ticks that a leader waits for its first quorum: not initLimit, which made failovers last. */
const QUORUM_WAIT = { least: 1000, ticks: 4 } as const;

/** What the founding of an epoch may come to, besides its end. */
export interface Verdicts {
  drop(learner: Progress, reason: string): void;
  end(reason: string): void;
}

export class Founding {
  /** Of the new epoch; before that is chosen, of the accepted one. */
  broadcast: Broadcast;
  /** The first zxid from which the log on disk is without a gap, and up to where it is on disk. */
  logFrom: Zxid | null;
  onDisk: Zxid;
  readonly #options: LeaderOptions;
  readonly #learners: Learners;
  readonly #verdicts: Verdicts;
  readonly #out: RoleOutput[];
  readonly #initTime: number;
  readonly #quorumWait: number;
  /** The zxid that the history ended with at the election. */
  readonly #lastZxid: Zxid;
  #stage: Stage = Stage.discovery;
  #chosenAt = 0;
  #quorumSeenAt: number;
  #hasSavedCurrent = false;

  constructor(options: LeaderOptions, learners: Learners, verdicts: Verdicts, now: number) {
    const { history, tickTime, initLimit, acceptedEpoch } = options;
    this.#options = options;
    this.#learners = learners;
    this.#verdicts = verdicts;
    this.#out = options.out;
    this.#lastZxid = history.last;
    this.onDisk = history.last;
    this.logFrom = options.logFrom;
    this.#initTime = initLimit * tickTime;
    const wait = Math.max(QUORUM_WAIT.least, QUORUM_WAIT.ticks * tickTime);
    this.#quorumWait = options.quorumWait ?? Math.min(wait, this.#initTime);
    this.#quorumSeenAt = now;
    this.broadcast = this.#broadcastOf(acceptedEpoch);
  }

  get isEstablished(): boolean {
    return this.#stage === Stage.established;
  }

  /** A learner has said who it is, or (at the start) this server is all that is needed. */
  announced(learner: Progress | null, now: number): void {
    if (this.#stage === Stage.discovery) this.#maybeChooseEpoch(now);
    else if (this.#stage >= Stage.agreement && learner !== null) this.#invite(learner, now);
  }

  /** ACKEPOCH. Returns what is wrong with it. */
  accepted(learner: Progress, reply: QuorumPacket, now: number): string | null {
    const { currentEpoch: epoch } = fromData(AckEpoch, reply.data);
    learner.lastZxid = reply.zxid;
    learner.hasPromised = epoch !== -1;
    learner.enter(Phase.agreed, now);
    if (this.#stage !== Stage.agreement) {
      this.#sync(learner, now);
      return null;
    }
    const ours = { epoch: this.#options.currentEpoch, zxid: this.#lastZxid };
    if (epoch !== -1 && isMoreRecent(epoch, reply.zxid, ours)) {
      // A voter that has more should lead; the election is done again, and it takes part.
      if (learner.counts) this.#verdicts.end(`${learner} has a later history`);
      return 'it is ahead of the leader';
    }
    this.#maybeAgree(now);
    return null;
  }

  /** The ACK of NEWLEADER: the learner has this server's history and the epoch on disk. */
  synced(learner: Progress, now: number): void {
    learner.enter(Phase.synced, now);
    if (this.isEstablished) this.broadcast.letIn(learner, now);
    else this.#maybeEstablish(now);
  }

  epochSaved(which: EpochKind, epoch: number, now: number): void {
    if (epoch !== this.broadcast.epoch) return;
    if (which === 'accepted' && this.#stage === Stage.saving) {
      this.#stage = Stage.agreement;
      for (const learner of this.#learners.list()) {
        if (learner.phase === Phase.announced) this.#invite(learner, now);
      }
      this.#maybeAgree(now);
    } else if (which === 'current' && this.#stage === Stage.synchronisation) {
      this.#hasSavedCurrent = true;
      this.#maybeEstablish(now);
    }
  }

  /** Ends the role when the quorum does not come, or stays away for longer than it may. */
  check(now: number): void {
    if (this.#learners.isQuorum(({ phase }) => phase >= Phase.announced)) this.#quorumSeenAt = now;
    const isChosen = this.#stage !== Stage.discovery;
    if (now - this.#quorumSeenAt > this.#quorumWait) {
      this.#verdicts.end(`no quorum has come, only ${this.#learners.names()}`);
    } else if (isChosen && now - this.#chosenAt > this.#initTime) {
      const synced = this.#learners.names(({ phase }) => phase >= Phase.synced);
      this.#verdicts.end(`no quorum is in sync within initLimit, only ${synced}`);
    }
  }

  #broadcastOf(epoch: number): Broadcast {
    const { history, out } = this.#options;
    return new Broadcast(epoch, this.#learners.rule, history, out);
  }

  #maybeChooseEpoch(now: number): void {
    if (!this.#learners.isQuorum(({ phase }) => phase >= Phase.announced)) return;
    let epoch = this.#options.acceptedEpoch;
    for (const { acceptedEpoch } of this.#learners.list()) epoch = Math.max(epoch, acceptedEpoch);
    epoch++;
    if (epoch > MAX_EPOCH) {
      this.#verdicts.end('no epoch is left');
      return;
    }
    this.#stage = Stage.saving;
    this.#chosenAt = now;
    this.broadcast = this.#broadcastOf(epoch);
    // On disk before anybody hears of it (ZOOKEEPER-335, 1653): an epoch is never chosen twice.
    this.#out.push({ kind: 'saveEpoch', which: 'accepted', epoch });
  }

  #invite(learner: Progress, now: number): void {
    const { epoch } = this.broadcast;
    if (learner.acceptedEpoch > epoch && learner.counts) {
      // It will never follow this one; Apache leaves it out until somebody else ends this epoch.
      const theirs = learner.acceptedEpoch;
      this.#verdicts.end(`${learner} has accepted epoch ${theirs}, this one is ${epoch}`);
      return;
    }
    const data = dataOf(LeaderInfo, { protocolVersion: PROTOCOL_VERSION });
    const invitation = packet(PacketType.leaderInfo, startOf(epoch), data);
    this.#out.push({ kind: 'send', link: learner.link, packet: invitation });
    learner.enter(Phase.invited, now);
  }

  #maybeAgree(now: number): void {
    const hasAgreed = ({ phase, hasPromised }: Progress) => phase >= Phase.agreed && hasPromised;
    if (!this.#learners.isQuorum(hasAgreed)) return;
    this.#stage = Stage.synchronisation;
    this.#out.push({ kind: 'saveEpoch', which: 'current', epoch: this.broadcast.epoch });
    for (const learner of this.#learners.list()) {
      if (learner.phase === Phase.agreed) this.#sync(learner, now);
    }
  }

  #sync(learner: Progress, now: number): void {
    const { history, currentEpoch, historyLimit, membershipText } = this.#options;
    const limit = historyLimit ?? HISTORY_LIMIT;
    const disk = { from: this.logFrom, upTo: this.onDisk, limit };
    const newest = this.isEstablished ? this.broadcast.epoch : currentEpoch;
    const sync = chooseSync(learner.lastZxid, history, disk, newest);
    this.#tell(learner, sync);
    this.broadcast.join(learner, sync, membershipText(startOf(this.broadcast.epoch)), now);
  }

  /** What Apache's LearnerHandler says, too: how it was when a learner later lacks something. */
  #tell(learner: Progress, sync: Sync): void {
    const { base, committed } = this.#options.history;
    const cut = sync.kind === 'trunc' ? ` after ${hex0x(sync.after)}` : '';
    const disk =
      sync.kind !== 'snap' && sync.diskUpTo !== null
        ? `, log read from disk up to ${hex0x(sync.diskUpTo)}`
        : '';
    const message =
      `Sending ${sync.kind.toUpperCase()}${cut} to ${learner}: its last zxid ` +
      `${hex0x(learner.lastZxid)}, committed here up to ${hex0x(committed)}, ` +
      `in memory after ${hex0x(base)}${disk}`;
    this.#out.push({ kind: 'report', level: 'info', message });
  }

  #maybeEstablish(now: number): void {
    if (this.#stage !== Stage.synchronisation || !this.#hasSavedCurrent) return;
    if (!this.#learners.isQuorum(({ phase }) => phase >= Phase.synced)) return;
    this.#stage = Stage.established;
    this.#out.push({ kind: 'established' });
    for (const learner of this.#learners.list()) {
      if (learner.phase === Phase.synced) this.broadcast.letIn(learner, now);
    }
  }
}
