// `history` and `redo`: lines by the numbers of the prompt.
import { Status, usageError } from '../cliError.ts';
import type { Command } from '../command.ts';
import { operand, parseInteger } from '../values.ts';

/** As many as Apache's shell shows. */
const SHOWN = 11;

export const history: Command = {
  name: 'history',
  group: 'shell',
  usage: 'history [count]',
  summary: 'print the last lines with their numbers',
  zh: '显示最近的命令',
  options: [],
  operands: [{ name: 'count', kind: 'number', optional: true }],
  examples: ['history', 'history 50'],
  detail: 'Lines of earlier runs have numbers below zero.',
  detailZh: '以前运行的命令编号小于零。',
  offline: true,
  async run({ shell, emit }, args) {
    const text = args.operands[0];
    const count = text === undefined ? SHOWN : parseInteger(text, 'count', 1);
    const lines = shell.historyTail(count);
    emit(
      { history: lines.map(([number, line]) => ({ number, line })) },
      lines.map(([number, line]) => `${number} - ${line}`).join('\n'),
    );
  },
};

export const redo: Command = {
  name: 'redo',
  group: 'shell',
  usage: 'redo number',
  summary: 'run a line of the history again',
  zh: '重新执行历史命令',
  options: [],
  operands: [{ name: 'number', kind: 'number' }],
  examples: ['redo 3'],
  offline: true,
  async run({ shell }, args) {
    const index = /^-?\d+$/.test(operand(args, 0)) ? Number(operand(args, 0)) : undefined;
    if (index === undefined) throw usageError(`Not a number of the history: ${operand(args, 0)}`);
    return (await shell.redo(index)) ?? Status.ok;
  },
};
