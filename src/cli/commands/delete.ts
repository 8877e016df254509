// `delete`: removes one znode, if wanted only at a certain version (which Apache 3.8 ignores as a third word).
import type { Command } from '../command.ts';
import { operand, VERSION, versionOf } from '../values.ts';

export const remove: Command = {
  name: 'delete',
  group: 'write',
  usage: 'delete [-v version] path [version]',
  summary: 'delete a znode that has no children',
  zh: '删除没有子节点的节点',
  options: [VERSION],
  operands: [
    { name: 'path', kind: 'path' },
    { name: 'version', kind: 'version', optional: true },
  ],
  examples: ['delete /workers', 'delete -v 3 /config', 'delete /config 3'],
  async run(context, args) {
    const path = operand(args, 0);
    await context.zk.delete(path, { version: versionOf(args, 1), signal: context.signal });
    context.session.ephemerals.delete(path);
    context.emit({ path }, '');
  },
};
