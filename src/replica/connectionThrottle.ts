// Which connect requests get through when too many come at once: a token bucket with random dropping.

export interface ConnectionThrottleRules {
  /** Size of the bucket, in connections; 0: everybody gets through. */
  readonly maxTokens: number;
  /** `fillCount` connections more every `fillTimeMs`. */
  readonly fillTimeMs: number;
  readonly fillCount: number;
  /** Time between changes of the dropping probability, in ms; -1: no random dropping. */
  readonly freezeTimeMs: number;
  readonly dropIncrease: number;
  readonly dropDecrease: number;
  /** The probability falls while no more than this part of the bucket is missing. */
  readonly decreaseRatio: number;
  /** What a new session and one that comes back cost, in tokens; null: each costs one. */
  readonly weights: { readonly fresh: number; readonly renewed: number } | null;
}

/**
 * Apache's BlueThrottle ("BLUE: A New Class of Active Queue Management Algorithms"). A bucket alone
 * favours whoever comes right after it was filled; dropping at random is fair to the others.
 */
export class ConnectionThrottle {
  readonly #rules: ConnectionThrottleRules;
  readonly #chance: () => number;
  readonly #size: number;
  #tokens: number;
  #filledAt: number;
  #changedAt: number;
  #drop = 0;

  /** @param chance a number in [0, 1), such as Math.random
   *  @param now monotonic ms */
  constructor(rules: ConnectionThrottleRules, chance: () => number, now: number) {
    this.#rules = rules;
    this.#chance = chance;
    this.#size = rules.maxTokens * (rules.weights?.fresh ?? 1);
    this.#tokens = this.#size;
    this.#filledAt = now;
    this.#changedAt = now;
  }

  /** Probability with which a request is dropped unseen. */
  get dropProbability(): number {
    return this.#drop;
  }

  /** Whether a connect request may pass; takes its tokens if so. */
  admits(isRenewal: boolean, now: number): boolean {
    if (this.#size === 0) return true;
    this.#fill(now);
    if (this.#rules.freezeTimeMs !== -1 && this.#isDropped(now)) return false;
    const { weights } = this.#rules;
    const cost = weights === null ? 1 : isRenewal ? weights.renewed : weights.fresh;
    if (this.#tokens < cost) return false;
    this.#tokens -= cost;
    return true;
  }

  #fill(now: number): void {
    const { fillTimeMs, fillCount, weights } = this.#rules;
    const elapsed = now - this.#filledAt;
    if (elapsed <= fillTimeMs) return;
    const count = fillCount * (weights?.fresh ?? 1);
    this.#tokens = Math.min(this.#tokens + Math.trunc((elapsed * count) / fillTimeMs), this.#size);
    this.#filledAt = now;
  }

  #isDropped(now: number): boolean {
    const { freezeTimeMs, dropIncrease, dropDecrease, decreaseRatio } = this.#rules;
    if (now - this.#changedAt > freezeTimeMs) {
      const missing = this.#size - this.#tokens;
      if (this.#tokens === 0) this.#drop = Math.min(this.#drop + dropIncrease, 1);
      else if (missing <= Math.round(this.#size * decreaseRatio)) {
        this.#drop = Math.max(this.#drop - dropDecrease, 0);
      }
      this.#changedAt = now;
    }
    return this.#chance() < this.#drop;
  }
}
