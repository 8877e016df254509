// Ensembles of real replicas in virtual time: on every seed every promise holds, and what is healed lives.
import { describe, expect, test } from 'vitest';
import { Counts } from './counts.ts';
import { RARE } from './rare.ts';
import { runSeed } from './run.ts';

/** Always the same ones; together 12 hours of virtual time. */
const FIXED_SEEDS = 150;
/** And these with a membership that changes; those behind the first 20 have found something. */
const CHANGING_SEEDS = [
  ...Array.from({ length: 20 }, (_, i) => i + 1),
  ...[30, 94, 118, 163, 175, 282_806_052],
];
/** Seconds of seeds that nobody has run before; the failing one is named. */
const FRESH_SECONDS = Number(process.env.ZK_SIM_FRESH ?? 0);

const failureOf = (seed: number, reconfig = false, counts = new Counts()): string | null => {
  const { error, world } = runSeed(seed, { reconfig });
  counts.addAll(world.counts);
  const flag = reconfig ? ' --reconfig' : '';
  return error === null
    ? null
    : `seed ${seed}: ${error.stack} (npm run sim -- --seed ${seed}${flag} --trace)`;
};

describe('an ensemble under faults', () => {
  test(`keeps every promise on ${FIXED_SEEDS} seeds, and comes to what is rare`, {
    timeout: 600_000,
  }, () => {
    const counts = new Counts();
    for (let seed = 1; seed <= FIXED_SEEDS; seed++)
      expect(failureOf(seed, false, counts)).toBeNull();
    // Each of them is what a checker must see, or what a fault must lead to.
    expect(RARE.filter((name) => counts.of(name) === 0)).toEqual([]);
  });

  test('keeps every promise while its membership changes', { timeout: 600_000 }, () => {
    for (const seed of CHANGING_SEEDS) expect(failureOf(seed, true)).toBeNull();
  });

  test('runs the same way every time with the same seed', { timeout: 60_000 }, () => {
    for (let seed = 500; seed < 506; seed++) {
      const reconfig = seed % 3 === 0;
      const first = runSeed(seed, { reconfig }).result;
      const second = runSeed(seed, { reconfig }).result;
      expect(first).not.toBeNull();
      expect(second).toEqual(first);
    }
    expect(runSeed(500).result?.hash).not.toBe(runSeed(501).result?.hash);
  });

  test.runIf(FRESH_SECONDS > 0)(
    `keeps every promise on fresh seeds for ${FRESH_SECONDS} s`,
    { timeout: FRESH_SECONDS * 2000 + 60_000 },
    () => {
      const until = performance.now() + FRESH_SECONDS * 1000;
      let seed = Date.now() % 1_000_000_000;
      while (performance.now() < until) {
        expect(failureOf(seed, seed % 4 === 0)).toBeNull();
        seed++;
      }
    },
  );
});
