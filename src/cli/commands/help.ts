// `help`: one screen of all commands, or everything about one of them.

import { nearest } from '../../base/suggest.ts';
import { CliError, Status } from '../cliError.ts';
import type { Command, CommandContext } from '../command.ts';
import { commandHelp, helpJson, overview } from '../helpText.ts';

export const help: Command = {
  name: 'help',
  aliases: ['?'],
  group: 'shell',
  usage: 'help [command]',
  summary: 'print this, or all about one command',
  zh: '显示帮助',
  options: [],
  operands: [{ name: 'command', kind: 'command', optional: true }],
  examples: ['help', 'help get'],
  offline: true,
  async run(context, args) {
    const name = args.operands[0];
    const { commands, language } = context.shell;
    if (name === undefined) {
      context.emit({ commands: commands.map(helpJson) }, overview(commands, language));
      return;
    }
    const found = find(context, name);
    context.emit(helpJson(found), commandHelp(found, language));
  },
};

function find({ shell: { commands } }: CommandContext, name: string): Command {
  const names = (command: Command) => [command.name, ...(command.aliases ?? [])];
  const found = commands.find((command) => names(command).includes(name));
  if (found !== undefined) return found;
  const near = nearest(name, commands.flatMap(names));
  throw new CliError(
    `No help for ${name}: no such command${near === null ? '' : ` (did you mean ${near}?)`}`,
    'UnknownCommand',
    Status.unknownCommand,
  );
}
