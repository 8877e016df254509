// `connect`, `close`, `quit`, `crash`: how a session begins and ends.
import { hex0x } from '../../base/ids.ts';
import type { Command } from '../command.ts';

export const connect: Command = {
  name: 'connect',
  group: 'session',
  usage: 'connect [host:port]',
  summary: 'open a new session, here or elsewhere',
  zh: '连接服务器，建立新会话',
  options: [],
  operands: [{ name: 'host:port', kind: 'server', optional: true }],
  examples: ['connect', 'connect ip104:2181,ip105:2181,ip106:2181', 'connect host:2181/app'],
  offline: true,
  async run({ shell, session, emit }, args) {
    await shell.connect(session, args.operands[0]);
    emit({ server: session.server }, '');
  },
};

export const close: Command = {
  name: 'close',
  group: 'session',
  usage: 'close',
  summary: 'end the session; its ephemerals go at once',
  zh: '关闭会话，临时节点立即删除',
  options: [],
  operands: [],
  examples: ['close'],
  async run({ session, signal, emit }) {
    await session.close(signal);
    emit({ session: session.name, state: 'closed' }, '');
  },
};

export const quit: Command = {
  name: 'quit',
  aliases: ['exit'],
  group: 'session',
  usage: 'quit',
  summary: 'end the session and leave',
  zh: '关闭会话并退出',
  options: [],
  operands: [],
  examples: ['quit', '@master quit'],
  detail: '@name quit ends that session only, as leaving that terminal would.',
  detailZh: '@名称 quit 只结束该会话，如同关闭那个终端。',
  offline: true,
  async run({ shell, session, isNamed }) {
    await shell.quit(session, isNamed);
  },
};

export const crash: Command = {
  name: 'crash',
  group: 'session',
  usage: 'crash',
  summary: 'vanish without closing: the server expires the session',
  zh: '不关闭会话直接断开，由服务器等待超时',
  options: [],
  operands: [],
  examples: ['crash', '@master crash'],
  detail: 'The second way in which an ephemeral goes: after the session timeout. See close.',
  detailZh: '临时节点的另一种消失方式：会话超时之后。参见 close。',
  async run({ zk, emit }) {
    const id = hex0x(zk.sessionId);
    const timeout = zk.sessionTimeout;
    zk.abandon();
    emit(
      { session_id: id, timeout_ms: timeout },
      `session ${id} abandoned, the server will expire it within ${timeout} ms`,
    );
  },
};
