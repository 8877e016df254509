// Whether the process that a pid file names is the server that wrote it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  announcePid,
  readPidFile,
  removePidFile,
  START_MARK,
  writePidFile,
} from '../../../src/server/pidFile.ts';
import { lockDir } from '../../../src/server/storage/lock.ts';
import { isRunning } from '../../../src/server/storage/processTable.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'zk-pid-'));
  path = join(directory, 'zookeeper_server.pid');
});
afterEach(() => rmSync(directory, { recursive: true }));

/** The number of a process that has just ended. */
async function aPastPid(): Promise<number> {
  const child = spawn('true');
  const pid = child.pid ?? 0;
  await once(child, 'exit');
  return pid;
}

describe('a pid file', () => {
  test('holds the number without a line end, as zkServer.sh leaves it', () => {
    writePidFile(path, 4711);
    expect(readFileSync(path, 'utf8')).toBe('4711');
  });

  test('names a running server when its process lives and has the directory', () => {
    lockDir(directory);
    writePidFile(path, process.pid);
    expect(readPidFile(path, directory)).toEqual({ kind: 'running', pid: process.pid });
  });

  test('is stale when its process lives and does not have the directory', () => {
    writePidFile(path, process.pid);
    expect(readPidFile(path, directory)).toEqual({ kind: 'stale', pid: process.pid });
    lockDir(directory);
    writePidFile(path, process.ppid);
    expect(readPidFile(path, directory)).toEqual({ kind: 'stale', pid: process.ppid });
  });

  test("names a server of Apache's, which locks nothing, by its command line", async () => {
    const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
    const script = ['-c', 'echo runs; read line', 'java', main, 'zoo.cfg'];
    const child = spawn('sh', script, { stdio: ['pipe', 'pipe', 'ignore'] });
    await once(child.stdout, 'data');
    writePidFile(path, child.pid ?? 0);
    expect(readPidFile(path, directory)).toEqual({ kind: 'running', pid: child.pid });
    // A file that is older than the process is another one's, whose number it has got.
    utimesSync(path, 1_000_000, 1_000_000);
    expect(readPidFile(path, directory)).toEqual({ kind: 'stale', pid: child.pid });
    child.stdin.end();
    await once(child, 'exit');
  });

  test('written by echo, with a line end, is read too', () => {
    lockDir(directory);
    writeFileSync(path, `${process.pid}\n`);
    expect(readPidFile(path, directory).kind).toBe('running');
  });

  test('is absent when there is none', () => {
    expect(readPidFile(path, directory)).toEqual({ kind: 'absent' });
  });

  test('is stale when its process is gone', async () => {
    const pid = await aPastPid();
    writePidFile(path, pid);
    expect(readPidFile(path, directory)).toEqual({ kind: 'stale', pid });
    expect(isRunning(pid)).toBe(false);
  });

  test('names the server that has the directory, though the clock was set since', () => {
    lockDir(directory);
    writePidFile(path, process.pid);
    const hours = [-1, 1].map((hour) => Date.now() / 1000 + hour * 3600);
    for (const time of hours) {
      utimesSync(path, time, time);
      expect(readPidFile(path, directory)).toEqual({ kind: 'running', pid: process.pid });
    }
  });

  test.each(['', 'x', '-1', '0', '12 34'])('is stale when it holds "%s"', (text) => {
    writeFileSync(path, text);
    expect(readPidFile(path, directory)).toEqual({ kind: 'stale', pid: null });
  });

  test('names a server that begins for the directory, and for no other', async () => {
    const dir = `${directory}/döner`;
    const env = { ...process.env, [START_MARK]: dir };
    const child = spawn('sh', ['-c', 'echo runs; read line'], {
      env,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    await once(child.stdout, 'data');
    const pid = child.pid ?? 0;
    expect(announcePid(path, pid, dir)).toBe(true);
    expect(readFileSync(path, 'utf8')).toBe(String(pid));
    expect(readPidFile(path, dir)).toEqual({ kind: 'running', pid });
    for (const other of [directory, `${directory}/d`, `${dir}/s`]) {
      expect(readPidFile(path, other)).toEqual({ kind: 'stale', pid });
    }
    utimesSync(path, 1_000_000, 1_000_000);
    expect(readPidFile(path, dir)).toEqual({ kind: 'stale', pid });
    child.stdin.end();
    await once(child, 'exit');
  });

  test('of a server that runs is left alone by one that begins, a stale one is not', async () => {
    const lock = lockDir(directory);
    writePidFile(path, process.pid);
    expect(announcePid(path, process.ppid, directory)).toBe(false);
    expect(readFileSync(path, 'utf8')).toBe(String(process.pid));
    lock.release();
    expect(announcePid(path, process.ppid, directory)).toBe(true);
    expect(readFileSync(path, 'utf8')).toBe(String(process.ppid));
    expect(readdirSync(directory)).toEqual([basename(path)]);
  });

  test('that cannot be written is no news of a server that begins', () => {
    writeFileSync(path, '');
    expect(announcePid(join(path, 'pid'), process.ppid, directory)).toBe(false);
    expect(readFileSync(path, 'utf8')).toBe('');
  });

  test('that a directory stands in for is named, and nothing is left beside it', () => {
    mkdirSync(path);
    expect(() => readPidFile(path, directory)).toThrow(
      `${path}: cannot read the pid file: it is a directory; ZOOPIDFILE can name another`,
    );
    expect(announcePid(path, process.ppid, directory)).toBe(false);
    expect(() => writePidFile(path, 4711)).toThrow('EISDIR');
    expect(readdirSync(directory)).toEqual([basename(path)]);
  });

  test('is removed only by the server that it names', () => {
    writePidFile(path, 1);
    removePidFile(path, 2);
    expect(readFileSync(path, 'utf8')).toBe('1');
    removePidFile(path, 1);
    expect(readPidFile(path, directory)).toEqual({ kind: 'absent' });
    removePidFile(path, 1);
  });
});
