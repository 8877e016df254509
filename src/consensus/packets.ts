// Makes the packets of leaders and learners, and names them; wire/quorum.ts has what their data is.
import { type Zxid, zxid } from '../base/ids.ts';
import { PacketType, type QuorumPacket } from '../wire/quorum.ts';

/** Of packets that are about no zxid. */
export const NONE = zxid(-1n);

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

/** What is wrong with a packet that nobody may send now. */
export const outOfPlace = ({ type }: QuorumPacket): string => `${nameOf(type)} out of place`;

/** The name of a packet's type, for reports. */
export function nameOf(type: number): string {
  const found = Object.entries(PacketType).find(([, number]) => number === type);
  return found === undefined ? `packet ${type}` : found[0].toUpperCase();
}
