// The table of commands: complete, usable for help in both languages, and on one screen.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands/index.ts';
import { commandHelp, overview } from '../../../src/cli/helpText.ts';
import { parseArgs } from '../../../src/cli/parseArgs.ts';
import { readPrefixes } from '../../../src/cli/prefix.ts';
import { tokenize } from '../../../src/cli/tokenizer.ts';

const HAN = /\p{Script=Han}/u;

/** Every command line that transcripts of Apache's shell hold. */
function transcribed(): Set<string> {
  const read = (name: string) =>
    JSON.parse(readFileSync(new URL(`../../golden/cli/${name}.json`, import.meta.url), 'utf8'));
  const oneShots = read('oneShot').map((row: { args: string[] }) => row.args[2]);
  const lines = read('lines').map((row: { line: string | null }) => row.line?.trim().split(' ')[0]);
  return new Set([...oneShots, ...lines]);
}

/** Commands that Apache's shell does not have, tested in commandsOfOurs and elsewhere. */
const OURS = ['await', 'sleep', 'crash', 'help', 'lab', 'prompt'];

describe('the table of commands', () => {
  it('has no name twice', () => {
    const names = COMMANDS.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
    expect(new Set(names).size).toBe(names.length);
  });

  it('has every command of zkCli 3.4 and 3.8', () => {
    const names = COMMANDS.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
    const apache = [
      ...['addWatch', 'addauth', 'close', 'config', 'connect', 'create', 'delete', 'deleteall'],
      ...['delquota', 'get', 'getAcl', 'getAllChildrenNumber', 'getEphemerals', 'history'],
      ...['listquota', 'ls', 'ls2', 'printwatches', 'quit', 'reconfig', 'redo', 'removewatches'],
      ...['rmr', 'set', 'setAcl', 'setquota', 'stat', 'sync', 'version', 'whoami', 'exit', 'help'],
    ];
    expect(apache.filter((name) => !names.includes(name))).toEqual([]);
  });

  it('shows an overview of at most 80 columns that fits a screen', () => {
    for (const language of ['en', 'zh'] as const) {
      const lines = overview(COMMANDS, language).split('\n');
      expect(lines.filter((line) => line.length > 80)).toEqual([]);
      expect(lines.length).toBeLessThan(50);
    }
  });

  for (const command of COMMANDS) {
    describe(command.name, () => {
      it('has usage, summary and help in English and Chinese', () => {
        expect(command.usage.split(' ')[0]).toBe(command.name);
        expect(command.summary).not.toBe('');
        expect(command.zh).toMatch(HAN);
        for (const option of command.options) expect(option.zh, option.flags[0]).toMatch(HAN);
        if (command.detail !== undefined) expect(command.detailZh).toMatch(HAN);
        expect(commandHelp(command, 'en')).toContain(command.usage);
        expect(commandHelp(command, 'zh')).toMatch(/示例/);
      });

      it('has a usage that shows every option and operand', () => {
        for (const { flags } of command.options) {
          const shown = flags.some((flag) => command.usage.includes(flag));
          expect(shown, flags.join()).toBe(true);
        }
        for (const { name } of command.operands) expect(command.usage).toContain(name);
      });

      it('has examples that its own table takes', () => {
        expect(command.examples.length).toBeGreaterThan(0);
        for (const example of command.examples) {
          const [first, ...rest] = readPrefixes(tokenize(example).words).words;
          expect([command.name, ...(command.aliases ?? [])], example).toContain(first?.text);
          expect(() => parseArgs(command, rest), example).not.toThrow();
        }
      });

      if (!OURS.includes(command.name)) {
        it("is in a transcript of Apache's shell", () => {
          expect([...transcribed()]).toContain(command.name);
        });
      }
    });
  }
});
