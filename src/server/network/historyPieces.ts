// A stretch of the log as a learner gets it: each entry a proposal, followed by its commit.
import type { Zxid } from '../../base/ids.ts';
import { Writer } from '../../wire/bytes.ts';
import { PacketType, QuorumPacket } from '../../wire/quorum.ts';

export interface HistoryEntry {
  readonly zxid: Zxid;
  /** The bytes of the transaction, as proposals have them. */
  readonly entry: Uint8Array;
}

/** Encoded in one go. */
const PIECE = 256 << 10;

/** Pieces of packets; each is overwritten by the next. */
export async function* historyPieces(
  entries: Iterable<HistoryEntry> | AsyncIterable<HistoryEntry>,
  pieceSize = PIECE,
): AsyncGenerator<Buffer, void, void> {
  const out = new Writer(PIECE, 1 << 20);
  for await (const { zxid, entry } of entries) {
    QuorumPacket.write(out, { type: PacketType.proposal, zxid, data: entry, authinfo: null });
    QuorumPacket.write(out, { type: PacketType.commit, zxid, data: null, authinfo: null });
    if (out.length < pieceSize) continue;
    yield out.view();
    out.reset();
  }
  if (out.length > 0) yield out.view();
}
