// Every end that is not asked for: a code that is not 0, and one line that says what and where.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  freePort,
  hasEnded,
  startProcess,
  temporaryDirectory,
  waitFor,
} from '../support/processes.ts';
import { RawConnection } from '../support/rawConnection.ts';
import { reply } from '../support/replies.ts';
import { connectFrame, createFrame, existsFrame } from '../support/requestFrames.ts';
import { fourLetterWord, ourCommand } from '../support/servers.ts';

let home: string;
let dataDir: string;
let port: number;

beforeEach(async () => {
  home = temporaryDirectory('endings');
  dataDir = join(home, 'data');
  port = await freePort();
  writeConfig();
});

const writeConfig = (): void =>
  writeFileSync(
    join(home, 'zoo.cfg'),
    `dataDir=${dataDir}\nclientPort=${port}\nclientPortAddress=127.0.0.1\n` +
      'snapCount=100\nmaxClientCnxns=0\n',
  );

interface Started {
  readonly pid: number;
  output(): string;
  ended(): Promise<number | null>;
  serves(): Promise<void>;
}

/** Modes of files do not bind root, unless it gives that right up. */
const BOUND_BY_MODES =
  process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] : [];

function start(wrapper: readonly string[] = [], env: Record<string, string> = {}): Started {
  const [program, options] = ourCommand(join(home, 'zoo.cfg'));
  // A fault is planted in a module of dist/, which the bundled program does not load.
  if ('ZK_FAULT' in env) options[0] = join(import.meta.dirname, '../../dist/main.js');
  const [command = '', ...args] = [...wrapper, program, ...options];
  const child = startProcess(command, args, {
    cwd: home,
    stdio: 'pipe',
    env: { ...process.env, ...env },
  });
  let output = '';
  child.stdout?.on('data', (chunk) => (output += chunk));
  child.stderr?.on('data', (chunk) => (output += chunk));
  const closed = once(child, 'close');
  return {
    pid: child.pid ?? -1,
    output: () => output,
    ended: async () => (await closed)[0] as number | null,
    serves: () =>
      waitFor('the server to serve', async () => {
        if (hasEnded(child)) throw new Error(output);
        return (await fourLetterWord(port, 'srvr'))?.includes('Mode: ') === true;
      }).then(() => undefined),
  };
}

/** The exit code of a server that cannot use its data directory. */
const DATA_DIR = 3;

/** The one line of an error; no stack trace beside it. */
function lineOf({ output }: Started): string {
  const lines = output().split('\n');
  const errors = lines.filter((line) => line.includes(' - ERROR '));
  expect(errors, output()).toHaveLength(1);
  expect(output()).not.toMatch(/^ {4}at /m);
  return (errors[0] ?? '').replace(/^.* - ERROR \[\w+\] - /, '');
}

async function refusal(started: Started, code = DATA_DIR): Promise<string> {
  expect(await started.ended(), started.output()).toBe(code);
  return lineOf(started);
}

const RIGHTS = 'let the user of this server read and write there';

