// `config` and `reconfig`: which servers make up the ensemble.
import { usageError } from '../cliError.ts';
import type { Command, ParsedArgs } from '../command.ts';
import { readNamedFile } from '../files.ts';
import { statBlock, statJson } from '../stat.ts';
import { WATCH, WITH_STAT } from '../values.ts';

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
  examples: ['reconfig -remove 3', 'reconfig -add server.4=h4:2888:3888;2181'],
  async run(context, args) {
    const request = await requestOf(args, this.usage);
    const { data, stat } = await context.zk.reconfig(request, { signal: context.signal });
    const text = data === null ? '' : data.toString('utf8');
    const lines = ['Committed new configuration:', text];
    if (args.has('-s')) lines.push(statBlock(stat));
    context.emit({ config: text, stat: statJson(stat) }, lines.join('\n'));
  },
};

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
