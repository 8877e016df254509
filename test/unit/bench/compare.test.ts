// Two servers in turn, and what the rounds say about them.
import { describe, expect, it } from 'vitest';
import { alternate, median, ratiosOf } from '../../../src/bench/compare.ts';
import type { Latency, Measured } from '../../../src/bench/recorder.ts';

const latency = (us: number): Latency => {
  return { count: 1, mean: us, p50: us, p95: us, p99: us * 2, p999: us * 3, max: us * 4 };
};
const measured = (opsPerSecond: number, us: number): Measured => ({
  operations: opsPerSecond,
  seconds: 1,
  opsPerSecond,
  latencyUs: latency(us),
  byKindUs: {},
  clientCpuUsPerOp: 1,
});

describe('a comparison', () => {
  it('runs A B, then B A, so that neither always comes first', async () => {
    const order: string[] = [];
    const rounds = await alternate(3, async (side, round) => {
      order.push(`${'AB'[side]}${round}`);
      return measured(side === 0 ? 200 : 100, round);
    });
    expect(order).toEqual(['A0', 'B0', 'B1', 'A1', 'A2', 'B2']);
    expect(rounds.map(([a, b]) => a.opsPerSecond / b.opsPerSecond)).toEqual([2, 2, 2]);
  });

  it('gives the median of the rounds with the least and the greatest', () => {
    const rounds = [2, 8, 4].map((factor): [Measured, Measured] => [
      measured(100 * factor, 10),
      measured(100, 10 * factor),
    ]);
    expect(ratiosOf(rounds).throughput).toEqual({ median: 4, min: 2, max: 8 });
    expect(ratiosOf(rounds).p50).toEqual({ median: 0.25, min: 0.125, max: 0.5 });
  });

  it('takes the middle of two as their median', () => {
    expect(median([4, 1])).toBe(2.5);
    expect(median([9, 1, 5])).toBe(5);
  });
});
