// The word that was probably meant.
import { expect, test } from 'vitest';
import { nearest } from '../../../src/base/suggest.ts';

const words = ['tickTime', 'dataDir', 'clientPort', 'create', 'get', 'set'];

test.each([
  ['tickTme', 'tickTime'],
  ['TICKTIME', 'tickTime'],
  ['creat', 'create'],
  ['dtaDir', 'dataDir'],
  ['gett', 'get'],
  ['tikcTime', 'tickTime'],
  ['gte', 'get'],
])('%s was meant as %s', (typed, meant) => {
  expect(nearest(typed, words)).toBe(meant);
});

test('nothing is suggested for a word unlike all others', () => {
  expect(nearest('some.vendor.key', words)).toBeNull();
  expect(nearest('', words)).toBeNull();
});
