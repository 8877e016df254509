// A learner's attempts to connect: the leader it has elected may need a moment longer to know that it leads.
import { epochOf, startOf } from '../base/ids.ts';
import {
  dataOf,
  fromData,
  LeaderInfo,
  LearnerInfo,
  PacketType,
  PROTOCOL_VERSION,
  type QuorumPacket,
} from '../wire/quorum.ts';
import type { LinkId, RoleOutput } from './events.ts';
import type { LearnerOptions } from './learnerOptions.ts';
import { MAX_EPOCH } from './learners.ts';
import { packet } from './packets.ts';

/** Milliseconds between attempts, as Apache's leaderConnectDelayDuringRetryMs. */
const RETRY_DELAY = 100;
/** Milliseconds and ticks within which an attempt must succeed. */
const PATIENCE = { least: 1000, ticks: 1 } as const;

export class Connecting {
  readonly #options: LearnerOptions;
  readonly #out: RoleOutput[];
  /** When no more attempts are made, in ms. */
  #until: number;
  #link: LinkId = -1;
  #isOpen = false;
  #isLinked = false;
  #retryAt = Number.POSITIVE_INFINITY;

  constructor(options: LearnerOptions, now: number) {
    this.#options = options;
    this.#out = options.out;
    this.#until = now + this.#patience;
    this.#connect();
  }

  get #patience(): number {
    const { tickTime, initLimit, connectLimit } = this.#options;
    if (connectLimit !== undefined) return connectLimit * tickTime;
    return Math.min(Math.max(PATIENCE.least, PATIENCE.ticks * tickTime), initLimit * tickTime);
  }

  /** The link of the last attempt. */
  get link(): LinkId {
    return this.#link;
  }

  /** The link that would have to be ended; null when there is none. */
  get openLink(): LinkId | null {
    return this.#isOpen ? this.#link : null;
  }

  get deadline(): number {
    return this.#isLinked ? Number.POSITIVE_INFINITY : Math.min(this.#retryAt, this.#until + 1);
  }

  /** There is a link: says who this server is, and which epoch it has accepted. */
  linked(): void {
    const { id, isObserver, acceptedEpoch, configVersion } = this.#options;
    this.#isLinked = true;
    const info = dataOf(LearnerInfo, {
      serverid: BigInt(id),
      protocolVersion: PROTOCOL_VERSION,
      configVersion,
    });
    const type = isObserver ? PacketType.observerInfo : PacketType.followerInfo;
    const greeting = packet(type, startOf(acceptedEpoch), info);
    this.#out.push({ kind: 'send', link: this.#link, packet: greeting });
  }

  /** The link has ended without our doing. */
  lost(): void {
    this.#isOpen = false;
  }

  /** The attempt has failed. Returns whether another one is made. */
  failed(now: number): boolean {
    this.#isOpen = false;
    this.#isLinked = false;
    if (now + RETRY_DELAY > this.#until) return false;
    this.#retryAt = now + RETRY_DELAY;
    return true;
  }

  /** Ends the link and makes another one. */
  again(now: number): void {
    if (this.#isOpen) this.#out.push({ kind: 'unlink', link: this.#link });
    this.#isLinked = false;
    this.#until = now + this.#patience;
    this.#connect();
  }

  /** Returns false when the leader cannot be reached in time. */
  tick(now: number): boolean {
    if (this.#isLinked) return true;
    if (now > this.#until) return false;
    if (now >= this.#retryAt) this.#connect();
    return true;
  }

  #connect(): void {
    this.#retryAt = Number.POSITIVE_INFINITY;
    this.#link = this.#options.nextLink();
    this.#isOpen = true;
    this.#out.push({ kind: 'link', link: this.#link, to: this.#options.leader });
  }
}

/** What is wrong with a LEADERINFO in itself, null if nothing is. */
export function wrongInvitation({ zxid, data }: QuorumPacket): string | null {
  if (fromData(LeaderInfo, data).protocolVersion < PROTOCOL_VERSION) return 'an older protocol';
  const epoch = epochOf(zxid);
  return epoch > MAX_EPOCH ? `epoch ${epoch}` : null;
}
