// Small questions to the server: `sync`, `whoami`, `getEphemerals`, `getAllChildrenNumber`.
import type { Command } from '../command.ts';
import { operand } from '../values.ts';

export const sync: Command = {
  name: 'sync',
  group: 'read',
  usage: 'sync path',
  summary: 'wait until this server has caught up with the leader',
  zh: '等待所连服务器与 leader 同步',
  options: [],
  operands: [{ name: 'path', kind: 'path' }],
  examples: ['sync /'],
  async run({ zk, signal, emit }, args) {
    const path = operand(args, 0);
    await zk.sync(path, { timeout: 30_000, signal });
    emit({ path }, 'Sync is OK');
  },
};

export const whoami: Command = {
  name: 'whoami',
  group: 'access',
  usage: 'whoami',
  summary: 'print as whom the server knows this session',
  zh: '显示本会话的身份',
  options: [],
  operands: [],
  examples: ['whoami'],
  async run({ zk, signal, emit }) {
    const infos = await zk.whoAmI({ signal });
    emit(
      { identities: infos.map(({ authScheme, user }) => ({ scheme: authScheme, user })) },
      ['Auth scheme: User', ...infos.map((info) => `${info.authScheme}: ${info.user}`)].join('\n'),
    );
  },
};

export const getEphemerals: Command = {
  name: 'getEphemerals',
  group: 'read',
  usage: 'getEphemerals [path]',
  summary: 'list the ephemerals of this session',
  zh: '列出本会话的临时节点',
  options: [],
  operands: [{ name: 'path', kind: 'path', optional: true }],
  examples: ['getEphemerals', 'getEphemerals /workers'],
  async run({ zk, signal, emit }, args) {
    const paths = (await zk.ephemerals(args.operands[0], { signal })).sort();
    emit({ ephemerals: paths }, `[${paths.join(', ')}]`);
  },
};

export const getAllChildrenNumber: Command = {
  name: 'getAllChildrenNumber',
  group: 'read',
  usage: 'getAllChildrenNumber path',
  summary: 'count all znodes below a path',
  zh: '统计路径下所有后代节点数',
  options: [],
  operands: [{ name: 'path', kind: 'path' }],
  examples: ['getAllChildrenNumber /'],
  async run({ zk, signal, emit }, args) {
    const path = operand(args, 0);
    const count = await zk.allChildrenNumber(path, { signal });
    emit({ path, count }, String(count));
  },
};
