// What a member's roles have in common: how they are told what happens, and what they are made of.
import type { LinkId, RoleOutput } from '../consensus/events.ts';
import type { Progress } from '../consensus/progress.ts';
import type { ServerId } from '../consensus/quorum.ts';
import type { Effect, MemberEvent, Mode } from './events.ts';
import type { History } from './history.ts';
import type { MemberOptions } from './memberOptions.ts';
import type { Proposal } from './proposals.ts';
import type { Reconfiguring } from './reconfiguring.ts';
import type { Replica, ReplicaOptions } from './replica.ts';

/** What happens to a role; the election's part is not for it. */
export type RoleEvent = Exclude<
  MemberEvent,
  { kind: 'notified' | 'reachable' | 'unreachable' | 'deadline' }
>;

/** What a role's machine says that is neither an effect nor its end. */
export type Inner = Exclude<RoleOutput, Effect | { kind: 'ended' }>;

/** What a leader tells the administrator of those who follow it. */
export interface Leadership {
  readonly epoch: number;
  readonly learners: readonly Progress[];
  /** Syncs asked for and not answered yet. */
  readonly pendingSyncs: number;
  /** Monotonic ms at which its epoch came into force. */
  readonly since: number;
}

export interface Role {
  readonly mode: Mode;
  /** The server that leads. */
  readonly leader: ServerId;
  /** Null for a learner, and for a leader whose epoch is not in force yet. */
  readonly leadership: Leadership | null;
  /** Monotonic time at which it wants `pass`. */
  readonly deadline: number;
  take(event: RoleEvent, now: number): void;
  pass(now: number): void;
  /** Acts on what its machine has said. */
  act(inner: Inner): void;
  /** The membership that is in force, or to come, is another one. */
  membershipChanged(): void;
  /** Ends the role for a reason of the replica's: its machine says so in its own time. */
  end(reason: string): void;
  /** The role is over: takes out what was logged and is not known to be committed. */
  rest(): readonly Proposal[];
}

/** What a role is made of. */
export interface RoleParts {
  readonly replica: Replica;
  readonly options: ReplicaOptions;
  readonly own: MemberOptions;
  readonly history: History;
  readonly reconfiguring: Reconfiguring;
  /** Where its machine says what it has to say. */
  readonly out: RoleOutput[];
  readonly effect: (effect: Effect) => void;
  /** The epoch is in force. */
  readonly onEstablished: () => void;
  readonly nextLink: () => LinkId;
}

/** The options that the machines of all roles have. */
export const machineOptions = ({ options, own, history, reconfiguring, out }: RoleParts) => ({
  id: options.serverId,
  acceptedEpoch: history.accepted,
  currentEpoch: history.current,
  history: history.recent,
  tickTime: options.tickTime,
  initLimit: own.initLimit,
  syncLimit: own.syncLimit,
  configVersion: reconfiguring.ensemble.active.version,
  out,
});
