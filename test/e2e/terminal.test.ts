// The shell at a terminal, as a person sees it, with a real server behind it.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connect, type ZooKeeper } from '../../src/client/index.ts';
import { temporaryDirectory, waitFor } from '../support/processes.ts';
import { keys, type PtyScreen, spawn } from '../support/pty.ts';
import { serverUnderTest, startServer, type TestServer } from '../support/servers.ts';
import { openShell, type ShellOptions, type ShellScreen } from '../support/shellScreen.ts';

let server: TestServer;
let zk: ZooKeeper;
let home = '';
const opened: PtyScreen[] = [];

beforeAll(async () => {
  server = await startServer(serverUnderTest);
  zk = await connect(server.address);
});
afterAll(async () => {
  await zk.close();
  await server.stop();
});
beforeEach(() => {
  home = temporaryDirectory('state');
});
afterEach(async () => {
  for (const screen of opened.splice(0)) await screen[Symbol.asyncDispose]();
});

async function shell(options: ShellOptions = {}): Promise<ShellScreen> {
  const screen = await openShell('ours', server.address, options);
  opened.push(screen);
  return screen;
}

const exists = async (path: string) => (await zk.exists(path)) !== null;
const promptAt = (number: number, state = 'CONNECTED') =>
  `[zk: ${server.address}(${state}) ${number}]`;

describe.each([100, 40, 20])('an event while a line is typed, at %i columns', (columns) => {
  const typed = 'create /任务 "你好，世界。这一行很长，在窄的终端里要折成好几行';

  test('stands above the line, which stays whole with its cursor', async () => {
    const path = `/event${columns}`;
    await zk.create(path, '');
    const screen = await shell({ columns });
    await screen.run(`ls ${path} true`);
    screen.type(typed);
    await screen.waitFor(typed);
    await zk.create(`${path}/child`, '');
    const event = `WatchedEvent state:SyncConnected type:NodeChildrenChanged path:${path}`;
    await screen.waitFor(`WATCHER::\n${event}\n`);
    await screen.waitFor((text) => text.endsWith(typed));
    // Once: neither is a piece of the old line left above, nor is any output gone.
    expect(
      screen
        .lines()
        .filter((line) => !line.startsWith('hint: '))
        .slice(-5),
    ).toEqual([
      `${promptAt(0)} ls ${path} true`,
      '[]',
      'WATCHER::',
      event,
      `${promptAt(1)} ${typed}`,
    ]);
    const { row, column } = screen.cursor();
    expect(screen.screen()[row]?.length).toBeGreaterThan(0);
    expect(row).toBe(screen.screen().length - 1);
    expect(column).toBeGreaterThan(0);

    // The line can still be edited: key by key over the edge of the screen, and in the middle.
    let line = typed;
    for (const letter of '一二三四五六七八九十') {
      line += letter;
      screen.type(letter);
      await screen.waitFor((text) => text.endsWith(line));
    }
    screen.type(`${keys.left.repeat(3)}X`);
    await screen.waitFor((text) => text.endsWith('六七X八九十'));
    screen.type(`${keys.backspace}${keys.end}"`);
    await screen.waitFor((text) => text.endsWith(`${promptAt(1)} ${line}"`));
    expect(screen.text().split('create /任务').length).toBe(2);
    screen.type(keys.enter);
    await screen.waitFor('Created /任务');
    expect((await zk.get('/任务')).data?.toString()).toBe(line.slice(line.indexOf('"') + 1));
    await zk.delete('/任务');
  });

  test('and several events at once, or one after the other, leave it whole too', async () => {
    const paths = Array.from({ length: 4 }, (_, i) => `/several${columns}-${i}`);
    for (const path of paths) await zk.create(path, '');
    const screen = await shell({ columns });
    for (const path of paths) await screen.run(`get ${path} true`);
    screen.type(typed);
    await screen.waitFor(typed);
    await Promise.all(paths.slice(0, 3).map((path) => zk.delete(path)));
    await screen.waitFor(() => screen.events().length === 3);
    await zk.delete(paths[3] ?? '');
    await screen.waitFor(() => screen.events().length === 4);
    await screen.waitFor((text) => text.endsWith(`${promptAt(4)} ${typed}`));
    expect(screen.events()).toEqual(paths.map((path) => `NodeDeleted ${path}`));
    expect(screen.text().split(typed).length).toBe(2);
  });
});

