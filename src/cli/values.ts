// Reads the words that stand for numbers, durations and flags, and says what is wrong with those that do not.
import { usageError } from './cliError.ts';
import type { OptionSpec, ParsedArgs } from './command.ts';

export const WATCH: OptionSpec = {
  flags: ['-w'],
  summary: 'set a watch; it tells of one change',
  zh: '设置监视点（一次性）',
};
export const WITH_STAT: OptionSpec = {
  flags: ['-s'],
  summary: 'print the stat block too',
  zh: '同时显示节点属性',
};
export const VERSION: OptionSpec = {
  flags: ['-v'],
  value: { name: 'version', kind: 'version' },
  summary: 'only if the version is this one; -1 is any',
  zh: '仅当版本号相同时执行，-1 表示任意',
};

const INT_MAX = 2 ** 31 - 1;

/** A 32-bit integer; `what` names the place for the error: `-v`, `batch size`. */
export function parseInteger(text: string, what: string, least = -INT_MAX - 1): number {
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(value)) throw usageError(`Not a number for ${what}: ${text}`);
  if (value < least || value > INT_MAX) {
    throw usageError(`Out of range for ${what}: ${text} (from ${least} to ${INT_MAX})`);
  }
  return value;
}

/** `-v n`, else the third word of 3.4, else -1. */
export function versionOf(args: ParsedArgs, operand: number): number {
  const text = args.value('-v') ?? args.operands[operand];
  return text === undefined ? -1 : parseInteger(text, 'the version');
}

/** `-w`, or the third word of 3.4, where Apache 3.8 takes any word for true, even `false`. */
export function wantsWatch(args: ParsedArgs, operand: number): boolean {
  const word = args.operands[operand];
  if (word === undefined) return args.has('-w');
  if (['true', '1', 'watch'].includes(word.toLowerCase())) return true;
  if (['false', '0'].includes(word.toLowerCase())) return args.has('-w');
  throw usageError(
    `Not a watch flag: ${word} (true, 1 or watch sets the watch; false or 0 does not)`,
  );
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `500ms`, `10s`, `2m`, `1h`; a bare number is seconds. In milliseconds. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  const ms = match === null ? Number.NaN : Number(match[1]) * (UNITS[match[2] ?? 's'] ?? 1);
  if (!(ms <= INT_MAX)) throw usageError(`Not a duration: ${text} (10s, 500ms, 2m)`);
  return ms;
}

/** The operand that the table says is there. */
export const operand = (args: ParsedArgs, index: number): string => args.operands[index] ?? '';

export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}

export const childOf = (path: string, name: string): string =>
  path === '/' ? `/${name}` : `${path}/${name}`;
