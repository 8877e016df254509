// The learners of a leader: who is connected, who may join, and whether those that vote are a quorum.
import { counterOf, epochOf, type Zxid } from '../base/ids.ts';
import {
  fromData,
  LearnerInfo,
  PacketType,
  PROTOCOL_VERSION,
  type QuorumPacket,
} from '../wire/quorum.ts';
import type { LinkId } from './events.ts';
import { Phase, Progress } from './progress.ts';
import type { QuorumRule, ServerId } from './quorum.ts';

/** Epochs are ints in ACKEPOCH; a peer that claims more than this is not followed there. */
export const MAX_EPOCH = 0x7fff_fff0;

export interface LearnersOptions {
  readonly id: ServerId;
  readonly rule: QuorumRule;
  /** Every server of the configuration, observers too: nobody else may follow. */
  readonly members: readonly ServerId[];
  /** The version of the membership that is in force. */
  readonly configVersion: bigint;
  /** Others may follow too, so that a reconfig can make them members. Default false. */
  readonly admitsStrangers?: boolean;
}

/** What a reconfig changes for a leader. */
export type Following = Pick<LearnersOptions, 'rule' | 'members' | 'configVersion'>;

export class Learners {
  readonly #options: LearnersOptions;
  #following: Following;
  readonly #byLink = new Map<LinkId, Progress>();
  readonly #byId = new Map<ServerId, Progress>();
  #condition: (learner: Progress) => boolean = () => false;
  readonly #has = (voter: ServerId): boolean => {
    if (voter === this.#options.id) return true;
    const learner = this.#byId.get(voter);
    return learner?.counts === true && this.#condition(learner);
  };

  constructor(options: LearnersOptions) {
    this.#options = options;
    this.#following = options;
  }

  get rule(): QuorumRule {
    return this.#following.rule;
  }

  /** From now on others decide, and others may follow. */
  change(following: Following): void {
    this.#following = following;
    for (const learner of this.list()) learner.counts = this.#counts(learner);
  }

  #counts({ id, isObserver }: Progress): boolean {
    return !isObserver && this.rule.voters.includes(id);
  }

  add(link: LinkId, address: string, now: number): void {
    this.#byLink.set(link, new Progress(link, address, now));
  }

  get(link: LinkId): Progress | undefined {
    return this.#byLink.get(link);
  }

  /** A list of its own, so that learners may go while it is looked through. */
  list(): Progress[] {
    return [...this.#byLink.values()];
  }

  delete(learner: Progress): void {
    this.#byLink.delete(learner.link);
    if (this.#byId.get(learner.id) === learner) this.#byId.delete(learner.id);
  }

  /** True when those voters for whom `condition` holds are a quorum, this server among them. */
  isQuorum(condition: (learner: Progress) => boolean): boolean {
    this.#condition = condition;
    return this.rule.isQuorum(this.#has);
  }

  /** True when a quorum under `rule` follows and has all of this history (isQuorumSynced). */
  isSynced(rule: QuorumRule): boolean {
    const followers = this.list().filter((one) => one.phase === Phase.following);
    const ids = new Set(followers.filter((one) => !one.isObserver).map(({ id }) => id));
    return rule.isQuorum((voter) => voter === this.#options.id || ids.has(voter));
  }

  get hasVoters(): boolean {
    return this.list().some(({ counts }) => counts);
  }

  /** The connected voters for whom `condition` holds, for reports. */
  names(condition: (learner: Progress) => boolean = () => true): string {
    const ids = this.list().filter((learner) => learner.counts && condition(learner));
    return `[${[this.#options.id, ...ids.map(({ id }) => id)].join(', ')}]`;
  }

  /**
   * Takes FOLLOWERINFO or OBSERVERINFO. Returns why the learner may not follow, or null, and the
   * server's earlier link if it has one that has not ended yet.
   */
  announce(
    learner: Progress,
    packet: QuorumPacket,
    now: number,
  ): { refusal: string | null; earlier: Progress | null } {
    const { serverid, protocolVersion, configVersion } = fromData(LearnerInfo, packet.data);
    const id = Number(serverid);
    const refusal = this.#refusal(id, protocolVersion, configVersion, epochOf(packet.zxid));
    if (refusal !== null) return { refusal, earlier: null };
    const earlier = this.#byId.get(id) ?? null;
    learner.id = id;
    learner.isObserver = packet.type === PacketType.observerInfo;
    learner.counts = this.#counts(learner);
    learner.acceptedEpoch = epochOf(packet.zxid);
    learner.enter(Phase.announced, now);
    this.#byId.set(id, learner);
    return { refusal, earlier };
  }

  #refusal(id: ServerId, version: number, config: bigint, epoch: number): string | null {
    const { members, configVersion } = this.#following;
    const isWelcome = members.includes(id) || this.#options.admitsStrangers === true;
    if (!isWelcome) return `server ${id} is not in the configuration`;
    if (id === this.#options.id) return `server ${id} is this one`;
    if (version < PROTOCOL_VERSION) return `it speaks an older protocol (${version})`;
    // It knows of a membership that this server does not: who leads may be decided by others now.
    if (config > configVersion) return 'it has a later configuration';
    if (epoch > MAX_EPOCH) return `it claims to have accepted epoch ${epoch}`;
    return null;
  }
}

/**
 * True when a history that ends with `zxid`, of a server whose current epoch is `epoch`, has more
 * than ours (StateSummary). Two servers of one epoch both have all that came before it: a zxid that
 * only starts an epoch is nothing that the other lacks.
 */
export function isMoreRecent(
  epoch: number,
  zxid: Zxid,
  ours: { readonly epoch: number; readonly zxid: Zxid },
): boolean {
  if (epoch !== ours.epoch) return epoch > ours.epoch;
  if (zxid <= ours.zxid) return false;
  const isOnlyStart = counterOf(zxid) === 0 && epochOf(zxid) <= epoch;
  return !isOnlyStart;
}
