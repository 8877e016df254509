import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { makeDirs } from '../../../../src/server/storage/makeDirs.ts';

const top = mkdtempSync(join(tmpdir(), 'makeDirs-'));
afterEach(() => rmSync(join(top, 'a'), { recursive: true, force: true }));

describe('makeDirs', () => {
  it('makes what is missing and names the first of it', () => {
    expect(makeDirs(join(top, 'a/b/c'))).toBe(join(top, 'a'));
    expect(statSync(join(top, 'a/b/c')).isDirectory()).toBe(true);
    expect(makeDirs(join(top, 'a/b/c'))).toBeUndefined();
    expect(makeDirs(join(top, 'a/b/d'))).toBe(join(top, 'a/b/d'));
  });

  it('says so when a file is in the way', () => {
    writeFileSync(join(top, 'file'), '');
    expect(() => makeDirs(join(top, 'file'))).toThrow('EEXIST');
    expect(() => makeDirs(join(top, 'file/below'))).toThrow('ENOTDIR');
  });

  it.runIf(process.platform === 'linux')('gives up where no directory can be made', () => {
    expect(() => makeDirs('/proc/nope/below')).toThrow('ENOENT');
  });
});
