// Keeps the digest of each znode, and the sum of them all, up to date.
import { DigestSum, digestOf, isOutsideDigest } from './digest.ts';
import type { Previewed, Znode } from './znode.ts';

export class TreeDigest {
  readonly sum = new DigestSum();
  readonly #isOn: boolean;

  constructor(isOn: boolean) {
    this.#isOn = isOn;
  }

  /** After a change of the data, or for a new znode. */
  dataChanged(path: string, node: Znode, preview?: Previewed): void {
    if (!this.#isOn || isOutsideDigest(path)) return;
    node.contentCrc = preview === undefined ? node.crcWith(path) : preview.contentCrc;
    this.#refresh(node, preview);
  }

  /** After a change of anything else. */
  statChanged(path: string, node: Znode, preview?: Previewed | null): void {
    if (this.#isOn && !isOutsideDigest(path)) this.#refresh(node, preview);
  }

  #refresh(node: Znode, preview?: Previewed | null): void {
    const before = node.digest;
    const isKnown = preview !== undefined && preview !== null && isEqual(node, preview);
    node.digest = isKnown ? preview.digest : digestOf(node.contentCrc, node);
    this.sum.replace(before, node.digest);
  }
}

/** Whether the two have the same digest: to compare costs a third of summing up. */
const isEqual = (node: Znode, preview: Previewed): boolean =>
  node.contentCrc === preview.contentCrc &&
  node.version === preview.version &&
  node.cversion === preview.cversion &&
  node.aversion === preview.aversion &&
  node.mtime === preview.mtime &&
  node.ctime === preview.ctime &&
  node.mzxid === preview.mzxid &&
  node.czxid === preview.czxid &&
  node.pzxid === preview.pzxid &&
  node.ephemeralOwner === preview.ephemeralOwner;
