// The words of `lab partition`: which directions are cut, and what is refused.
import { describe, expect, test } from 'vitest';
import { type Cut, parsePartition } from '../../../src/lab/partition.ts';

const ids = [1, 2, 3];
const idOf = (word: string): number => {
  const id = word === 'leader' ? 2 : Number(word);
  if (!ids.includes(id)) throw new Error(`no server ${word}`);
  return id;
};
const parse = (line: string) => parsePartition(line.split(' '), ids, idOf);
const sorted = (cuts: readonly Cut[]) => cuts.map(([from, to]) => `${from}>${to}`).sort();

describe('a partition', () => {
  test.each([
    ['1 / 2 3', '1 / 2 3', ['1>2', '1>3', '2>1', '3>1']],
    ['1/2,3', '1 / 2 3', ['1>2', '1>3', '2>1', '3>1']],
    ['1', '1 / 2 3', ['1>2', '1>3', '2>1', '3>1']],
    ['leader', '2 / 1 3', ['1>2', '2>1', '2>3', '3>2']],
    ['1 / 2', '1 / 2', ['1>2', '2>1']],
    ['1 / 2 / 3', '1 / 2 / 3', ['1>2', '1>3', '2>1', '2>3', '3>1', '3>2']],
    ['1 to 2 3', '1 to 2 3', ['1>2', '1>3']],
    ['2 3 to leader', '', null],
  ])('%s', (line, text, cuts) => {
    if (cuts === null) return expect(() => parse(line)).toThrow('names server 2 twice');
    const partition = parse(line);
    expect(partition.text).toBe(text);
    expect(sorted(partition.cuts)).toEqual(cuts);
  });

  test.each([
    ['1 /', 'partition needs groups'],
    ['/', 'partition needs groups'],
    ['1 2 3', 'partition needs groups'],
    ['1 to', 'partition needs groups'],
    ['1 to 2 to 3', 'either / or one to'],
    ['1 / 2 to 3', 'either / or one to'],
    ['1 / 4', 'no server 4'],
  ])('%s is refused', (line, why) => {
    expect(() => parse(line)).toThrow(why);
  });
});
