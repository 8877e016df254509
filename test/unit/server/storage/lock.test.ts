// The lock of a data directory: held by the living, taken over from the dead.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { lockDir } from '../../../../src/server/storage/lock.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'zk-lock-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const path = () => join(dir, 'zk.lock');

/** The line that a process of this boot writes, with other numbers in it. */
function lineOf(pid: number, started: string): string {
  const lock = lockDir(dir);
  const line = readFileSync(path(), 'utf8');
  lock.release();
  return line.replace(/pid \d+ started \d+/, `pid ${pid} started ${started}`);
}

async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return child.pid as number;
}

describe('the lock', () => {
  it('refuses a second holder, naming directory and pid, and leaves nothing behind', () => {
    const lock = lockDir(dir);
    const refusal = `${dir}: the directory is in use by another server (pid ${process.pid})`;
    expect(() => lockDir(dir)).toThrow(refusal);
    expect(readdirSync(dir)).toEqual(['zk.lock']);
    lock.release();
    expect(readdirSync(dir)).toEqual([]);
    lockDir(dir).release();
  });

  it('is taken over from a process that is gone', async () => {
    writeFileSync(path(), lineOf(await deadPid(), '1'));
    const lock = lockDir(dir);
    expect(readFileSync(path(), 'utf8')).toContain(`pid ${process.pid} `);
    expect(readdirSync(dir)).toEqual(['zk.lock']);
    lock.release();
  });

  it.runIf(existsSync('/proc/self/stat'))(
    'is taken over from a killed process that nobody waits for',
    async () => {
      // The shell becomes a program that knows of no child.
      const parent = spawn('sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 60']);
      const [chunk] = (await once(parent.stdout, 'data')) as [Buffer];
      const pid = Number(chunk.toString());
      const stat = () => readFileSync(`/proc/${pid}/stat`, 'latin1').split(' ');
      await vi.waitFor(() => expect(stat()[2]).toBe('Z'), 10_000);
      writeFileSync(path(), lineOf(pid, stat()[21] ?? ''));
      const lock = lockDir(dir);
      expect(stat()[2]).toBe('Z');
      lock.release();
      parent.kill();
      await once(parent, 'exit');
    },
  );

  it('is taken over when another process has got the pid meanwhile, or the machine restarted', () => {
    writeFileSync(path(), lineOf(process.pid, '1'));
    lockDir(dir).release();
    const line = lineOf(process.pid, '1').replace(/boot \S+/, 'boot other');
    writeFileSync(path(), line);
    lockDir(dir).release();
  });

  it.runIf(existsSync('/proc/self/ns/pid'))(
    'of a process in another container is taken over when that one has had time to notice',
    async () => {
      const line = lineOf(await deadPid(), '1');
      const taking = (): number => {
        const from = performance.now();
        const lock = lockDir(dir);
        const took = performance.now() - from;
        lock.release();
        return took;
      };
      writeFileSync(path(), line.replace(/ in .*/, ' in pid:[1]'));
      expect(taking()).toBeGreaterThanOrEqual(99);
      // Of this container, or of before it was restarted with the machine: nobody is there to wait for.
      const quick = [line, line.replace(/boot \S+/, 'boot other').replace(/ in .*/, ' in pid:[1]')];
      for (const text of quick) {
        writeFileSync(path(), text);
        expect(taking()).toBeLessThan(90);
      }
    },
  );

  it('is taken over when it is empty or garbage', () => {
    for (const text of ['', 'pid', 'pid 0 started x boot y', '\u0000'.repeat(50)]) {
      writeFileSync(path(), text);
      lockDir(dir).release();
    }
  });

  it('is taken over when the one who was taking it over died as well', async () => {
    const first = lineOf(await deadPid(), '1');
    const second = lineOf(await deadPid(), '2');
    writeFileSync(path(), first);
    const right = `zk.lock.takeover-${first.trim().replaceAll(/[^0-9A-Za-z-]/g, '_')}`;
    writeFileSync(join(dir, right), second);
    const lock = lockDir(dir);
    expect(readdirSync(dir)).toEqual(['zk.lock']);
    expect(() => lockDir(dir)).toThrow('in use');
    lock.release();
  });

  it('is not taken over while a living process is doing that', async () => {
    const first = lineOf(await deadPid(), '1');
    const holder = lockDir(dir);
    const self = readFileSync(path(), 'utf8');
    holder.release();
    writeFileSync(path(), first);
    const right = `zk.lock.takeover-${first.trim().replaceAll(/[^0-9A-Za-z-]/g, '_')}`;
    writeFileSync(join(dir, right), self);
    expect(() => lockDir(dir)).toThrow('in use');
  });

  it('is known to be gone once it is removed or taken by another, whatever inode that gets', () => {
    const lock = lockDir(dir);
    expect(lock.isHeld()).toBe(true);
    rmSync(join(dir, 'zk.lock'));
    expect(lock.isHeld()).toBe(false);
    const next = lockDir(dir);
    expect([lock.isHeld(), next.isHeld()]).toEqual([false, true]);
    lock.release();
  });

  it('says why when the directory cannot be written', () => {
    expect(() => lockDir(join(dir, 'missing'))).toThrow(
      `${join(dir, 'missing')}: cannot lock the directory: no such file or directory (ENOENT)`,
    );
  });
});
