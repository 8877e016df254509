// The packets between a leader and its learners (module quorum of zookeeper.jute, numbers of Apache's Leader).
import { Id, zxidField } from './data.ts';
import { buffer, type Infer, int, long, record, vector } from './record.ts';

export const PacketType = {
  /** A learner's client wants a change: session, cxid, opcode, request body. */
  request: 1,
  proposal: 2,
  ack: 3,
  commit: 4,
  ping: 5,
  revalidate: 6,
  sync: 7,
  /** A committed proposal, to an observer. */
  inform: 8,
  commitAndActivate: 9,
  newLeader: 10,
  followerInfo: 11,
  upToDate: 12,
  diff: 13,
  trunc: 14,
  snap: 15,
  observerInfo: 16,
  leaderInfo: 17,
  ackEpoch: 18,
  informAndActivate: 19,
} as const;
export type PacketType = (typeof PacketType)[keyof typeof PacketType];

/** Packets have no length in front: they are read off the stream field by field. */
export const QuorumPacket = record({
  type: int,
  zxid: zxidField,
  data: buffer,
  authinfo: vector(Id),
});
export type QuorumPacket = Infer<typeof QuorumPacket>;

/** The data of followerInfo and observerInfo. */
export const LearnerInfo = record({ serverid: long, protocolVersion: int, configVersion: long });
export type LearnerInfo = Infer<typeof LearnerInfo>;

/** Protocol version of ZAB 1.0, in learnerInfo and leaderInfo. */
export const PROTOCOL_VERSION = 0x10000;
