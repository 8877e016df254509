// `deleteall` and `rmr`: a znode with everything below it, in multis of a thousand from the leaves up.
import { ZkError } from '../../client/errors.ts';
import { CliError, Status, usageError } from '../cliError.ts';
import type { Command, CommandContext } from '../command.ts';
import { failureOf } from '../errors.ts';
import { operand, parseInteger } from '../values.ts';
import { walk } from '../walk.ts';

const BATCH = 1000;
/** A terminal is asked before more nodes than this go. */
const ASK_ABOVE = 20;

export const deleteall: Command = {
  name: 'deleteall',
  aliases: ['rmr'],
  group: 'write',
  usage: 'deleteall [-b batch] [-y] [--force] path',
  summary: 'delete a znode and everything below it',
  zh: '删除节点及其所有子节点',
  options: [
    {
      flags: ['-b'],
      value: { name: 'batch', kind: 'number' },
      summary: `nodes per transaction, ${BATCH} by default`,
      zh: `每个事务删除的节点数，默认 ${BATCH}`,
    },
    { flags: ['-y', '--yes'], summary: 'do not ask', zh: '不询问直接删除' },
    { flags: ['--force'], summary: 'even /', zh: '允许删除 / 下的所有节点' },
  ],
  operands: [{ name: 'path', kind: 'path' }],
  examples: ['deleteall /tasks', 'rmr /root', 'deleteall -y -b 100 /big'],
  detail:
    'Each batch is all or nothing; a tree of several batches can stay half deleted when one fails.\n' +
    `A terminal is asked above ${ASK_ABOVE} nodes.`,
  detailZh: `每批要么全部删除要么全不删除；终端中超过 ${ASK_ABOVE} 个节点时会询问。`,
  async run(context, args) {
    const root = operand(args, 0);
    const batchText = args.value('-b');
    const batch = batchText === undefined ? BATCH : parseInteger(batchText, '-b', 1);
    if (root === '/' && !args.has('--force')) {
      throw usageError('deleteall / would delete everything: add --force if that is meant');
    }
    const paths: string[] = [];
    for await (const path of walk(context.zk, root, context.signal)) {
      const isFixed = path === '/' || path === '/zookeeper' || path.startsWith('/zookeeper/');
      if (root !== '/' || !isFixed) paths.push(path);
    }
    if (!args.has('-y') && !(await isAgreed(context, root, paths.length))) {
      throw new CliError('Nothing deleted', 'Cancelled', Status.interrupted);
    }
    const deleted = await deleteInBatches(context, paths.reverse(), batch);
    const what = `Deleted ${deleted} node${deleted === 1 ? '' : 's'}`;
    if (context.json) context.emit({ path: root, deleted }, '');
    else if (!context.quiet) context.err.line(what);
  },
};

async function isAgreed(context: CommandContext, path: string, count: number): Promise<boolean> {
  if (count <= ASK_ABOVE) return true;
  return (await context.shell.confirm(`Delete ${count} nodes at and below ${path}?`)) ?? true;
}

/** `paths` has children before parents. */
async function deleteInBatches(
  { zk, session, signal }: CommandContext,
  paths: readonly string[],
  batch: number,
): Promise<number> {
  let deleted = 0;
  for (let from = 0; from < paths.length; from += batch) {
    signal.throwIfAborted();
    const some = paths.slice(from, from + batch);
    try {
      await zk.multi(
        some.map((path) => ({ op: 'delete' as const, path })),
        { signal },
      );
    } catch (error) {
      if (!(error instanceof ZkError) || deleted === 0) throw error;
      throw new CliError(
        `${failureOf(error).message}\nFailed to delete some node(s) in the subtree! ` +
          `${deleted} of ${paths.length} are deleted`,
        'Partial',
        Status.zookeeperError,
      );
    }
    for (const path of some) session.ephemerals.delete(path);
    deleted += some.length;
  }
  return deleted;
}
