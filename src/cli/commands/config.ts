// `config` and `reconfig`: which servers make up the ensemble.
import { type ErrorName, ZkError } from '../../client/errors.ts';
import { CliError, usageError } from '../cliError.ts';
import type { Command, ParsedArgs } from '../command.ts';
import { failureOf } from '../errors.ts';
import { readNamedFile } from '../files.ts';
import { statBlock, statJson } from '../stat.ts';
import { WATCH, WITH_STAT } from '../values.ts';

const CONFIG_PATH = '/zookeeper/config';

export const config: Command = {
  name: 'config',
  group: 'read',
  usage: 'config [-c] [-w] [-s]',
  summary: 'print the servers of the ensemble',
  zh: '显示集群配置',
  options: [
    { flags: ['-c'], summary: 'the connect string for clients', zh: '显示客户端连接串' },
    { ...WATCH, summary: 'set a watch on the configuration', zh: '监视配置变化' },
    WITH_STAT,
  ],
  operands: [],
  examples: ['config', 'config -c'],
  async run(context, args) {
    const watch = args.has('-w');
    const { data, stat } = await context.zk.config({ watch, signal: context.signal });
    const text = data === null ? 'null' : data.toString('utf8');
    const lines = [args.has('-c') ? clientString(text) : text];
    if (args.has('-s')) lines.push(statBlock(stat));
    const withStat = args.has('-s') ? { stat: statJson(stat) } : {};
    context.emit({ config: text, ...withStat }, lines.join('\n'));
    // A standalone server answers with no bytes at all, which Apache prints as an empty line.
    if (lines.join('') === '' && !context.json) context.out.line('');
  },
};

/** `version host:port,host:port` out of `server.N=...;clientAddress` lines (ConfigUtils.getClientConfigStr). */
function clientString(text: string): string {
  let version = '';
  const clients: string[] = [];
  for (const line of text.split('\n')) {
    const equals = line.indexOf('=');
    const key = line.slice(0, equals).trim();
    const value = line.slice(equals + 1).trim();
    if (key === 'version') version = value;
    if (!key.startsWith('server.')) continue;
    const address = value.split(';')[1]?.trim();
    if (address !== undefined) {
      clients.push(address.includes(':') ? address : `0.0.0.0:${address}`);
    }
  }
  return `${version} ${clients.join(',')}`;
}

const takes = (flag: string, name: string, summary: string, zh: string) =>
  ({
    flags: [flag],
    value: { name, kind: flag === '-file' ? 'file' : 'text' },
    summary,
    zh,
  }) as const;

export const reconfig: Command = {
  name: 'reconfig',
  group: 'access',
  usage: 'reconfig [-s] [-v version] [-file path | -members list | -add list | -remove ids]',
  summary: 'change the servers of the ensemble',
  zh: '修改集群成员',
  options: [
    WITH_STAT,
    takes('-v', 'version', 'only from this version (hex)', '仅当配置版本（十六进制）相同时执行'),
    takes('-file', 'path', 'new membership from a file', '从文件读取新成员'),
    takes('-members', 'list', 'new membership: server.1=h:p:p;p,...', '新的完整成员列表'),
    takes('-add', 'list', 'servers that join', '加入的服务器'),
    takes('-remove', 'ids', 'ids of servers that leave', '离开的服务器编号'),
  ],
  operands: [],
  detail:
    'A server is server.N=host:peerPort:electionPort[:participant|:observer];[host:]clientPort.\n' +
    'The servers must run with reconfigEnabled=true. The super user may (addauth digest\n' +
    'super:password), or anybody where skipACL=yes.',
  detailZh:
    '服务器的写法：server.N=主机:对等端口:选举端口[:participant|:observer];[主机:]客户端端口。\n' +
    '各服务器须设置 reconfigEnabled=true；只有超级用户可以执行（addauth digest super:密码），\n' +
    '除非服务器设置了 skipACL=yes。',
  examples: [
    'reconfig -remove 3',
    'reconfig -add server.4=h4:2888:3888;2181',
    'reconfig -add server.5=h5:2888:3888:observer;2181 -remove 4',
  ],
  async run(context, args) {
    const request = await requestOf(args, this.usage);
    const { data, stat } = await context.zk
      .reconfig(request, { signal: context.signal })
      .catch((error: unknown) => {
        throw explained(error);
      });
    const text = data === null ? '' : data.toString('utf8');
    const lines = ['Committed new configuration:', text];
    if (args.has('-s')) lines.push(statBlock(stat));
    context.emit({ config: text, stat: statJson(stat) }, lines.join('\n'));
  },
};

/** What to do about an error, for a terminal. */
const HINTS: Partial<Record<ErrorName, string>> = {
  ReconfigDisabled: 'every server needs reconfigEnabled=true in its configuration',
  Unimplemented: 'a standalone server has no other servers: it needs a line server.N and a myid',
  NoAuth: 'only the super user may, or anybody with skipACL=yes at the servers; see addauth',
  BadVersion: 'config shows the version that is in force',
  BadArguments:
    'a server is server.N=host:peerPort:electionPort[:observer];clientPort, and two voters must ' +
    'be left (one with standaloneEnabled=false)',
};

/** Apache's shell says `null` where it has no path; these two are about the config znode. */
function explained(error: unknown): unknown {
  if (!(error instanceof ZkError) || HINTS[error.code] === undefined) return error;
  const { message, code, status } = failureOf(error);
  const isAboutNode = error.code === 'NoAuth' || error.code === 'BadVersion';
  const text = isAboutNode ? message.replace(/ null$/, ` ${CONFIG_PATH}`) : message;
  return new CliError(text, code, status, HINTS[error.code], isAboutNode ? CONFIG_PATH : undefined);
}

async function requestOf(args: ParsedArgs, usage: string) {
  const file = args.value('-file');
  const joining = args.value('-add')?.toLowerCase();
  const leaving = args.value('-remove')?.toLowerCase();
  let members = args.value('-members')?.toLowerCase();
  const isWhole = file !== undefined || members !== undefined;
  const isIncremental = joining !== undefined || leaving !== undefined;
  if (!isWhole && !isIncremental) {
    throw usageError(`Missing -file, -members, -add or -remove; usage: ${usage}`);
  }
  if (isWhole && isIncremental) {
    throw usageError(
      "Can't use -file or -members together with -add or -remove (mixing incremental and " +
        'non-incremental modes is not allowed)',
    );
  }
  if (file !== undefined) {
    if (members !== undefined) {
      throw usageError("Can't use -file and -members together (conflicting non-incremental modes)");
    }
    members = await membersIn(file);
  }
  const version = args.value('-v');
  if (version !== undefined && !/^-?[0-9a-fA-F]+$/.test(version)) {
    throw usageError('-v must be followed by a long (configuration version)');
  }
  const fromConfig =
    version === undefined
      ? -1n
      : BigInt(`0x${version.replace('-', '')}`) * (version.startsWith('-') ? -1n : 1n);
  return { joining, leaving, members, fromConfig };
}

/** The server, group and weight lines of a dynamic configuration file. */
async function membersIn(file: string): Promise<string> {
  const text = (await readNamedFile(file)).toString('utf8');
  const lines = text.split('\n').map((line) => line.trim());
  return lines.filter((line) => /^(server|group|weight)\./.test(line)).join('\n');
}
