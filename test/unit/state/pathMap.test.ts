// The map of many paths does what a Map does, at every size and however often keys return.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
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
        const set = (path: string, n: number): void => {
          const value = { n };
          map.set(path, value);
          model.set(path, value);
        };
        for (let i = 0; i < count; i++) set(`/filler/${i}`, i);
        let random = seed;
        for (let step = 0; step < 6000; step++) {
          random = (Math.imul(random, 1_103_515_245) + 12_345) & 0x7fff_ffff;
          const path = `/key/${(random >>> 8) % keys}/name`;
          if ((random >>> 4) % 2 === 0) set(path, step);
          else expect(map.delete(path)).toBe(model.delete(path));
          expect(map.get(path)).toBe(model.get(path));
          expect(map.has(path)).toBe(model.has(path));
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

it('a set of paths counts each once', () => {
  const set = new PathSet(['/a', '/b', '/a']).add('/b').add('/c');
  expect(set.size).toBe(3);
  expect(set.delete('/b')).toBe(true);
  expect(set.delete('/b')).toBe(false);
  expect([...set]).toEqual(['/a', '/c']);
});
