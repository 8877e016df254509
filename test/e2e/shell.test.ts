// What the shell does with a real server: JSON of every command, questions, credentials, quotas, a restart under way.
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import type { ShellOptions } from '../../src/cli/shell.ts';
import { RunningShell } from '../support/cliRunner.ts';
import { spawn } from '../support/pty.ts';
import { startOurs, type TestServer } from '../support/servers.ts';

let server: TestServer;
const open: RunningShell[] = [];

beforeAll(async () => {
  server = await startOurs({ config: { enforceQuota: true } });
});
afterEach(async () => {
  await Promise.all(open.splice(0).map(({ shell }) => shell.close()));
});
afterAll(() => server.stop());

function shell(options: Partial<ShellOptions> = {}): RunningShell {
  const running = new RunningShell(server.address, options);
  open.push(running);
  return running;
}

/** Each line has to succeed; what they print, together. */
async function all(running: RunningShell, ...lines: string[]): Promise<string> {
  let printed = '';
  for (const line of lines) {
    const { stdout, stderr, status } = await running.line(line);
    expect(status, `${line}: ${stderr}`).toBe(0);
    printed += stdout;
  }
  return printed;
}

const SNAKE = /^[a-z0-9]+(_[a-z0-9]+)*$/;

/** Fields named by us; in quotas the server's own words stand. */
function keysOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(keysOf);
  return Object.entries(value).flatMap(([key, inner]) => [
    key,
    ...(key === 'quota' || key === 'used' ? [] : keysOf(inner)),
  ]);
}

describe('--json', () => {
  const lines: readonly string[] = [
    'create /json "x"',
    'ls /json',
    'ls -s /json',
    'ls -R /json',
    'ls -l /',
    'ls -t /json',
    'ls2 /json',
    'get -s /json',
    'stat /json',
    'set -s /json y',
    'getAcl -s /json',
    'setAcl -s /json world:anyone:cdrwa',
    'setAcl -R /json world:anyone:cdrwa',
    'addauth digest a:b',
    'whoami',
    'addWatch /json',
    'removewatches /json',
    'printwatches',
    'printwatches on',
    'setquota -n 5 /json',
    'listquota /json',
    'delquota /json',
    'getEphemerals',
    'getAllChildrenNumber /',
    'sync /',
    'config -s',
    '!ReconfigDisabled reconfig -remove 1',
    'create /json/1',
    'deleteall /json',
    'create /other',
    'delete /other',
    'create -e /event',
    'stat -w /event',
    'set /event x',
    'await /event',
    'sleep 1ms',
    'help',
    'help get',
    'version',
    'history',
    'redo 0',
    'prompt short',
    '!Lab lab status --dir no-lab-is-here',
    'connect',
    'crash',
    'connect',
    'close',
    'quit',
  ];

  it('prints documents with stable keys for every command', async () => {
    const running = shell({ json: true });
    const ran = new Set<string>();
    for (const line of lines) {
      const { stdout, stderr, status } = await running.line(line);
      const expected = line.startsWith('!');
      expect({ status, stderr }, `${line}: ${stdout}`).toEqual({ status: 0, stderr: '' });
      const documents = stdout
        .trimEnd()
        .split('\n')
        .filter(Boolean)
        .map((text) => JSON.parse(text));
      if (line !== 'quit' && !line.startsWith('sleep') && !line.startsWith('redo')) {
        expect(documents.length, line).toBeGreaterThan(0);
      }
      if (!expected)
        expect(
          documents.flatMap(keysOf).filter((key) => !SNAKE.test(key)),
          line,
        ).toEqual([]);
      ran.add(line.replace(/^!\w+ /, '').split(' ')[0] ?? '');
    }
    expect(COMMANDS.map(({ name }) => name).filter((name) => !ran.has(name))).toEqual([]);
  });
});

