// Keeps the digest of each znode, and the sum of them all, up to date.
import { DigestSum, digestOf, isOutsideDigest } from './digest.ts';
import type { Znode } from './znode.ts';

export class TreeDigest {
  readonly sum = new DigestSum();
  readonly #isOn: boolean;

  constructor(isOn: boolean) {
    this.#isOn = isOn;
  }

  /** After a change of the data, or for a new znode; `contentCrc` if it is known. */
  dataChanged(path: string, node: Znode, contentCrc?: number): void {
    if (!this.#isOn || isOutsideDigest(path)) return;
    node.contentCrc = contentCrc ?? node.crcWith(path);
    this.#refresh(node);
  }

  /** After a change of anything else. */
  statChanged(path: string, node: Znode): void {
    if (this.#isOn && !isOutsideDigest(path)) this.#refresh(node);
  }

  #refresh(node: Znode): void {
    const before = node.digest;
    node.digest = digestOf(node.contentCrc, node);
    this.sum.replace(before, node.digest);
  }
}
