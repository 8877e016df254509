// The znodes that a benchmark works on: their paths, their data, and whether an answer is one of them.
import type { Writer } from '../wire/bytes.ts';

const KEY_BYTES = 4;

/** Paths are kept as they go on the wire, so that a request costs a copy and no encoding. */
export class Keys {
  readonly count: number;
  readonly #root: string;
  readonly #encoded: (Buffer | undefined)[];
  readonly #data: Buffer;

  constructor(root: string, count: number, size: number) {
    this.#root = root;
    this.count = count;
    this.#encoded = new Array<Buffer | undefined>(count);
    // Text, so that people who look at a znode see what it is.
    this.#data = Buffer.alloc(size, 'zk bench ');
  }

  path(key: number): string {
    return `${this.#root}/${key}`;
  }

  /** The path as a jute string. */
  writePath(out: Writer, key: number): void {
    let encoded = this.#encoded[key];
    if (encoded === undefined) {
      const text = Buffer.from(this.path(key));
      encoded = Buffer.alloc(4 + text.length);
      encoded.writeInt32BE(text.length);
      text.copy(encoded, 4);
      this.#encoded[key] = encoded;
    }
    out.raw(encoded);
  }

  /** The data of a key begins with its number where it is long enough; valid until the next call. */
  data(key: number): Buffer {
    if (this.#data.length >= KEY_BYTES) this.#data.writeUInt32BE(key);
    return this.#data;
  }

  /** Null, or what is wrong with data that was read. */
  fault(key: number, data: Buffer | null): string | null {
    const length = data?.length ?? 0;
    if (length !== this.#data.length) return `${length} bytes in ${this.path(key)}`;
    if (data === null || length < KEY_BYTES) return null;
    const found = data.readUInt32BE();
    return found === key ? null : `data of key ${found} in ${this.path(key)}`;
  }
}
