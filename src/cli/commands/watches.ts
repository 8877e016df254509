// `addWatch`, `removewatches` and `printwatches`.

import { nearest } from '../../base/suggest.ts';
import type { AddWatchMode, HeldWatch, WatcherKind } from '../../client/api.ts';
import { CliError, Status, usageError } from '../cliError.ts';
import type { Command, CommandContext, ParsedArgs } from '../command.ts';
import { operand } from '../values.ts';

/** Names of AddWatchMode of Apache. */
export const WATCH_MODES = ['PERSISTENT', 'PERSISTENT_RECURSIVE'] as const;
const MODES: Readonly<Record<string, AddWatchMode>> = {
  PERSISTENT: 'persistent',
  PERSISTENT_RECURSIVE: 'persistentRecursive',
};

export const addWatch: Command = {
  name: 'addWatch',
  group: 'watch',
  usage: 'addWatch [-m mode] path',
  summary: 'set a watch that stays',
  zh: '设置持久监视点',
  options: [
    {
      flags: ['-m'],
      value: { name: 'mode', kind: 'mode' },
      summary: 'PERSISTENT, or PERSISTENT_RECURSIVE (default)',
      zh: 'PERSISTENT 或 PERSISTENT_RECURSIVE（默认）',
    },
  ],
  operands: [{ name: 'path', kind: 'path' }],
  examples: ['addWatch /tasks', 'addWatch -m PERSISTENT /master'],
  detail:
    'PERSISTENT tells of every change of the znode and its children list;\n' +
    'PERSISTENT_RECURSIVE of every creation, change and deletion at and below it.',
  detailZh:
    'PERSISTENT 监视节点及其子节点列表的每次变化；PERSISTENT_RECURSIVE 监视整个子树的创建、修改和删除。',
  async run(context, args) {
    const path = operand(args, 0);
    const name = args.value('-m')?.toUpperCase() ?? 'PERSISTENT_RECURSIVE';
    const mode = MODES[name];
    if (mode === undefined) {
      const near = nearest(name, WATCH_MODES);
      throw usageError(
        `Unknown watch mode: ${args.value('-m')} (${near === null ? WATCH_MODES.join(' or ') : `did you mean ${near}?`})`,
      );
    }
    await context.zk.addWatch(path, mode, true, { signal: context.signal });
    context.emit({ path, mode: name }, '');
  },
};

const REMOVE_KINDS: Readonly<Record<string, WatcherKind>> = {
  '-c': 'children',
  '-d': 'data',
  '-a': 'any',
};
const PERSISTENT_KINDS: Readonly<Record<string, AddWatchMode>> = {
  '-p': 'persistent',
  '-r': 'persistentRecursive',
};

export const removewatches: Command = {
  name: 'removewatches',
  group: 'watch',
  usage: 'removewatches path [-c|-d|-a|-p|-r] [-l]',
  summary: 'take back the watches of this session',
  zh: '移除本会话在该路径上的监视点',
  options: [
    { flags: ['-c'], summary: 'those of the children', zh: '子节点监视点' },
    { flags: ['-d'], summary: 'those of the data', zh: '数据监视点' },
    { flags: ['-a'], summary: 'all (default)', zh: '全部（默认）' },
    { flags: ['-p'], summary: 'the persistent one', zh: '持久监视点' },
    { flags: ['-r'], summary: 'the persistent recursive one', zh: '递归持久监视点' },
    {
      flags: ['-l'],
      summary: 'forget them here even without a server',
      zh: '无连接时仅在本地移除',
    },
  ],
  operands: [{ name: 'path', kind: 'path' }],
  examples: ['removewatches /master', 'removewatches /tasks -c'],
  async run(context, args) {
    const path = operand(args, 0);
    const kind = kindToRemove(context, args, path);
    const { signal } = context;
    await context.zk.removeWatches(path, { kind, local: args.has('-l'), signal });
    context.emit({ path, kind }, '');
  },
};

function kindToRemove(context: CommandContext, args: ParsedArgs, path: string): WatcherKind {
  const flags = ['-c', '-d', '-a', '-p', '-r'].filter((flag) => args.has(flag));
  if (flags.length > 1) throw usageError(`${flags.join(' and ')} exclude each other`);
  const [flag = '-a'] = flags;
  const persistent = PERSISTENT_KINDS[flag];
  if (persistent === undefined) return REMOVE_KINDS[flag] ?? 'any';
  return onlyPersistent(context, path, persistent);
}

/** The 3.8 protocol can take back persistent watches only together with the others of the path. */
function onlyPersistent(
  { zk }: CommandContext,
  path: string,
  kind: HeldWatch['kind'],
): WatcherKind {
  const here = zk.watches().filter((watch) => watch.path === path);
  if (!here.some((watch) => watch.kind === kind)) {
    const message = `KeeperErrorCode = No such watcher for ${path}`;
    throw new CliError(message, 'NoWatcher', Status.zookeeperError, undefined, path);
  }
  if (here.some((watch) => watch.kind !== kind)) {
    throw usageError(`${path} has other watches too, and a 3.8 server removes all at once: use -a`);
  }
  return 'any';
}

export const printwatches: Command = {
  name: 'printwatches',
  group: 'watch',
  usage: 'printwatches [on|off]',
  summary: 'show or hide events, or say which',
  zh: '打开或关闭事件显示',
  options: [],
  operands: [{ name: 'on|off', kind: 'onOff', optional: true }],
  examples: ['printwatches off'],
  offline: true,
  async run({ shell, emit }, args) {
    const word = args.operands[0];
    if (word === undefined) {
      const text = shell.printWatches ? 'on' : 'off';
      emit({ printwatches: text }, `printwatches is ${text}`);
      return;
    }
    if (word !== 'on' && word !== 'off') throw usageError(`Not on or off: ${word}`);
    shell.printWatches = word === 'on';
    emit({ printwatches: word }, '');
  },
};
