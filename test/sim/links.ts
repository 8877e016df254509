// Connections in virtual time: each direction delivers in order, waits while it is cut, and may end
// with its tail lost.
import type { Random } from './random.ts';
import type { Timers } from './timers.ts';

/** One direction of a connection. */
export class Pipe<T> {
  readonly #timers: Timers;
  readonly #random: Random;
  readonly #delay: () => number;
  readonly #deliver: (item: T) => void;
  readonly #queue: { at: number; item: T }[] = [];
  #isSet = false;
  #isClosed = false;
  #last = 0;
  /** Nothing passes while it is true; `kick` when that changes. */
  readonly #isBlocked: () => boolean;

  constructor(
    timers: Timers,
    random: Random,
    options: {
      readonly delay: () => number;
      readonly isBlocked: () => boolean;
      readonly deliver: (item: T) => void;
    },
  ) {
    this.#timers = timers;
    this.#random = random;
    this.#delay = options.delay;
    this.#isBlocked = options.isBlocked;
    this.#deliver = options.deliver;
  }

  send(item: T): void {
    if (this.#isClosed) return;
    const at = Math.max(this.#last, this.#timers.now + this.#delay());
    this.#last = at;
    this.#queue.push({ at, item });
    this.kick();
  }

  /** Of what is under way any beginning still arrives. */
  loseTail(): void {
    this.#queue.length = this.#random.int(0, this.#queue.length);
  }

  close(): void {
    this.#isClosed = true;
    this.#queue.length = 0;
  }

  /** Looks again whether the next item may pass. */
  kick(): void {
    const [head] = this.#queue;
    if (this.#isSet || this.#isClosed || head === undefined || this.#isBlocked()) return;
    this.#isSet = true;
    this.#timers.at(head.at, () => {
      this.#isSet = false;
      if (this.#isClosed) return;
      if (!this.#isBlocked()) {
        const next = this.#queue.shift();
        if (next !== undefined) this.#deliver(next.item);
      }
      this.kick();
    });
  }
}
