// Hands results and events to the program in the order in which the server wrote them.

type Delivery = { readonly settles: boolean; readonly run: () => void };

/** Throws where nobody of ours can catch it: a broken listener is the program's fault, as with EventTarget. */
function report(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

/**
 * Results settle promises, whose continuations run later; events are plain calls. Without care an event
 * would overtake the results before it, so an event that follows a result waits until its promises have run.
 */
export class Deliveries {
  readonly #afterPromises: (run: () => void) => void;
  #queue: Delivery[] = [];
  #isRunning = false;
  #isWaiting = false;
  #hasSettled = false;

  constructor(afterPromises: (run: () => void) => void) {
    this.#afterPromises = afterPromises;
  }

  /** `run` settles a promise. */
  settle(run: () => void): void {
    this.#add({ settles: true, run });
  }

  /** `run` calls listeners or watchers. */
  tell(run: () => void): void {
    this.#add({ settles: false, run });
  }

  #add(delivery: Delivery): void {
    this.#queue.push(delivery);
    if (!this.#isRunning && !this.#isWaiting) this.#work();
  }

  #work(): void {
    this.#isRunning = true;
    let done = 0;
    // The queue may grow under the loop: what a listener causes comes after what is already there.
    for (const delivery of this.#queue) {
      if (!delivery.settles && this.#hasSettled) break;
      done++;
      if (delivery.settles) this.#hasSettled = true;
      try {
        delivery.run();
      } catch (error) {
        report(error);
      }
    }
    this.#queue = this.#queue.slice(done);
    this.#isRunning = false;
    if (this.#queue.length > 0) this.#wait();
  }

  #wait(): void {
    this.#isWaiting = true;
    this.#afterPromises(() => {
      this.#isWaiting = false;
      this.#hasSettled = false;
      this.#work();
    });
  }
}
