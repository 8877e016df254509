// How long a leader has not heard a learner, whose clients are silent to it meanwhile.
import type { Timers } from './timers.ts';

export class Silence {
  readonly #timers: Timers;
  #since = 0;
  /** The longest one of late, in ms, and when it ended. */
  #longest = 0;
  #endedAt = 0;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** The leader has heard it. */
  end(): void {
    const { now } = this.#timers;
    const length = now - this.#since;
    this.#since = now;
    if (length < this.#longest && now - this.#endedAt < 60_000) return;
    this.#longest = length;
    this.#endedAt = now;
  }

  /** Whether one of at least `length` ms has ended within the last `ms`, or goes on. */
  hasLasted(length: number, ms: number): boolean {
    const { now } = this.#timers;
    if (now - this.#since >= length) return true;
    return this.#longest >= length && now - this.#endedAt <= ms;
  }
}
