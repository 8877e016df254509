// When a server that looks for a leader says again how it votes.

const FIRST = 200;
/** Apache goes up to 60 s, and then one lost notification costs up to a minute. */
const LONGEST = 1_000;

/** Back-off from 200 ms to 1 s, each interval shortened by chance by up to a fifth. */
export class Resending {
  readonly #chance: () => number;
  #interval = FIRST;
  #at = Number.POSITIVE_INFINITY;
  #sentAt = 0;

  /** @param chance in [0, 1) */
  constructor(chance: () => number) {
    this.#chance = chance;
  }

  get at(): number {
    return this.#at;
  }

  /** Returns how long the interval was that has ended. */
  backOff(): number {
    const ended = this.#interval;
    this.#interval = Math.min(2 * ended, LONGEST);
    return ended;
  }

  sent(now: number): void {
    this.#sentAt = now;
    this.#schedule();
  }

  /** There is news to ask for: starts again with the shortest interval. */
  hurry(): void {
    this.#interval = FIRST;
    this.#schedule();
  }

  #schedule(): void {
    this.#at = this.#sentAt + Math.round(this.#interval * (1 - this.#chance() / 5));
  }
}
