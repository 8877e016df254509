// What a purge takes for a lab when the file that says so is spoiled.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MemorySink } from '../../../src/cli/sink.ts';
import { runLab } from '../../../src/lab/command.ts';
import { START_MARK } from '../../../src/server/pidFile.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'zk-remains-'));
  writeFileSync(join(dir, 'lab.json'), 'mine');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const everything = () => readdirSync(dir, { recursive: true }).sort();

function run(...words: string[]): Promise<void> {
  const [out, err] = [new MemorySink(), new MemorySink()];
  const { signal } = new AbortController();
  return runLab([...words, '--dir', dir], { out, err, signal, isShell: true, json: false });
}

/** The files of a server, as `up` writes them. */
function aServer(id: number): void {
  for (const path of ['conf', `data/z${id}`]) mkdirSync(join(dir, path), { recursive: true });
  writeFileSync(join(dir, `conf/z${id}.cfg`), `dataDir=${dir}/data/z${id}\n`);
  writeFileSync(join(dir, `data/z${id}/myid`), `${id}\n`);
}

test('a file of something else keeps all that is beside it', async () => {
  mkdirSync(join(dir, 'data'));
  writeFileSync(join(dir, 'data/mine.txt'), '');
  const before = everything();
  const hint = /lab\.json is not a file of this version's lab; down --purge ends/;
  await expect(run('up')).rejects.toThrow(hint);
  await expect(run('status')).rejects.toThrow(hint);
  const refusal = "lab.json is not a file of this version's lab, and not all beside it is surely";
  await expect(run('down', '--purge')).rejects.toThrow(refusal);
  expect(everything()).toEqual(before);
});

test.each([
  'conf/zoo.cfg',
  'conf/z1.cfg.mine',
  'conf/z9.cfg',
  'data/z3',
  'data/z01',
  'logs/mine.log',
  'relay/mine',
])('%s among the files of a lab keeps them all', async (name) => {
  aServer(1);
  mkdirSync(join(dir, name), { recursive: true });
  const before = everything();
  await expect(run('down', '--purge')).rejects.toThrow(/surely a lab's; remove it by hand$/);
  expect(everything()).toEqual(before);
});

test('the files of its servers are enough to remove it', async () => {
  for (const id of [1, 2]) aServer(id);
  await run('down', '--purge');
  expect(() => everything()).toThrow('ENOENT');
});

test('a server of it that only begins, and has no lock yet, is ended', async () => {
  aServer(1);
  const dataDir = join(dir, 'data/z1');
  const child = spawn('sh', ['-c', 'echo runs; read line'], {
    env: { ...process.env, [START_MARK]: dataDir },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  writeFileSync(join(dataDir, 'zookeeper_server.pid'), String(child.pid));
  const ended = once(child, 'exit');
  await run('down', '--purge');
  expect(await ended).toEqual([null, 'SIGTERM']);
});