describe('a server that cannot start', () => {
  test('names the port that is in use', async () => {
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    expect(await refusal(start(), 1)).toBe(
      `${home}/zoo.cfg:2: clientPort ${port} is in use (Address already in use: 127.0.0.1:${port})`,
    );
    other.close();
  });

  test('names the directory that another server has, and its process', async () => {
    const first = start();
    await first.serves();
    port = await freePort();
    writeConfig();
    expect(await refusal(start())).toBe(
      `${home}/zoo.cfg:1: dataDir cannot be used: ${dataDir}: the directory is in use by another ` +
        `server (pid ${first.pid}); stop that server first, or give this one a directory of its own`,
    );
    process.kill(first.pid);
    expect(await first.ended()).toBe(0);
  });

  test('names the directory that it may not make, or not write', async () => {
    chmodSync(home, 0o555);
    expect(await refusal(start(BOUND_BY_MODES))).toBe(
      `${home}/zoo.cfg:1: dataDir cannot be used: ${dataDir}/version-2: ` +
        `cannot make the directory: permission denied (EACCES); ${RIGHTS}`,
    );
    chmodSync(home, 0o755);
    mkdirSync(join(dataDir, 'version-2'), { recursive: true });
    chmodSync(dataDir, 0o555);
    expect(await refusal(start(BOUND_BY_MODES))).toBe(
      `${home}/zoo.cfg:1: dataDir cannot be used: ${dataDir}: ` +
        `cannot lock the directory: permission denied (EACCES); ${RIGHTS}`,
    );
  });

  test('names the file that it may not read', async () => {
    const first = start();
    await first.serves();
    process.kill(first.pid);
    expect(await first.ended()).toBe(0);
    chmodSync(join(dataDir, 'version-2/snapshot.0'), 0);
    expect(await refusal(start(BOUND_BY_MODES))).toBe(
      `${home}/zoo.cfg:1: dataDir cannot be used: ${dataDir}/version-2/snapshot.0: ` +
        `cannot open it: permission denied (EACCES); ${RIGHTS}`,
    );
  });

  test('names the file that stands where its directory should be', async () => {
    writeFileSync(dataDir, '');
    expect(await refusal(start())).toBe(`${home}/zoo.cfg:1: dataDir ${dataDir} is not a directory`);
    const [program, [script = '']] = ourCommand('');
    const verb = [script, 'server', 'start', join(home, 'zoo.cfg')];
    const background = startProcess(program, verb, { cwd: home, stdio: 'pipe' });
    let errors = '';
    background.stderr?.on('data', (chunk) => (errors += chunk));
    expect((await once(background, 'close'))[0]).toBe(1);
    expect(errors).toContain(`zoo.cfg:1: dataDir ${dataDir} is not a directory\n`);
  });

  test.each([
    ['192.0.2.1', 'is not an address of this host (EADDRNOTAVAIL)'],
    ['no-such-host.invalid', /^cannot be resolved \(E\w+\)$/],
  ])('names the address %s that is not its own', async (address, reason) => {
    const at = `${home}/zoo.cfg:3: clientPortAddress ${address} `;
    writeFileSync(
      join(home, 'zoo.cfg'),
      `dataDir=${dataDir}\nclientPort=${port}\nclientPortAddress=${address}\n`,
    );
    const line = await refusal(start(), 1);
    expect(line.slice(0, at.length)).toBe(at);
    expect(line.slice(at.length)).toMatch(reason);
  });
});

test('a server short of descriptors refuses clients, and still goes on to new logs', async () => {
  const server = start(['sh', '-c', 'ulimit -n 150; exec "$@"', 'sh']);
  await server.serves();
  const hello = Buffer.from(connectFrame(), 'hex');
  const links = await Promise.all(Array.from({ length: 200 }, () => RawConnection.open(port)));
  for (const link of links) link.send(hello);
  await waitFor('the refusals', () => links.filter((link) => link.isClosed).length > 100);
  const link = links.find(({ isClosed }) => !isClosed) as RawConnection;
  expect(await link.replies(1, false)).toHaveLength(1);
  // Behind 100 entries comes a snapshot and a new log.
  for (let i = 0; i < 10; i++) {
    const frames = Array.from({ length: 50 }, (_, n) => createFrame(n, `/${i}-${n}`));
    link.send(Buffer.from(frames.join(''), 'hex'));
    expect(await link.replies(50, false)).toHaveLength(50);
  }
  expect(server.output()).toMatch(/WARN.*Too many connections.* - max is 86 in all/);
  process.kill(server.pid);
  expect(await server.ended(), server.output()).toBe(0);
  expect(server.output().match(/Creating new log file/g)?.length).toBeGreaterThan(2);
});

