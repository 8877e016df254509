// How long a leader has not heard a learner, whose clients are silent to it meanwhile.
import type { Timers } from './timers.ts';

/** For longer nobody asks. */
const KEPT_MS = 60_000;

export class Silence {
  readonly #timers: Timers;
  /** Null while this server leads: what its own clients say it hears itself. */
  #since: number | null = 0;
  /** Those of late, in ms, each shorter than the one before it, and when they ended. */
  #over: { readonly length: number; readonly endedAt: number }[] = [];

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** The leader has heard it. */
  end(): void {
    this.leads();
    this.#since = this.#timers.now;
  }

  /** It leads itself from now on. */
  leads(): void {
    if (this.#since === null) return;
    const { now: endedAt } = this.#timers;
    const length = endedAt - this.#since;
    this.#since = null;
    this.#over = this.#over.filter((one) => one.length > length && endedAt - one.endedAt < KEPT_MS);
    this.#over.push({ length, endedAt });
  }

  /** It leads no more. */
  begin(): void {
    this.#since ??= this.#timers.now;
  }

  /** Whether one of at least `length` ms has ended within the last `ms`, or goes on. */
  hasLasted(length: number, ms: number): boolean {
    const { now } = this.#timers;
    if (this.#since !== null && now - this.#since >= length) return true;
    return this.#over.some((one) => one.length >= length && now - one.endedAt <= ms);
  }
}
