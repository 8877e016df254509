// The program `zk cli` as scripts use it: what comes on which stream, and with which status it ends.
import { execFile, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, temporaryDirectory } from '../support/processes.ts';
import { startOurs, type TestServer } from '../support/servers.ts';
import { runCliProgram } from '../support/walkthroughFile.ts';

let server: TestServer;
const folder = temporaryDirectory('cli');

beforeAll(async () => {
  server = await startOurs();
});
afterAll(() => server.stop());

const cli = (...words: string[]) => runCliProgram(['-server', server.address, ...words]);
const script = (lines: readonly string[], ...options: string[]) =>
  runCliProgram(['-server', server.address, '-q', ...options], { stdin: `${lines.join('\n')}\n` });

describe('one command', () => {
  it('prints its result and nothing else', async () => {
    expect(await cli('ls', '/')).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^\[.*zookeeper\]\n$/),
      stderr: '',
    });
    expect(await cli('create', '/one', 'two words')).toEqual({
      status: 0,
      stdout: 'Created /one\n',
      stderr: '',
    });
    expect(await cli('get', '/one')).toEqual({ status: 0, stdout: 'two words\n', stderr: '' });
  });

  const statuses: readonly (readonly [string, number, RegExp])[] = [
    ['get /nope', 1, /^Node does not exist: \/nope\n$/],
    ['ls', 2, /^Missing path; usage: ls .*\n$/],
    ['ls -q /', 2, /^Unknown option: -q .*\n$/],
    ['nosuch', 127, /^Command not found: nosuch\n$/],
    ['ls nope', 2, /^Path must start with \/ character\n$/],
    ['addauth nosuch x', 4, /^KeeperErrorCode = AuthFailed\n$/],
    ['await /x --timeout 1ms', 124, /^Timed out after 1ms waiting for an event \/x\n$/],
    ['!NodeExists create /one', 0, /^Node already exists: \/one\n$/],
  ];
  for (const [line, status, stderr] of statuses) {
    it(`ends ${line} with ${status}`, async () => {
      expect(await cli(...line.split(' '))).toEqual({
        status,
        stdout: '',
        stderr: expect.stringMatching(stderr),
      });
    });
  }

  it('ends with 3 and the reason when no server answers', async () => {
    const port = await freePort();
    const ran = await runCliProgram([
      '-server',
      `127.0.0.1:${port}`,
      '--connect-timeout',
      '300',
      'ls',
      '/',
    ]);
    expect(ran).toEqual({
      status: 3,
      stdout: '',
      stderr: `Cannot connect to 127.0.0.1:${port} within 300 ms: connect ECONNREFUSED 127.0.0.1:${port}\n`,
    });
  });

  it('ends with 2 and one line for a wrong option of the program', async () => {
    const ran = await runCliProgram(['--nosuch', 'ls', '/']);
    expect(ran).toEqual({
      status: 2,
      stdout: '',
      stderr: "unknown option '--nosuch'; see zk cli --help\n",
    });
  });

  it('says that a request was too large when the server drops the connection', async () => {
    await cli('create', '/big');
    writeFileSync(join(folder, 'big'), Buffer.alloc(1_100_000, 'x'));
    const ran = await cli('set', '-f', join(folder, 'big'), '/big');
    expect(ran.status).toBe(3);
    // xid, type, the lengths of path and data, the path, the version.
    const bytes = 1_100_000 + 4 + 4 + 4 + '/big'.length + 4 + 4;
    expect(ran.stderr).toBe(
      'KeeperErrorCode = ConnectionLoss for /big\n' +
        `the request had ${bytes} bytes; the server's jute.maxbuffer may be smaller\n`,
    );
  });

  it('takes data from standard input, files, base64 and hex', async () => {
    const file = join(folder, 'data');
    writeFileSync(file, Buffer.from([0, 1, 255]));
    await cli('create', '/bytes');
    const address = ['-server', server.address];
    await runCliProgram([...address, 'set', '/bytes', '-'], { stdin: 'from stdin' });
    expect((await cli('get', '/bytes')).stdout).toBe('from stdin\n');
    await cli('set', '-f', file, '/bytes');
    expect((await cli('get', '-b', '/bytes')).stdout).toBe('AAH/\n');
    expect((await cli('get', '-x', '/bytes')).stdout).toMatch(/^00000000 {2}00 01 ff /);
    await cli('set', '-b', '/bytes', 'aGk=');
    expect((await cli('get', '-r', '/bytes')).stdout).toBe('hi');
    await cli('set', '-x', '/bytes', '7b7d');
    expect((await cli('get', '-j', '/bytes')).stdout).toBe('{}\n');
    await cli('get', '-f', join(folder, 'copy'), '/bytes');
    expect(readFileSync(join(folder, 'copy'), 'utf8')).toBe('{}');
    expect((await cli('set', '-b', '/bytes', '!!')).status).toBe(2);
    const missing = join(folder, 'missing');
    expect(await cli('set', '-f', missing, '/bytes')).toEqual({
      status: 2,
      stdout: '',
      stderr: `Cannot read ${missing}: ENOENT\n`,
    });
  });

  it('prints one JSON document with --json', async () => {
    const json = async (...words: string[]) => {
      const { stdout, status } = await runCliProgram([
        '-server',
        server.address,
        '--json',
        ...words,
      ]);
      return { status, value: JSON.parse(stdout) };
    };
    expect((await json('create', '-s', '/json-', 'x')).value).toEqual({
      path: expect.stringMatching(/^\/json-\d{10}$/),
    });
    expect((await json('get', '-s', '/one')).value).toMatchObject({
      path: '/one',
      data: 'two words',
      stat: { czxid: expect.stringMatching(/^0x/), data_length: 9 },
    });
    expect(await json('get', '/nope')).toEqual({
      status: 1,
      value: { error: { code: 'NoNode', path: '/nope', message: 'Node does not exist: /nope' } },
    });
  });

  it('leaves no ephemeral behind', async () => {
    await cli('create', '-e', '/gone');
    expect((await cli('stat', '/gone')).status).toBe(1);
  });

  it('works below a chroot', async () => {
    await cli('create', '/root');
    const below = ['-server', `${server.address}/root`];
    await runCliProgram([...below, 'create', '/leaf']);
    expect((await cli('ls', '/root')).stdout).toBe('[leaf]\n');
    expect((await runCliProgram([...below, 'ls', '/'])).stdout).toBe('[leaf]\n');
    const nowhere = ['-server', `${server.address}/nowhere`];
    for (const words of [
      ['ls', '/'],
      ['stat', '/'],
      ['create', '/leaf'],
    ]) {
      expect((await runCliProgram([...nowhere, ...words])).stderr).toBe(
        `Node does not exist: ${words[1]}\n` +
          'The chroot /nowhere does not exist: create it in a session without chroot\n',
      );
    }
  });

  it('makes missing parents, lists as table and tree, and deletes it all', async () => {
    expect((await cli('create', '/p/q/r')).stderr).toBe(
      'Node does not exist: /p/q/r\nThe parent /p/q does not exist; create -p makes it\n',
    );
    expect((await cli('create', '-p', '/p/q/r', 'x')).stdout).toBe('Created /p/q/r\n');
    expect((await cli('ls', '-R', '/p')).stdout).toBe('/p\n/p/q\n/p/q/r\n');
    expect((await cli('ls', '-t', '/p')).stdout).toBe('/p\n  q\n    r\n');
    const rows = (await cli('ls', '-l', '/p/q')).stdout.split('\n');
    expect(rows[0]).toBe('name\tkind\tversion\tbytes\tchildren\tmodified');
    expect(rows[1]).toMatch(/^r\tpersistent\t0\t1\t0\t20\d\d-.*Z$/);
    expect(await cli('rmr', '/p')).toEqual({ status: 0, stdout: '', stderr: 'Deleted 3 nodes\n' });
    expect((await cli('deleteall', '/')).status).toBe(2);
  });

  it('honours the version as third word', async () => {
    await cli('create', '/v', 'a');
    expect((await cli('set', '/v', 'b', '9')).status).toBe(1);
    expect((await cli('set', '/v', 'b', '0')).status).toBe(0);
    expect((await cli('delete', '/v', '7')).stderr).toBe('version No is not valid : /v\n');
    expect((await cli('delete', '/v', '1')).status).toBe(0);
  });
});

