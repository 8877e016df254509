// What is to happen when: a heap ordered by virtual time, then by the order of asking.

export interface Timer {
  /** Virtual milliseconds. */
  readonly at: number;
  readonly order: number;
  run: () => void;
}

const NOTHING = (): void => {};

export class Timers {
  /** Virtual milliseconds since the run began. */
  now = 0;
  /** Timers that have run. */
  count = 0;
  #order = 0;
  readonly #heap: Timer[] = [];

  at(time: number, run: () => void): Timer {
    const timer: Timer = { at: Math.max(time, this.now), order: this.#order++, run };
    this.#push(timer);
    return timer;
  }

  after(delay: number, run: () => void): Timer {
    return this.at(this.now + delay, run);
  }

  cancel(timer: Timer): void {
    timer.run = NOTHING;
  }

  /** When the next is due; Infinity when there is none. */
  get next(): number {
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  /** Runs the next one; false when there is none. */
  step(): boolean {
    const timer = this.#pop();
    if (timer === undefined) return false;
    this.now = timer.at;
    if (timer.run !== NOTHING) {
      this.count++;
      timer.run();
    }
    return true;
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(timer);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Timer;
      if (!isBefore(timer, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = timer;
  }

  #pop(): Timer | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, heap[child] as Timer)) child++;
      const below = heap[child] as Timer;
      if (!isBefore(below, last)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

const isBefore = (a: Timer, b: Timer): boolean =>
  a.at < b.at || (a.at === b.at && a.order < b.order);
