// What a leader knows of one learner's link: how far the conversation has come, and how far its log.
import { NO_ZXID, type Zxid } from '../base/ids.ts';
import type { LinkId } from './events.ts';
import type { ServerId } from './quorum.ts';

/** The steps of a learner's conversation, in order. */
export const Phase = {
  linked: 0,
  /** It has said who it is (FOLLOWERINFO, OBSERVERINFO). */
  announced: 1,
  /** It was told the epoch (LEADERINFO). */
  invited: 2,
  /** It has accepted the epoch (ACKEPOCH). */
  agreed: 3,
  /** Its history is being made ours; NEWLEADER was sent. */
  syncing: 4,
  /** It has acknowledged NEWLEADER: our history is on its disk. */
  synced: 5,
  /** UPTODATE was sent. */
  following: 6,
} as const;
export type Phase = (typeof Phase)[keyof typeof Phase];

export class Progress {
  readonly link: LinkId;
  readonly address: string;
  /** -1 until it is announced. */
  id: ServerId = -1;
  isObserver = false;
  /** A voter that follows: its word counts for quorums. */
  counts = false;
  phase: Phase = Phase.linked;
  /** When the phase began and when a packet last came, in ms. */
  since: number;
  heardAt: number;
  acceptedEpoch = 0;
  /** True when its ACKEPOCH is a promise; a second one for the same epoch is none. */
  hasPromised = false;
  /** The zxid that its history ends with when it comes. */
  lastZxid: Zxid = NO_ZXID;
  /** What was committed when it was synced: later commits are its to hear of. */
  syncedTo: Zxid = NO_ZXID;
  /** Everything up to here is on its disk. */
  logged: Zxid = NO_ZXID;
  /** Pings sent and answered since UPTODATE: the n-th answer is to the n-th ping. */
  pings = 0;
  answers = 0;
  /** The ping whose answer confirms leadership in this round; Infinity if it takes no part. */
  confirmsWith = Number.POSITIVE_INFINITY;
  #watched: Zxid | null = null;
  #watchedSince = 0;

  constructor(link: LinkId, address: string, now: number) {
    this.link = link;
    this.address = address;
    this.since = now;
    this.heardAt = now;
  }

  enter(phase: Phase, now: number): void {
    this.phase = phase;
    this.since = now;
    this.heardAt = now;
  }

  /** Why it is given up, null while it is in time. `initTime` and `syncTime` in ms. */
  overdue(now: number, initTime: number, syncTime: number): string | null {
    switch (this.phase) {
      case Phase.linked:
      case Phase.invited:
      case Phase.syncing:
        return now - this.since > initTime ? 'no answer within initLimit' : null;
      case Phase.following:
        if (now - this.heardAt > syncTime) return 'nothing heard for syncLimit';
        return this.#isBehind(now, syncTime) ? 'a proposal unacknowledged for syncLimit' : null;
      default:
        // It waits for us, or with us for others.
        return null;
    }
  }

  /** Keeps an eye on one proposal at a time (LearnerHandler's SyncLimitCheck). */
  watch(lastProposed: Zxid, now: number): void {
    if (this.isObserver) return;
    if (this.#watched !== null && this.logged < this.#watched) return;
    this.#watched = this.logged < lastProposed ? lastProposed : null;
    this.#watchedSince = now;
  }

  #isBehind(now: number, syncTime: number): boolean {
    const watched = this.#watched;
    return watched !== null && this.logged < watched && now - this.#watchedSince > syncTime;
  }

  toString(): string {
    const kind = this.isObserver ? 'observer' : 'follower';
    return this.id === -1 ? this.address : `${kind} ${this.id} (${this.address})`;
  }
}
