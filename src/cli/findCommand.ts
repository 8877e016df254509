// A command by one of its names, and what to say when there is none.
import { nearest } from '../base/suggest.ts';
import { CliError, Status } from './cliError.ts';
import type { Command } from './command.ts';

const namesOf = (command: Command): readonly string[] => [command.name, ...(command.aliases ?? [])];

/** Throws "Command not found", with a guess where a typing mistake explains the name. */
export function commandNamed(commands: readonly Command[], name: string): Command {
  const found = commands.find((command) => namesOf(command).includes(name));
  if (found !== undefined) return found;
  // A mark like `?` is nobody's typing mistake.
  const words = commands.flatMap(namesOf).filter((word) => /^\w/.test(word));
  const near = name.length < 2 ? null : nearest(name, words);
  throw new CliError(
    `Command not found: ${name}${near === null ? '' : ` (did you mean ${near}?)`}`,
    'UnknownCommand',
    Status.unknownCommand,
    'help lists the commands',
  );
}
