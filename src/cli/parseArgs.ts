// Sorts the words after a command's name into options and operands, by the command's own table.
import { usageError } from './cliError.ts';
import type { Command, OptionSpec, ParsedArgs } from './command.ts';
import type { Word } from './tokenizer.ts';

/** `-5` is data, not an option (Apache refuses it). */
const looksLikeOption = (word: Word): boolean =>
  !word.quoted && word.text.length > 1 && word.text.startsWith('-') && !/^-\d/.test(word.text);

class Found implements ParsedArgs {
  readonly operands: string[] = [];
  readonly words: Word[] = [];
  readonly #values = new Map<string, string>();

  set(option: OptionSpec, value: string): void {
    for (const flag of option.flags) this.#values.set(flag, value);
  }
  has(flag: string): boolean {
    return this.#values.has(flag);
  }
  value(flag: string): string | undefined {
    return this.#values.get(flag);
  }
  isQuoted(index: number): boolean {
    return this.words[index]?.quoted ?? false;
  }
}

const usageOf = (command: Command): string => `usage: ${command.usage}`;

function unknownOption(command: Command, text: string): Error {
  const known = command.options.map((option) => option.flags.join(', ')).join(', ');
  const offer = known === '' ? `${command.name} has no options` : `${command.name} knows ${known}`;
  return usageError(
    `Unknown option: ${text} (${offer}; put -- before data that begins with a dash)`,
  );
}

/** The options that one word stands for, and the value that is written in the same word. */
function optionsIn(command: Command, text: string): { options: OptionSpec[]; value?: string } {
  const find = (flag: string) => command.options.find((option) => option.flags.includes(flag));
  const whole = find(text);
  if (whole !== undefined) return { options: [whole] };
  const equals = text.indexOf('=');
  const before = equals > 0 ? find(text.slice(0, equals)) : undefined;
  if (before?.value !== undefined) return { options: [before], value: text.slice(equals + 1) };
  if (text.startsWith('--')) throw unknownOption(command, text);
  const options: OptionSpec[] = [];
  for (let at = 1; at < text.length; at++) {
    const option = find(`-${text.charAt(at)}`);
    if (option === undefined) throw unknownOption(command, text);
    options.push(option);
    const rest = text.slice(at + 1);
    if (option.value !== undefined && rest !== '') return { options, value: rest };
  }
  return { options };
}

function checkOperands(command: Command, found: Found): void {
  const required = command.operands.filter((operand) => operand.optional !== true);
  const missing = required[found.operands.length];
  if (missing !== undefined) {
    throw usageError(`Missing ${missing.name}; ${usageOf(command)}`);
  }
  const takesAll = command.operands.at(-1)?.rest === true;
  const extra = found.operands[command.operands.length];
  if (extra !== undefined && !takesAll) {
    throw usageError(`Unexpected word: ${extra}; ${usageOf(command)}`);
  }
}

/**
 * Options may stand anywhere, short ones may be joined (`-es`), a value may follow in the next word or the same one;
 * `--` ends them. Throws a usage error that names the word in question: nothing is dropped silently.
 */
export function parseArgs(command: Command, words: readonly Word[]): ParsedArgs {
  const found = new Found();
  let onlyOperands = false;
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as Word;
    if (onlyOperands || !looksLikeOption(word)) {
      found.operands.push(word.text);
      found.words.push(word);
      continue;
    }
    if (word.text === '--') {
      onlyOperands = true;
      continue;
    }
    const { options, value } = optionsIn(command, word.text);
    for (const option of options) {
      if (option.value === undefined || option !== options.at(-1)) {
        if (option.value !== undefined) {
          throw usageError(`Option ${option.flags[0]} needs a value; ${usageOf(command)}`);
        }
        found.set(option, '');
        continue;
      }
      const next = value ?? words[++index]?.text;
      if (next === undefined) {
        throw usageError(`Option ${word.text} needs ${option.value.name}; ${usageOf(command)}`);
      }
      found.set(option, next);
    }
  }
  checkOperands(command, found);
  return found;
}