test('a lost and found server changes the prompt at once and leaves the typed line', async () => {
  const own = await startServer(serverUnderTest);
  const screen = await openShell('ours', own.address, { timeout: 30_000 });
  opened.push(screen);
  screen.type('ls /zoo');
  await screen.waitFor('ls /zoo');
  await own.kill();
  await screen.waitFor((text) => text.endsWith(`[zk: ${own.address}(CONNECTING) 0] ls /zoo`));
  await own.restart();
  await screen.waitFor((text) => text.endsWith(`[zk: ${own.address}(CONNECTED) 0] ls /zoo`));
  screen.line('keeper');
  await screen.waitFor('[config, quota]');
  await own.stop();
});

describe('Ctrl-C', () => {
  test('clears the line', async () => {
    const screen = await shell();
    screen.type('delete /everything');
    await screen.waitFor('/everything');
    screen.type(keys.ctrl('C'));
    await screen.waitFor((text) => text.endsWith(`/everything^C\n${promptAt(0)}`));
    expect(await screen.run('ls /zookeeper')).toEqual(['[config, quota]']);
  });

  test('twice on an empty line leaves with 130 and closes the session', async () => {
    const screen = await shell({ timeout: 60_000 });
    await screen.run('create -e /ctrlC x');
    screen.type(keys.ctrl('C') + keys.ctrl('C'));
    await screen.waitFor('Press Ctrl-C again to leave');
    expect(await screen.ended).toEqual({ exitCode: 130, signal: undefined });
    expect(await exists('/ctrlC')).toBe(false);
  });

  test('cancels the running command and what was typed ahead', async () => {
    const screen = await shell();
    screen.line('await /never NodeCreated');
    screen.line('create /typedAhead x');
    screen.type(keys.ctrl('C'));
    await screen.waitFor((text) => text.endsWith(promptAt(1)));
    expect(await screen.run('ls /zookeeper')).toEqual(['[config, quota]']);
    expect(await exists('/typedAhead')).toBe(false);
  });

  test('cancels the rest of a paste too', async () => {
    const screen = await shell();
    screen.type(keys.paste('sleep 60s\ncreate /restOfPaste x\nls /'));
    await screen.waitFor((text) => text.endsWith('sleep 60s'));
    screen.type(keys.ctrl('C'));
    await screen.waitFor((text) => text.endsWith(`^C\n${promptAt(1)}`));
    expect(await screen.run('ls /zookeeper')).toEqual(['[config, quota]']);
    expect(await exists('/restOfPaste')).toBe(false);
  });
});

describe('Ctrl-D', () => {
  test('on an empty line closes the session and leaves with the status of the last command', async () => {
    const screen = await shell({ timeout: 60_000 });
    await screen.run('create -e /ctrlD x');
    expect(await screen.run('get /missing')).toEqual(['Node does not exist: /missing']);
    screen.type(keys.ctrl('D'));
    expect(await screen.ended).toEqual({ exitCode: 1, signal: undefined });
    expect(await exists('/ctrlD')).toBe(false);
  });

  test('in a line deletes the character under the cursor', async () => {
    const screen = await shell();
    screen.type(`ls /xzookeeper${keys.left.repeat(10)}${keys.ctrl('D')}`);
    await screen.waitFor((text) => text.endsWith('ls /zookeeper'));
    screen.type(keys.enter);
    await screen.waitFor('[config, quota]');
  });
});

test('quit leaves with 0 and closes the session, SIGTERM with 143', async () => {
  const one = await shell({ timeout: 60_000 });
  await one.run('create -e /quit x');
  one.line('quit');
  expect((await one.ended).exitCode).toBe(0);
  expect(await exists('/quit')).toBe(false);
  const other = await shell({ timeout: 60_000 });
  await other.run('create -e /term x');
  other.kill('SIGTERM');
  expect((await other.ended).exitCode).toBe(143);
  expect(await exists('/term')).toBe(false);
});

