// `zk server VERB` as processes: what is printed, the exit codes, the pid file, and who is left.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { isRunning } from '../../src/server/storage/processTable.ts';

const bin = fileURLToPath(new URL('../../bin', import.meta.url));

let home: string;
let port: number;
let pidFile: string;

beforeEach(async () => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'zk-verbs-')));
  port = await aFreePort();
  pidFile = join(home, 'data/zookeeper_server.pid');
  writeConfig('');
});

afterEach(async () => {
  if (existsSync(pidFile)) await zk('stop', 'zoo.cfg');
  rmSync(home, { recursive: true });
});

function writeConfig(more: string): void {
  const text = `tickTime=2000\ndataDir=./data\nclientPort=${port}\nclientPortAddress=127.0.0.1\n`;
  writeFileSync(join(home, 'zoo.cfg'), text + more);
}

async function listen(): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function aFreePort(): Promise<number> {
  const server = await listen();
  const { port: free } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return free;
}

interface Run {
  code: number | null;
  out: string;
  err: string;
}

function launch(
  command: string,
  args: string[],
  cwd = home,
  variables: Record<string, string> = {},
): ChildProcess {
  const { ZOOCFGDIR, ZOO_LOG_DIR, ZOOPIDFILE, ...inherited } = process.env;
  const env = { ...inherited, ...variables };
  return spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
}

async function run(
  command: string,
  args: string[],
  cwd = home,
  variables: Record<string, string> = {},
): Promise<Run> {
  const child = launch(command, args, cwd, variables);
  let out = '';
  let err = '';
  child.stdout?.on('data', (chunk) => (out += chunk));
  child.stderr?.on('data', (chunk) => (err += chunk));
  const [code] = await once(child, 'close');
  return { code, out, err };
}

const zk = (...args: string[]) => run(join(bin, 'zk'), ['server', ...args]);

const pidOf = () => Number(readFileSync(pidFile, 'utf8'));

async function answers(): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