describe('a script', () => {
  it('prints results only, with neither prompt nor echo, and ends as its last command', async () => {
    expect(await script(['get /nope', '# comment', '', 'ls /zookeeper # here'])).toEqual({
      status: 0,
      stdout: '[config, quota]\n',
      stderr: 'Node does not exist: /nope\n',
    });
    expect((await script(['ls /zookeeper', 'get /nope'])).status).toBe(1);
  });

  it('stops at the first failure with -e, and with --strict runs on but remembers it', async () => {
    const lines = ['nosuch', 'get /nope', 'ls /zookeeper'];
    expect(await script(lines, '-e')).toMatchObject({ status: 127, stdout: '' });
    expect(await script(lines, '--strict')).toMatchObject({
      status: 127,
      stdout: '[config, quota]\n',
    });
  });

  it('ends with quit', async () => {
    expect(await script(['version', 'quit', 'ls /'])).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^zookeeper-ts[^\n]*\n$/),
    });
  });

  it('tells of session events on stderr only, and closes its sessions', async () => {
    const { stdout, stderr } = await runCliProgram(['-server', server.address], {
      stdin: '@a create -e /mine\n@b stat -w /mine\n@a close\n@b await\n@b create -e /mine\n',
    });
    expect(stdout).toContain('@b\nWATCHER::\nWatchedEvent state:SyncConnected type:NodeDeleted');
    expect(stdout).not.toContain('type:None');
    expect(stderr).toContain('@a\nWATCHER::\nWatchedEvent state:SyncConnected type:None');
    expect((await cli('stat', '/mine')).status).toBe(1);
  });

  it('may come from an editor of another system', async () => {
    const file = join(folder, 'dos.zk');
    writeFileSync(file, '\uFEFFls /zookeeper\r\nget /nope');
    expect(await cli('-q', '-f', file)).toEqual({
      status: 1,
      stdout: '[config, quota]\n',
      stderr: 'Node does not exist: /nope\n',
    });
  });

  it('that is missing is status 2', async () => {
    const ran = await cli('-f', join(folder, 'missing.zk'));
    expect(ran).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^Cannot read .*ENOENT\n$/),
    });
    expect(await cli('-f', folder)).toMatchObject({
      status: 2,
      stderr: `Cannot read ${folder}: EISDIR\n`,
    });
  });

  it('of ten thousand lines loses none', async () => {
    const lines = Array.from({ length: 10_000 }, (_, i) => `get /ten/${i % 10}`);
    const nodes = Array.from({ length: 10 }, (_, i) => `create /ten/${i} value-${i}`);
    const { stdout, status } = await script(['create /ten', ...nodes, ...lines]);
    expect(status).toBe(0);
    const values = stdout.split('\n').slice(11, -1);
    expect(values).toEqual(lines.map((_, i) => `value-${i % 10}`));
  });

  it('takes a whole tree away in batches', async () => {
    const lines = Array.from({ length: 2500 }, (_, i) => `create /big/${i}`);
    await script(['create /big', ...lines]);
    expect((await cli('getAllChildrenNumber', '/big')).stdout).toBe('2500\n');
    expect(await cli('deleteall', '/big')).toMatchObject({ stderr: 'Deleted 2501 nodes\n' });
  });
});

