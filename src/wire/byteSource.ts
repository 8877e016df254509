// Reads stored bytes piece by piece, wherever they are kept: a file, a simulated disk, a buffer.

/** Bytes at rest. `read` fills `target` from `position` on and returns how many bytes it got. */
export interface ByteSource {
  readonly size: number;
  read(target: Uint8Array, position: number): number;
}

/** Bytes in memory as a source. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read(target, position) {
      const part = bytes.subarray(position, position + target.length);
      target.set(part);
      return part.length;
    },
  };
}

const WINDOW = 1 << 20;

/** A window of a source that moves forward; grows only when one item does not fit. */
export class SourceWindow {
  readonly source: ByteSource;
  buffer: Buffer;
  /** Position in the source of the first byte in `buffer`. */
  #base = 0;
  #filled = 0;
  readonly #size: number;

  constructor(source: ByteSource, size = WINDOW) {
    this.source = source;
    this.#size = size;
    this.buffer = Buffer.allocUnsafeSlow(Math.max(64, Math.min(size, source.size)));
  }

  /**
   * The index in `buffer` of the byte at `position`, with `length` bytes there; -1 when the
   * source ends before. Valid until the next call.
   */
  at(position: number, length: number): number {
    const index = position - this.#base;
    if (index >= 0 && index + length <= this.#filled) return index;
    if (position + length > this.source.size) return -1;
    this.#load(position, length);
    return this.#filled >= length ? 0 : -1;
  }

  #load(position: number, length: number): void {
    const index = position - this.#base;
    let kept = 0;
    const previous = this.buffer;
    if (length > previous.length) {
      this.buffer = Buffer.allocUnsafeSlow(Math.min(this.source.size, length + this.#size));
    }
    if (index >= 0 && index < this.#filled) {
      kept = this.#filled - index;
      previous.copy(this.buffer, 0, index, this.#filled);
    }
    this.#base = position;
    this.#filled = kept;
    while (this.#filled < this.buffer.length) {
      const free = this.buffer.subarray(this.#filled);
      const got = this.source.read(free, position + this.#filled);
      if (got === 0) break;
      this.#filled += got;
    }
  }
}
