// What the packet that begins a synchronization asks of a learner: DIFF, TRUNC or SNAP.
import { hex0x, type Zxid } from '../base/ids.ts';
import { PacketType, type QuorumPacket } from '../wire/quorum.ts';
import { outOfPlace } from './packets.ts';

export type Beginning =
  /** Entries follow, or nothing. */
  | { kind: 'diff' }
  /** The log is cut first, after the packet's zxid. */
  | { kind: 'trunc' }
  /** A snapshot comes. */
  | { kind: 'snap' }
  | { kind: 'wrong'; what: string };

/**
 * @param last the zxid that the learner's history ends with
 * @param wantsAll it has told of no history: nothing but a snapshot makes it whole
 */
export function beginningOf(packet: QuorumPacket, last: Zxid, wantsAll: boolean): Beginning {
  const { type, zxid: id } = packet;
  if (type === PacketType.snap) return { kind: 'snap' };
  const isKnown = type === PacketType.diff || type === PacketType.trunc;
  if (!isKnown || wantsAll) return { kind: 'wrong', what: outOfPlace(packet) };
  if (type === PacketType.diff || id === last) return { kind: 'diff' };
  if (id < last) return { kind: 'trunc' };
  const what = `TRUNC to ${hex0x(id)}, but the log ends with ${hex0x(last)}`;
  return { kind: 'wrong', what };
}
