// Runs test/e2e/walkthrough.zk as a user would, with `zk cli -f`, and compares what it prints.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

/** `bin/zk cli ...args` with an optional standard input. */
export function runCliProgram(
  args: readonly string[],
  {
    stdin = '',
    env = {},
    cwd,
  }: { stdin?: string; env?: Record<string, string>; cwd?: string } = {},
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [file('../../bin/zk'), 'cli', ...args],
      { env: { ...process.env, ...env }, cwd, maxBuffer: 1 << 28 },
      (error, stdout, stderr) => {
        const status = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ stdout, stderr, status });
      },
    );
    child.stdin?.end(stdin);
  });
}

const event = (session: string, type: string, path: string): string =>
  `@${session}\nWATCHER::\nWatchedEvent state:SyncConnected type:${type} path:${path}`;

const EXPECTED = [
  '[zookeeper]',
  'Created /workers',
  'Created /master',
  // stat /master
  'cZxid',
  'ctime',
  'mZxid',
  'mtime',
  'pZxid',
  'cversion = 0',
  'dataVersion = 0',
  'aclVersion = 0',
  'ephemeralOwner',
  'dataLength = 24',
  'numChildren = 0',
  event('backup', 'NodeDeleted', '/master'),
  'Created /master',
  'master2.example.com:2223',
  'Created /workers',
  'Created /tasks',
  'Created /assign',
  '[]',
  '[]',
  '',
  event('backup', 'NodeChildrenChanged', '/workers'),
  'Created /workers/worker1.example.com',
  'Created /assign/worker1.example.com',
  '[]',
  event('backup', 'NodeChildrenChanged', '/tasks'),
  'Created /tasks/task-0000000000',
  '[]',
  '[task-0000000000]',
  '[worker1.example.com]',
  event('worker', 'NodeChildrenChanged', '/assign/worker1.example.com'),
  'Created /assign/worker1.example.com/task-0000000000',
  '[task-0000000000]',
  event('client', 'NodeChildrenChanged', '/tasks/task-0000000000'),
  'Created /tasks/task-0000000000/status',
  'cmd',
  'done',
  '[worker1.example.com]',
  'session abandoned',
  event('backup', 'NodeChildrenChanged', '/workers'),
  '[]',
  event('backup', 'NodeDeleted', '/tasks'),
  '[zookeeper]',
];

/** Drops ids and times; an event may come just before or just after the line of the other session that caused it. */
function comparable(stdout: string): string[] {
  const text = stdout
    .replaceAll(/^(cZxid|mZxid|pZxid|ephemeralOwner) = 0x[0-9a-f]+$/gm, '$1')
    .replaceAll(/^(ctime|mtime) = .*$/gm, '$1')
    .replaceAll(/^session 0x[0-9a-f]+ abandoned.*$/gm, 'session abandoned')
    .replaceAll(/^(@\w+)\n(WATCHER::)\n(WatchedEvent .*)$/gm, '$1\u0000$2\u0000$3');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.replaceAll('\u0000', '\n'));
}

const isEvent = (line: string): boolean => line.startsWith('@');

export async function runWalkthrough(address: string): Promise<void> {
  const ran = await runCliProgram([
    ...['-server', address, '-timeout', '4000', '-q', '-e'],
    ...['-f', file('../e2e/walkthrough.zk')],
  ]);
  expect(ran.stderr.split('\n')).toEqual([
    'Node already exists: /workers',
    'Node does not exist: /workers',
    'Node already exists: /master',
    '',
  ]);
  expect(ran.status).toBe(0);
  const lines = comparable(ran.stdout);
  expect(lines.filter((line) => !isEvent(line))).toEqual(EXPECTED.filter((line) => !isEvent(line)));
  expect(lines.filter(isEvent)).toEqual(EXPECTED.filter(isEvent));
}
