// The event loop stays awake only while requests follow each other briskly.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Vigil } from '../../../src/server/vigil.ts';

let now = 0;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setImmediate'] });
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Asks at `at` ms; whether another turn of the loop is due. */
function ask(vigil: Vigil, at: number): boolean {
  now = at;
  vigil.asked(at);
  return vi.getTimerCount() > 0;
}

test('requests that come a millisecond apart leave the loop to sleep', () => {
  const vigil = new Vigil();
  expect([10, 11, 12, 13].map((at) => ask(vigil, at))).toEqual([false, false, false, false]);
});

test('after a brisk request the loop turns for 50 us more, then sleeps', () => {
  const vigil = new Vigil();
  expect(ask(vigil, 10)).toBe(false);
  expect(ask(vigil, 10.1)).toBe(true);
  now = 10.14;
  vi.advanceTimersToNextTimer();
  expect(vi.getTimerCount()).toBe(1);
  now = 10.16;
  vi.advanceTimersToNextTimer();
  expect(vi.getTimerCount()).toBe(0);
});

test('however many requests come, one turn is due at a time', () => {
  const vigil = new Vigil();
  for (let at = 10; at < 10.1; at += 0.01) ask(vigil, at);
  expect(vi.getTimerCount()).toBe(1);
});
