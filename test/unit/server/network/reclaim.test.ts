// When the memory of clients that have gone is given back, and when better not.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Reclaim } from '../../../../src/server/network/reclaim.ts';

const MIB = 1 << 20;
let received = 0;
let heap = 0;
let collections = 0;
let reclaim: Reclaim;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  received = 0;
  heap = 50 * MIB;
  collections = 0;
  reclaim = new Reclaim({
    bytesReceived: () => received,
    heapBytes: () => heap,
    collect: () => collections++,
  });
});
afterEach(() => vi.useRealTimers());

const leave = (count: number): void => {
  for (let i = 0; i < count; i++) reclaim.left();
};

test('when many have gone, three collections follow, and then no more', () => {
  leave(1000);
  expect(collections).toBe(0);
  vi.advanceTimersByTime(60_000);
  expect(collections).toBe(3);
  leave(999);
  vi.advanceTimersByTime(60_000);
  expect(collections).toBe(3);
  leave(1);
  vi.advanceTimersByTime(60_000);
  expect(collections).toBe(6);
});

test('while others come and go, or ask for much, it waits', () => {
  leave(1000);
  for (let i = 0; i < 10; i++) {
    vi.advanceTimersByTime(1000);
    leave(100);
  }
  expect(collections).toBe(0);
  for (let i = 0; i < 10; i++) {
    vi.advanceTimersByTime(1000);
    received += 100_000;
  }
  expect(collections).toBe(0);
  vi.advanceTimersByTime(60_000);
  expect(collections).toBe(3);
});

test('a large heap is left to V8: it would stand still for too long', () => {
  heap = 200 * MIB;
  leave(5000);
  vi.advanceTimersByTime(60_000);
  expect(collections).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

test('nothing is left behind when the server stops', () => {
  leave(1000);
  reclaim.stop();
  expect(vi.getTimerCount()).toBe(0);
});
