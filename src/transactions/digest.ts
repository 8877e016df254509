// The tree digest at the end of a log entry or proposal: the leader's, after the transaction.
import type { Reader, Writer } from '../wire/bytes.ts';

export interface TxnDigest {
  readonly version: number;
  readonly treeDigest: bigint;
}

export const DIGEST_LENGTH = 12;

/** null where the entry ends without one (digests switched off, or a server before 3.6). */
export const readDigest = (r: Reader): TxnDigest | null =>
  r.remaining < DIGEST_LENGTH ? null : { version: r.int(), treeDigest: r.long() };

export function writeDigest(w: Writer, digest: TxnDigest): void {
  w.int(digest.version);
  w.long(digest.treeDigest);
}
