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

  isDue(zxid: Zxid): boolean {
    return BigInt.asUintN(INTERVAL_BITS, zxid) === 0n;
  }

  add(zxid: Zxid, digest: bigint): void {
    this.#entries.push({ zxid, digest });
    if (this.#entries.length > LIMIT) this.#entries.shift();
  }

  /** Oldest first. */
  get entries(): readonly DigestAt[] {
    return this.#entries;
  }
}
