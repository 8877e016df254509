// Two servers in turn in one run, A B, B A, A B: the ratios of neighbours are free of a machine's drift.
import type { Measured } from './recorder.ts';

/** One round: what A and what B measured. */
export type Round = readonly [Measured, Measured];

/** A divided by B over the rounds. */
export interface Ratio {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Above 1, A is faster in `throughput`; below 1, A is better in all others. */
export interface Ratios {
  readonly throughput: Ratio;
  readonly p50: Ratio;
  readonly p99: Ratio;
  readonly p999: Ratio;
}

/** Runs A first in even rounds and B first in odd ones. */
export async function alternate(
  rounds: number,
  run: (side: 0 | 1, round: number) => Promise<Measured>,
): Promise<Round[]> {
  const all: Round[] = [];
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) {
      const a = await run(0, round);
      all.push([a, await run(1, round)]);
    } else {
      const b = await run(1, round);
      all.push([await run(0, round), b]);
    }
  }
  return all;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[sorted.length >> 1] ?? Number.NaN;
  const lower = sorted[(sorted.length - 1) >> 1] ?? Number.NaN;
  return (lower + upper) / 2;
}

function ratioOf(rounds: readonly Round[], of: (measured: Measured) => number): Ratio {
  const values = rounds.map(([a, b]) => of(a) / of(b));
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

export const ratiosOf = (rounds: readonly Round[]): Ratios => ({
  throughput: ratioOf(rounds, (measured) => measured.opsPerSecond),
  p50: ratioOf(rounds, (measured) => measured.latencyUs.p50),
  p99: ratioOf(rounds, (measured) => measured.latencyUs.p99),
  p999: ratioOf(rounds, (measured) => measured.latencyUs.p999),
});
