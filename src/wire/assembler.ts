// Puts together items without a length in front, out of the chunks of a stream of any size.
import type { Reader } from './bytes.ts';

const EMPTY: Buffer = Buffer.alloc(0);
/** How much is taken of a chunk at least when an item straddles two: so it is not measured often. */
const STEP = 4096;

/**
 * Length of the item at `start`, as far as the bytes up to `end` tell: more than there are when the
 * item is not whole. Throws WireError when no item begins like this.
 */
export type Measure = (buffer: Buffer, start: number, end: number) => number;

/**
 * Finds whole items; those that lie within a chunk are not copied.
 * Use: `push(chunk)`, then `next(measure, reader)` until it is false, then `keep()`.
 */
export class Assembler {
  #chunk = EMPTY;
  #at = 0;
  /** An item whose beginning came in an earlier chunk: its bytes so far, and how many there are. */
  #partial = EMPTY;
  #partialLength = 0;
  #taken = 0;

  /** Bytes of the items found so far. */
  get taken(): number {
    return this.#taken;
  }

  /** Bytes held for an item that is not whole yet. */
  get held(): number {
    return this.#partialLength;
  }

  push(chunk: Buffer): void {
    const left = this.#chunk.length - this.#at;
    this.#chunk = left === 0 ? chunk : Buffer.concat([this.#chunk.subarray(this.#at), chunk]);
    this.#at = 0;
  }

  /** Points `reader` at the next whole item, which is valid until the next push. */
  next(measure: Measure, reader: Reader): boolean {
    if (this.#partialLength > 0) return this.#nextFromPartial(measure, reader);
    const left = this.#chunk.length - this.#at;
    if (left === 0) return false;
    const length = measure(this.#chunk, this.#at, this.#chunk.length);
    if (length > left) return false;
    reader.reset(this.#chunk, this.#at, this.#at + length);
    this.#at += length;
    this.#taken += length;
    return true;
  }

  /** Copies what is left of the chunk, so that its memory may be used again. */
  keep(): void {
    const left = this.#chunk.length - this.#at;
    if (left > 0) this.#append(left);
    this.#chunk = EMPTY;
    this.#at = 0;
  }

  /** All bytes behind the last item, which this then forgets; a view on the chunk where possible. */
  rest(): Buffer {
    const rest = this.#chunk.subarray(this.#at);
    const partial = this.#partial.subarray(0, this.#partialLength);
    this.#chunk = EMPTY;
    this.#at = 0;
    this.#partial = EMPTY;
    this.#partialLength = 0;
    return partial.length === 0 ? rest : Buffer.concat([partial, rest]);
  }

  #nextFromPartial(measure: Measure, reader: Reader): boolean {
    let length = measure(this.#partial, 0, this.#partialLength);
    while (length > this.#partialLength) {
      const left = this.#chunk.length - this.#at;
      if (left === 0) return false;
      this.#append(Math.min(left, Math.max(length - this.#partialLength, STEP)));
      length = measure(this.#partial, 0, this.#partialLength);
    }
    // What was taken too much came with this chunk, as the item was not whole before it.
    this.#at -= this.#partialLength - length;
    reader.reset(this.#partial, 0, length);
    this.#taken += length;
    this.#partial = EMPTY;
    this.#partialLength = 0;
    return true;
  }

  #append(count: number): void {
    const needed = this.#partialLength + count;
    if (needed > this.#partial.length) {
      const bigger = Buffer.allocUnsafeSlow(Math.max(needed, this.#partial.length * 2, STEP));
      this.#partial.copy(bigger, 0, 0, this.#partialLength);
      this.#partial = bigger;
    }
    this.#chunk.copy(this.#partial, this.#partialLength, this.#at, this.#at + count);
    this.#partialLength = needed;
    this.#at += count;
  }
}

/**
 * Measures a jute buffer or string at `at`: where it ends; `end + 1` or more when it is cut off.
 * Its length may be -1 (null) to `most`.
 */
export function endOfBytes(
  buffer: Buffer,
  at: number,
  end: number,
  most: number,
  refuse: (length: number) => never,
): number {
  if (at + 4 > end) return at + 4;
  const length = buffer.readInt32BE(at);
  if (length < -1 || length > most) refuse(length);
  return at + 4 + Math.max(0, length);
}
