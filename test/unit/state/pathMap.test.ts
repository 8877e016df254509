// The map of many paths does what a Map does, at every size and however often keys return.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashOf } from '../../../src/state/nameTable.ts';
import { PathMap } from '../../../src/state/pathMap.ts';
import { PathSet } from '../../../src/state/pathSet.ts';

interface Value {
  n: number;
}

function expectSame(map: PathMap<Value>, model: Map<string, Value>): void {
  expect(map.size).toBe(model.size);
  const entries = [...map];
  expect(entries.length).toBe(model.size);
  expect(entries.every(([path, value]) => model.get(path) === value)).toBe(true);
  expect([...map.keys()].length).toBe(model.size);
  expect(new Set(map.values())).toEqual(new Set(model.values()));
}

// Below and above the sizes at which deleting and looking up change.
describe.each([0, 250, 3000, 16_300, 20_000])('a map of %i paths', (count) => {
  it('answers as a Map does while keys come, go and return', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), fc.nat(), (keys, seed) => {
        const map = new PathMap<Value>();
        const model = new Map<string, Value>();
        const set = (path: string, n: number): boolean => {
          const value = { n };
          map.set(path, value);
          model.set(path, value);
          return map.size === model.size;
        };
        for (let i = 0; i < count; i++) set(`/filler/${i}`, i);
        let random = seed;
        for (let step = 0; step < 6000; step++) {
          random = (Math.imul(random, 1_103_515_245) + 12_345) & 0x7fff_ffff;
          const path = `/key/${(random >>> 8) % keys}/name`;
          const isSame =
            (random >>> 4) % 2 === 0 ? set(path, step) : map.delete(path) === model.delete(path);
          if (!isSame || map.get(path) !== model.get(path)) throw new Error(`${path}, ${step}`);
          if (map.get(`/a${path}`, 2) !== model.get(path)) throw new Error(`${path} behind /a`);
        }
        expectSame(map, model);
      }),
      { numRuns: 8 },
    );
  });

  it('can be emptied while it is walked, and filled again', () => {
    const map = new PathMap<Value>();
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < count; i++) map.set(`/${i}`, { n: i });
      let met = 0;
      for (const path of map.keys()) {
        met++;
        expect(map.delete(path)).toBe(true);
      }
      expect(met).toBe(count);
      expect(map.size).toBe(0);
      expect([...map]).toEqual([]);
    }
  });

  it('is empty when it has been cleared', () => {
    const map = new PathMap<Value>();
    for (let i = 0; i < count; i++) map.set(`/${i}`, { n: i });
    map.clear();
    expectSame(map, new Map());
    map.set('/0', { n: 1 });
    expect([...map]).toEqual([['/0', { n: 1 }]]);
  });
});

describe.each([100, 3000])('the way through a map of %i paths', (count) => {
  it('meets once what is there all the time, whatever comes and goes', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: count }), (seed, rest) => {
        const map = new PathMap<Value>();
        for (let i = 0; i < count; i++) map.set(`/${i}`, { n: i });
        const met = new Map<number, number>();
        const cursor = map.cursor();
        let random = seed;
        let steps = 0;
        for (let value = cursor.next(); value !== undefined; value = cursor.next()) {
          if (cursor.key !== `/${value.n}`) throw new Error(`${cursor.key} is not ${value.n}`);
          met.set(value.n, (met.get(value.n) ?? 0) + 1);
          if (++steps % rest !== 0 || steps > 20 * count) continue;
          // Odd ones come and go, and so many new ones that all is laid out anew.
          for (let i = 0; i < 200; i++) {
            random = (Math.imul(random, 1_103_515_245) + 12_345) & 0x7fff_ffff;
            const n = ((random >>> 8) % (count * 2)) | 1;
            if ((random >>> 4) % 3 === 0) map.set(`/${n}`, { n });
            else map.delete(`/${n}`);
          }
        }
        for (let i = 0; i < count; i += 2) expect(met.get(i)).toBe(1);
      }),
      { numRuns: 30 },
    );
  });
});

describe('names that were made to collide', () => {
  /** All in one place of a table that has 2,048. */
  function colliding(count: number): string[] {
    const names: string[] = [];
    for (let i = 0; names.length < count; i++) {
      if ((hashOf(`${i}`, 0) & 0x7ff) === 7) names.push(`${i}`);
    }
    return names;
  }

  it('are found all the same', () => {
    const map = new PathMap<Value>();
    const names = colliding(700);
    for (const [n, name] of names.entries()) map.set(name, { n });
    expect(map.size).toBe(names.length);
    expect(names.every((name, n) => map.get(name)?.n === n)).toBe(true);
    for (const name of names) expect(map.delete(name)).toBe(true);
    expect(map.size).toBe(0);
  });
});

it('a set of paths counts each once', () => {
  const set = new PathSet(['/a', '/b', '/a']).add('/b').add('/c');
  expect(set.size).toBe(3);
  expect(set.delete('/b')).toBe(true);
  expect(set.delete('/b')).toBe(false);
  expect([...set]).toEqual(['/a', '/c']);
});
