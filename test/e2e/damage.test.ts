// Files damaged while the server was down, through the real process: it serves everything that was
// acknowledged, or refuses in one line that says where, and `check` says the same.
import { execFile } from 'node:child_process';
import { cpSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type Damage,
  entriesOf,
  filesOf,
  garbageTail,
  logDamages,
  snapshotDamages,
} from '../support/damages.ts';
import { freePort, temporaryDirectory } from '../support/processes.ts';
import { RawConnection } from '../support/rawConnection.ts';
import { reply } from '../support/replies.ts';
import { connectFrame, createFrame, getDataFrame } from '../support/requestFrames.ts';
import { ourCommand, startOurs, type TestServer } from '../support/servers.ts';

const home = temporaryDirectory('damage');
const whole = join(home, 'whole');
const SIZE = 500;
/** Acknowledged creates. */
let count = 0;

const pathOf = (i: number): string => `/n${String(i).padStart(5, '0')}`;
const dataOf = (i: number): string => `${i} `.padEnd(SIZE, `${i}.`);
const hex = (...frames: string[]): Buffer => Buffer.from(frames.join(''), 'hex');

async function client(server: TestServer): Promise<RawConnection> {
  const link = await RawConnection.open(server.port);
  link.send(hex(connectFrame({ timeout: 60_000 })));
  expect(await link.replies(1, false)).toHaveLength(1);
  return link;
}

async function write(link: RawConnection, more: number, flags = 0): Promise<void> {
  const frames = Array.from({ length: more }, (_, n) =>
    createFrame(count + n, pathOf(count + n), dataOf(count + n), flags),
  );
  link.send(hex(...frames));
  const answers = await link.replies(more, false);
  expect(answers.map((answer) => reply(answer).err)).toEqual(frames.map(() => 0));
  count += more;
}

/** How many of the creates are there, and whether they are the first ones. */
async function present(server: TestServer): Promise<number> {
  const link = await client(server);
  link.send(hex(...Array.from({ length: count }, (_, i) => getDataFrame(i, pathOf(i)))));
  const answers = (await link.replies(count, false)).map(reply);
  link.end();
  const found = answers.filter(({ err, body }, i) => {
    const data = Buffer.from(body.slice(8, 8 + 2 * SIZE), 'hex').toString();
    return err === 0 && data === dataOf(i);
  });
  const firstMissing = answers.findIndex(({ err }) => err !== 0);
  expect(found.length).toBe(firstMissing < 0 ? count : firstMissing);
  return found.length;
}

const versionDir = (dataDir: string): string => join(dataDir, 'version-2');
const marks = (dataDir: string): string => join(versionDir(dataDir), 'synced.marks');
const log =
  (fromEnd: number) =>
  (dataDir: string): string =>
    filesOf(versionDir(dataDir), 'log').at(-1 - fromEnd) as string;
/** The log being written, the one that the newest snapshot needs too, and one that it does not. */
const [newest, older, unneeded] = [log(0), log(1), log(3)];
const snapshot = (dataDir: string): string =>
  filesOf(versionDir(dataDir), 'snapshot').at(-1) as string;
const zxidIn = (file: string): bigint => BigInt(`0x${file.slice(file.lastIndexOf('.') + 1)}`);

// Two lives, so that the snapshot is followed by a whole log and by the one being written; killed,
// so that the zeros ahead are still there.
beforeAll(async () => {
  const config = { snapCount: 100, preAllocSize: 64 };
  const server = await startOurs({ dataDir: whole, config });
  const first = await client(server);
  await write(first, 1, 1);
  for (;;) {
    await write(first, 10);
    const entries = entriesOf(newest(whole)).length;
    // A snapshot that had to wait for the one before it may hold the whole log.
    const isNeeded = zxidIn(snapshot(whole)) < zxidIn(newest(whole));
    const snapshots = filesOf(versionDir(whole), 'snapshot').length;
    if (snapshots >= 4 && isNeeded && entries >= 15 && entries <= 40) break;
  }
  await server.restart('SIGKILL');
  await write(await client(server), 30);
  await server.kill();
  expect(entriesOf(newest(whole)).length).toBeGreaterThanOrEqual(30);
});

interface Run {
  readonly code: number;
  readonly out: string;
}

const zkCheck = (...args: string[]): Promise<Run> => {
  const [command, [program = '']] = ourCommand('');
  return new Promise((resolve) => {
    execFile(command, [program, 'server', 'check', ...args], (error, out, err) => {
      const code = error === null ? 0 : Number(error.code ?? -1);
      resolve({ code, out: out + err });
    });
  });
};

interface Case {
  readonly name: string;
  readonly harm: (dataDir: string) => number | null;
  /** The file that the refusal names; null when all is served. */
  readonly refused: ((dataDir: string) => string) | null;
  /** Look at what is left once the loss is accepted. */
  readonly looksOn?: boolean;
  /** Told by `check` and in the server's log, though all is served. */
  readonly warning?: RegExp;
}

const on = (file: (dataDir: string) => string, damage: Damage) => (dataDir: string) =>
  damage(file(dataDir));

