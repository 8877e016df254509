// `get`: the data of a znode, as text, JSON, base64, hex or raw bytes.
import { dataJson, escapeControls, hexDump, textOf } from '../bytes.ts';
import { usageError } from '../cliError.ts';
import type { Command, CommandContext, ParsedArgs } from '../command.ts';
import { writeNamedFile } from '../files.ts';
import { statBlock, statJson } from '../stat.ts';
import { operand, WATCH, WITH_STAT, wantsWatch } from '../values.ts';

export const get: Command = {
  name: 'get',
  group: 'read',
  usage: 'get [-s] [-w] [-b|-x|-j|-r|-f file] path [watch]',
  summary: 'print the data of a znode',
  zh: '显示节点数据',
  options: [
    WITH_STAT,
    WATCH,
    { flags: ['-b'], summary: 'as base64', zh: '以 base64 显示' },
    { flags: ['-x'], summary: 'as a hex dump', zh: '以十六进制显示' },
    { flags: ['-j'], summary: 'JSON data, indented', zh: '缩进显示 JSON 数据' },
    { flags: ['-r'], summary: 'the bytes as they are, no line end', zh: '原样输出字节，不加换行' },
    {
      flags: ['-f'],
      value: { name: 'file', kind: 'file' },
      summary: 'write the bytes to a file',
      zh: '将字节写入文件',
    },
  ],
  operands: [
    { name: 'path', kind: 'path' },
    { name: 'watch', kind: 'watch', optional: true },
  ],
  examples: ['get /tasks/task-0000000000', 'get -s /master', 'get /master true', 'get -x /bytes'],
  detail:
    'The watch tells when the data changes or the znode is deleted.\n' +
    'It does not tell of children: ls -w does.',
  detailZh: '监视点在数据变化或节点删除时触发一次；它不监视子节点，监视子节点请用 ls -w。',
  async run(context, args) {
    const path = operand(args, 0);
    const forms = ['-b', '-x', '-j', '-r', '-f'].filter((flag) => args.has(flag));
    if (forms.length > 1) throw usageError(`${forms.join(' and ')} exclude each other`);
    const watch = wantsWatch(args, 1);
    const { data, stat } = await context.zk.get(path, { watch, signal: context.signal });
    const file = args.value('-f');
    if (file !== undefined) await writeNamedFile(file, data ?? Buffer.alloc(0));
    if (context.json) {
      const withStat = args.has('-s') ? { stat: statJson(stat) } : {};
      context.emit(
        { path, ...(file === undefined ? dataJson(data, forms[0]) : { file }), ...withStat },
        '',
      );
      return;
    }
    if (file === undefined) print(context, args, path, data);
    if (args.has('-s')) context.out.line(statBlock(stat));
    if (args.operands[1] !== undefined && watch) {
      context.shell.hint('get watch', 'get watches the data; ls -w watches the children', 1);
    }
  },
};

function print({ out }: CommandContext, args: ParsedArgs, path: string, data: Buffer | null): void {
  const bytes = data ?? Buffer.alloc(0);
  if (args.has('-b')) out.line(bytes.toString('base64'));
  else if (args.has('-x')) out.line(hexDump(bytes));
  else if (args.has('-j')) out.line(prettyJson(path, bytes));
  else if (data === null) out.line('null');
  else if (out.isTerminal) out.line(escapeControls(data.toString('utf8')));
  else if (args.has('-r')) out.write(data);
  else out.line(data.toString('utf8'));
}

function prettyJson(path: string, data: Buffer): string {
  try {
    return JSON.stringify(JSON.parse(textOf(data) ?? ''), null, 2);
  } catch {
    throw usageError(`Not JSON: the data of ${path}`);
  }
}
