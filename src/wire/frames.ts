// Finds length-prefixed frames in the chunks of a socket, without copying what arrives whole.
import type { Reader } from './bytes.ts';

/** The default of jute.maxbuffer, in bytes: a server closes the connection on a larger request. */
export const DEFAULT_MAX_BUFFER = 0xfffff;

export const FrameResult = { none: 0, frame: 1, bad: 2 } as const;
export type FrameResult = (typeof FrameResult)[keyof typeof FrameResult];

const EMPTY: Buffer = Buffer.alloc(0);
/** First allocation for a frame that comes in pieces; it then grows only with what has arrived. */
const FIRST_PIECE = 4096;

/**
 * Splits a byte stream into frames of at most `maxLength` bytes.
 * Use: `push(chunk)`, then `next(reader)` until it is `none`, then `keep()`. Whoever stops before
 * that may go on with `next` later, as long as the chunk's memory is not used for something else.
 */
export class Frames {
  readonly maxLength: number;
  /** Length of the frame that made `next` say `bad`. */
  badLength = 0;
  #chunk = EMPTY;
  #at = 0;
  #isLent = false;
  /** A frame whose beginning came in an earlier chunk: its bytes so far, and how many there are. */
  #partial = EMPTY;
  #partialLength = 0;

  constructor(maxLength: number) {
    this.maxLength = maxLength;
  }

  /** Bytes held for a frame that is not complete yet. */
  get held(): number {
    return this.#partialLength;
  }

  /** @param isLent the chunk's memory is for something else when this turn is over: see `own` */
  push(chunk: Buffer, isLent = false): void {
    const left = this.#chunk.length - this.#at;
    this.#chunk = left === 0 ? chunk : Buffer.concat([this.#chunk.subarray(this.#at), chunk]);
    this.#isLent = isLent && left === 0;
    this.#at = 0;
  }

  /**
   * Copies a lent chunk from where `reader` stands in it, and points the reader at the copy: the
   * bytes of its frame, and of those behind it, may then be kept.
   */
  own(reader: Reader): void {
    if (!this.#isLent || reader.buffer !== this.#chunk) return;
    const from = reader.position;
    const end = reader.end - from;
    this.#copyFrom(from);
    reader.reset(this.#chunk, 0, end);
  }

  /** Copies what is unread of a lent chunk: for who stops halfway and goes on in another turn. */
  hold(): void {
    if (this.#isLent) this.#copyFrom(this.#at);
  }

  #copyFrom(from: number): void {
    this.#chunk = Buffer.from(this.#chunk.subarray(from));
    this.#at -= from;
    this.#isLent = false;
  }

  /** Bytes pushed that `next` has not looked at yet: a reader that stopped halfway goes on later. */
  get unread(): number {
    return this.#chunk.length - this.#at;
  }

  /** Points `reader` at the body of the next whole frame (valid until the next push). */
  next(reader: Reader): FrameResult {
    if (this.#partialLength > 0) return this.#nextFromPartial(reader);
    const left = this.#chunk.length - this.#at;
    if (left < 4) return FrameResult.none;
    const length = reader.reset(this.#chunk, this.#at).int();
    if (this.#isBad(length)) return FrameResult.bad;
    if (left < 4 + length) return FrameResult.none;
    reader.reset(this.#chunk, this.#at + 4, this.#at + 4 + length);
    this.#at += 4 + length;
    return FrameResult.frame;
  }

  /** Copies what is left of the chunk, so that its memory may be used again. */
  keep(): void {
    const left = this.#chunk.length - this.#at;
    if (left > 0) this.#append(left, Math.max(left, FIRST_PIECE));
    this.#chunk = EMPTY;
    this.#at = 0;
  }

  #isBad(length: number): boolean {
    this.badLength = length;
    return length < 0 || length > this.maxLength;
  }

  #nextFromPartial(reader: Reader): FrameResult {
    if (!this.#fill(4)) return FrameResult.none;
    const length = reader.reset(this.#partial, 0, 4).int();
    if (this.#isBad(length)) return FrameResult.bad;
    if (!this.#fill(4 + length)) return FrameResult.none;
    reader.reset(this.#partial, 4, 4 + length);
    // The frame's bytes stay where they are for the caller; a later piece gets a new buffer.
    this.#partial = EMPTY;
    this.#partialLength = 0;
    return FrameResult.frame;
  }

  /** Moves bytes of the chunk over until `wanted` are held; false when the chunk ran out. */
  #fill(wanted: number): boolean {
    const missing = wanted - this.#partialLength;
    const taken = Math.min(missing, this.#chunk.length - this.#at);
    if (taken > 0) this.#append(taken, Math.min(wanted, this.#partialLength * 2 + taken));
    return taken >= missing;
  }

  #append(count: number, capacity: number): void {
    const needed = this.#partialLength + count;
    if (needed > this.#partial.length) {
      const bigger = Buffer.allocUnsafeSlow(Math.max(needed, capacity));
      this.#partial.copy(bigger, 0, 0, this.#partialLength);
      this.#partial = bigger;
    }
    this.#chunk.copy(this.#partial, this.#partialLength, this.#at, this.#at + count);
    this.#partialLength = needed;
    this.#at += count;
  }
}
