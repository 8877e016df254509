// What servers tell each other and their disks: the effects that consensus asks for, and what its
// machines say to the replica that runs them.
import type { SessionId, Zxid } from '../base/ids.ts';
import type { Id } from '../wire/data.ts';
import type { Notification } from '../wire/election.ts';
import type { ForwardedRequest, QuorumPacket } from '../wire/quorum.ts';
import type { ServerId } from './quorum.ts';

/** A connection between a leader and a learner; FIFO, and it may end with its tail lost. */
export type LinkId = number;

export type EpochKind = 'accepted' | 'current';

/** What the world must do; carried out in the order in which it was asked for. */
export type ConsensusEffect =
  /**
   * Append to the transaction log; answered by `logged` once it is on disk.
   * The entry is lent until the next step.
   */
  | { kind: 'log'; zxid: Zxid; entry: Buffer }
  /** Answered by `epochSaved` once it is durable. */
  | { kind: 'saveEpoch'; which: EpochKind; epoch: number }
  /** Tell a peer how this server votes; lost if the peer cannot be reached. */
  | { kind: 'notify'; to: ServerId; notification: Notification }
  /** Connect to a leader's quorum port; answered by `linked`, or by `unlinked` when it fails. */
  | { kind: 'link'; link: LinkId; to: ServerId }
  /** End a connection; `unlinked` does not follow. */
  | { kind: 'unlink'; link: LinkId }
  /** The packet's data is lent until the next step. */
  | { kind: 'send'; link: LinkId; packet: QuorumPacket }
  /** Send the state as it is now (fuzzy while it goes out); later packets go behind it. */
  | { kind: 'sendSnapshot'; link: LinkId }
  /**
   * Send a stretch of the log as pairs of proposal and commit, `after` excluded and `upTo` included;
   * later packets go behind it.
   */
  | { kind: 'sendHistory'; link: LinkId; after: Zxid; upTo: Zxid }
  /**
   * Cut the log after `after`, drop newer snapshots, and load the state again;
   * answered by `truncated`, or with nothing changed by `notTruncated`.
   */
  | { kind: 'truncate'; after: Zxid }
  | { kind: 'report'; level: 'info' | 'warn' | 'debug'; message: string };

/** What happened to the world that consensus cares about. */
export type ConsensusEvent =
  | { kind: 'notified'; from: ServerId; notification: Notification }
  /** `to` answers an effect `link`; null for a learner that came to this server's quorum port. */
  | { kind: 'linked'; link: LinkId; to: ServerId | null; address: string }
  | { kind: 'unlinked'; link: LinkId; reason: string }
  /** `packet.data` is lent for the step. */
  | { kind: 'packet'; link: LinkId; packet: QuorumPacket }
  | { kind: 'logged'; upTo: Zxid }
  | { kind: 'epochSaved'; which: EpochKind; epoch: number }
  | { kind: 'deadline' };

/**
 * What a role says to its replica, besides effects. A role pushes onto one list, effects and these
 * together; the replica takes them off in order after each call, so nothing re-enters a role.
 */
export type RoleOutput =
  | ConsensusEffect
  /** Everything up to here is committed: apply it, in order. */
  | { kind: 'committed'; upTo: Zxid }
  /** The role is established: clients may come. A leader's history is committed up to its end. */
  | { kind: 'established' }
  /** The role is over; the replica looks for a leader again. */
  | { kind: 'ended'; reason: string }
  /** The membership that this entry sets is in force; the leader says who should lead from now on. */
  | { kind: 'reconfigured'; zxid: Zxid; leader: ServerId }
  // -- leader
  /** No zxids are left: call `Leader.usedUp` once all is proposed that this step decides. */
  | { kind: 'usedUp' }
  /** A learner forwards a request of its client; its body is lent for the step. */
  | { kind: 'requested'; link: LinkId; request: ForwardedRequest; ids: readonly Id[] }
  /** A session of a client that moved to a learner: answer with `Leader.revalidated`. */
  | { kind: 'revalidate'; link: LinkId; session: SessionId; timeout: number }
  /** Clients of these sessions were heard of at a learner. */
  | { kind: 'touched'; session: SessionId; timeout: number }
  /** A quorum still followed this leader after `Leader.confirm(token)` was asked. */
  | { kind: 'confirmed'; token: number }
  // -- learner
  /** Log this proposal and keep it until its commit; the entry is lent for the step. */
  | { kind: 'proposed'; zxid: Zxid; entry: Buffer }
  /** The leader knows the session (it may go on here), or does not. */
  | { kind: 'revalidated'; session: SessionId; isValid: boolean }
  /** Everything up to here that the leader had proposed when it was asked has been sent. */
  | { kind: 'synced' }
  /** NEWLEADER came with this membership: it is in force once the epoch is established. */
  | { kind: 'announced'; membership: Buffer }
  /** A ping: answer with `Learner.touch(sessions)` what clients were heard of since the last one. */
  | { kind: 'pinged' }
  /** The state comes from the leader: a snapshot follows on the link, with this zxid. */
  | { kind: 'restoring'; zxid: Zxid };
