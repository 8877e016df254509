// What a member's roles have in common: how they are told what happens, and what they are made of.
import type { LinkId, RoleOutput } from '../consensus/events.ts';
import type { ServerId } from '../consensus/quorum.ts';
import type { Membership } from '../wire/membership.ts';
import type { Ensemble } from './ensemble.ts';
import type { Effect, MemberEvent, Mode } from './events.ts';
import type { History } from './history.ts';
import type { MemberOptions } from './member.ts';
import type { Proposal } from './proposals.ts';
import type { Replica, ReplicaOptions } from './replica.ts';

/** What happens to a role; the election's part is not for it. */
export type RoleEvent = Exclude<
  MemberEvent,
  { kind: 'notified' | 'reachable' | 'unreachable' | 'deadline' }
>;

/** What a role's machine says that is neither an effect nor its end. */
export type Inner = Exclude<RoleOutput, Effect | { kind: 'ended' }>;

export interface Role {
  readonly mode: Mode;
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
  readonly ensemble: Ensemble;
  /** Where its machine says what it has to say. */
  readonly out: RoleOutput[];
  readonly effect: (effect: Effect) => void;
  /** Another membership is on its way: in the log, or with the leader's history. */
  readonly onReconfig: (membership: Membership) => void;
  /**
   * A membership is in force. `leader` is who should lead then; null: it was not said.
   * Returns false when this role ends because of it.
   */
  readonly onActivated: (membership: Membership, leader: ServerId | null) => boolean;
  /** The state was replaced by the leader's, or by an earlier one. */
  readonly onRestored: () => void;
  /** The epoch is in force. */
  readonly onEstablished: () => void;
  readonly nextLink: () => LinkId;
}

/** The options that the machines of all roles have. */
export const machineOptions = ({ options, own, history, ensemble, out }: RoleParts) => ({
  id: options.serverId,
  acceptedEpoch: history.accepted,
  currentEpoch: history.current,
  history: history.recent,
  tickTime: options.tickTime,
  initLimit: own.initLimit,
  syncLimit: own.syncLimit,
  configVersion: ensemble.active.version,
  out,
});
