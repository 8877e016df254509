// `setquota`, `listquota` and `delquota`: the znodes under /zookeeper/quota that the server goes by.
import type { ZooKeeper } from '../../client/api.ts';
import { ZkError } from '../../client/errors.ts';
import { CliError, Status, usageError } from '../cliError.ts';
import type { Command, CommandContext, OptionSpec, ParsedArgs } from '../command.ts';
import { type Limit, type Limits, parseLimits, writeLimits } from '../quotaText.ts';
import { operand } from '../values.ts';
import { walk } from '../walk.ts';

const ROOT = '/zookeeper/quota';
const LIMITS = 'zookeeper_limits';
const STATS = 'zookeeper_stats';
const limitsOf = (path: string): string => `${ROOT}${path}/${LIMITS}`;
const statsOf = (path: string): string => `${ROOT}${path}/${STATS}`;

const FLAGS: readonly (readonly [string, Limit, string, string])[] = [
  ['-n', 'count', 'znodes, soft: a warning in the log', '节点数软限制'],
  ['-b', 'bytes', 'bytes, soft: a warning in the log', '字节数软限制'],
  ['-N', 'countHardLimit', 'znodes, hard: refused', '节点数硬限制'],
  ['-B', 'byteHardLimit', 'bytes, hard: refused', '字节数硬限制'],
];
const optionsWith = (value: OptionSpec['value']): OptionSpec[] =>
  FLAGS.map(([flag, , summary, zh]) => {
    const option = { flags: [flag], summary, zh };
    return value === undefined ? option : { ...option, value };
  });

const missing = (path: string): CliError =>
  new CliError(
    `quota for ${path} does not exist.`,
    'NoNode',
    Status.zookeeperError,
    undefined,
    path,
  );

const isNoNode = (error: unknown): boolean => error instanceof ZkError && error.code === 'NoNode';

async function read(zk: ZooKeeper, path: string): Promise<Limits> {
  return parseLimits((await zk.getString(path)) ?? '');
}

export const setquota: Command = {
  name: 'setquota',
  group: 'access',
  usage: 'setquota -n|-b|-N|-B val path',
  summary: 'limit znodes or bytes at and below a path',
  zh: '设置节点数或字节数配额',
  options: optionsWith({ name: 'val', kind: 'number' }),
  operands: [{ name: 'path', kind: 'path' }],
  examples: ['setquota -n 100 /tasks', 'setquota -B 1000000 /tasks'],
  async run(context, args) {
    const path = operand(args, 0);
    if (path.startsWith(ROOT)) throw usageError(`cannot set a quota under the path: ${ROOT}`);
    const wanted = limitsIn(args);
    if (wanted.size === 0) throw usageError(`Missing -n, -b, -N or -B; usage: ${this.usage}`);
    const { zk } = context;
    if ((await zk.exists(path)) === null) {
      throw new CliError(
        `${path} does not exist.`,
        'NoNode',
        Status.zookeeperError,
        undefined,
        path,
      );
    }
    await refuseNested(context, path);
    const limits = await store(zk, path, wanted);
    await warn(context, limits, await read(zk, statsOf(path)));
    context.emit({ path, quota: Object.fromEntries(limits) }, '');
  },
};

function limitsIn(args: ParsedArgs): Map<Limit, number> {
  const wanted = new Map<Limit, number>();
  for (const [flag, name] of FLAGS) {
    const text = args.value(flag);
    if (text === undefined) continue;
    const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isNaN(value)) throw usageError(`Not a number for ${flag}: ${text}`);
    const isCount = name.startsWith('count');
    if (isCount && value <= 0) throw usageError('the num quota must be greater than zero');
    if (value < 0) throw usageError('the bytes quota must be greater than or equal to zero');
    wanted.set(name, value);
  }
  return wanted;
}

/** Quotas do not nest: SetQuotaCommand refuses one above or below another. */
async function refuseNested({ zk, signal }: CommandContext, path: string): Promise<void> {
  const here = path === '/' ? ROOT : `${ROOT}${path}`;
  const names = path.split('/').slice(1, -1);
  for (let depth = 1; depth <= names.length; depth++) {
    const above = `/${names.slice(0, depth).join('/')}`;
    if ((await zk.exists(limitsOf(above))) !== null) {
      throw usageError(`${path} has a parent ${above} which has a quota`);
    }
  }
  try {
    for await (const found of walk(zk, here, signal)) {
      const below = found.slice(ROOT.length, -LIMITS.length - 1);
      if (found.endsWith(`/${LIMITS}`) && below !== path) {
        throw usageError(`${path} has a child ${below} which has a quota`);
      }
    }
  } catch (error) {
    if (!isNoNode(error)) throw error;
  }
}

