// The rules of paths: what PathUtils of Apache says of each kind, and any path against a plain model.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { childOf, nameOf, parentOf, validatePath } from '../../../src/base/path.ts';

const isForbidden = (c: number): boolean =>
  c <= 0x1f || (c >= 0x7f && c <= 0x9f) || (c >= 0xd800 && c <= 0xf8ff) || c >= 0xfff0;

/** The same rules, name by name instead of character by character. */
function isValid(path: string): boolean {
  if (path === '/') return true;
  if (!path.startsWith('/')) return false;
  return path
    .slice(1)
    .split('/')
    .every(
      (name) =>
        name !== '' &&
        name !== '.' &&
        name !== '..' &&
        name.split('').every((unit) => !isForbidden(unit.charCodeAt(0))),
    );
}

/** Mostly what the rules are about; the rest is anything, lone surrogates included. */
const unit = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('/', '/', '.', '.', 'a', '~', ' ', '中') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('\0', '\u001f', '\u007f', '\u009f', '\u00a0', '\uf8ff', '\uffef'),
  },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 0xffff }).map((c) => String.fromCharCode(c)) },
);
const path = fc.array(unit, { maxLength: 12 }).map((units) => `/${units.join('')}`);

describe('a path', () => {
  it('is valid when each of its names is', () => {
    fc.assert(
      fc.property(
        fc.oneof(path, fc.string({ unit: 'binary', maxLength: 12 })),
        (text) =>
          (validatePath(text) === null) === isValid(text) &&
          // The number appended to a sequential one makes another last name of it.
          (validatePath(text, true) === null) === isValid(`${text}1`),
      ),
      { numRuns: 500 },
    );
  });

  it('is its parent with its name below it', () => {
    fc.assert(
      fc.property(path.filter(isValid), (text) => {
        fc.pre(text !== '/');
        expect(childOf(parentOf(text), nameOf(text))).toBe(text);
        expect(isValid(parentOf(text))).toBe(true);
      }),
    );
  });
});
