// What the world tells a replica, and what a replica asks of the world.
import type { Zxid } from '../base/ids.ts';
import type { ConsensusEffect, ConsensusEvent, LinkId } from '../consensus/events.ts';
import type { ServerId } from '../consensus/quorum.ts';
import type { State } from '../state/state.ts';
import type { Membership } from '../wire/membership.ts';
import type { Connection } from './connection.ts';

/** Two clocks: sessions live on the monotonic one, so that a jump of the wall clock expires nobody. */
export interface Now {
  /** Milliseconds that never go back. */
  readonly monotonic: number;
  /** Milliseconds since 1970; goes into ctime and mtime. */
  readonly wall: number;
}

/** What happens between a server and its clients, its clock, its log. */
export type ClientEvent =
  | { kind: 'opened'; connection: Connection }
  /** `isLent`: the chunk's memory is for something else after the step. */
  | { kind: 'received'; connection: Connection; chunk: Buffer; isLent?: boolean }
  /** A connection that stalled has room for answers again. */
  | { kind: 'resumed'; connection: Connection }
  | { kind: 'closed'; connection: Connection }
  | { kind: 'logged'; upTo: Zxid }
  | { kind: 'deadline' }
  /** The process stood still: no session expires before this monotonic time. */
  | { kind: 'stoodStill'; until: number };

/** What happens between the members of an ensemble. */
export type MemberEvent =
  | Exclude<ConsensusEvent, { kind: 'deadline' }>
  /** A connection to a peer's election port was made, or cannot be. */
  | { kind: 'reachable' | 'unreachable'; peer: ServerId }
  /** Part of a snapshot has come over the link: the leader is alive. */
  | { kind: 'heard'; link: LinkId }
  /** The log is cut, and the state loaded again. */
  | { kind: 'truncated'; state: State }
  /** There is no history on disk that ends where it was to be cut: all is as it was. */
  | { kind: 'notTruncated' }
  /** The snapshot that the leader announced has come over the link; the next packet waits behind it. */
  | { kind: 'snapshotReceived'; link: LinkId; state: State }
  /** It is on disk, in place of all there was. */
  | { kind: 'restarted'; zxid: Zxid };

export type Event = ClientEvent | MemberEvent;

/** What a member does, as `status` and the four-letter words name it. */
export type Mode = 'looking' | 'read-only' | 'leader' | 'follower' | 'observer';

/** What is asked of peers, and of the history that is theirs, too. */
export type PeerEffect =
  | Exclude<ConsensusEffect, { kind: 'log' | 'report' }>
  /**
   * Make `state`, which came over the link, all that is on disk (it goes on changing meanwhile);
   * answered by `restarted`.
   */
  | { kind: 'restart'; link: LinkId; state: State }
  /** What this server is from now on; as a leader it lets learners in. */
  | { kind: 'became'; mode: Mode }
  /**
   * The ensemble's members, now and as a change under way would have them: write both down before
   * anything that follows is sent, and let these peers connect. What others only say is on its way
   * (`heard`) is not for the disk.
   */
  | {
      kind: 'membership';
      active: Membership;
      pending: Membership | null;
      heard: Membership | null;
    }
  /** Remember durably that this server must not vote before it has a leader's history. */
  | { kind: 'distrust'; reason: string };

export type Effect =
  | Extract<ConsensusEffect, { kind: 'log' | 'report' }>
  | PeerEffect
  /** Its frames lie unread: read no more from it, or go on. */
  | { kind: 'pause' | 'resume'; connection: Connection }
  /** Send what is in `connection.out`, then end it. */
  | { kind: 'close'; connection: Connection };
