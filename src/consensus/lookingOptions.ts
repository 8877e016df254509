// What a server is told when it begins to look for a leader.
import type { Zxid } from '../base/ids.ts';
import type { ConsensusEffect } from './events.ts';
import type { QuorumRule, ServerId } from './quorum.ts';
import type { Intervals } from './resending.ts';

/** Who belongs to the ensemble, and how many of them decide. */
export interface Membership {
  readonly rule: QuorumRule;
  /** Ids of all servers, observers included. */
  readonly members: readonly ServerId[];
  /** Voters of a membership that others say is on its way; absent when there is no such word. */
  readonly named?: readonly ServerId[];
  /** The membership as text, sent along with each notification; null to send none. */
  readonly text: string | null;
}

/** What a server has on its disk when it begins to look for a leader. */
export interface History {
  readonly lastZxid: Zxid;
  readonly currentEpoch: number;
  /** Neither snapshot nor log nor epochs: a new server, or one that lost its disk. */
  readonly isEmpty: boolean;
}

export interface LookingOptions {
  readonly id: ServerId;
  readonly membership: Membership;
  readonly mayVote: boolean;
  /** It has no vote in the memberships that this server knows, and may have in one on its way. */
  readonly isStranger: boolean;
  readonly round: bigint;
  readonly history: History;
  readonly finalizeWait: number;
  readonly chance: () => number;
  readonly intervals: Intervals | undefined;
  readonly out: { push(effect: ConsensusEffect): unknown };
}
