// `zk lab` as people use it: an ensemble comes up, loses its leader, is cut apart and healed, and all of it goes.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lockDir } from '../../src/server/storage/lock.ts';
import { isRunning } from '../../src/server/storage/processTable.ts';
import { startProcess, temporaryDirectory, waitFor } from '../support/processes.ts';
import { type PtyScreen, spawn } from '../support/pty.ts';
import { freeRun, runZk, zkProgram } from '../support/zkProgram.ts';

let home: string;
beforeEach(() => {
  home = temporaryDirectory('lab');
});
afterEach(async () => {
  if (existsSync(join(home, 'zk-lab'))) await lab('down');
});

const lab = (...words: string[]) => runZk(home, 'lab', ...words);

interface Row {
  readonly id: number;
  readonly mode: string;
  readonly epoch: number | null;
  readonly zxid: string | null;
  readonly clients: number | null;
  readonly pid: number | null;
  readonly address: string;
  readonly election: string | null;
}

async function rows(): Promise<Row[]> {
  const { out } = await lab('status', '--json');
  return (JSON.parse(out) as { servers: Row[] }).servers;
}
const modes = async () => (await rows()).map(({ mode }) => mode);
const untilModes = (wanted: RegExp) =>
  waitFor(`modes ${wanted}`, async () => wanted.test((await modes()).join(' ')));
const pids = async () => (await rows()).flatMap(({ pid }) => pid ?? []);

/** An ensemble with short ticks, on ports of its own. */
async function up(...options: string[]) {
  const port = String(await freeRun(60));
  return await lab('up', '--port', port, '--tick-time', '200', ...options);
}

const zkCli = async (...words: string[]) => {
  const servers = (await rows()).map(({ address }) => address).join(',');
  return await runZk(home, 'cli', '-server', servers, ...words);
};

describe('a lab of three', () => {
  test('comes up, fails over, is cut apart and healed, and goes', async () => {
    const started = await up();
    expect(started.code).toBe(0);
    const [head, ...table] = started.out.trimEnd().split('\n');
    expect(head).toBe('id\tmode\tepoch\tzxid\tclients\tpid\taddress');
    expect(table.map((row) => row.split('\t')[1]).sort()).toEqual([
      'follower',
      'follower',
      'leader',
    ]);
    const { address } = (await rows())[0] as Row;
    expect(started.err).toMatch(new RegExp(`zk cli -server ${address},127\\.0\\.0\\.1:\\d+,.*\n$`));

    expect(await zkCli('create', '/a', 'one')).toMatchObject({ code: 0, out: 'Created /a\n' });
    expect(await lab('up', '3')).toEqual({
      code: 1,
      out: '',
      err:
        'A lab of 3 servers runs in zk-lab already; ' +
        'zk lab status shows it, zk lab down ends it\n',
    });

    const leader = (await rows()).find(({ mode }) => mode === 'leader') as Row;
    const killed = await lab('kill', 'leader');
    expect(killed.out).toBe(`Killed server ${leader.id} (pid ${leader.pid})\n`);
    expect(isRunning(leader.pid as number)).toBe(false);
    await untilModes(/^(?=.*leader)(?=.*follower)(?=.*down)/);
    expect(await zkCli('get', '/a')).toMatchObject({ code: 0, out: 'one\n' });
    expect(await lab('kill', String(leader.id))).toMatchObject({
      code: 1,
      err: `Server ${leader.id} is down already\n`,
    });

    expect((await lab('start', String(leader.id))).out).toMatch(
      /^Started server \d \(pid \d+\)\n$/,
    );
    await untilModes(/^(?=.*leader)(?=.*follower.*follower)/);

    const cut = (await rows()).find(({ mode }) => mode === 'leader') as Row;
    const others = [1, 2, 3].filter((id) => id !== cut.id);
    expect((await lab('partition', 'leader')).out).toContain(
      `Cut: ${cut.id} / ${others.join(' ')};`,
    );
    await waitFor('a leader beyond the cut', async () => {
      const now = await rows();
      const isAlone = now.find(({ id }) => id === cut.id)?.mode === 'looking';
      return isAlone && now.some(({ mode, id }) => mode === 'leader' && id !== cut.id);
    });
    const status = await lab('status');
    expect(status.err).toContain(`cut: ${cut.id} / ${others.join(' ')}; heal ends it\n`);
    await waitFor('the missing ones to be named', async () => {
      const { election } = (await rows()).find(({ id }) => id === cut.id) as Row;
      return /needs 2 of 3 voters, has 1; not heard of: \d at 127\.0\.0\.1:\d+, \d at/.test(
        String(election),
      );
    });
    expect((await zkCli('set', '/a', 'two')).code).toBe(0);

    expect((await lab('heal')).out).toBe(`Healed: ${cut.id} / ${others.join(' ')}\n`);
    await untilModes(/^(?=.*leader)(?=.*follower.*follower)/);
    const { address: healed } = (await rows()).find(({ id }) => id === cut.id) as Row;
    const read = await runZk(home, 'cli', '-server', healed, 'get', '/a');
    expect(read).toMatchObject({ code: 0, out: 'two\n' });

    expect(JSON.parse((await lab('heal', '--json')).out)).toEqual({ healed: null });
    const [line] = (await lab('logs', '1', '-n', '1', '--json')).out.split('\n');
    expect(JSON.parse(line ?? '')).toMatchObject({
      id: 1,
      line: expect.stringContaining('[myid:1]'),
    });

    const running = await pids();
    expect(running).toHaveLength(3);
    expect(await lab('down', '--purge')).toMatchObject({
      code: 0,
      out: 'Ended 3 servers; zk-lab is removed\n',
    });
    expect(running.filter(isRunning)).toEqual([]);
    expect(readdirSync(home)).toEqual([]);
  });

  test('keeps its data over down and up, and a lost leader that was paused steps down', async () => {
    await up();
    await zkCli('create', '/kept', 'data');
    expect((await lab('down')).out).toBe('Ended 3 servers; zk-lab keeps the data\n');
    expect(await modes()).toEqual(['down', 'down', 'down']);
    expect((await up()).code).toBe(0);
    expect(await zkCli('get', '/kept')).toMatchObject({ out: 'data\n' });

    const leader = (await rows()).find(({ mode }) => mode === 'leader') as Row;
    expect((await lab('pause', String(leader.id))).out).toMatch(/^Paused server/);
    await untilModes(/^(?=.*leader)(?=.*paused)/);
    expect((await lab('resume', String(leader.id))).out).toMatch(/^Resumed server/);
    await untilModes(/^(?=.*leader)(?=.*follower.*follower)/);
    expect((await lab('resume', '1')).err).toBe('Server 1 is not paused\n');

    // Down ends a paused server, too.
    await lab('pause', 'all');
    const running = await pids();
    await lab('down');
    expect(running.filter(isRunning)).toEqual([]);
  });
});

