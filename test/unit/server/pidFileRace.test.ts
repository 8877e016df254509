// Two processes at one pid file: what another one does between two steps of the removal.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { removePidFile, writePidFile } from '../../../src/server/pidFile.ts';

/** Each runs behind one more reading of a file. */
const meanwhile: (() => void)[] = [];
/** As on FAT, and on many shares. */
let hasLinks = true;

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  return {
    ...fs,
    readFileSync(...args: Parameters<typeof fs.readFileSync>) {
      const found = fs.readFileSync(...args);
      meanwhile.shift()?.();
      return found;
    },
    linkSync(...args: Parameters<typeof fs.linkSync>) {
      if (hasLinks) return fs.linkSync(...args);
      throw Object.assign(new Error('EPERM: operation not permitted'), { code: 'EPERM' });
    },
  };
});

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'zk-pid-race-'));
  path = join(directory, 'zookeeper_server.pid');
  writePidFile(path, 1);
});
afterEach(() => {
  hasLinks = true;
  rmSync(directory, { recursive: true });
});

test('a server that writes the pid file while an old one is removed keeps it', () => {
  meanwhile.push(() => writePidFile(path, 2));
  removePidFile(path, 1);
  expect(meanwhile).toEqual([]);
  expect(readFileSync(path, 'utf8')).toBe('2');
  expect(readdirSync(directory)).toHaveLength(1);
});

test('the same where there are no hard links', () => {
  hasLinks = false;
  meanwhile.push(() => writePidFile(path, 2));
  removePidFile(path, 1);
  expect(readFileSync(path, 'utf8')).toBe('2');
  expect(readdirSync(directory)).toHaveLength(1);
});

test('of two of them the later one keeps it', () => {
  meanwhile.push(
    () => writePidFile(path, 2),
    () => writePidFile(path, 3),
  );
  removePidFile(path, 1);
  expect(meanwhile).toEqual([]);
  expect(readFileSync(path, 'utf8')).toBe('3');
  expect(readdirSync(directory)).toHaveLength(1);
});

test('one that another process has removed is gone', () => {
  meanwhile.push(() => rmSync(path));
  removePidFile(path, 1);
  expect(readdirSync(directory)).toEqual([]);
});
