// Files damaged while the server was down: all that was acknowledged is served, or it refuses.
import { beforeAll, describe, expect, it } from 'vitest';
import type { Zxid } from '../../../../src/base/ids.ts';
import { MARKS_NAME } from '../../../../src/server/storage/marks.ts';
import { StorageError } from '../../../../src/server/storage/storageError.ts';
import { State } from '../../../../src/state/state.ts';
import { bytesSource } from '../../../../src/wire/byteSource.ts';
import { LogScanner } from '../../../../src/wire/log.ts';
import { SimDisk, seeded } from '../../../support/simDisk.ts';
import {
  dumpText,
  examine,
  type History,
  Life,
  LOG_DIR,
  textAt,
} from '../../../support/storageLife.ts';

const marksPath = `${LOG_DIR}/${MARKS_NAME}`;
let whole: SimDisk;
let acked: Zxid;
let expected: string;
const history: History = new Map();

beforeAll(async () => {
  const random = seeded(5);
  const first = new Life(new SimDisk(), random, history, { snapCount: 60 });
  await first.run(130);
  const second = new Life(first.disk.crash('process', random), random, history, { snapCount: 60 });
  await second.run(100);
  whole = second.disk.copy();
  acked = second.acked;
  expected = textAt(history, acked);
});

const pathsOf = (disk: SimDisk, kind: string): string[] =>
  disk.paths().filter((path) => path.startsWith(`${LOG_DIR}/${kind}.`));
const byZxid = (a: string, b: string): number =>
  Number.parseInt(a.split('.').pop() ?? '', 16) - Number.parseInt(b.split('.').pop() ?? '', 16);
const newest = (disk: SimDisk, kind: string): string =>
  pathsOf(disk, kind).sort(byZxid).at(-1) as string;

interface Extent {
  offset: number;
  length: number;
  zxid: Zxid;
}

function entriesOf(bytes: Buffer): Extent[] {
  const scanner = new LogScanner(bytesSource(bytes));
  const entries: Extent[] = [];
  for (let entry = scanner.next(); entry !== null; entry = scanner.next()) {
    entries.push({ offset: entry.offset, length: entry.bytes.length + 13, zxid: entry.zxid });
  }
  return entries;
}

/** `served` everything, or the refusal; anything else fails. */
function outcome(disk: SimDisk): 'served' | StorageError {
  const state = new State();
  let found: Zxid;
  try {
    found = examine(disk, state).lastZxid;
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    expect(error.message).not.toContain('\n');
    expect(error.file.startsWith(LOG_DIR)).toBe(true);
    expect(error.advice).not.toBe('');
    return error;
  }
  expect(found).toBe(acked);
  expect(dumpText(state)).toBe(expected);
  return 'served';
}

function damaged(path: string, change: (bytes: Buffer) => Buffer): SimDisk {
  const disk = whole.copy();
  disk.put(path, change(Buffer.from(disk.contentOf(path))));
  return disk;
}

const zeroed = (from: number, to: number) => (bytes: Buffer) =>
  bytes.fill(0, from, Math.min(to, bytes.length));

describe('a damaged log', { timeout: 60_000 }, () => {
  it('is served whole without damage', () => {
    expect(pathsOf(whole, 'log').length).toBeGreaterThan(3);
    expect(pathsOf(whole, 'snapshot').length).toBeGreaterThan(2);
    expect(outcome(whole)).toBe('served');
  });

  it('is noticed for every entry that is zeroed, flipped or loses its end byte', () => {
    let refused = 0;
    for (const path of pathsOf(whole, 'log')) {
      for (const { offset, length } of entriesOf(whole.contentOf(path))) {
        const changes = [
          zeroed(offset, offset + length),
          zeroed(offset + length - 1, offset + length),
          zeroed(offset + 8, offset + 12),
          (bytes: Buffer) => {
            bytes[offset + 30] = (bytes[offset + 30] as number) ^ 0x10;
            return bytes;
          },
        ];
        for (const change of changes) {
          const result = outcome(damaged(path, change));
          if (result === 'served') continue;
          refused++;
          expect(result.file).toBe(path);
          expect(result.offset).toBe(offset);
        }
      }
    }
    expect(refused).toBeGreaterThan(100);
  });

  it('is noticed for every page that is zeroed, wherever it lies', () => {
    for (const path of pathsOf(whole, 'log')) {
      const end = entriesOf(whole.contentOf(path)).at(-1)?.offset ?? 0;
      for (let at = 0; at < end; at += 512) outcome(damaged(path, zeroed(at, at + 512)));
    }
  });

  it('is noticed when it is cut, empty, foreign or missing', () => {
    for (const path of pathsOf(whole, 'log')) {
      const bytes = whole.contentOf(path);
      const isNewest = path === newest(whole, 'log');
      for (let at = 0; at < bytes.length; at += 97) {
        const result = outcome(damaged(path, (all) => all.subarray(0, at)));
        const end = entriesOf(bytes).at(-1) as Extent;
        if (isNewest && at < end.offset + end.length) expect(result).not.toBe('served');
      }
      outcome(damaged(path, () => Buffer.from('#!/bin/sh\necho this is not a log at all\n')));
      const disk = whole.copy();
      disk.remove(path);
      const result = outcome(disk);
      if (isNewest) expect(result).not.toBe('served');
    }
  });

  it('is refused with file, offset, last good zxid and advice, in one line', () => {
    const path = newest(whole, 'log');
    const [first, second] = entriesOf(whole.contentOf(path)) as [Extent, Extent];
    const result = outcome(damaged(path, zeroed(second.offset, second.offset + 20)));
    expect(result).toBeInstanceOf(StorageError);
    const error = result as StorageError;
    expect(error.lastGoodZxid).toBe(first.zxid);
    expect(error.message).toContain(`${path}: `);
    expect(error.message).toContain(`at offset ${second.offset}`);
    expect(error.message).toContain(`last good zxid 0x${first.zxid.toString(16)}`);
    expect(error.message).toContain('restore');
  });
});

