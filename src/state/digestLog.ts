// Digests of the tree at every 128th zxid, by which two servers can be compared (Apache's digestLog).
import type { Zxid } from '../base/ids.ts';

const INTERVAL_BITS = 7;
const LIMIT = 1024;

export interface DigestAt {
  readonly zxid: Zxid;
  readonly digest: bigint;
}

export class DigestLog {
  readonly #entries: DigestAt[] = [];

  /** The tree after each zxid, in order; most are passed over. */
  pass(zxid: Zxid, digest: bigint): void {
    if (BigInt.asUintN(INTERVAL_BITS, zxid) !== 0n) return;
    this.#entries.push({ zxid, digest });
    if (this.#entries.length > LIMIT) this.#entries.shift();
  }

  /** Oldest first. */
  get entries(): readonly DigestAt[] {
    return this.#entries;
  }
}