describe('in the background', () => {
  test('start returns when the port answers, stop when the process is gone', async () => {
    const started = await zk('start', 'zoo.cfg');
    expect(started).toEqual({
      code: 0,
      out: 'Starting zookeeper ... STARTED\n',
      err: 'Using config: zoo.cfg\n',
    });
    expect(await answers()).toBe(true);
    const pid = pidOf();
    expect(isRunning(pid)).toBe(true);

    expect(await zk('stop', 'zoo.cfg')).toEqual({
      code: 0,
      out: 'Stopping zookeeper ... STOPPED\n',
      err: 'Using config: zoo.cfg\n',
    });
    expect(isRunning(pid)).toBe(false);
    expect(existsSync(pidFile)).toBe(false);
    expect(await answers()).toBe(false);
  });

  test('a second start says which process runs, and leaves it alone', async () => {
    await zk('start', 'zoo.cfg');
    const pid = pidOf();
    const second = await zk('start', 'zoo.cfg');
    expect(second.code).toBe(1);
    expect(second.out).toBe(`Starting zookeeper ... already running as process ${pid}.\n`);
    expect(isRunning(pid)).toBe(true);
  });

  test('status prints port and mode as the original, and says when nothing runs', async () => {
    const address = `Client port found: ${port}. Client address: 127.0.0.1. Client SSL: false.\n`;
    const before = await zk('status', 'zoo.cfg');
    expect(before.code).toBe(1);
    expect(before.out).toBe(`${address}Error contacting service. It is probably not running.\n`);
    await zk('start', 'zoo.cfg');
    const after = await zk('status', 'zoo.cfg');
    expect(after).toMatchObject({ code: 0, out: `${address}Mode: standalone\n` });
  });

  test('restart gives another process', async () => {
    await zk('start', 'zoo.cfg');
    const first = pidOf();
    const again = await zk('restart', 'zoo.cfg');
    expect(again.code).toBe(0);
    expect(again.out).toBe('Stopping zookeeper ... STOPPED\nStarting zookeeper ... STARTED\n');
    expect(pidOf()).not.toBe(first);
    expect(isRunning(first)).toBe(false);
  });

  test('start says FAILED TO START and shows why when the port is taken', async () => {
    const other = await listen();
    port = (other.address() as AddressInfo).port;
    writeConfig('');
    const failed = await zk('start', 'zoo.cfg');
    expect(failed.code).toBe(1);
    expect(failed.out).toBe('Starting zookeeper ... FAILED TO START\n');
    expect(failed.err).toContain(`Address already in use: 127.0.0.1:${port}`);
    expect(failed.err).not.toMatch(/^\s+at /m);
    expect(existsSync(pidFile)).toBe(false);
    other.close();
  });

  test('start makes no dataDir that the server may not make', async () => {
    writeConfig('datadir.autocreate=false\n');
    const failed = await zk('start', 'zoo.cfg');
    expect(failed.code).toBe(1);
    expect(failed.err).toContain('has no directory version-2, and datadir.autocreate is false');
    expect(existsSync(join(home, 'data'))).toBe(false);
  });

  test('ZOO_LOG_DIR takes the output, and a wrong one is named', async () => {
    const logs = join(home, 'logs-here');
    const start = (variables: Record<string, string>) =>
      run(join(bin, 'zk'), ['server', 'start', 'zoo.cfg'], home, variables);
    const wrong = await start({ ZOO_LOG_DIR: join(home, 'zoo.cfg') });
    expect(wrong.code).toBe(1);
    expect(wrong.out).toBe('Starting zookeeper ... FAILED TO START\n');
    expect(wrong.err).toMatch(/cannot write .*zoo.cfg.*; ZOO_LOG_DIR can name another directory/);
    expect((await start({ ZOO_LOG_DIR: logs, USER: 'ann' })).code).toBe(0);
    const [name = ''] = readdirSync(logs);
    expect(name).toMatch(/^zookeeper-ann-server-.*\.out$/);
    expect(readFileSync(join(logs, name), 'utf8')).toContain('binding to port');
  });

  test('start takes no notice of the pid file of a process that is gone', async () => {
    const child = spawn('true');
    await once(child, 'exit');
    mkdirSync(join(home, 'data'));
    writeFileSync(pidFile, String(child.pid));
    expect((await zk('start', 'zoo.cfg')).code).toBe(0);
    expect(pidOf()).not.toBe(child.pid);
  });

  test('stop says that nothing runs, with and without a pid file left over', async () => {
    const none = await zk('stop', 'zoo.cfg');
    expect(none.code).toBe(0);
    expect(none.out).toBe(
      `Stopping zookeeper ... no zookeeper to stop (could not find file ${pidFile})\n`,
    );
    const child = spawn('true');
    await once(child, 'exit');
    mkdirSync(join(home, 'data'));
    writeFileSync(pidFile, String(child.pid));
    const stale = await zk('stop', 'zoo.cfg');
    expect(stale.code).toBe(0);
    expect(stale.out).toContain(`process ${child.pid}, which is gone`);
    expect(existsSync(pidFile)).toBe(false);
  });

  test('stop leaves a process alone that a pid file names and that is no server', async () => {
    const child = spawn('sh', ['-c', 'read line'], { stdio: ['pipe', 'ignore', 'ignore'] });
    mkdirSync(join(home, 'data'));
    writeFileSync(pidFile, String(child.pid));
    const stopped = await zk('stop', 'zoo.cfg');
    expect(stopped.code).toBe(0);
    expect(stopped.out).toContain(`names process ${child.pid}, which is not this server`);
    expect(child.exitCode ?? child.signalCode).toBe(null);
    child.stdin.end();
    await once(child, 'exit');
  });

  test('a server that only begins is there for stop and for a second start', async () => {
    // It never gets to its own code.
    const hold = join(home, 'hold.mjs');
    const still = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);';
    writeFileSync(hold, `if (process.argv.includes('start-foreground')) ${still}`);
    const held = { NODE_OPTIONS: `--import=${hold}` };
    const starting = run(join(bin, 'zk'), ['server', 'start', 'zoo.cfg'], home, held);
    await vi.waitFor(() => expect(existsSync(pidFile)).toBe(true), { timeout: 20_000 });
    const pid = pidOf();
    const second = await zk('start', 'zoo.cfg');
    expect(second.out).toBe(`Starting zookeeper ... already running as process ${pid}.\n`);
    expect(await zk('stop', 'zoo.cfg')).toMatchObject({
      code: 0,
      out: 'Stopping zookeeper ... STOPPED\n',
    });
    expect(isRunning(pid)).toBe(false);
    expect(await starting).toMatchObject({
      code: 1,
      out: 'Starting zookeeper ... FAILED TO START\n',
      err: expect.stringMatching(/^the end of .*:\nSIGTERM has ended it before it listened\n$/m),
    });
    expect(existsSync(pidFile)).toBe(false);
  });

  test('a ZOOPIDFILE that is a directory is named in one line', async () => {
    const folder = join(home, 'pids');
    mkdirSync(folder);
    const line = `${folder}: cannot read the pid file: it is a directory; ZOOPIDFILE can name another\n`;
    for (const [verb, out] of [
      ['start', 'Starting zookeeper ... FAILED TO START\n'],
      ['stop', ''],
    ] as const) {
      const args = ['server', verb, 'zoo.cfg'];
      const ran = await run(join(bin, 'zk'), args, home, { ZOOPIDFILE: folder });
      expect(ran).toMatchObject({ code: 1, out });
      expect(ran.err).toBe(`Using config: zoo.cfg\n${line}`);
    }
  });

  test('two starts at once leave one server', async () => {
    const both = await Promise.all([zk('start', 'zoo.cfg'), zk('start', 'zoo.cfg')]);
    expect(both.map(({ code }) => code).sort()).toEqual([0, 1]);
    expect(isRunning(pidOf())).toBe(true);
    expect((await zk('status', 'zoo.cfg')).out).toContain('Mode: standalone');
  });
});

