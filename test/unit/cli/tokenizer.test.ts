// Words of a line: the cases of the notes, and properties against the regular expression of Apache's shell.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tokenize } from '../../../src/cli/tokenizer.ts';

const texts = (line: string, comments = false): string[] =>
  tokenize(line, comments).words.map((word) => word.text);

/** ZooKeeperMain.MyCommandOptions.parseCommand of 3.4.7 to 3.10, with Java's ASCII-only \s. */
function apacheWords(line: string): string[] {
  const words = /[ \t\n\v\f\r]*([^"'][^ \t\n\v\f\r]*|"[^"]*"|'[^']*')[ \t\n\v\f\r]*/g;
  return [...line.matchAll(words)].map(([, word = '']) =>
    /^(['"])(.*)\1$/.test(word) ? word.slice(1, -1) : word,
  );
}

describe('tokenize', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['create /workers ""', ['create', '/workers', '']],
    ['set /q "hello world"', ['set', '/q', 'hello world']],
    [`set /q 'a "b" c'`, ['set', '/q', 'a "b" c']],
    ['set /q un"quo"ted', ['set', '/q', 'un"quo"ted']],
    ['set /q {"a":1}', ['set', '/q', '{"a":1}']],
    ['set /q "esc \\" aped"', ['set', '/q', 'esc " aped']],
    ['set /q "back\\\\slash"', ['set', '/q', 'back\\slash']],
    [`set /q 'no \\' escape`, ['set', '/q', 'no \\', 'escape']],
    ['set /p a\\b', ['set', '/p', 'a\\b']],
    ['set /p \\x41\\n', ['set', '/p', '\\x41\\n']],
    ['set /p hello!world', ['set', '/p', 'hello!world']],
    ['  ls \t /  ', ['ls', '/']],
    ['get "a"b', ['get', 'a', 'b']],
    ['create /中文 数据\u3000库', ['create', '/中文', '数据\u3000库']],
    ['', []],
    ['   ', []],
    ['# comment', []],
    ['  # comment', []],
    ['set /p #5', ['set', '/p', '#5']],
  ];
  for (const [line, words] of cases) {
    it(`splits ${JSON.stringify(line)}`, () => expect(texts(line)).toEqual(words));
  }

  it('ends a line of a script at an unquoted word that begins with #', () => {
    expect(texts('ls / # the root', true)).toEqual(['ls', '/']);
    expect(texts('set /p a#b', true)).toEqual(['set', '/p', 'a#b']);
    expect(texts('set /p "# no"', true)).toEqual(['set', '/p', '# no']);
  });

  it('says where a quote begins that never ends', () => {
    expect(tokenize('set /q "abc').unterminated).toBe(7);
    expect(tokenize(`set /q 'abc"`).unterminated).toBe(7);
    expect(tokenize('set /q "abc\\"').unterminated).toBe(7);
    expect(tokenize('set /q "abc"').unterminated).toBe(-1);
  });

  it('knows where each word stands', () => {
    const line = `set  "a b" c`;
    const parts = tokenize(line).words.map(({ start, end }) => line.slice(start, end));
    expect(parts).toEqual(['set', '"a b"', 'c']);
  });

  it('splits as Apache does wherever no decided difference comes in', () => {
    const part = fc.oneof(
      fc.stringMatching(/^[^\s"'#\\][^\s\\]*$/),
      fc.stringMatching(/^"[^"\\\n\r\u2028\u2029]*"$/),
      fc.stringMatching(/^'[^'\n\r\u2028\u2029]*'$/),
    );
    const space = fc.stringMatching(/^[ \t]{1,3}$/);
    const line = fc
      .array(fc.tuple(part, space), { minLength: 1, maxLength: 6 })
      .map((parts) => parts.flat().join(''));
    fc.assert(
      fc.property(line, (text) => {
        expect(texts(text)).toEqual(apacheWords(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('takes any line without failing, and loses nothing but spaces and quotes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
        const { words } = tokenize(text);
        let last = 0;
        for (const { start, end } of words) {
          expect(text.slice(last, start)).toMatch(/^[ \t\n\v\f\r]*$/);
          expect(end).toBeGreaterThan(start);
          last = end;
        }
      }),
    );
  });

  it('gives back every word that was quoted for it', () => {
    const quoted = (text: string): string =>
      `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), (all) => {
        expect(texts(['set', ...all.map(quoted)].join(' '))).toEqual(['set', ...all]);
      }),
    );
  });
});
