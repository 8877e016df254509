// How far a learner has come with its leader.

export const LearnerPhase = {
  /** FOLLOWERINFO or OBSERVERINFO was sent, or is as soon as there is a link. */
  announced: 0,
  /** The accepted epoch goes to the disk; ACKEPOCH follows. */
  accepting: 1,
  /** ACKEPOCH was sent: DIFF, TRUNC or SNAP is to come. */
  accepted: 2,
  /** The log is cut, or a snapshot comes in: what comes behind is held. */
  restoring: 3,
  /** The leader's history comes. */
  syncing: 4,
  /** NEWLEADER has come: the history goes to the disk, */
  logging: 5,
  /** and then the current epoch: in this order (ZOOKEEPER-3911, 4643, 4646, 4785), */
  savingEpoch: 6,
  /** and then it is acknowledged; UPTODATE is to come. */
  synced: 7,
  following: 8,
  over: 9,
} as const;
export type LearnerPhase = (typeof LearnerPhase)[keyof typeof LearnerPhase];
