// `set`: replaces the data of a znode, if wanted only at a certain version.
import { DATA_FORMS, dataOf, FROM_FILE } from '../bytes.ts';
import { usageError } from '../cliError.ts';
import type { Command } from '../command.ts';
import { statBlock, statJson } from '../stat.ts';
import { operand, parseInteger, VERSION, WITH_STAT } from '../values.ts';

export const set: Command = {
  name: 'set',
  group: 'write',
  usage: 'set [-s] [-v version] [-b|-x|-f file] path data [version]',
  summary: 'replace the data of a znode',
  zh: '修改节点数据',
  options: [WITH_STAT, VERSION, ...DATA_FORMS, FROM_FILE],
  operands: [
    { name: 'path', kind: 'path' },
    { name: 'data', kind: 'data', optional: true },
    { name: 'version', kind: 'version', optional: true },
  ],
  examples: ['set /config "new value"', 'set -v 3 /config "new value"', 'set /config "x" 3'],
  detail: 'Data may be - for standard input. A stale version fails: version No is not valid.',
  detailZh: '数据写 - 表示从标准输入读取；版本号不符时失败：version No is not valid。',
  async run(context, args) {
    const path = operand(args, 0);
    const fromFile = args.has('-f');
    // With -f the file is the data, so that the second word is the version.
    const third = args.operands[fromFile ? 1 : 2];
    if (!fromFile && args.operands[1] === undefined) {
      throw usageError(`Missing data; usage: ${this.usage}`);
    }
    if (fromFile && args.operands[2] !== undefined) {
      throw usageError(`Unexpected word: ${args.operands[2]}; usage: ${this.usage}`);
    }
    const versionText = args.value('-v') ?? third;
    const version = versionText === undefined ? -1 : parseInteger(versionText, 'the version');
    const data = await dataOf(context, args, fromFile ? Infinity : 1);
    const stat = await context.zk.set(path, data, { version, signal: context.signal });
    context.emit({ path, stat: statJson(stat) }, args.has('-s') ? statBlock(stat) : '');
  },
};