describe('in the foreground', () => {
  /** A server in this terminal that listens. */
  async function aForeground(...options: string[]) {
    const args = ['server', 'start-foreground', ...options, 'zoo.cfg'];
    const child = launch(join(bin, 'zk'), args);
    let log = '';
    let errors = '';
    child.stdout?.on('data', (chunk) => (log += chunk));
    child.stderr?.on('data', (chunk) => (errors += chunk));
    const exited = once(child, 'close').then(([code]) => code as number | null);
    await vi.waitFor(() => expect(existsSync(pidFile)).toBe(true), { timeout: 20_000 });
    return { child, exited, log: () => log, errors: () => errors };
  }

  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s ends with 0 and takes the pid file',
    async (sig) => {
      const { child, exited, log } = await aForeground();
      expect(pidOf()).toBe(child.pid);
      expect(await answers()).toBe(true);
      child.kill(sig);
      expect(await exited).toBe(0);
      expect(existsSync(pidFile)).toBe(false);
      expect(log()).toContain(`${sig}: closing`);
    },
  );

  test('a client that is still connected does not keep it from ending', async () => {
    const { child, exited } = await aForeground();
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    child.kill();
    expect(await exited).toBe(0);
    socket.destroy();
  });

  test('the log has the pattern of Apache, or is JSON when asked for', async () => {
    const text = await aForeground();
    text.child.kill();
    await text.exited;
    const line = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \[myid:\] - (INFO |WARN ) \[\w+\] - \S/;
    for (const logged of text.log().trimEnd().split('\n')) expect(logged).toMatch(line);

    const json = await aForeground('--log-format', 'json');
    json.child.kill();
    await json.exited;
    for (const logged of json.log().trimEnd().split('\n')) {
      expect(JSON.parse(logged)).toMatchObject({ level: 'info' });
    }
  });

  test('warnings of the configuration are in the log, with file and line', async () => {
    writeConfig('tickTme=1\n');
    const { child, exited, log } = await aForeground();
    child.kill();
    await exited;
    expect(log()).toContain('zoo.cfg:5: unknown key tickTme is ignored; did you mean tickTime?');
  });

  test('a purge every 42 days is not one every millisecond', async () => {
    // 1008 hours are more than a timer of Node's can count, which then fires without a pause.
    writeConfig('autopurge.purgeInterval=1008\n');
    const { child, exited, errors } = await aForeground();
    child.kill();
    expect(await exited).toBe(0);
    expect(errors()).toBe('Using config: zoo.cfg\n');
  });
});

