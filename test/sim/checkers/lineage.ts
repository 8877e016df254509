// Every transaction that was ever logged, and which one it was logged behind: two servers with the
// same zxid must have the same transaction there, and the same ones before it.
import { follows, hex0x, NO_ZXID, type Zxid } from '../../../src/base/ids.ts';
import { demand } from '../violation.ts';

export interface Entry {
  readonly zxid: Zxid;
  readonly prev: Entry | null;
  readonly index: number;
  readonly bytes: Buffer;
  isCommitted: boolean;
  /** Of the tree after it; null until a server has applied it. */
  digest: bigint | null;
}

export class Lineage {
  readonly #entries = new Map<Zxid, Entry>();
  readonly root: Entry;

  /** @param first the zxid that all servers start with */
  constructor(first: Zxid) {
    const bytes = Buffer.alloc(0);
    const isCommitted = true;
    this.root = { zxid: first, prev: null, index: 0, bytes, isCommitted, digest: null };
    this.#entries.set(first, this.root);
    // One that has lost everything.
    this.#entries.set(NO_ZXID, { ...this.root, zxid: NO_ZXID, index: -1 });
    if (first === NO_ZXID) this.#entries.set(first, this.root);
  }

  get(zxid: Zxid): Entry {
    const entry = this.#entries.get(zxid);
    demand(entry !== undefined, 'P3', () => `${hex0x(zxid)} was never proposed`);
    return entry as Entry;
  }

  has(zxid: Zxid): boolean {
    return this.#entries.has(zxid);
  }

  /** Logged behind `previous`. */
  add(zxid: Zxid, previous: Zxid, bytes: Buffer): Entry {
    const known = this.#entries.get(zxid);
    const prev = this.get(previous);
    if (known !== undefined) {
      demand(known.prev === prev, 'P2', () => {
        return `${hex0x(zxid)} behind ${hex0x(previous)}, elsewhere behind ${hex0x(known.prev?.zxid ?? NO_ZXID)}`;
      });
      demand(known.bytes.equals(bytes), 'P2', () => `two transactions ${hex0x(zxid)}`);
      return known;
    }
    demand(follows(previous, zxid), 'P14', () => `${hex0x(zxid)} behind ${hex0x(previous)}`);
    const entry: Entry = {
      zxid,
      prev,
      index: prev.index + 1,
      bytes: Buffer.from(bytes),
      isCommitted: false,
      digest: null,
    };
    this.#entries.set(zxid, entry);
    return entry;
  }

  /** Whether a history that ends with `end` contains `entry`. */
  contains(end: Entry, entry: Entry): boolean {
    let at: Entry | null = end;
    while (at !== null && at.index > entry.index) {
      // The committed ones are one line.
      if (at.isCommitted && entry.isCommitted) return true;
      at = at.prev;
    }
    return at === entry;
  }
}
