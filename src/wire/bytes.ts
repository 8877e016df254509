// Reader and Writer of jute's primitives: int, long, boolean, ustring, buffer, vector count.
// DataView and not Buffer's own methods: a 64-bit field costs 7 ns through it and 27 through Buffer.

/** The bytes are not what they should be; thrown for hostile or damaged input only. */
export class WireError extends Error {
  override name = 'WireError';
}

const EMPTY: Buffer = Buffer.alloc(0);

/** Reads jute primitives from a slice of a buffer; can be pointed at another slice again and again. */
export class Reader {
  buffer: Buffer;
  position: number;
  end: number;
  #view: DataView;

  constructor(buffer: Buffer = EMPTY, start = 0, end = buffer.length) {
    this.buffer = buffer;
    this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    this.position = start;
    this.end = end;
  }

  /** Points this reader at `buffer[start, end)`; the view is made anew only for another buffer. */
  reset(buffer: Buffer, start = 0, end = buffer.length): this {
    if (buffer !== this.buffer) {
      this.buffer = buffer;
      this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    }
    this.position = start;
    this.end = end;
    return this;
  }

  get remaining(): number {
    return this.end - this.position;
  }

  #take(length: number): number {
    const at = this.position;
    if (length > this.end - at)
      throw new WireError(`${length} bytes wanted, ${this.end - at} left`);
    this.position = at + length;
    return at;
  }

  byte(): number {
    return this.#view.getUint8(this.#take(1));
  }

  boolean(): boolean {
    return this.byte() !== 0;
  }

  int(): number {
    return this.#view.getInt32(this.#take(4));
  }

  long(): bigint {
    return this.#view.getBigInt64(this.#take(8));
  }

  /** A long that holds a time or another value below 2^53 in magnitude. */
  longAsNumber(): number {
    const at = this.#take(8);
    return this.#view.getInt32(at) * 4294967296 + this.#view.getUint32(at + 4);
  }

  /** Bytes of a jute buffer as a view on the input (copy what you keep); null for length -1. */
  bytes(): Buffer | null {
    const length = this.int();
    if (length === -1) return null;
    if (length < 0) throw new WireError(`length ${length}`);
    const at = this.#take(length);
    return this.buffer.subarray(at, at + length);
  }

  string(): string | null {
    const length = this.int();
    if (length === -1) return null;
    if (length < 0) throw new WireError(`length ${length}`);
    const at = this.#take(length);
    return this.buffer.toString('utf8', at, at + length);
  }

  /**
   * Count of a vector; -1 is null in jute, less is empty (as Java's readers take it). Refused when it cannot fit in what is left, so that
   * no count from the wire ever sizes an allocation (each element takes at least one byte).
   */
  count(): number {
    const count = this.int();
    if (count > this.end - this.position) throw new WireError(`count ${count}`);
    return count < -1 ? 0 : count;
  }
}

const INITIAL = 1024;
/** Up to here a string is written by hand: the call into Node's own code costs more. */
const SHORT = 32;
const KEPT = 64 * 1024;
const NO_VIEW = new DataView(new ArrayBuffer(0));

/** Writes jute primitives into one growing buffer. */
export class Writer {
  #buffer: Buffer;
  #view: DataView;
  #length = 0;
  readonly #keep: number;

  /** @param keep bytes of memory that `reset` leaves to the next use */
  constructor(size = INITIAL, keep = KEPT) {
    this.#keep = keep;
    this.#buffer = Buffer.allocUnsafeSlow(size);
    this.#view = new DataView(this.#buffer.buffer, this.#buffer.byteOffset, size);
  }

  get length(): number {
    return this.#length;
  }

  /** What has been written, as a view: valid until the next write or reset. */
  view(start = 0): Buffer {
    return this.#buffer.subarray(start, this.#length);
  }

  /** A copy of what has been written from `start` on. */
  copy(start = 0): Buffer {
    return Buffer.from(this.view(start));
  }

  /** Hands out the written bytes for good and starts over with a fresh buffer. */
  take(): Buffer {
    const taken = this.view();
    this.#buffer = EMPTY;
    // Else the view would keep the memory that was given away.
    this.#view = NO_VIEW;
    this.#length = 0;
    return taken;
  }

  /** Forgets what was written after `length`; a buffer that has become large is given back. */
  reset(length = 0): this {
    this.#length = length;
    if (length === 0 && this.#buffer.length > this.#keep) this.#adopt(INITIAL);
    return this;
  }

  #room(extra: number): number {
    const at = this.#length;
    const needed = at + extra;
    if (needed > this.#buffer.length) this.#grow(needed);
    this.#length = needed;
    return at;
  }

  #grow(needed: number): void {
    let size = Math.max(this.#buffer.length * 2, INITIAL);
    while (size < needed) size *= 2;
    const before = this.#buffer;
    this.#adopt(size);
    before.copy(this.#buffer, 0, 0, this.#length);
  }

  #adopt(size: number): void {
    this.#buffer = Buffer.allocUnsafeSlow(size);
    this.#view = new DataView(this.#buffer.buffer, 0, size);
  }

  byte(value: number): void {
    const at = this.#room(1);
    this.#view.setUint8(at, value);
  }

  boolean(value: boolean): void {
    this.byte(value ? 1 : 0);
  }

  int(value: number): void {
    const at = this.#room(4);
    this.#view.setInt32(at, value);
  }

  long(value: bigint): void {
    const at = this.#room(8);
    this.#view.setBigInt64(at, value);
  }

  longFromNumber(value: number): void {
    const at = this.#room(8);
    const high = Math.floor(value / 4294967296);
    this.#view.setInt32(at, high);
    this.#view.setUint32(at + 4, value - high * 4294967296);
  }

  bytes(value: Uint8Array | null): void {
    if (value === null) {
      this.int(-1);
      return;
    }
    const at = this.#room(4 + value.length);
    this.#view.setInt32(at, value.length);
    this.#buffer.set(value, at + 4);
  }

  /** Bytes as they are, without a length. */
  raw(value: Uint8Array): void {
    const at = this.#room(value.length);
    this.#buffer.set(value, at);
  }

  /** @param above bytes of the string, in UTF-8, that come before `value` */
  string(value: string | null, above: Uint8Array = EMPTY): void {
    if (value === null) {
      this.int(-1);
      return;
    }
    // Room for the longest encoding, so that the string is scanned once, not measured first.
    const at = this.#room(4 + above.length + value.length * 3);
    if (above.length > 0) this.#buffer.set(above, at + 4);
    const start = at + 4 + above.length;
    let end = start + value.length;
    if (value.length > SHORT || !this.#ascii(value, start)) {
      end = start + this.#buffer.write(value, start, 'utf8');
    }
    this.#view.setInt32(at, end - at - 4);
    this.#length = end;
  }

  /** Writes a string of ASCII; false when it is none. */
  #ascii(value: string, start: number): boolean {
    const buffer = this.#buffer;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code > 127) return false;
      buffer[start + i] = code;
    }
    return true;
  }

  /** Opens a length-prefixed frame; pass the result to `endFrame`. */
  beginFrame(): number {
    return this.#room(4);
  }

  endFrame(start: number): void {
    this.#view.setInt32(start, this.#length - start - 4);
  }

  /** Overwrites an int written earlier. */
  patchInt(at: number, value: number): void {
    this.#view.setInt32(at, value);
  }
}
