// Reproducible chance (mulberry32).

export interface Chance {
  /** In [0, 1). */
  next(): number;
  below(n: number): number;
  /** True with probability `p`. */
  is(p: number): boolean;
  pick<T>(from: readonly T[]): T | undefined;
}

export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  return {
    next,
    below: (n) => Math.floor(next() * n),
    is: (p) => next() < p,
    pick: (from) => from[Math.floor(next() * from.length)],
  };
}
