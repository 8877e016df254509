// When a vote is said again: the intervals double, within what the configuration allows.
import { expect, it } from 'vitest';
import { Resending } from '../../../src/consensus/resending.ts';

/** The first intervals of a server that hears nothing. */
function intervals(resending: Resending): number[] {
  const found: number[] = [];
  for (let now = 0; found.length < 5; now = resending.at) {
    resending.sent(now);
    found.push(resending.at - now);
    resending.backOff();
  }
  return found;
}

it('doubles from 200 ms to one second', () => {
  expect(intervals(new Resending(() => 0))).toEqual([200, 400, 800, 1000, 1000]);
});

it('keeps to other bounds, as far as they are within a second', () => {
  const of = (shortest: number, longest: number) =>
    intervals(new Resending(() => 0, { shortest, longest }));
  expect(of(50, 150)).toEqual([50, 100, 150, 150, 150]);
  expect(of(400, 60_000)).toEqual([400, 800, 1000, 1000, 1000]);
  expect(of(5000, 60_000)).toEqual(Array(5).fill(1000));
});

it('is up to a fifth earlier by chance', () => {
  expect(intervals(new Resending(() => 0.5))).toEqual([180, 360, 720, 900, 900]);
});
