// `ls`: names of children, a whole subtree, a table or a tree.
import type { Stat } from '../../client/api.ts';
import { usageError } from '../cliError.ts';
import type { Command, CommandContext, ParsedArgs } from '../command.ts';
import { table } from '../format.ts';
import { kindOf, statBlock, statJson } from '../stat.ts';
import { childOf, operand, WATCH, WITH_STAT, wantsWatch } from '../values.ts';
import { walk } from '../walk.ts';

export const ls: Command = {
  name: 'ls',
  group: 'read',
  usage: 'ls [-s] [-w] [-R] [-l] [-t] path [watch]',
  summary: 'list the children of a znode',
  zh: '列出子节点',
  options: [
    WITH_STAT,
    WATCH,
    { flags: ['-R'], summary: 'the whole subtree, one path per line', zh: '递归列出所有路径' },
    { flags: ['-l'], summary: 'a table with kind, version, size and time', zh: '以表格显示详情' },
    { flags: ['-t'], summary: 'the whole subtree as a tree', zh: '以树形显示' },
  ],
  operands: [
    { name: 'path', kind: 'path' },
    { name: 'watch', kind: 'watch', optional: true },
  ],
  examples: ['ls /', 'ls -w /workers', 'ls /workers true', 'ls -R /tasks'],
  detail: 'The watch tells when a child comes or goes, and when the znode itself is deleted.',
  detailZh: '监视点在子节点增减或该节点被删除时触发一次。',
  async run(context, args) {
    const path = operand(args, 0);
    const watch = wantsWatch(args, 1);
    const shapes = ['-R', '-l', '-t'].filter((flag) => args.has(flag));
    if (shapes.length > 1) throw usageError(`${shapes.join(' and ')} exclude each other`);
    if (args.has('-R')) await listRecursively(context, path, watch);
    else if (args.has('-t')) await listAsTree(context, path, watch);
    else await listOne(context, path, watch, args);
  },
};

export const ls2: Command = {
  name: 'ls2',
  group: 'read',
  usage: 'ls2 [-w] path [watch]',
  summary: 'list the children and print the stat block, as ls -s',
  zh: '列出子节点及节点属性（等同 ls -s）',
  options: [WATCH],
  operands: ls.operands,
  examples: ['ls2 /', 'ls2 /workers true'],
  async run(context, args) {
    const { names, stat } = await childrenOf(context, operand(args, 0), wantsWatch(args, 1));
    printNames(context, operand(args, 0), names, stat);
  },
};

async function childrenOf({ zk, signal }: CommandContext, path: string, watch: boolean) {
  const { names, stat } = await zk.children(path, { watch, signal });
  return { names: names.sort(), stat };
}

function printNames(
  context: CommandContext,
  path: string,
  children: readonly string[],
  stat: Stat | null,
): void {
  const list = `[${children.join(', ')}]`;
  if (stat === null) context.emit({ path, children }, list);
  else context.emit({ path, children, stat: statJson(stat) }, `${list}\n${statBlock(stat)}`);
}

async function listOne(
  context: CommandContext,
  path: string,
  watch: boolean,
  args: ParsedArgs,
): Promise<void> {
  const { names, stat } = await childrenOf(context, path, watch);
  if (args.has('-l')) await printTable(context, path, names);
  else printNames(context, path, names, args.has('-s') ? stat : null);
}

/** Stats are asked for all at once: one by one they are slow. */
async function printTable(
  context: CommandContext,
  path: string,
  names: readonly string[],
): Promise<void> {
  const { zk, signal } = context;
  const asked = names.map((name) => zk.exists(childOf(path, name), { signal }));
  const stats = await Promise.all(asked);
  const found = names.flatMap((name, index) => {
    const stat = stats[index];
    return stat === null || stat === undefined ? [] : [{ name, stat }];
  });
  const rows = found.map(({ name, stat }) => [
    name,
    kindOf(stat),
    String(stat.version),
    String(stat.dataLength),
    String(stat.numChildren),
    new Date(stat.mtime).toISOString(),
  ]);
  const head = ['name', 'kind', 'version', 'bytes', 'children', 'modified'];
  context.emit(
    {
      path,
      children: found.map(({ name, stat }) => ({ name, kind: kindOf(stat), ...statJson(stat) })),
    },
    await table(context.out, head, rows),
  );
}

async function listRecursively(
  context: CommandContext,
  path: string,
  watch: boolean,
): Promise<void> {
  for await (const found of walk(context.zk, path, context.signal, watch)) {
    context.emit({ path: found }, found);
    await context.out.drained();
  }
}

const depthOf = (path: string): number => (path === '/' ? 0 : path.split('/').length - 1);

/** Below `path`, every path under its parent: names sort before the separator does. */
function byTree(a: string, b: string): number {
  const left = a.split('/');
  const right = b.split('/');
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [l = '', r = ''] = [left[i], right[i]];
    if (l !== r) return l < r ? -1 : 1;
  }
  return left.length - right.length;
}

async function listAsTree(context: CommandContext, path: string, watch: boolean): Promise<void> {
  const paths: string[] = [];
  for await (const found of walk(context.zk, path, context.signal, watch)) paths.push(found);
  const base = depthOf(path);
  const lines = paths.sort(byTree).map((found) => {
    const name = found === path ? path : found.slice(found.lastIndexOf('/') + 1);
    return `${'  '.repeat(depthOf(found) - base)}${name}`;
  });
  context.emit({ path, paths }, lines.join('\n'));
}