describe('what is typed', () => {
  test('a wrong configuration is told line by line, with 2, and nothing starts', async () => {
    writeConfig('tickTime=0\nclientPort=x\n');
    for (const verb of ['start', 'start-foreground', 'restart', 'status', 'print-cmd']) {
      expect(await zk(verb, 'zoo.cfg')).toEqual({
        code: 2,
        out: '',
        err:
          'Using config: zoo.cfg\n' +
          'zoo.cfg:5: tickTime was already given at zoo.cfg:1; this line is taken\n' +
          'zoo.cfg:6: clientPort was already given at zoo.cfg:3; this line is taken\n' +
          'zoo.cfg:5: tickTime must be at least 1, got 0\n' +
          'zoo.cfg:6: clientPort must be an integer, got "x"\n',
      });
    }
    expect(existsSync(join(home, 'data'))).toBe(false);
  });

  test('a server whose configuration was spoiled since can be asked and stopped, not restarted', async () => {
    await zk('start', 'zoo.cfg');
    const pid = pidOf();
    writeConfig('tickTime=0\n');
    const lines = /zoo.cfg:5: tickTime must be at least 1, got 0\n$/;
    const restarted = await zk('restart', 'zoo.cfg');
    expect(restarted).toMatchObject({ code: 2, out: '', err: expect.stringMatching(lines) });
    expect(isRunning(pid)).toBe(true);
    const asked = await zk('status', 'zoo.cfg');
    expect(asked).toMatchObject({ code: 0, err: expect.stringMatching(lines) });
    expect(asked.out).toContain('Mode: standalone\n');
    const stopped = await zk('stop', 'zoo.cfg');
    expect(stopped).toMatchObject({ code: 0, err: expect.stringMatching(lines) });
    expect(stopped.out).toBe('Stopping zookeeper ... STOPPED\n');
    expect(isRunning(pid)).toBe(false);
  });

  test('stop with a configuration that names no dataDir fails with 2', async () => {
    writeFileSync(join(home, 'zoo.cfg'), `clientPort=${port}\n`);
    expect(await zk('stop', 'zoo.cfg')).toMatchObject({ code: 2, out: '' });
  });

  test('a missing file is named', async () => {
    expect(await zk('start', 'conf/nothere.cfg')).toEqual({
      code: 2,
      out: '',
      err: 'Using config: conf/nothere.cfg\nconf/nothere.cfg: file is missing\n',
    });
  });

  test('a wrong verb or option is one line, with 2', async () => {
    const verb = await zk('strat');
    expect(verb.code).toBe(2);
    expect(verb.err).toMatch(/^unknown verb strat; did you mean start\? there are start\|.*\n$/);
    const option = await zk('start', '--log-level', 'loud');
    expect(option.code).toBe(2);
    expect(option.err.trimEnd().split('\n')).toHaveLength(1);
    expect((await zk()).code).toBe(2);
  });

  test('print-cmd prints what start runs, and version the version', async () => {
    const printed = await zk('print-cmd', 'zoo.cfg');
    expect(printed.code).toBe(0);
    expect(printed.out).toMatch(/node .*bin\/zk server start-foreground zoo.cfg >> .*\.out/);
    const version = await zk('version');
    expect(version.code).toBe(0);
    expect(version.out).toMatch(/^zookeeper-ts \d+\.\d+\.\d+/);
  });
});

describe('zkServer.sh', () => {
  test('does the same from another directory and through a symbolic link', async () => {
    const link = join(home, 'zkServer');
    symlinkSync(join(bin, 'zkServer.sh'), join(home, 'one'));
    symlinkSync('one', link);
    const elsewhere = join(home, 'elsewhere');
    mkdirSync(elsewhere);
    const status = await run(link, ['status', '../zoo.cfg'], elsewhere);
    expect(status.code).toBe(1);
    expect(status.err).toContain('Using config: ../zoo.cfg');
    expect(status.out).toContain(`Client port found: ${port}.`);
    const named = await run(link, ['--config', home, 'status', 'zoo.cfg'], elsewhere);
    expect(named.err).toContain(`Using config: ${home}/zoo.cfg`);
  });

  test('goes on after the terminal when nohup says so', async () => {
    const script = join(bin, 'zkServer.sh');
    const child = spawn('nohup', [script, 'start-foreground', 'zoo.cfg'], {
      cwd: home,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let log = '';
    child.stdout.on('data', (chunk) => {
      log += chunk;
    });
    const exited = once(child, 'close');
    await vi.waitFor(() => expect(existsSync(pidFile)).toBe(true), { timeout: 20_000 });
    child.kill('SIGHUP');
    child.kill('SIGTERM');
    // Of two signals the system delivers SIGHUP first, and by default that is the end.
    expect(await exited).toEqual([0, null]);
    expect(log).toContain('SIGTERM: closing');
  });

  test('takes the conf/zoo.cfg beside it when no file is named', async () => {
    const printed = await run(join(bin, 'zkServer.sh'), ['print-cmd'], home);
    expect(printed.err).toBe('Using config: conf/zoo.cfg\n');
    expect(printed.code).toBe(0);
  });
});