describe('a damaged snapshot', () => {
  it('is passed over when older ones and their logs hold everything, at any byte', () => {
    const path = newest(whole, 'snapshot');
    const { length } = whole.contentOf(path);
    for (let at = 0; at < length; at += 61) {
      const flipped = damaged(path, (bytes) => {
        bytes[at] = (bytes[at] as number) ^ 1;
        return bytes;
      });
      expect(outcome(flipped)).toBe('served');
    }
    for (const at of [0, 1, 16, 30, length >> 1, length - 1]) {
      expect(outcome(damaged(path, (bytes) => bytes.subarray(0, at)))).toBe('served');
    }
  });

  it('is refused when the logs before it are gone', () => {
    const path = newest(whole, 'snapshot');
    const disk = damaged(path, (bytes) => bytes.subarray(0, 100));
    const [oldest] = pathsOf(disk, 'log').sort(byZxid) as [string];
    for (const other of pathsOf(disk, 'snapshot')) if (other !== path) disk.remove(other);
    disk.remove(oldest);
    disk.remove(marksPath);
    const error = outcome(disk) as StorageError;
    expect(error.message).toContain('No snapshot found, but there are log entries');
    expect(error.message).toContain(path);
  });

  it('is not needed when the logs begin with zxid 1', () => {
    const disk = whole.copy();
    for (const path of pathsOf(disk, 'snapshot')) disk.remove(path);
    expect(outcome(disk)).toBe('served');
  });
});

describe('a directory without marks, as Apache leaves it', { timeout: 60_000 }, () => {
  const bare = (): SimDisk => {
    const disk = whole.copy();
    disk.remove(marksPath);
    return disk;
  };

  it('cut at every byte of its log serves the whole entries before the cut', async () => {
    const states: History = new Map();
    const life = new Life(new SimDisk(), seeded(9), states, { snapCount: 1000 });
    await life.run(20);
    const path = newest(life.disk, 'log');
    const bytes = life.disk.contentOf(path);
    const entries = entriesOf(bytes);
    const last = entries.at(-1) as Extent;
    expect(last.zxid).toBe(20n);
    life.disk.remove(marksPath);
    let previous: Zxid | undefined;
    for (let at = 0; at <= last.offset + last.length; at++) {
      life.disk.put(path, bytes.subarray(0, at));
      const state = new State();
      const found = examine(life.disk, state).lastZxid;
      const fitting = entries.filter(({ offset, length }) => offset + length <= at).at(-1);
      expect(found).toBe(fitting?.zxid ?? 0n);
      if (fitting?.zxid !== previous) expect(dumpText(state)).toBe(textAt(states, found));
      previous = fitting?.zxid;
    }
  });

  it('is refused for damage in the middle of the newest log', () => {
    const path = newest(whole, 'log');
    for (const { offset, length } of entriesOf(whole.contentOf(path)).slice(0, -1)) {
      const disk = damaged(path, zeroed(offset, offset + length));
      disk.remove(marksPath);
      expect(outcome(disk)).toMatchObject({ file: path, offset });
    }
  });

  it('is refused for a log that is missing in the middle', () => {
    const logs = pathsOf(whole, 'log').sort(byZxid);
    const disk = bare();
    for (const path of pathsOf(disk, 'snapshot')) {
      if (path !== pathsOf(disk, 'snapshot').sort(byZxid)[0]) disk.remove(path);
    }
    disk.remove(logs[1] as string);
    expect(outcome(disk)).toMatchObject({ file: logs[2], offset: 16 });
  });
});