test('an observer follows and does not vote; a lab whose file is spoiled goes', async () => {
  expect((await up('3', '--observers', '1')).code).toBe(0);
  expect((await modes())[3]).toBe('observer');
  const config = readFileSync(join(home, 'zk-lab/conf/z4.cfg'), 'utf8');
  expect(config).toContain('peerType=observer\n');
  expect(config).toMatch(/^server\.4=127\.0\.0\.1:\d+:\d+:observer$/m);
  expect(readFileSync(join(home, 'zk-lab/data/z4/myid'), 'utf8')).toBe('4\n');
  expect((await lab('logs', '4', '-n', '200')).out).toContain('OBSERVING - LEADER ELECTION TOOK');

  // Without its file the lab is found by its other files.
  const running = await pids();
  expect(running).toHaveLength(4);
  writeFileSync(join(home, 'zk-lab/lab.json'), '{"version":1');
  const spoiled = "zk-lab/lab.json is not a file of this version's lab";
  for (const words of [['status'], ['down'], ['kill', '1'], ['up']]) {
    const err = `${spoiled}; down --purge ends and removes the lab\n`;
    expect(await lab(...words)).toEqual({ code: 1, out: '', err });
  }
  writeFileSync(join(home, 'zk-lab/data/mine.txt'), '');
  expect(await lab('down', '--purge')).toEqual({
    code: 1,
    out: '',
    err: expect.stringMatching(
      / is surely a lab's; end process (\d+, ){4}\d+ and remove it by hand\n$/,
    ),
  });
  expect(running.every(isRunning)).toBe(true);
  rmSync(join(home, 'zk-lab/data/mine.txt'));
  expect(await lab('down', '--purge')).toEqual({
    code: 0,
    out: 'Ended 4 servers; zk-lab is removed\n',
    err: '',
  });
  expect(running.filter(isRunning)).toEqual([]);
  expect(readdirSync(home)).toEqual([]);
});

