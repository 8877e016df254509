// Makes and takes apart the packets of leaders and learners; what is taken apart throws WireError.
import { counterOf, epochOf, type SessionId, type Zxid, zxid } from '../base/ids.ts';
import { Reader, WireError, Writer } from '../wire/bytes.ts';
import { LearnerInfo, PacketType, PROTOCOL_VERSION, type QuorumPacket } from '../wire/quorum.ts';

/** Of packets that are about no zxid. */
export const NONE = zxid(-1n);

export const startOf = (epoch: number): Zxid => zxid(BigInt(epoch) << 32n);
export const isStart = (id: Zxid, epoch: number): boolean =>
  counterOf(id) === 0 && epochOf(id) === epoch;

export const packet = (
  type: PacketType,
  id: Zxid = NONE,
  data: Buffer | null = null,
): QuorumPacket => ({ type, zxid: id, data, authinfo: null });

/** A copy that may be kept: what the world lends is gone after the step. */
export const kept = (one: QuorumPacket): QuorumPacket => ({
  ...one,
  data: one.data === null ? null : Buffer.from(one.data),
});

/** The packet's data as a Buffer, on the same memory. */
export function dataOf({ type, data }: QuorumPacket): Buffer {
  if (data === null) throw new WireError(`packet ${type} without data`);
  return Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.length);
}

const written = (write: (writer: Writer) => void): Buffer => {
  const writer = new Writer(32);
  write(writer);
  return writer.take();
};

export const infoOf = (info: LearnerInfo): Buffer => written((w) => LearnerInfo.write(w, info));
export const readInfo = (one: QuorumPacket): LearnerInfo =>
  LearnerInfo.read(new Reader(dataOf(one)));

/** The data of LEADERINFO (the protocol's version) and of ACKEPOCH (the current epoch). */
export const intOf = (value: number): Buffer => written((w) => w.int(value));
export const readInt = (one: QuorumPacket): number => new Reader(dataOf(one)).int();

export const VERSION = intOf(PROTOCOL_VERSION);

export interface Touch {
  readonly session: SessionId;
  /** Milliseconds. */
  readonly timeout: number;
}

const TOUCH_BYTES = 12;

/** Sessions and their timeouts one after another: the answer to a PING, and REVALIDATE's question. */
export function touchesOf(touches: readonly Touch[]): Buffer {
  const writer = new Writer(Math.max(TOUCH_BYTES * touches.length, 1));
  for (const { session, timeout } of touches) {
    writer.long(session);
    writer.int(timeout);
  }
  return writer.take();
}

export function readTouches(one: QuorumPacket): Touch[] {
  const data = dataOf(one);
  if (data.length % TOUCH_BYTES !== 0) throw new WireError(`${data.length} bytes of sessions`);
  const reader = new Reader(data);
  const touches: Touch[] = [];
  while (reader.remaining > 0) {
    touches.push({ session: reader.long() as SessionId, timeout: reader.int() });
  }
  return touches;
}

/** REVALIDATE's answer. */
export const validityOf = (session: SessionId, isValid: boolean): Buffer =>
  written((w) => {
    w.long(session);
    w.boolean(isValid);
  });

export function readValidity(one: QuorumPacket): { session: SessionId; isValid: boolean } {
  const reader = new Reader(dataOf(one));
  return { session: reader.long() as SessionId, isValid: reader.boolean() };
}

/** The name of a packet's type, for reports. */
export function nameOf(type: number): string {
  const found = Object.entries(PacketType).find(([, number]) => number === type);
  return found === undefined ? `packet ${type}` : found[0].toUpperCase();
}
