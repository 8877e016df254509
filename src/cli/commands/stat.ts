// `stat`: the stat block of a znode, and the only command whose watch waits for a znode that does not exist yet.
import { CliError, Status } from '../cliError.ts';
import type { Command } from '../command.ts';
import { statBlock, statJson } from '../stat.ts';
import { operand, WATCH, wantsWatch } from '../values.ts';

export const stat: Command = {
  name: 'stat',
  group: 'read',
  usage: 'stat [-w] path [watch]',
  summary: 'print the stat block of a znode',
  zh: '显示节点属性',
  options: [WATCH],
  operands: [
    { name: 'path', kind: 'path' },
    { name: 'watch', kind: 'watch', optional: true },
  ],
  examples: ['stat /master', 'stat /master true', 'stat -w /not-yet'],
  detail:
    'The watch tells when the znode is created, changed or deleted;\n' +
    'it is set even when the znode does not exist.',
  detailZh: '监视点在节点创建、数据变化或删除时触发一次；节点不存在时也会设置。',
  async run(context, args) {
    const path = operand(args, 0);
    const watch = wantsWatch(args, 1);
    const found = await context.zk.exists(path, { watch, signal: context.signal });
    if (found === null) {
      throw new CliError(
        `Node does not exist: ${path}`,
        'NoNode',
        Status.zookeeperError,
        watch ? 'the watch is set; it tells when the node is created' : undefined,
        path,
      );
    }
    context.emit({ path, stat: statJson(found) }, statBlock(found));
  },
};
