// `create`: all kinds of znodes, with parents if wanted.
import type { Acl, CreateMode } from '../../client/api.ts';
import { ZkError } from '../../client/errors.ts';
import { parseAcl } from '../acl.ts';
import { DATA_FORMS, dataOf, FROM_FILE } from '../bytes.ts';
import { CliError, noChroot, Status, usageError } from '../cliError.ts';
import type { Command, CommandContext, ParsedArgs } from '../command.ts';
import { operand, parentOf } from '../values.ts';

/** EphemeralType.TTL of Apache keeps the time in five bytes. */
const TTL_MAX = 0x00ff_ffff_ffff;

export const create: Command = {
  name: 'create',
  group: 'write',
  usage: 'create [-s] [-e] [-c] [-p] [-t ttl] [-b|-x|-f file] path [data] [acl]',
  summary: 'make a znode',
  zh: '创建节点',
  options: [
    {
      flags: ['-s'],
      summary: 'sequential: ten digits are appended',
      zh: '有序节点，名称后追加十位序号',
    },
    { flags: ['-e'], summary: 'ephemeral: goes with this session', zh: '临时节点，会话结束时删除' },
    {
      flags: ['-c'],
      summary: 'container: goes after its last child',
      zh: '容器节点，最后一个子节点删除后被清除',
    },
    {
      flags: ['-t'],
      value: { name: 'ttl', kind: 'number' },
      summary: 'goes when unchanged and childless for so many ms',
      zh: '无变化且无子节点超过该毫秒数后删除',
    },
    { flags: ['-p'], summary: 'make missing parents', zh: '同时创建缺少的父节点' },
    ...DATA_FORMS,
    FROM_FILE,
  ],
  operands: [
    { name: 'path', kind: 'path' },
    { name: 'data', kind: 'data', optional: true },
    { name: 'acl', kind: 'acl', optional: true },
  ],
  examples: [
    'create /workers ""',
    'create -e /master "master1.example.com:2223"',
    'create -s /tasks/task- "cmd"',
    'create /private "x" digest:bob:G5mRDMwhpmFQ9XkVqP1Y3xIhF3g=:cdrwa',
  ],
  detail: 'Data may be - for standard input. Without data the znode holds null.',
  detailZh: '数据写 - 表示从标准输入读取；不写数据时内容为 null。',
  async run(context, args) {
    const { mode, ttl } = modeOf(args);
    // With -f the file is the data, so that the second word is the ACL.
    const aclAt = args.has('-f') ? 1 : 2;
    const aclText = args.operands[aclAt];
    const acl = aclText === undefined ? undefined : parseAcl(aclText);
    const data = await dataOf(context, args, args.has('-f') ? Infinity : 1);
    const path = operand(args, 0);
    const options = { mode, ttl, acl, signal: context.signal };
    if (args.has('-p')) await createParents(context, path, acl);
    const made = await context.zk.create(path, data, options).catch((error: unknown) => {
      throw namingParent(error, path, context.zk.chroot);
    });
    if (mode.startsWith('ephemeral')) context.session.ephemerals.add(made.path);
    context.emit({ path: made.path }, `Created ${made.path}`);
  },
};

function ttlOf(args: ParsedArgs): number | undefined {
  const text = args.value('-t');
  if (text === undefined) return undefined;
  if (!/^[+-]?\d+$/.test(text)) throw usageError('-t argument must be a long value');
  if (args.has('-e')) throw usageError('TTLs cannot be used with Ephemeral znodes');
  if (args.has('-c')) throw usageError('TTLs cannot be used with Container znodes');
  const ttl = Number(text);
  if (ttl <= 0 || ttl > TTL_MAX) {
    throw usageError(`ttl must be positive and cannot be larger than: ${TTL_MAX}`);
  }
  return ttl;
}

function modeOf(args: ParsedArgs): { mode: CreateMode; ttl: number | undefined } {
  const sequential = args.has('-s');
  if (args.has('-c') && (args.has('-e') || sequential)) {
    throw usageError(
      '-c cannot be combined with -s or -e. Containers cannot be ephemeral or sequential.',
    );
  }
  const ttl = ttlOf(args);
  if (args.has('-c')) return { mode: 'container', ttl };
  if (args.has('-e')) return { mode: sequential ? 'ephemeralSequential' : 'ephemeral', ttl };
  if (ttl !== undefined) {
    return { mode: sequential ? 'persistentSequentialWithTtl' : 'persistentWithTtl', ttl };
  }
  return { mode: sequential ? 'persistentSequential' : 'persistent', ttl };
}

async function createParents(
  { zk, signal }: CommandContext,
  path: string,
  acl: readonly Acl[] | undefined,
): Promise<void> {
  const names = parentOf(path).split('/').slice(1);
  for (let depth = 1; depth <= names.length; depth++) {
    const parent = `/${names.slice(0, depth).join('/')}`;
    if (parent === '/' || (await zk.exists(parent, { signal })) !== null) continue;
    try {
      await zk.create(parent, null, { acl, signal });
    } catch (error) {
      const wasFaster = error instanceof ZkError && error.code === 'NodeExists';
      if (!wasFaster) throw namingParent(error, parent, zk.chroot);
    }
  }
}

/** Apache names the new path only, which is not the one that is missing. */
function namingParent(error: unknown, path: string, chroot: string): unknown {
  if (!(error instanceof ZkError) || error.code !== 'NoNode') return error;
  const parent = parentOf(path);
  // The root itself is always there, unless it is not the real one.
  if (parent === '/') return noChroot(path, chroot);
  return new CliError(
    `Node does not exist: ${path}\nThe parent ${parent} does not exist; create -p makes it`,
    'NoNode',
    Status.zookeeperError,
    undefined,
    path,
  );
}
