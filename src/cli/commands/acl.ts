// `getAcl`, `setAcl` and `addauth`: who may do what, and who we are.
import { ZkError } from '../../client/errors.ts';
import { aclJson, aclText, parseAcl } from '../acl.ts';
import { escapeControls } from '../bytes.ts';
import { Status, usageError } from '../cliError.ts';
import type { Command, CommandContext } from '../command.ts';
import { failureOf } from '../errors.ts';
import { statBlock, statJson } from '../stat.ts';
import { operand, VERSION, versionOf, WITH_STAT } from '../values.ts';
import { walk } from '../walk.ts';

export const getAcl: Command = {
  name: 'getAcl',
  group: 'access',
  usage: 'getAcl [-s] path',
  summary: 'print who may do what with a znode',
  zh: '显示节点的访问控制列表',
  options: [WITH_STAT],
  operands: [{ name: 'path', kind: 'path' }],
  examples: ['getAcl /workers'],
  async run(context, args) {
    const path = operand(args, 0);
    const { acl, stat } = await context.zk.getAcl(path, { signal: context.signal });
    const texts = acl.map(aclText);
    // An id may be anything that somebody wrote.
    const lines = context.out.isTerminal ? texts.map(escapeControls) : texts;
    if (args.has('-s')) lines.push(statBlock(stat));
    const withStat = args.has('-s') ? { stat: statJson(stat) } : {};
    context.emit({ path, acl: acl.map(aclJson), ...withStat }, lines.join('\n'));
  },
};

export const setAcl: Command = {
  name: 'setAcl',
  group: 'access',
  usage: 'setAcl [-s] [-v version] [-R] path acl',
  summary: 'set who may do what with a znode',
  zh: '设置节点的访问控制列表',
  options: [
    WITH_STAT,
    {
      ...VERSION,
      summary: 'only if aclVersion is this one; -1 is any',
      zh: '仅当 aclVersion 相同时执行',
    },
    { flags: ['-R'], summary: 'the whole subtree', zh: '递归设置整个子树' },
  ],
  operands: [
    { name: 'path', kind: 'path' },
    { name: 'acl', kind: 'acl' },
  ],
  examples: ['setAcl /workers world:anyone:cdrwa', 'setAcl -R /app auth::cdrwa'],
  detail: 'An ACL is scheme:id:perms; perms are c(reate) d(elete) r(ead) w(rite) a(dmin).',
  detailZh: 'ACL 形式为 scheme:id:perms，权限字母：c 创建 d 删除 r 读 w 写 a 管理。',
  async run(context, args) {
    const path = operand(args, 0);
    const acl = parseAcl(operand(args, 1));
    const version = versionOf(args, 2);
    const { zk, signal } = context;
    if (!args.has('-R')) {
      const stat = await zk.setAcl(path, acl, { version, signal });
      context.emit({ path, stat: statJson(stat) }, args.has('-s') ? statBlock(stat) : '');
      return Status.ok;
    }
    let done = 0;
    let failed = 0;
    for await (const found of walk(zk, path, signal)) {
      try {
        await zk.setAcl(found, acl, { version, signal });
        done++;
      } catch (error) {
        if (!(error instanceof ZkError)) throw error;
        failed++;
        reportOne(context, found, error);
      }
    }
    context.emit({ path, changed: done, failed }, '');
    return failed === 0 ? Status.ok : Status.zookeeperError;
  },
};

/** Apache prints these on stdout without a line end and calls the whole a success. */
function reportOne(context: CommandContext, path: string, error: ZkError): void {
  const { message, code } = failureOf(error);
  if (context.json) context.emit({ error: { code, path, message } }, '');
  else context.err.line(message);
}

export const addauth: Command = {
  name: 'addauth',
  group: 'access',
  usage: 'addauth scheme [auth]',
  summary: 'say who we are; a terminal asks for the password',
  zh: '添加认证信息；省略口令时在终端中询问',
  options: [],
  operands: [
    { name: 'scheme', kind: 'scheme' },
    { name: 'auth', kind: 'secret', optional: true },
  ],
  examples: ['addauth digest bob:secret', 'addauth digest bob'],
  detail: 'The line never goes to the history. A wrong scheme ends the session at the server.',
  detailZh: '该命令不会写入历史记录；未知的认证方式会使服务器结束会话。',
  secret: true,
  async run(context, args) {
    const scheme = operand(args, 0);
    const given = args.operands[1];
    await context.zk.addAuth(scheme, await credentials(context, scheme, given), {
      signal: context.signal,
    });
    context.emit({ scheme }, '');
  },
};

/** digest wants `user:password`; what is missing of it is asked for where somebody can answer. */
async function credentials(
  { shell }: CommandContext,
  scheme: string,
  given: string | undefined,
): Promise<string> {
  const isComplete = given !== undefined && (scheme !== 'digest' || given.includes(':'));
  if (isComplete || (given === undefined && scheme !== 'digest')) return given ?? '';
  const user = given === undefined ? '' : ` of ${given}`;
  const secret = await shell.askPassword(given === undefined ? 'user:password' : `password${user}`);
  if (secret === undefined) throw usageError('addauth digest needs user:password');
  return given === undefined ? secret : `${given}:${secret}`;
}
