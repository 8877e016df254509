// Rounds of pings by which a leader learns that a quorum still follows it, for `sync`.

/**
 * One round at a time: what is asked while it runs waits for the next, so that no number of
 * requests costs more than one ping per follower and round trip.
 */
export class Confirmations {
  #inRound: number[] = [];
  #waiting: number[] = [];

  get isRunning(): boolean {
    return this.#inRound.length > 0;
  }

  ask(token: number): void {
    this.#waiting.push(token);
  }

  /** Starts a round if one is wanted and none runs. */
  begin(): boolean {
    if (this.isRunning || this.#waiting.length === 0) return false;
    this.#inRound = this.#waiting;
    this.#waiting = [];
    return true;
  }

  /** A quorum has answered: the tokens of the round. */
  end(): number[] {
    const tokens = this.#inRound;
    this.#inRound = [];
    return tokens;
  }
}