describe('Tab', () => {
  test('completes commands, options and paths', async () => {
    const screen = await shell();
    screen.type(`getAllC${keys.tab}`);
    await screen.waitFor((text) => text.endsWith('getAllChildrenNumber'));
    screen.type(`/zoo${keys.tab}`);
    await screen.waitFor((text) => text.endsWith('getAllChildrenNumber /zookeeper'));
    screen.type(`${keys.tab}q${keys.tab}`);
    await screen.waitFor((text) => text.endsWith('getAllChildrenNumber /zookeeper/quota'));
    screen.type(keys.enter);
    await screen.waitFor(`quota\n0\n${promptAt(1)}`);
  });

  test('completes modes, event types and sessions', async () => {
    const screen = await shell();
    screen.type(`addWatch -m PERSISTENT_${keys.tab}`);
    await screen.waitFor((text) => text.endsWith('addWatch -m PERSISTENT_RECURSIVE'));
    screen.type(`${keys.ctrl('C')}await /x NodeCh${keys.tab}`);
    await screen.waitFor((text) => text.endsWith('await /x NodeChildrenChanged'));
    screen.type(keys.ctrl('C'));
    await screen.run('@backup ls /zookeeper');
    screen.type(`@ba${keys.tab}stat /zoo${keys.tab}`);
    await screen.waitFor((text) => text.endsWith('@backup stat /zookeeper'));
  });

  test('lists what fits below the line and keeps the line', async () => {
    const screen = await shell();
    screen.type(`ls /zookeeper/${keys.tab}`);
    const line = `${promptAt(0)} ls /zookeeper/`;
    await screen.waitFor((text) => text.endsWith(`${line}\nconfig   quota\n${line}`));
    screen.type(`${keys.ctrl('C')}ls -${keys.tab}`);
    await screen.waitFor(/ls -\n.*-R.*-s.*\n.*ls -$/);
  });

  test('lists at most a hundred of many children', async () => {
    await zk.create('/many', '');
    await Promise.all(Array.from({ length: 150 }, (_, i) => zk.create(`/many/n${1000 + i}`, '')));
    const screen = await shell();
    screen.type(`get /many/${keys.tab}`);
    await screen.waitFor((text) => text.endsWith('get /many/n1'));
    screen.type(keys.tab);
    await screen.waitFor(/\.\.\. and 50 more\n.* get \/many\/n1$/);
    expect(screen.text()).toContain('n1099');
    expect(screen.text()).not.toContain('n1100');
  });

  test('knows at once what a command has just made', async () => {
    const screen = await shell();
    await screen.run('create /fresh ""');
    screen.type(`ls /fresh/${keys.tab}${keys.ctrl('C')}`);
    await screen.waitFor((text) => text.endsWith(`^C\n${promptAt(1)}`));
    await screen.run('create /fresh/child ""');
    screen.type(`ls /fresh/${keys.tab}`);
    await screen.waitFor((text) => text.endsWith('ls /fresh/child'));
  });
});

describe('the history', () => {
  const env = () => ({ ZK_HISTFILE: undefined, XDG_STATE_HOME: home });
  const file = () => join(home, 'zk', 'history');

  test('is kept in a private file, without passwords and lines that begin with a space', async () => {
    const one = await shell({ env: env() });
    await one.run('ls /zookeeper');
    await one.run('addauth digest bob:secret');
    await one.run(' get /zookeeper');
    one.type('create /kept "two\rlines"\r');
    await one.waitFor('Created /kept');
    expect(readFileSync(file(), 'utf8')).toBe('ls /zookeeper\ncreate /kept "two\\nlines"\n');
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    one.line('quit');
    await one.ended;

    const two = await shell({ env: env() });
    // The very last line was quit.
    two.type(`${keys.up}${keys.up}`);
    await two.waitFor((text) => text.endsWith('create /kept "two\nlines"'));
    two.type(keys.up);
    await two.waitFor((text) => text.endsWith(`${promptAt(0)} ls /zookeeper`));
    two.type(keys.enter);
    await two.waitFor('[config, quota]');
  });

  test('is searched with Ctrl-R', async () => {
    const screen = await shell();
    for (const line of ['ls /zookeeper', 'get /zookeeper/quota', 'ls /zookeeper/config'])
      await screen.run(line);
    screen.type(`typed${keys.ctrl('R')}zoo`);
    await screen.waitFor((text) => text.endsWith("(reverse-i-search)`zoo': ls /zookeeper/config"));
    screen.type(keys.ctrl('R'));
    await screen.waitFor((text) => text.endsWith("`zoo': get /zookeeper/quota"));
    screen.type(keys.ctrl('G'));
    await screen.waitFor((text) => text.endsWith(`${promptAt(3)} typed`));
    screen.type(`${keys.ctrl('R')}ls /zoo${keys.ctrl('R')}${keys.enter}`);
    await screen.waitFor(`${promptAt(3)} ls /zookeeper\n[config, quota]\n${promptAt(4)}`);
  });

  test('is off when ZK_HISTFILE is empty', async () => {
    const screen = await shell({ env: { ZK_HISTFILE: '', XDG_STATE_HOME: home } });
    await screen.run('ls /zookeeper');
    expect(existsSync(file())).toBe(false);
    screen.type(keys.up);
    await screen.waitFor((text) => text.endsWith(`${promptAt(1)} ls /zookeeper`));
  });
});