/** What was seen in its place is taken to be there for 20 ms (placeCheck.ts). */
const untilLookedForAgain = async (): Promise<void> => {
  const from = performance.now();
  await waitFor('the next look', () => performance.now() - from > 20);
};

describe('a data directory that goes away under the server', () => {
  test.each([
    ['removed', (dir: string) => rmSync(dir, { recursive: true })],
    ['moved away', (dir: string) => renameSync(dir, `${dir}-elsewhere`)],
    [
      'replaced by a copy',
      (dir: string) => {
        renameSync(dir, `${dir}-elsewhere`);
        cpSync(`${dir}-elsewhere`, dir, { recursive: true });
      },
    ],
  ])('when it is %s, nothing more is acknowledged', async (_, harm) => {
    const server = start();
    await server.serves();
    const link = await RawConnection.open(port);
    link.send(Buffer.from(connectFrame() + createFrame(1, '/before'), 'hex'));
    expect(await link.replies(2, false)).toHaveLength(2);
    harm(dataDir);
    await untilLookedForAgain();
    link.send(Buffer.from(createFrame(2, '/after'), 'hex'));
    expect(await server.ended(), server.output()).toBe(1);
    expect(link.frames()).toEqual([]);
    expect(lineOf(server)).toBe(
      `${dataDir}/version-2/log.1: the file is not there any more, the log cannot go on; ` +
        'look whether it was removed or moved away, or its disk unmounted',
    );
  });
});

describe('a lock that goes away under the server', () => {
  const acknowledged = async (harm: () => Promise<void> | void): Promise<Started> => {
    const first = start();
    await first.serves();
    const link = await RawConnection.open(port);
    link.send(Buffer.from(connectFrame() + createFrame(1, '/before'), 'hex'));
    expect(await link.replies(2, false)).toHaveLength(2);
    await harm();
    await untilLookedForAgain();
    link.send(Buffer.from(createFrame(2, '/after'), 'hex'));
    expect(await first.ended(), first.output()).toBe(1);
    expect(link.frames()).toEqual([]);
    expect(lineOf(first)).toBe(
      `${dataDir}/version-2: another server has taken the directory, or its zk.lock was removed; ` +
        'see that one server only has it, also among those in other containers',
    );
    return first;
  };

  test('removed by hand, it ends it before the next answer', async () => {
    await acknowledged(() => rmSync(join(dataDir, 'zk.lock')));
  });

  test('taken by a server that does not see its process, it leaves one of both', async () => {
    const oldPort = port;
    let second: Started | null = null;
    await acknowledged(async () => {
      port = await freePort();
      writeConfig();
      // As from another container: the first one's number is in use here by nobody.
      const lock = join(dataDir, 'zk.lock');
      const fresh = `${lock}-fresh`;
      writeFileSync(fresh, readFileSync(lock, 'utf8').replace(/boot \S+/, 'boot of another'));
      renameSync(fresh, lock);
      second = start();
      await second.serves();
    });
    expect(port).not.toBe(oldPort);
    const link = await RawConnection.open(port);
    link.send(Buffer.from(connectFrame() + existsFrame(1, '/before'), 'hex'));
    const [, found = ''] = await link.replies(2, false);
    expect(reply(found).err).toBe(0);
    const { pid, ended } = second as unknown as Started;
    process.kill(pid);
    expect(await ended()).toBe(0);
  });
});

test('SIGUSR1 opens no debugger', async () => {
  const server = start();
  await server.serves();
  process.kill(server.pid, 'SIGUSR1');
  await waitFor('the line', () => server.output().includes('SIGUSR1 has no meaning'));
  await server.serves();
  process.kill(server.pid);
  expect(await server.ended()).toBe(0);
  expect(server.output()).not.toContain('ws://');
});

