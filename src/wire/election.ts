// The election port: the greeting of a connection and the notifications on it, as Apache's QuorumCnxManager.

/** What a server does, as notifications say it (QuorumPeer.ServerState). */
export const ServerState = { looking: 0, following: 1, leading: 2, observing: 3 } as const;
export type ServerState = (typeof ServerState)[keyof typeof ServerState];

/** A vote and who stands behind it (FastLeaderElection.Notification). */
export interface Notification {
  readonly state: ServerState;
  /** Id of the proposed leader; NO_LEADER from servers that do not vote. */
  readonly leader: number;
  /** Last zxid of the proposed leader. */
  readonly zxid: bigint;
  /** The sender's count of election rounds. */
  readonly electionEpoch: bigint;
  /** Current epoch of the proposed leader. */
  readonly peerEpoch: bigint;
  /** The sender's membership as text; null from servers that do not send one. */
  readonly config: string | null;
}

/** Long.MIN_VALUE: the vote of a server that has none. */
export const NO_LEADER = -(2 ** 63);
