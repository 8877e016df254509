// When a server that looks for a leader says again how it votes.

/** Intervals between two notifications, in ms. */
export interface Intervals {
  readonly shortest: number;
  readonly longest: number;
}

/** Apache goes up to 60 s, and then one lost notification costs up to a minute. */
const LONGEST = 1_000;

/** Back-off from 200 ms to 1 s, each interval shortened by chance by up to a fifth. */
export class Resending {
  readonly #chance: () => number;
  readonly #shortest: number;
  readonly #longest: number;
  #interval: number;
  #at = Number.POSITIVE_INFINITY;
  #sentAt = 0;

  /**
   * @param chance in [0, 1)
   * @param intervals the longest is 1 s, whatever is asked for
   */
  constructor(chance: () => number, intervals: Intervals = { shortest: 200, longest: LONGEST }) {
    this.#chance = chance;
    this.#longest = Math.min(intervals.longest, LONGEST);
    this.#shortest = Math.min(intervals.shortest, this.#longest);
    this.#interval = this.#shortest;
  }

  get at(): number {
    return this.#at;
  }

  /** Others have been silent for so long that the interval does not grow any more. */
  get isSlow(): boolean {
    return this.#interval === this.#longest;
  }

  /** Returns how long the interval was that has ended. */
  backOff(): number {
    const ended = this.#interval;
    this.#interval = Math.min(2 * ended, this.#longest);
    return ended;
  }

  sent(now: number): void {
    this.#sentAt = now;
    this.#schedule();
  }

  /** There is news to ask for: starts again with the shortest interval. */
  hurry(): void {
    this.#interval = this.#shortest;
    this.#schedule();
  }

  #schedule(): void {
    this.#at = this.#sentAt + Math.round(this.#interval * (1 - this.#chance() / 5));
  }
}