async function createIfMissing(zk: ZooKeeper, path: string, data: string | null): Promise<boolean> {
  try {
    await zk.create(path, data);
    return true;
  } catch (error) {
    if (error instanceof ZkError && error.code === 'NodeExists') return false;
    throw error;
  }
}

/** Makes the two znodes, or changes the limits that are given and keeps the others. */
async function store(
  zk: ZooKeeper,
  path: string,
  wanted: ReadonlyMap<Limit, number>,
): Promise<Limits> {
  let node = ROOT;
  for (const name of path.split('/').slice(1)) {
    if (name === '') continue;
    node += `/${name}`;
    await createIfMissing(zk, node, null);
  }
  const fresh: Limits = new Map([
    ['count', -1],
    ['bytes', -1],
    ['countHardLimit', -1],
    ['byteHardLimit', -1],
    ...wanted,
  ]);
  if (await createIfMissing(zk, `${node}/${LIMITS}`, writeLimits(fresh))) {
    await createIfMissing(zk, `${node}/${STATS}`, 'count=0,bytes=0');
    return fresh;
  }
  const limits: Limits = new Map([...(await read(zk, `${node}/${LIMITS}`)), ...wanted]);
  await zk.set(`${node}/${LIMITS}`, writeLimits(limits));
  return limits;
}

async function warn({ out, json }: CommandContext, limits: Limits, used: Limits): Promise<void> {
  const exceeds = (limit: Limit, use: Limit): boolean => {
    const value = limits.get(limit) ?? -1;
    return value > -1 && value < (used.get(use) ?? -1);
  };
  if (json) return;
  if (exceeds('count', 'count') || exceeds('countHardLimit', 'count')) {
    const now = used.get('count');
    out.line(`[Warning]: the count quota you create is less than the existing count:${now}`);
  }
  if (exceeds('bytes', 'bytes') || exceeds('byteHardLimit', 'bytes')) {
    const now = used.get('bytes');
    out.line(`[Warning]: the bytes quota you create is less than the existing bytes:${now}`);
  }
}

export const listquota: Command = {
  name: 'listquota',
  group: 'access',
  usage: 'listquota path',
  summary: 'print the quota of a path and what is used of it',
  zh: '显示配额及使用情况',
  options: [],
  operands: [{ name: 'path', kind: 'path' }],
  examples: ['listquota /tasks'],
  async run(context, args) {
    const path = operand(args, 0);
    if (!context.json && !context.quiet) context.err.line(`absolute path is ${limitsOf(path)}`);
    try {
      const limits = await read(context.zk, limitsOf(path));
      const used = await read(context.zk, statsOf(path));
      context.emit(
        { path, quota: Object.fromEntries(limits), used: Object.fromEntries(used) },
        `Output quota for ${path} ${writeLimits(limits)}\nOutput stat for ${path} ${writeLimits(used)}`,
      );
    } catch (error) {
      throw isNoNode(error) ? missing(path) : error;
    }
  },
};

export const delquota: Command = {
  name: 'delquota',
  group: 'access',
  usage: 'delquota [-n|-b|-N|-B] path',
  summary: 'lift one limit of a path, or all',
  zh: '删除配额',
  options: optionsWith(undefined),
  operands: [{ name: 'path', kind: 'path' }],
  examples: ['delquota /tasks', 'delquota -n /tasks'],
  async run(context, args) {
    const path = operand(args, 0);
    const { zk } = context;
    if ((await zk.exists(limitsOf(path))) === null) {
      context.emit({ path, existed: false }, `Quota does not exist for ${path}`);
      return;
    }
    const lifted = FLAGS.filter(([flag]) => args.has(flag)).map(([, name]) => name);
    if (lifted.length === 0) {
      await removeAll(zk, path);
    } else {
      const limits = await read(zk, limitsOf(path));
      for (const name of lifted) limits.set(name, -1);
      await zk.set(limitsOf(path), writeLimits(limits));
    }
    context.emit({ path, existed: true }, '');
  },
};

/** The two znodes, then every parent that has nothing else below it. */
async function removeAll(zk: ZooKeeper, path: string): Promise<void> {
  let node = path === '/' ? ROOT : `${ROOT}${path}`;
  for (const name of [LIMITS, STATS]) {
    await zk.delete(`${node}/${name}`).catch((error: unknown) => {
      if (!isNoNode(error)) throw error;
    });
  }
  while (node !== ROOT && (await zk.children(node)).names.length === 0) {
    await zk.delete(node);
    node = node.slice(0, node.lastIndexOf('/'));
  }
}