describe('questions', () => {
  test('a large delete asks, and no is no', async () => {
    await zk.create('/large', '');
    await Promise.all(Array.from({ length: 25 }, (_, i) => zk.create(`/large/${i}`, '')));
    const screen = await shell();
    screen.line('rmr /large');
    await screen.waitFor(/\/large\? \(y\/N\)/);
    screen.line('n');
    await screen.waitFor((text) => text.endsWith(promptAt(1)));
    expect(await exists('/large/24')).toBe(true);
    screen.line('rmr /large');
    await screen.waitFor((text) => text.split('(y/N)').length === 3);
    screen.type(keys.ctrl('C'));
    await screen.waitFor((text) => text.endsWith(promptAt(2)));
    expect(await exists('/large/24')).toBe(true);
    screen.line('rmr /large');
    await screen.waitFor((text) => text.split('(y/N)').length === 4);
    screen.line('yes');
    await screen.waitFor((text) => text.endsWith(promptAt(3)));
    expect(await exists('/large')).toBe(false);
    expect(await screen.run('ls /zookeeper')).toEqual(['[config, quota]']);
  });

  test('are not answered by what was typed ahead', async () => {
    await zk.create('/careful', '');
    await Promise.all(Array.from({ length: 25 }, (_, i) => zk.create(`/careful/${i}`, '')));
    const screen = await shell();
    screen.type(keys.paste('rmr /careful\ny\n'));
    await screen.waitFor(/\(y\/N\)/);
    screen.line('n');
    await screen.waitFor((text) => text.endsWith(promptAt(2)));
    expect(screen.text()).toContain('not found: y');
    expect(await exists('/careful')).toBe(true);
  });

  test('the password of addauth is not shown', async () => {
    const screen = await shell();
    screen.line('addauth digest bob');
    await screen.waitFor(/password/);
    screen.line('geheim');
    await screen.waitFor((text) => text.endsWith(promptAt(1)));
    expect(screen.raw).not.toContain('geheim');
    expect(await screen.run('whoami')).toContain('digest: bob');
    expect(await screen.run('history')).not.toContain('addauth');
  });
});

describe('lines', () => {
  test('typed while a command runs are run after it, in their order', async () => {
    const screen = await shell();
    screen.type('sleep 1s\rcreate /ahead 1\rset /ahead 2\rget /ahead\r');
    await screen.waitFor((text) => text.endsWith(promptAt(4)));
    expect(screen.lines()).toEqual(
      expect.arrayContaining([`${promptAt(3)} get /ahead`, '2', promptAt(4)]),
    );
    // Each stands behind its own prompt, its output below.
    expect(screen.text()).toContain(`${promptAt(1)} create /ahead 1\nCreated /ahead\n`);
  });

  test('pasted run one by one, and a pasted tab is a tab', async () => {
    const screen = await shell();
    await screen.run('create /paste ""');
    const lines = Array.from({ length: 50 }, (_, i) => `create -s /paste/n "line\t${i}"`);
    screen.type(keys.paste(`${lines.join('\n')}\nget /paste/n0000000049`));
    await screen.waitFor((text) => text.endsWith(`${promptAt(51)} get /paste/n0000000049`));
    screen.type(keys.enter);
    await screen.waitFor((text) => text.endsWith(promptAt(52)));
    for (let i = 0; i < 50; i++) {
      const path = `/paste/n${String(i).padStart(10, '0')}`;
      expect(screen.lines()).toContain(`Created ${path}`);
      expect((await zk.get(path)).data?.toString()).toBe(`line\t${i}`);
    }
  });

  test('with an open quote go on behind another prompt', async () => {
    const screen = await shell();
    screen.line('create /quote "one');
    await screen.waitFor((text) => text.endsWith('create /quote "one\n>'));
    screen.line('two"');
    await screen.waitFor('Created /quote');
    expect((await zk.get('/quote')).data?.toString()).toBe('one\ntwo');
    screen.line("get '/quo");
    await screen.waitFor((text) => text.endsWith('\n>'));
    screen.type(keys.ctrl('C'));
    await screen.waitFor((text) => text.endsWith(promptAt(1)));
  });
});

