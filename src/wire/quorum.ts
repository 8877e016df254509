// The packets between a leader and its learners (module quorum of zookeeper.jute, numbers of Apache's Leader).
import type { SessionId } from '../base/ids.ts';
import { Reader, WireError, Writer } from './bytes.ts';
import { Id, sessionIdField, zxidField } from './data.ts';
import { boolean, buffer, type Codec, type Infer, int, long, record, vector } from './record.ts';

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

/** The data of leaderInfo. */
export const LeaderInfo = record({ protocolVersion: int });
/** The data of ackEpoch: the learner's current epoch, -1 when it had accepted the new one before. */
export const AckEpoch = record({ currentEpoch: int });

/** The data of revalidate from the leader. */
export const Revalidated = record({ session: sessionIdField, isValid: boolean });

/**
 * A session heard of at a learner, and its timeout in ms: a learner's ping has any number of them.
 * The data of revalidate to the leader is one of them.
 */
export const Touch = record({ session: sessionIdField, timeout: int });
export type Touch = Infer<typeof Touch>;

const TOUCH_BYTES = 12;

/** The data of request. */
export interface ForwardedRequest {
  readonly session: SessionId;
  readonly cxid: number;
  readonly opcode: number;
  /** The client's request as it came; when read, a view on the packet's data. */
  readonly body: Uint8Array;
}

const FORWARDED_HEADER_BYTES = 16;

const LEADER_BYTES = 8;

/** The data of commitAndActivate, who should lead now, and of informAndActivate, which has the entry behind it. */
export function readActivation(data: Uint8Array | null): { leader: number; entry: Buffer } {
  const reader = new Reader(bufferOf(data));
  const leader = Number(reader.long());
  return { leader, entry: reader.buffer.subarray(reader.position) };
}

export function activationData(leader: number, entry: Uint8Array | null = null): Buffer {
  const writer = new Writer(LEADER_BYTES + (entry?.length ?? 0));
  writer.long(BigInt(leader));
  if (entry !== null) writer.raw(entry);
  return writer.take();
}

/** Bytes of a record; for the data of a packet. */
export function dataOf<T>(codec: Codec<T>, value: T): Buffer {
  const writer = new Writer(32);
  codec.write(writer, value);
  return writer.take();
}

/** Reads a record from a packet's data, and ignores what is behind it, as Apache does. */
export function fromData<T>(codec: Codec<T>, data: Uint8Array | null): T {
  return codec.read(new Reader(bufferOf(data)));
}

export function readForwarded(data: Uint8Array | null): ForwardedRequest {
  const reader = new Reader(bufferOf(data));
  const session = reader.long() as SessionId;
  const cxid = reader.int();
  const opcode = reader.int();
  return { session, cxid, opcode, body: reader.buffer.subarray(reader.position) };
}

export function forwardedData({ session, cxid, opcode, body }: ForwardedRequest): Buffer {
  const writer = new Writer(FORWARDED_HEADER_BYTES + body.length);
  writer.long(session);
  writer.int(cxid);
  writer.int(opcode);
  writer.raw(body);
  return writer.take();
}

/** The sessions in a learner's ping. (A leader's ping has no data.) */
export function readTouches(data: Uint8Array | null): Touch[] {
  const buffer = bufferOf(data);
  if (buffer.length % TOUCH_BYTES !== 0) throw new WireError(`${buffer.length} bytes of sessions`);
  const reader = new Reader(buffer);
  const touches: Touch[] = [];
  while (reader.remaining > 0) touches.push(Touch.read(reader));
  return touches;
}

export function touchesData(touches: readonly Touch[]): Buffer {
  const writer = new Writer(Math.max(TOUCH_BYTES * touches.length, 1));
  for (const touch of touches) Touch.write(writer, touch);
  return writer.take();
}

/** A packet's data as a Buffer, on the same memory. Throws WireError where there is none. */
export function bufferOf(data: Uint8Array | null): Buffer {
  if (data === null) throw new WireError('a packet without data');
  return Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
