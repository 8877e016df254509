// `version` and `prompt`: small matters of the shell itself.
import { usageError } from '../cliError.ts';
import type { Command } from '../command.ts';
import { operand } from '../values.ts';
import { PROTOCOL_LEVEL, packageVersion } from '../version.ts';

export const version: Command = {
  name: 'version',
  group: 'shell',
  usage: 'version',
  summary: 'print the version of this shell',
  zh: '显示版本',
  options: [],
  operands: [],
  examples: ['version'],
  offline: true,
  async run({ emit }) {
    const own = packageVersion();
    emit(
      {
        version: own,
        protocol: PROTOCOL_LEVEL,
        node: process.versions.node,
        platform: `${process.platform}-${process.arch}`,
      },
      `zookeeper-ts CLI version: ${own}, protocol level ${PROTOCOL_LEVEL}`,
    );
  },
};

export const prompt: Command = {
  name: 'prompt',
  group: 'shell',
  usage: 'prompt full|short',
  summary: 'show all servers in the prompt, or one and a count',
  zh: '提示符显示完整或简短的服务器列表',
  options: [],
  operands: [{ name: 'full|short', kind: 'text' }],
  examples: ['prompt full'],
  offline: true,
  async run({ shell, emit }, args) {
    const word = operand(args, 0);
    if (word !== 'full' && word !== 'short') throw usageError(`Not full or short: ${word}`);
    shell.fullPrompt = word === 'full';
    emit({ prompt: word }, '');
  },
};