describe('the terminal itself', () => {
  test('may change its size: the line is drawn anew and nothing above it is lost', async () => {
    const screen = await shell({ columns: 80 });
    await screen.run('ls /zookeeper');
    screen.type('create /resize "一二三四五六七八九十');
    await screen.waitFor('九十');
    screen.resize(24);
    await screen.waitFor((text) =>
      text.endsWith(`${promptAt(1)} create /resize "一二三四五六七八九十`),
    );
    expect(screen.text()).toContain(`[config, quota]\n${promptAt(1)} create`);
    screen.type('十一"');
    screen.resize(90);
    await screen.waitFor((text) => text.endsWith('一二三四五六七八九十十一"'));
    screen.type(keys.enter);
    await screen.waitFor('Created /resize');
    expect((await zk.get('/resize')).data?.toString()).toBe('一二三四五六七八九十十一');
  });

  test('gets no colour with NO_COLOR', async () => {
    await zk.create('/plain', '');
    await Promise.all(Array.from({ length: 25 }, (_, i) => zk.create(`/plain/${i}`, '')));
    const screen = await shell({ env: { NO_COLOR: '1' } });
    for (const line of ['help', 'stat /plain', 'get /plain 1', 'nonsense', 'ls /missing'])
      await screen.run(line);
    screen.line('rmr /plain');
    await screen.waitFor('(y/N)');
    screen.line('y');
    await screen.waitFor((text) => text.endsWith(promptAt(6)));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control sequences
    expect(screen.raw).not.toMatch(/\x1b\[[\d;]*m/);
  });

  test('gets no escape sequence at all when it is dumb', async () => {
    const screen = spawn(
      process.execPath,
      [join(import.meta.dirname, '../../bin/zk'), 'cli', '-server', server.address],
      { env: { TERM: 'dumb', ZK_HISTFILE: '' } },
    );
    opened.push(screen);
    screen.type('ls /zookeeper\nls /missing\n');
    await screen.waitFor('Node does not exist: /missing');
    expect(screen.text()).toContain('[config, quota]');
    screen.type('quit\n');
    await screen.ended;
    expect(screen.raw).not.toContain('\x1b');
  });

  test('is given back by Ctrl-Z and taken again by fg', async () => {
    const bash = spawn('bash', ['--norc', '-i'], { columns: 120, env: { ZK_HISTFILE: '' } });
    opened.push(bash);
    const program = join(import.meta.dirname, '../../bin/zk');
    bash.line(`${process.execPath} ${program} cli -server ${server.address}`);
    await bash.waitFor((text) => text.endsWith(promptAt(0)));
    bash.type(`ls /zoo${keys.ctrl('Z')}`);
    await bash.waitFor('Stopped');
    bash.line('echo in$((1+1))between');
    await bash.waitFor('in2between');
    bash.line('fg');
    await bash.waitFor((text) => text.endsWith(`${promptAt(0)} ls /zoo`));
    bash.line('keeper');
    await bash.waitFor(`[config, quota]\n${promptAt(1)}`);
    bash.line('quit');
    await bash.waitFor(/quit\n.*[$#]$/);
    bash.line('exit');
    await bash.ended;
  });

  test('shows a long list of hosts in short', async () => {
    const list = `${server.address},127.0.0.1:1,127.0.0.1:2`;
    const screen = await openShell('ours', list);
    opened.push(screen);
    expect(screen.lines().at(-1)).toMatch(/^\[zk: 127\.0\.0\.1:\d+\(\+2\)\(CONNECTED\) 0\]$/);
    await screen.run('prompt full');
    expect(screen.lines().at(-1)).toBe(`[zk: ${list}(CONNECTED) 1]`);
  });

  test('that goes away closes the session', async () => {
    const screen = await shell({ timeout: 60_000 });
    await screen.run('create -e /hangup x');
    screen.kill('SIGHUP');
    await screen.ended;
    await waitFor('the ephemeral to go', async () => !(await exists('/hangup')));
  });
});
