// Decides when the next request goes out: as soon as there is room, or at a fixed rate.
import type { Connection, Work } from './connection.ts';

/** Later than this the timer is not to blame: the wait counts as the server's. */
const TIMER_LATENESS_MS = 1.5;

export interface Lane {
  readonly connection: Connection;
  readonly work: Work;
}

/** Closed loop: every answer makes room for the next request. */
function fill({ connection, work }: Lane): void {
  const now = performance.now();
  while (connection.hasRoom) connection.send(work, now);
}

export class Pacer {
  readonly #lanes: readonly Lane[];
  readonly #rate: number | null;
  #isStopped = false;
  #begunAt = 0;
  #issued = 0;
  #turn = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(lanes: readonly Lane[], rate: number | null) {
    this.#lanes = lanes;
    this.#rate = rate;
  }

  start(): void {
    this.#begunAt = performance.now();
    if (this.#rate === null) for (const lane of this.#lanes) fill(lane);
    else this.#timer = setInterval(() => this.#issueDue(performance.now()), 1);
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /** An answer came on this lane at `now`. */
  answered({ connection, work }: Lane, now: number): void {
    if (this.#isStopped) return;
    if (this.#rate === null) connection.send(work, now);
    else this.#issueDue(now);
  }

  /** A request is timed from when it was due, so that a stall counts against all that it held up. */
  #issueDue(now: number): void {
    if (this.#rate === null) return;
    for (;;) {
      const due = this.#begunAt + (this.#issued / this.#rate) * 1000;
      if (due > now) return;
      const lane = this.#laneWithRoom();
      if (lane === null) return;
      this.#issued++;
      lane.connection.send(lane.work, now - due <= TIMER_LATENESS_MS ? now : due);
    }
  }

  #laneWithRoom(): Lane | null {
    for (let tried = 0; tried < this.#lanes.length; tried++) {
      this.#turn = (this.#turn + 1) % this.#lanes.length;
      const lane = this.#lanes[this.#turn];
      if (lane?.connection.hasRoom) return lane;
    }
    return null;
  }
}