describe('an error that nobody foresaw', () => {
  const plant = join(import.meta.dirname, '../support/plantedFault.mjs');

  test.each([
    ['core', 'planted in the core'],
    ['timer', 'planted in a timer'],
    ['rejection', 'planted in a promise'],
  ])('in a %s ends the server with one line, and what was acknowledged stays', async (...one) => {
    const [kind, words] = one;
    const NODE_OPTIONS = `--import=${plant}`;
    const broken = start([], { NODE_OPTIONS, ZK_FAULT: kind });
    await broken.serves();
    const link = await RawConnection.open(port);
    link.send(Buffer.from(connectFrame() + createFrame(1, '/kept'), 'hex'));
    expect(await link.replies(2, false)).toHaveLength(2);
    link.send(Buffer.from(createFrame(2, '/BOOM') + createFrame(3, '/late'), 'hex'));
    expect(await broken.ended(), broken.output()).toBe(1);
    expect(lineOf(broken)).toBe(`internal error, the server ends: ${words}`);
    const answered = link.frames().map((frame) => reply(frame).xid);
    const again = start();
    await again.serves();
    const after = await RawConnection.open(port);
    const paths = ['/kept', '/BOOM', '/late'];
    after.send(
      Buffer.from(connectFrame() + paths.map((p, i) => existsFrame(i + 1, p)).join(''), 'hex'),
    );
    const [, ...found] = (await after.replies(4, false)).map((frame) => reply(frame).err);
    expect(found[0]).toBe(0);
    for (const xid of answered) expect(found[xid - 1]).toBe(0);
    process.kill(again.pid);
    expect(await again.ended()).toBe(0);
  });
});

describe('what does not belong into a data directory', () => {
  const pipe = (path: string): void => {
    mkdirSync(dirname(path), { recursive: true });
    execFileSync('mkfifo', [path]);
  };
  const folder = (path: string): void => {
    mkdirSync(path, { recursive: true });
  };
  const deadLink = (path: string): void => {
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync('nowhere', path);
  };

  test.each([
    ['a pipe', pipe, 'version-2/log.1'],
    ['a pipe', pipe, 'version-2/snapshot.0'],
    ['a pipe', pipe, 'version-2/synced.marks'],
    ['a pipe', pipe, 'zk.lock'],
    ['a link that leads nowhere', deadLink, 'zk.lock'],
    ['a directory', folder, 'version-2/log.1'],
    ['a directory', folder, 'version-2/synced.marks'],
    ['a directory', folder, 'zk.lock'],
  ])('%s is named, and keeps no start waiting (%#)', async (_, make, name) => {
    const path = join(dataDir, name);
    make(path);
    const line = await refusal(start());
    expect(line).toContain(`${path}: `);
    expect(line).toMatch(/; move (it|away)/);
  });

  test('garbage in the lock, as a power cut may leave it, is taken over', async () => {
    mkdirSync(dataDir);
    for (const garbage of ['', '\0'.repeat(4096), 'x'.repeat(5000)]) {
      writeFileSync(join(dataDir, 'zk.lock'), garbage);
      const server = start();
      await server.serves();
      process.kill(server.pid);
      expect(await server.ended()).toBe(0);
    }
  });

  test('a directory in place of the pid file ends the server, which would not be found', async () => {
    folder(join(dataDir, 'zookeeper_server.pid'));
    expect(await refusal(start(), 1)).toMatch(
      /zookeeper_server\.pid: cannot write the pid file: EISDIR.*; ZOOPIDFILE can name another$/,
    );
  });

  test('one directory with two names is told as such', async () => {
    mkdirSync(dataDir);
    symlinkSync('data', join(home, 'logs'));
    writeFileSync(
      join(home, 'zoo.cfg'),
      `dataDir=${dataDir}\nclientPort=${port}\ndataLogDir=${home}/logs\n`,
    );
    expect(await refusal(start())).toBe(
      `${home}/zoo.cfg:3: dataLogDir ${home}/logs is dataDir under another name; leave dataLogDir out`,
    );
  });
});
