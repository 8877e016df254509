// Whether the process that a pid file names is the server that wrote it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readPidFile, removePidFile, writePidFile } from '../../../src/server/pidFile.ts';
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

  test('is removed only by the server that it names', () => {
    writePidFile(path, 1);
    removePidFile(path, 2);
    expect(readFileSync(path, 'utf8')).toBe('1');
    removePidFile(path, 1);
    expect(readPidFile(path, directory)).toEqual({ kind: 'absent' });
    removePidFile(path, 1);
  });
});
