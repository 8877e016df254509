// Stays awake for a moment when the next request is likely to follow at once.

/** A request this soon after the one before (ms) lets expect another. */
const BRISK_MS = 0.15;
/** How long it is awaited, in ms. */
const AWAKE_MS = 0.05;

/**
 * To put a CPU to sleep and to wake it takes longer than to answer (in a virtual machine some 30 us
 * to 10): a client that waits for each answer would spend its time on that. So while requests come
 * briskly the event loop polls a little longer before it sleeps, as the kernel's `haltpoll` does.
 */
export class Vigil {
  #last = Number.NEGATIVE_INFINITY;
  #until = 0;
  #isAwake = false;

  /** A request came at `now` (monotonic ms), and has been answered. */
  asked(now: number): void {
    const isBrisk = now - this.#last < BRISK_MS;
    this.#last = now;
    if (!isBrisk) return;
    this.#until = now + AWAKE_MS;
    if (this.#isAwake) return;
    this.#isAwake = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    this.#isAwake = performance.now() < this.#until;
    if (this.#isAwake) setImmediate(this.#turn);
  };
}