describe('at a terminal', () => {
  it('a large tree is asked for before it goes', async () => {
    const running = shell({ mode: 'terminal', waitForConnection: true });
    const questions: string[] = [];
    let answer = false;
    running.shell.setQuestions({
      confirm: async (question) => {
        questions.push(question);
        return answer;
      },
      askPassword: async () => undefined,
    });
    const many = Array.from({ length: 25 }, (_, i) => `create /ask/${i}`);
    await all(running, 'create /ask', ...many, 'create /few', 'create /few/1', 'rmr /few');
    expect(questions).toEqual([]);
    expect((await running.line('rmr /ask')).stderr).toContain('Nothing deleted');
    expect(questions).toEqual(['Delete 26 nodes at and below /ask?']);
    answer = true;
    await all(running, 'rmr /ask');
    expect((await running.line('stat /ask')).status).toBe(1);
    answer = false;
    await all(running, 'create /ask', ...many, 'deleteall -y /ask');
    expect(questions).toHaveLength(2);
  });

  it('a missing password is asked for, and cancelling is an error', async () => {
    const running = shell({ mode: 'terminal', waitForConnection: true });
    let secret: string | undefined = 'secret';
    const questions: string[] = [];
    running.shell.setQuestions({
      confirm: async () => false,
      askPassword: async (question) => {
        questions.push(question);
        return secret;
      },
    });
    const printed = await all(
      running,
      'addauth digest bob',
      'whoami',
      'create /bobs x auth::cdrwa',
    );
    expect(printed).toContain('digest: bob\n');
    expect(questions).toEqual(['password of bob']);
    secret = undefined;
    expect((await running.line('addauth digest')).status).toBe(2);
    const other = shell();
    expect(await other.line('get /bobs')).toMatchObject({
      status: 4,
      stderr: 'Insufficient permission : /bobs\n',
    });
    await all(other, 'addauth digest bob:secret', 'get /bobs');
  });

  it('cannot steer the terminal of whoever looks at them', async () => {
    const mallory = 'mallory\u001b[2J';
    await all(shell(), `create /hers x "digest:${mallory}:x=:r,world:anyone:cdrwa"`);
    const expected = (name: string) => `'digest,'${name}:x=\n: r\n'world,'anyone\n: cdrwa\n`;
    expect(await all(shell(), 'getAcl /hers'), 'through a pipe').toBe(expected(mallory));
    const running = shell({ mode: 'terminal', quiet: true, waitForConnection: true });
    const shown = await all(running, 'getAcl /hers');
    expect(shown).toContain(expected('mallory\\x1b[2J'));
    expect(shown).not.toContain('\u001b');
  });

  it('control bytes in data do not reach the screen', async () => {
    const running = shell({ mode: 'terminal', waitForConnection: true });
    await all(running, 'create -x /escape 1b5b324a');
    expect((await running.line('get /escape')).stdout).toBe('\\x1b[2J\n');
    const piped = shell();
    expect((await piped.line('get /escape')).stdout).toBe('\u001b[2J\n');
  });

  it('a table has borders, in a pipe it has tabs', async () => {
    const running = shell({ mode: 'terminal', waitForConnection: true });
    await all(running, 'create -p /表/数据 x');
    expect((await running.line('ls -l /表')).stdout).toMatch(
      /│ 数据 +│ persistent +│ 0 +│ 1 +│ 0 +│/,
    );
    expect((await shell().line('ls -l /表')).stdout).toMatch(/^数据\tpersistent\t0\t1\t0\t/m);
  });

  it('completion sees the children, and none where there are none', async () => {
    const running = shell({ mode: 'terminal', waitForConnection: true });
    await all(running, 'create -p /tab/b', 'create /tab/a');
    expect(await running.shell.children('/tab')).toEqual(['a', 'b']);
    expect(await running.shell.children('/nope')).toEqual([]);
    expect(await shell().shell.children('/tab')).toEqual([]);
  });
});

describe('a single command typed at a terminal', () => {
  const program = fileURLToPath(new URL('../../bin/zk', import.meta.url));

  it('asks before a large tree goes, and takes no for an answer', async () => {
    const many = Array.from({ length: 25 }, (_, i) => `create /single/${i}`);
    await all(shell(), 'create /single', ...many);
    const words = [program, 'cli', '-server', server.address, 'rmr', '/single'];
    for (const [answer, exitCode] of [
      ['n', 130],
      ['y', 0],
    ] as const) {
      await using screen = spawn(process.execPath, words);
      await screen.waitFor('Delete 26 nodes at and below /single? (y/N)');
      screen.line(answer);
      expect(await screen.ended).toMatchObject({ exitCode });
      expect((await shell().line('stat /single')).status).toBe(exitCode === 0 ? 1 : 0);
    }
  });
});

describe('sessions', () => {
  it('ride over a restart of the server with their ephemerals and watches', async () => {
    const running = shell();
    await all(running, 'create -e /rides', '@other stat -w /rides');
    await server.restart();
    const printed = await all(running, 'getEphemerals', 'delete /rides', '@other await /rides');
    expect(printed).toContain('[/rides]\n');
    expect(printed).toContain(
      '@other\nWATCHER::\nWatchedEvent state:SyncConnected type:NodeDeleted',
    );
  });

  it('have their own watches, credentials and queues of events', async () => {
    const running = shell();
    await all(running, 'create /own', '@a stat -w /own', '@b addauth digest u:p');
    expect(await all(running, '@b whoami')).toContain('digest: u');
    expect(await all(running, '@a whoami')).not.toContain('digest: u');
    await all(running, 'set /own x', '@a await /own NodeDataChanged');
    expect((await running.line('@b await --timeout 1ms')).status).toBe(124);
    await all(running, 'delete /own');
  });

  it('show the event of their own write before its result', async () => {
    const running = shell();
    await running.line('stat /first true');
    expect((await running.line('create /first')).stdout).toBe(
      'WATCHER::\nWatchedEvent state:SyncConnected type:NodeCreated path:/first\nCreated /first\n',
    );
  });

  it('watch what the old and the new forms say', async () => {
    const running = shell();
    await all(running, 'create /forms 1', 'get /forms false', 'set /forms 2', 'get /forms 1');
    const { stdout } = await running.line('set /forms 3');
    expect(stdout).toContain('type:NodeDataChanged path:/forms');
    await all(running, 'ls /forms watch');
    expect((await running.line('create /forms/child')).stdout).toContain('NodeChildrenChanged');
    expect((await running.line('ls /forms maybe')).stderr).toContain('Not a watch flag: maybe');
  });
});

describe('expected failures', () => {
  it('name the error of the server', async () => {
    const running = shell();
    await all(
      running,
      'create -e /expected',
      '!NodeExists create /expected',
      '!NoChildrenForEphemerals create /expected/child',
      '!BadVersion set -v 7 /expected x',
      '!NoNode get /nowhere',
      '!BadArguments delete /zookeeper',
      '!InvalidACL create /acl x nosuch:x:r',
      '!NoWatcher removewatches /expected',
      '!BadPath ls nowhere',
      '! rmr /nowhere',
    );
    expect((await running.line('!NoNode create /expected')).status).toBe(1);
  });
});
