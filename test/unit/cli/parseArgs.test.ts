// Options and operands by a command's own table, and the errors that name the word in question.
import { describe, expect, it } from 'vitest';
import { CliError } from '../../../src/cli/cliError.ts';
import { COMMANDS } from '../../../src/cli/commands/index.ts';
import { parseArgs } from '../../../src/cli/parseArgs.ts';
import { tokenize } from '../../../src/cli/tokenizer.ts';

function parse(line: string) {
  const { words } = tokenize(line);
  const command = COMMANDS.find(({ name }) => name === words[0]?.text)!;
  return parseArgs(command, words.slice(1));
}

function failure(line: string): CliError {
  try {
    parse(line);
  } catch (error) {
    if (error instanceof CliError) return error;
  }
  throw new Error(`${line} is taken`);
}

describe('parseArgs', () => {
  it('takes options before, between and after operands', () => {
    for (const line of ['ls -s -w /a', 'ls /a -s -w', 'ls -s /a -w', 'ls -sw /a']) {
      const args = parse(line);
      expect(args.operands, line).toEqual(['/a']);
      expect([args.has('-s'), args.has('-w'), args.has('-R')], line).toEqual([true, true, false]);
    }
  });

  it('takes the value of an option from the next word or the same one', () => {
    for (const line of ['set -v 3 /a x', 'set -v3 /a x', 'set -v=3 /a x', 'set /a x -v 3']) {
      expect(parse(line).value('-v'), line).toBe('3');
    }
    expect(parse('set -v -1 /a x').value('-v')).toBe('-1');
    expect(parse('await --timeout=5s').value('--timeout')).toBe('5s');
    expect(parse('await --timeout 5s').value('-t')).toBe('5s');
    expect(parse('reconfig -remove 3').value('-remove')).toBe('3');
  });

  it('takes a dash with a digit, a quoted dash and all after -- as data', () => {
    expect(parse('create /neg -5').operands).toEqual(['/neg', '-5']);
    expect(parse('create /a "-s"').operands).toEqual(['/a', '-s']);
    expect(parse('create -- /a -s').operands).toEqual(['/a', '-s']);
    expect(parse('set /a -').operands).toEqual(['/a', '-']);
  });

  it('keeps nothing from one call to the next', () => {
    parse('addWatch -m PERSISTENT /a');
    expect(parse('addWatch /a').has('-m')).toBe(false);
  });

  const errors: readonly (readonly [string, RegExp])[] = [
    ['ls', /^Missing path; usage: ls /],
    ['ls -q /', /^Unknown option: -q \(ls knows -s/],
    ['ls --nope /', /^Unknown option: --nope/],
    ['ls / true extra', /^Unexpected word: extra; usage: ls /],
    ['set /a x -v', /^Option -v needs version/],
    ['create -t', /^Option -t needs ttl/],
    ['whoami x', /^Unexpected word: x/],
  ];
  for (const [line, message] of errors) {
    it(`refuses ${line} with status 2`, () => {
      expect(failure(line).message).toMatch(message);
      expect(failure(line).status).toBe(2);
    });
  }
});
