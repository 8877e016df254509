// `help`: one screen of all commands, or everything about one of them.

import type { Command } from '../command.ts';
import { commandNamed } from '../findCommand.ts';
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
    const found = commandNamed(commands, name);
    context.emit(helpJson(found), commandHelp(found, language));
  },
};
