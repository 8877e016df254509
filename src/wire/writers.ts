// Writers for answers, lent while there is something to send: ten thousand idle clients need none.
import { Writer } from './bytes.ts';

/** Bytes that a writer begins with, and up to which it keeps what it has grown to. */
const SIZE = 256;
const KEPT = 16 * 1024;
/** Writers kept for the next: as many as one change may wake in a turn. */
const MOST = 1024;

export class Writers {
  readonly #free: Writer[] = [];

  /** An empty writer. Whoever never gives it back costs memory once, no more. */
  take(): Writer {
    return this.#free.pop() ?? new Writer(SIZE, KEPT);
  }

  /** What has been written is void from here on. */
  give(writer: Writer): void {
    if (this.#free.length < MOST) this.#free.push(writer.reset());
  }
}