describe('the program', () => {
  const program = fileURLToPath(new URL('../../bin/zk', import.meta.url));
  const zk = (...args: string[]) =>
    new Promise<{ status: number; stdout: string; stderr: string }>((resolve) => {
      execFile(process.execPath, [program, ...args], (error, stdout, stderr) =>
        resolve({ status: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
      );
    });

  it('tells its version and its commands', async () => {
    expect(await zk('--version')).toMatchObject({ status: 0, stdout: 'zookeeper-ts 0.1.0\n' });
    for (const args of [['--help'], ['help'], ['cli', '--help'], ['server', '--help']]) {
      const { status, stdout, stderr } = await zk(...args);
      expect({ status, stderr }, args.join(' ')).toEqual({ status: 0, stderr: '' });
      expect(stdout).toMatch(/^Usage: /);
    }
  });

  it('refuses what it does not know in one line with status 2', async () => {
    for (const args of [['nosuch'], ['--nosuch'], ['server', '--nosuch']]) {
      const { status, stdout, stderr } = await zk(...args);
      expect({ status, stdout }, args.join(' ')).toEqual({ status: 2, stdout: '' });
      expect(stderr, args.join(' ')).toMatch(/^[^\n]*nosuch[^\n]*\n$/);
    }
  });

  it('ends quietly when nobody reads its output any more', async () => {
    const child = spawn(process.execPath, [program, 'cli', '-server', server.address, '-q'], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr?.on('data', (chunk) => {
      stderr += chunk;
    });
    child.stdin.on('error', () => undefined);
    child.stdin.write('create -e /unread\n');
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.stdout.destroy();
    child.stdin.end('help\n'.repeat(2000));
    const status = await new Promise((resolve) => child.once('close', resolve));
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect((await cli('stat', '/unread')).status, 'the session is closed').toBe(1);
  });

  it.runIf(existsSync('/dev/full'))(
    'ends with 1 and a line when its output has no room',
    async () => {
      const full = openSync('/dev/full', 'w');
      const list = ['cli', '-server', server.address, 'ls', '/'];
      for (const args of [list, ['cli', 'help'], ['--version']]) {
        const child = spawn(process.execPath, [program, ...args], {
          stdio: ['ignore', full, 'pipe'],
        });
        let stderr = '';
        child.stderr?.on('data', (chunk) => {
          stderr += chunk;
        });
        const status = await new Promise((resolve) => child.once('close', resolve));
        const expected = { status: 1, stderr: 'Cannot write the output: ENOSPC\n' };
        expect({ status, stderr }, args.join(' ')).toEqual(expected);
      }
      closeSync(full);
    },
  );

  it('closes its sessions when it is interrupted or terminated', async () => {
    for (const [signal, expected] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      const child = spawn(process.execPath, [program, 'cli', '-server', server.address, '-q'], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      child.stdin.write('create -e /held\nsleep 1h\n');
      await new Promise((resolve) => child.stdout.once('data', resolve));
      child.kill(signal);
      const status = await new Promise((resolve) => child.once('close', resolve));
      expect(status, signal).toBe(expected);
      expect((await cli('stat', '/held')).status, signal).toBe(1);
    }
  });

  it('writes no escape byte where no terminal is, whatever the environment says', async () => {
    for (const env of [{ NO_COLOR: '1' }, { FORCE_COLOR: '3' }, { TERM: 'dumb' }]) {
      const ran = await runCliProgram(['-server', server.address, '-q'], {
        stdin: 'ls -l /\nhelp\nget /nope\nstat /zookeeper\n',
        env,
      });
      expect(ran.stdout + ran.stderr).not.toContain('\u001b');
    }
  });

  it('starts the server of conf/zoo.cfg when nothing answers, and finds it the next time', async () => {
    const home = temporaryDirectory('with-server');
    const port = await freePort();
    mkdirSync(join(home, 'conf'));
    writeFileSync(
      join(home, 'conf/zoo.cfg'),
      `dataDir=${home}/data\nclientPort=${port}\nclientPortAddress=127.0.0.1\n`,
    );
    const options = { cwd: home };
    const first = await runCliProgram(['--with-server', 'ls', '/'], options);
    try {
      expect(first).toEqual({
        status: 0,
        stdout: '[zookeeper]\n',
        stderr: expect.stringMatching(
          /^Started a server on 127\.0\.0\.1:\d+ \(pid \d+\); \S*zk server stop conf\/zoo\.cfg stops it\n$/,
        ),
      });
      const second = await runCliProgram(['--with-server', 'ls', '/'], options);
      expect(second).toEqual({ status: 0, stdout: '[zookeeper]\n', stderr: '' });
    } finally {
      const stopped = await zk('server', 'stop', join(home, 'conf/zoo.cfg'));
      expect(stopped.stdout).toMatch(/STOPPED\n$/);
    }
  });

  it('prints times in the zone of TZ', async () => {
    const ran = await runCliProgram(['-server', server.address, 'stat', '/'], {
      env: { TZ: 'Asia/Shanghai' },
    });
    expect(ran.stdout).toContain('ctime = Thu Jan 01 08:00:00 CST 1970');
  });

  it('speaks Chinese when the locale does', async () => {
    const zh = await runCliProgram(['help', 'get'], { env: { LC_ALL: 'zh_CN.UTF-8' } });
    expect(zh.stdout).toContain('显示节点数据');
    const option = await runCliProgram(['--lang', 'zh', 'help'], { env: { LC_ALL: 'C' } });
    expect(option.stdout).toContain('监视点');
  });
});
