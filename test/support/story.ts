// The master and worker story of the books, typed in several shells at once: what each says, and
// which events it sees.
import { expect } from 'vitest';
import { keys } from './pty.ts';
import type { ShellScreen } from './shellScreen.ts';

/**
 * How the first master goes: three ways to leave, and two that the server only notices by silence.
 */
export type MasterEnd = 'quit' | 'Ctrl-D' | 'close' | 'crash' | 'SIGKILL';

export interface Cast {
  readonly master: ShellScreen;
  readonly backup: ShellScreen;
  readonly worker: ShellScreen;
  readonly client: ShellScreen;
}

export interface StoryOptions {
  readonly end: MasterEnd;
  /** Of the master's session, in milliseconds. */
  readonly timeout: number;
}

/** Types a line and expects exactly these lines. */
async function say(shell: ShellScreen, line: string, ...output: string[]): Promise<void> {
  expect(await shell.run(line), line).toEqual(output);
}

async function sees(shell: ShellScreen, event: string, patience?: number): Promise<void> {
  expect(await shell.nextEvent(patience)).toBe(event);
}

/** The commands before the story: one node made, looked at and removed. */
async function firstSteps(shell: ShellScreen): Promise<void> {
  await say(shell, 'ls /', '[zookeeper]');
  await say(shell, 'create /workers ""', 'Created /workers');
  await say(shell, 'ls /', '[workers, zookeeper]');
  const stat = await shell.run('stat /workers');
  expect(stat).toContain('dataLength = 0');
  await say(shell, 'delete /workers');
  await say(shell, 'ls /', '[zookeeper]');
}

/** A stat block: its eleven names in their order, and an owner as only an ephemeral has one. */
function expectEphemeralStat(lines: string[], dataLength: number): void {
  const names = [
    ...['cZxid', 'ctime', 'mZxid', 'mtime', 'pZxid', 'cversion', 'dataVersion', 'aclVersion'],
    ...['ephemeralOwner', 'dataLength', 'numChildren'],
  ];
  expect(lines.map((line) => line.split(' = ')[0])).toEqual(names);
  expect(lines[8]).toMatch(/^ephemeralOwner = 0x[1-9a-f][0-9a-f]*$/);
  expect(lines[9]).toBe(`dataLength = ${dataLength}`);
  expect(lines[10]).toBe('numChildren = 0');
}

async function leave(master: ShellScreen, end: MasterEnd): Promise<void> {
  if (end === 'Ctrl-D') master.type(keys.ctrl('D'));
  else if (end === 'SIGKILL') master.kill('SIGKILL');
  else master.line(end);
  if (end !== 'close' && end !== 'crash') await master.ended;
}

/** Two processes want to be master; the second watches the first and takes over when it goes. */
async function masterRole({ master, backup }: Cast, { end, timeout }: StoryOptions): Promise<void> {
  await say(master, 'create -e /master "master1.example.com:2223"', 'Created /master');
  const second = 'create -e /master "master2.example.com:2223"';
  await say(backup, second, 'Node already exists: /master');
  expectEphemeralStat(await backup.run('stat /master true'), 24);

  const before = performance.now();
  await leave(master, end);
  const isSilent = end === 'crash' || end === 'SIGKILL';
  await sees(backup, 'NodeDeleted /master', timeout * 3 + 20_000);
  const waited = performance.now() - before;
  // A server expires a session at the earliest when it has heard nothing for the time agreed on.
  // The last ping may be a third of it old.
  if (isSilent) expect(waited).toBeGreaterThan(timeout / 2);
  else expect(waited).toBeLessThan(timeout);
  await say(backup, second, 'Created /master');
}

/** Workers, tasks and assignments: `master` is whoever is master now. */
async function workerAndClient(master: ShellScreen, { worker, client }: Cast): Promise<void> {
  const { kind } = master;
  await say(worker, 'create /workers ""', 'Created /workers');
  await say(worker, 'create /tasks ""', 'Created /tasks');
  await say(worker, 'create /assign ""', 'Created /assign');
  await say(master, 'ls /workers true', '[]');
  await say(master, 'ls /tasks true', '[]');
  // Empty data is an empty line, and the filter of Apache's noise takes that away.
  await say(master, 'get /tasks 1', ...(kind === 'ours' ? [''] : []));

  const worker1 = '/workers/worker1.example.com';
  await say(worker, `create -e ${worker1} "worker1.example.com:2224"`, `Created ${worker1}`);
  await sees(master, 'NodeChildrenChanged /workers');
  const assigned = '/assign/worker1.example.com';
  await say(worker, `create ${assigned} ""`, `Created ${assigned}`);
  await say(worker, `ls ${assigned} true`, '[]');

  const task = 'task-0000000000';
  await say(client, 'create -s /tasks/task- "cmd"', `Created /tasks/${task}`);
  await sees(master, 'NodeChildrenChanged /tasks');
  await say(client, `ls /tasks/${task} true`, '[]');

  await say(master, 'ls /tasks', `[${task}]`);
  await say(master, 'ls /workers', '[worker1.example.com]');
  await say(master, `create ${assigned}/${task} ""`, `Created ${assigned}/${task}`);
  await sees(worker, `NodeChildrenChanged ${assigned}`);
  await say(worker, `ls ${assigned}`, `[${task}]`);

  await say(worker, `create /tasks/${task}/status "done"`, `Created /tasks/${task}/status`);
  await sees(client, `NodeChildrenChanged /tasks/${task}`);
  await say(client, `get /tasks/${task}`, 'cmd');
  await say(client, `get /tasks/${task}/status`, 'done');
}

/** A tree and its removal with everything in it; the master still watches the data of /tasks. */
async function removal(master: ShellScreen, { client }: Cast): Promise<void> {
  const removeAll = client.kind === 'ours' ? 'rmr' : 'deleteall';
  await say(client, 'create /root ""', 'Created /root');
  await say(client, 'create /root/leaf ""', 'Created /root/leaf');
  await client.run(`${removeAll} /root`);
  await say(client, 'ls /root', 'Node does not exist: /root');
  await client.run(`${removeAll} /tasks`);
  await sees(master, 'NodeDeleted /tasks');
  for (const path of ['/assign', '/workers', '/master']) await client.run(`${removeAll} ${path}`);
  await say(client, 'ls /', '[zookeeper]');
}

/** The whole story on an empty server. Shells that it does not end are left open. */
export async function tellStory(cast: Cast, options: StoryOptions): Promise<void> {
  await firstSteps(cast.master);
  await masterRole(cast, options);
  await workerAndClient(cast.backup, cast);
  await removal(cast.backup, cast);
}
