// The offline check says what a start would say, and a loss is given up only when asked for.
import { beforeAll, describe, expect, it } from 'vitest';
import type { Zxid } from '../../../../src/base/ids.ts';
import { acceptLoss, checkDataDir } from '../../../../src/server/storage/check.ts';
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

let whole: SimDisk;
let acked: Zxid;
const history: History = new Map();

beforeAll(async () => {
  const life = new Life(new SimDisk(), seeded(8), history, { snapCount: 60 });
  await life.run(200);
  whole = life.disk;
  acked = life.acked;
});

const run = (disk: SimDisk, work: typeof checkDataDir): { ok: boolean; lines: string[] } => {
  const lines: string[] = [];
  const report = (line: string) => lines.push(line);
  const newState = () => new State();
  const ok = work({ dataDir: '/data', dataLogDir: '/data', newState, report, disk });
  return { ok, lines };
};

const files = (disk: SimDisk, kind: string): string[] =>
  disk
    .paths()
    .filter((path) => path.startsWith(`${LOG_DIR}/${kind}.`))
    .sort((a, b) => a.length - b.length || (a < b ? -1 : 1));

function offsets(bytes: Buffer): { offset: number; zxid: Zxid }[] {
  const scanner = new LogScanner(bytesSource(bytes));
  const found: { offset: number; zxid: Zxid }[] = [];
  for (let one = scanner.next(); one !== null; one = scanner.next()) {
    found.push({ offset: one.offset, zxid: one.zxid });
  }
  return found;
}

describe('check', () => {
  it('describes each file and what a start would load, and changes nothing', () => {
    const disk = whole.copy();
    disk.trace.length = 0;
    const { ok, lines } = run(disk, checkDataDir);
    expect(ok).toBe(true);
    expect(lines).toContain(`${LOG_DIR}/snapshot.0: whole`);
    expect(lines.some((line) => /log\.1: \d+ entries, 0x1 to 0x/.test(line))).toBe(true);
    expect(lines.at(-1)).toMatch(/^loads to zxid 0xc8: \d+ znodes, \d+ sessions; snapshot 0x/);
    expect(disk.trace.filter((call) => !/^(open read|read|close)/.test(call))).toEqual([]);
  });

  it('ends with the refusal of a start when something is lost', () => {
    const disk = whole.copy();
    const path = files(disk, 'log').at(-1) as string;
    const bytes = Buffer.from(disk.contentOf(path));
    const [, second] = offsets(bytes);
    disk.put(path, bytes.fill(0, second?.offset, (second?.offset ?? 0) + 20));
    const { ok, lines } = run(disk, checkDataDir);
    expect(ok).toBe(false);
    expect(lines.at(-1)).toContain(`${path}: `);
    expect(lines.at(-1)).toContain('--accept-loss');
    expect(lines.some((line) => line.includes('valid entries go on at offset'))).toBe(true);
  });
});

describe('check where a server of an ensemble was', () => {
  const member = (files: Record<string, string>): SimDisk => {
    const disk = whole.copy();
    for (const [name, text] of Object.entries({ acceptedEpoch: '3', currentEpoch: '2', ...files }))
      disk.put(`${LOG_DIR}/${name}`, Buffer.from(text));
    return disk;
  };

  it('says nothing of epochs that are in order', () => {
    const { ok, lines } = run(member({}), checkDataDir);
    expect(ok).toBe(true);
    expect(lines.at(-1)).toMatch(/^loads to zxid 0xc8: /);
  });

  it.each([
    ['acceptedEpoch', 'x', '"x" instead of an epoch; restore the file from a backup'],
    ['acceptedEpoch', '', 'nothing instead of an epoch; '],
    ['currentEpoch', '4', 'acceptedEpoch: epoch 3 is less than the current epoch, 4; '],
    ['unhealed', 'the log is missing\n', 'unhealed: the log is missing'],
  ])('%s of %j is a server that starts without a vote', (name, text, line) => {
    const { ok, lines } = run(member({ [name]: text }), checkDataDir);
    expect(ok).toBe(false);
    expect(lines.at(-3)).toMatch(/^loads to zxid 0xc8: /);
    expect(lines.at(-2)).toContain(line);
    expect(lines.at(-1)).toBe('a start does not vote until it has synced with a leader');
  });

  it('says of a file `initialize` that it votes all the same', () => {
    const disk = member({ unhealed: 'the log is missing\n' });
    disk.put('/data/initialize', Buffer.from(''));
    const { ok, lines } = run(disk, checkDataDir);
    expect(ok).toBe(false);
    expect(lines.at(-1)).toBe('/data/initialize: the next start votes all the same');
  });
});

describe('accepting the loss', () => {
  const damage: [string, (disk: SimDisk) => void][] = [
    [
      'an entry in the middle of the newest log',
      (disk) => {
        const path = files(disk, 'log').at(-1) as string;
        const bytes = Buffer.from(disk.contentOf(path));
        const at = offsets(bytes)[3]?.offset ?? 0;
        disk.put(path, bytes.fill(0, at, at + 20));
      },
    ],
    [
      'the tail of the newest log',
      (disk) => {
        const path = files(disk, 'log').at(-1) as string;
        disk.put(path, disk.contentOf(path).subarray(0, 200));
      },
    ],
    ['the newest log', (disk) => disk.remove(files(disk, 'log').at(-1) as string)],
    [
      'every snapshot but the first, and a log in the middle',
      (disk) => {
        for (const path of files(disk, 'snapshot').slice(1)) disk.remove(path);
        disk.remove(files(disk, 'log')[2] as string);
      },
    ],
    [
      'a foreign file among the logs',
      (disk) => disk.put(files(disk, 'log').at(-1) as string, Buffer.alloc(4000, 'x')),
    ],
    [
      'all logs and the newest snapshot',
      (disk) => {
        for (const path of files(disk, 'log')) disk.remove(path);
        const path = files(disk, 'snapshot').at(-1) as string;
        disk.put(path, disk.contentOf(path).subarray(0, 300));
      },
    ],
  ];

  it.each(damage)('of %s loads a state that was, and keeps what is given up', (_, harm) => {
    const disk = whole.copy();
    harm(disk);
    expect(() => examine(disk, new State())).toThrow();
    const { ok, lines } = run(disk, acceptLoss);
    expect(ok, lines.join('\n')).toBe(true);
    const state = new State();
    const found = examine(disk, state).lastZxid;
    expect(found).toBeLessThan(acked);
    expect(dumpText(state)).toBe(textAt(history, found));
    expect(disk.paths().some((path) => path.startsWith(`${LOG_DIR}/lost-`))).toBe(true);
  });

  it('does nothing where nothing is lost', () => {
    const disk = whole.copy();
    const before = disk.paths();
    expect(run(disk, acceptLoss).ok).toBe(true);
    expect(disk.paths()).toEqual(before);
  });
});
