import { describe, expect, it } from 'vitest';
import { follows, followsInLog, type Zxid, zxid } from '../../../src/base/ids.ts';

const id = (epoch: number, counter: number): Zxid => zxid((BigInt(epoch) << 32n) | BigInt(counter));

const LAST = 0xffff_ffff;

describe.each([
  ['a transaction', follows],
  ['an entry of a log', followsInLog],
])('%s', (_, isNext) => {
  it('follows as the next of the epoch, or the first of a later one', () => {
    expect(isNext(id(4, 2), id(4, 3))).toBe(true);
    expect(isNext(id(4, 2), id(7, 1))).toBe(true);
    expect(isNext(id(4, 0), id(4, 1))).toBe(true);
    expect(isNext(id(4, 2), id(4, 4))).toBe(false);
    expect(isNext(id(4, 2), id(4, 2))).toBe(false);
    expect(isNext(id(4, 2), id(3, 1))).toBe(false);
    expect(isNext(id(4, 2), id(5, 2))).toBe(false);
    expect(isNext(id(4, 2), id(5, 0))).toBe(false);
    expect(isNext(id(4, LAST), id(6, 0))).toBe(false);
  });
});

it('the start of an epoch follows only in a log, where a lone server has counted on', () => {
  expect(follows(id(4, LAST), id(5, 0))).toBe(false);
  expect(followsInLog(id(4, LAST), id(5, 0))).toBe(true);
});