const inLog = (
  which: string,
  file: (dataDir: string) => string,
  isRefused: boolean,
  names = Object.keys(logDamages) as (keyof typeof logDamages)[],
): Case[] =>
  names.map((name) => ({
    name: `${which}: ${name}`,
    harm: on(file, logDamages[name]),
    refused: isRefused ? file : null,
    looksOn: name === 'a zeroed entry' || name === 'gone',
  }));

const everySnapshot = (damage: Damage) => (dataDir: string) => {
  for (const path of filesOf(versionDir(dataDir), 'snapshot')) damage(path);
  return null;
};

const cases: Case[] = [
  { name: 'no damage', harm: () => null, refused: null },
  ...inLog('the newest log', newest, true),
  { name: 'the newest log: garbage behind its end', harm: on(newest, garbageTail), refused: null },
  ...inLog('an older log', older, true),
  { name: 'an older log: garbage behind its end', harm: on(older, garbageTail), refused: null },
  ...inLog('a log before the snapshot', unneeded, false, [
    'a zeroed entry',
    'nothing in it',
    'gone',
  ]),
  ...Object.entries(snapshotDamages).map(([name, damage]) => ({
    name: `the newest snapshot: ${name}`,
    harm: on(snapshot, damage),
    refused: null,
  })),
  {
    name: 'every snapshot flipped',
    harm: everySnapshot(snapshotDamages['a flipped byte']),
    refused: null,
  },
  {
    name: 'every snapshot flipped and the first log gone',
    harm: (dataDir) => {
      rmSync(filesOf(versionDir(dataDir), 'log')[0] as string);
      return everySnapshot(snapshotDamages['a flipped byte'])(dataDir);
    },
    refused: (dataDir) => join(versionDir(dataDir), 'log.1'),
  },
  {
    name: 'the newest snapshot flipped and a log before it zeroed',
    harm: (dataDir) => {
      snapshotDamages['a flipped byte'](snapshot(dataDir));
      return logDamages['a zeroed entry'](log(2)(dataDir));
    },
    refused: log(2),
  },
  {
    name: 'every log gone',
    harm: (dataDir) => {
      for (const path of filesOf(versionDir(dataDir), 'log')) rmSync(path);
      return null;
    },
    refused: older,
  },
  {
    name: 'the marks gone',
    harm: (dataDir) => {
      rmSync(marks(dataDir));
      return null;
    },
    refused: null,
  },
  ...['', 'garbage\n'.repeat(40)].map((content) => ({
    name: `the marks replaced by ${content.length} bytes`,
    harm: (dataDir: string) => {
      writeFileSync(marks(dataDir), content);
      return null;
    },
    refused: null,
    warning: /synced\.marks: damaged/,
  })),
  ...(['a zeroed entry', 'a flipped byte', 'a zeroed page', 'a cleared end byte'] as const).flatMap(
    (name) =>
      [newest, older].map((file, i) => ({
        name: `without marks, ${i === 0 ? 'the newest' : 'an older'} log: ${name}`,
        harm: (dataDir: string) => {
          rmSync(marks(dataDir));
          return logDamages[name](file(dataDir));
        },
        refused: file,
      })),
  ),
  {
    name: 'without marks, an older log gone',
    harm: (dataDir) => {
      rmSync(marks(dataDir));
      rmSync(older(dataDir));
      return 16;
    },
    refused: newest,
  },
];

async function holds({ name, harm, refused, looksOn, warning }: Case): Promise<void> {
  const dataDir = join(home, name.replaceAll(/[^a-z]/g, '-'));
  cpSync(whole, dataDir, { recursive: true });
  // Before the damage: it may be the file's end.
  const file = refused?.(dataDir);
  const offset = harm(dataDir);
  const checked = await zkCheck(dataDir);
  const port = await freePort();
  if (file === undefined) {
    expect(checked.code, checked.out).toBe(0);
    const server = await startOurs({ dataDir, port });
    expect(await present(server)).toBe(count);
    if (warning !== undefined) {
      expect(checked.out).toMatch(warning);
      expect(server.log()).toMatch(warning);
    }
    await server.stop();
    return;
  }
  const refusal = checked.out.trimEnd().split('\n').at(-1) ?? '';
  expect(checked.code, checked.out).toBe(1);
  expect(refusal).toContain(`${file}: `);
  if (offset !== null) expect(refusal).toContain(`at offset ${offset}`);
  expect(refusal).toMatch(/; last good zxid 0x[0-9a-f]+; .*zk server check CFG --accept-loss/);
  const start = await startOurs({ dataDir, port }).catch((error: Error) => error.message);
  expect(start).toContain('ours ended while starting');
  const errors = String(start)
    .split('\n')
    .filter((line) => line.includes(' - ERROR '));
  expect(errors).toHaveLength(1);
  expect(errors[0]).toContain(refusal);
  if (looksOn !== true) return;
  // Nothing was changed by that; the loss is accepted on demand, and what is left is a first part.
  const accepted = await zkCheck(dataDir, '--accept-loss');
  expect(accepted.code, accepted.out).toBe(0);
  const server = await startOurs({ dataDir, port });
  const left = await present(server);
  expect(left).toBeLessThan(count);
  await server.stop();
}

describe.concurrent('a start after damage', () => {
  test.each(cases)('$name', async (one) => await holds(one));
});

test('the directory that all the others are copies of was not touched', () => {
  expect(existsSync(marks(whole))).toBe(true);
});
