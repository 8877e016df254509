// Writers that are lent: used again, empty, and not kept without bound.
import { expect, test } from 'vitest';
import { Writers } from '../../../src/wire/writers.ts';

test('a writer that was given back is lent again, empty', () => {
  const writers = new Writers();
  const first = writers.take();
  first.string('for somebody else');
  expect(writers.take()).not.toBe(first);
  writers.give(first);
  const again = writers.take();
  expect(again).toBe(first);
  expect(again.length).toBe(0);
});

test('no more than a thousand or so are kept, however many are given back', () => {
  const writers = new Writers();
  const lent = Array.from({ length: 3000 }, () => writers.take());
  for (const writer of lent) writers.give(writer);
  const known = new Set(lent);
  let kept = 0;
  while (known.has(writers.take())) kept++;
  expect(kept).toBe(1024);
});