describe('an up that fails', () => {
  test('leaves nothing running, and says which server and why', async () => {
    await up();
    await lab('down');
    rmSync(join(home, 'zk-lab/data/z2/version-2'), { recursive: true });
    writeFileSync(join(home, 'zk-lab/data/z2/version-2'), 'no directory');
    const failed = await up();
    expect(failed.code).toBe(1);
    expect(failed.err).toMatch(/^Server 2 did not start; zk-lab\/logs\/z2\.log ends with\n/);
    expect(await pids()).toEqual([]);
    expect(existsSync(join(home, 'zk-lab/relay/zk.lock'))).toBe(false);
  });

  test('for another one that works there says where, and what can be done', async () => {
    const place = join(home, 'zk-lab/relay/up');
    mkdirSync(place, { recursive: true });
    const lock = lockDir(place);
    expect(await lab('up', '3')).toEqual({
      code: 1,
      out: '',
      err:
        `A lab comes up in zk-lab already (process ${process.pid}); ` +
        'zk lab status shows it, zk lab down ends it\n',
    });
    lock.release();
    rmSync(join(home, 'zk-lab'), { recursive: true });
  });

  test('Ctrl-C takes back what was begun', async () => {
    const port = String(await freeRun(60));
    const child = startProcess(process.execPath, [zkProgram, 'lab', 'up', '--port', port], {
      cwd: home,
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const lock = join(home, 'zk-lab/data/z1/zk.lock');
    await waitFor('a server', () => existsSync(lock));
    const pid = Number(readFileSync(lock, 'utf8').split(' ')[1]);
    child.kill('SIGINT');
    // It may have come up just before.
    if ((await ended) === 130) {
      expect(isRunning(pid)).toBe(false);
      expect(readdirSync(home)).toEqual([]);
    } else expect(await modes()).not.toContain('down');
  });

  test.each([
    [['up', '1'], 2, /'1' is invalid .* It must be a number from 2 to 15; see zk lab --help$/],
    [['up', '--dir', '.'], 1, /^\. is not empty and has no lab; --dir names another directory$/],
    [['status'], 1, /^There is no lab in zk-lab; up 3 makes one/],
    [['statsu'], 2, /^Unknown verb: zk lab statsu; did you mean status\? there are up,/],
    [['kill'], 2, /^missing required argument 'N'; see zk lab --help$/],
    [['logs', '1', '-n', 'x'], 2, /argument 'x' is invalid/],
    [['status', '--dir', '/no-lab-is-here'], 1, /^There is no lab in \/no-lab-is-here; /],
  ])('%j is one line', async (words, code, line) => {
    writeFileSync(join(home, 'mine.txt'), '');
    const ran = await lab(...words);
    expect(ran).toMatchObject({ code, out: '' });
    expect(ran.err).toMatch(/^[^\n]+\n$/);
    expect(ran.err.trimEnd()).toMatch(line);
    expect(readdirSync(home)).toEqual(['mine.txt']);
  });
});

describe('inside the shell', () => {
  let screen: PtyScreen | null = null;
  afterEach(async () => {
    await screen?.[Symbol.asyncDispose]();
    screen = null;
  });

  test('the session survives the leader, and the lab the shell', async () => {
    const port = await freeRun(60);
    const servers = [0, 1, 2].map((i) => `127.0.0.1:${port + i}`).join(',');
    const args = [zkProgram, 'cli', '-server', servers];
    const shell = spawn(process.execPath, args, { cwd: home, columns: 150, rows: 60 });
    screen = shell;
    await shell.waitFor('CONNECTING) 0]');
    shell.line(`lab up 3 --port ${port} --tick-time 300`);
    await shell.waitFor(`connect ${servers}`);
    await shell.waitFor('CONNECTED) 1]');
    shell.line('create /from-the-shell "x"');
    await shell.waitFor('Created /from-the-shell');
    shell.line('lab kill leader');
    await shell.waitFor(/Killed server \d/);
    // Before the next leader serves, a request that finds no server in one round of them fails.
    await waitFor('the next leader', async () =>
      (await rows()).some(({ mode, zxid }) => mode === 'leader' && zxid !== null),
    );
    await shell.waitFor(/\(CONNECTED\) 3\]$/);
    shell.line('get /from-the-shell');
    await shell.waitFor(/get \/from-the-shell(?:.|\n)*\nx\n/);
    shell.line('lab status');
    await shell.waitFor(/^│ \d {2}│ down/m);
    // The same session, wherever it is served now.
    expect(shell.text()).not.toContain('Expired');
    shell.line('lab nosuch');
    await shell.waitFor('Unknown verb: lab nosuch');
    shell.line('quit');
    expect((await shell.ended).exitCode).toBe(0);
    await untilModes(/^(?=.*leader)(?=.*follower)(?=.*down)/);
  });
});
