// `lab`: an ensemble of real servers on this machine, from inside the shell.
import type { Command, OptionSpec, ParsedArgs } from '../command.ts';
import { LAB_VERBS } from '../labVerbs.ts';

const withValue = (flag: string, name: string, summary: string, zh: string): OptionSpec => ({
  flags: [flag],
  value: { name, kind: name === 'dir' ? 'file' : 'number' },
  summary,
  zh,
});

const options: readonly OptionSpec[] = [
  withValue('--observers', 'n', 'up: servers that only follow', 'up：观察者的数量'),
  withValue('--port', 'base', 'up: the first client port', 'up：第一个客户端端口'),
  withValue('--tick-time', 'ms', 'up: tickTime of the servers', 'up：服务器的 tickTime'),
  { flags: ['-f'], summary: 'logs: go on until Ctrl-C', zh: 'logs：持续显示，直到 Ctrl-C' },
  withValue('-n', 'lines', 'logs: how many lines', 'logs：显示的行数'),
  { flags: ['--purge'], summary: 'down: remove the data, too', zh: 'down：同时删除数据' },
  withValue('--dir', 'dir', 'directory of the lab (zk-lab)', '实验集群的目录（zk-lab）'),
];

/** The options as words again: the lab reads them by itself. */
function wordsOf(args: ParsedArgs): string[] {
  const given = options.flatMap(({ flags: [flag = ''], value }) => {
    if (!args.has(flag)) return [];
    return value === undefined ? [flag] : [flag, args.value(flag) ?? ''];
  });
  return [...args.operands, ...given];
}

export const lab: Command = {
  name: 'lab',
  group: 'shell',
  usage:
    'lab verb [N...] [--observers n] [--port base] [--tick-time ms] [-f] [-n lines] [--purge] [--dir dir]',
  summary: 'an ensemble on this machine, to try and to break',
  zh: '本机上的实验集群：启动、杀死、暂停、分区',
  options,
  operands: [
    { name: 'verb', kind: 'labVerb' },
    { name: 'N', kind: 'text', optional: true, rest: true },
  ],
  examples: [
    'lab up 3 --observers 1',
    'lab status',
    'lab kill leader',
    'lab start 2',
    'lab partition 1 / 2 3',
    'lab heal',
    'lab logs 2 -f',
    'lab down --purge',
  ],
  detail: `Verbs: ${LAB_VERBS.join(', ')}.\nN is the number of a server, leader, or all.`,
  detailZh: `动词：${LAB_VERBS.join('、')}。\nN 是服务器编号、leader 或 all。`,
  offline: true,
  async run({ shell }, args) {
    await shell.lab(wordsOf(args));
  },
};
