// Real faults of the disk under load: calls of the system that strace makes fail, or slow.
// The server ends with one line and a code; nothing it had acknowledged is missing afterwards.
import { spawnSync } from 'node:child_process';
import { closeSync, cpSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CrashRun } from '../support/crashRun.ts';
import { describeWithPeers } from '../support/foreign.ts';
import { startProcess } from '../support/processes.ts';
import { seeded } from '../support/simDisk.ts';

/** From the n-th call of each thread on, so that the start is over by then. */
const strace = (call: string, what: string): string[] => [
  ...['strace', '-D', '-f', '--seccomp-bpf', '-o', '/dev/null', '-e', `trace=${call}`],
  ...['-e', `inject=${call}:${what}`],
];

const errorsIn = (log: string): string[] =>
  log.split('\n').filter((line) => line.includes(' - ERROR '));

interface Case {
  readonly name: string;
  readonly wrapper: string[];
  readonly line: RegExp;
}

/** A log that cannot be written ends with 1, a snapshot with 10 as Apache's does. */
const CODES = [1, 10];

const cases: Case[] = [
  {
    name: 'fdatasync says EIO',
    wrapper: strace('fdatasync', 'error=EIO:when=20+'),
    line: /\/version-2\/\S+: cannot sync it: input\/output error \(EIO\); look for the state of the disk/,
  },
  {
    name: 'fdatasync says EIO once, and the next one would succeed',
    wrapper: strace('fdatasync', 'error=EIO:when=25'),
    line: /\/version-2\/\S+: cannot sync it: input\/output error \(EIO\); look for the state of the disk/,
  },
  {
    name: 'fdatasync says EDQUOT',
    wrapper: strace('fdatasync', 'error=EDQUOT:when=20+'),
    line: /\/version-2\/\S+: cannot sync it: disk quota exceeded \(EDQUOT\); raise the quota/,
  },
  {
    name: 'write says ENOSPC',
    wrapper: strace('pwrite64', 'error=ENOSPC:when=60+'),
    line: /\/version-2\/\S+: cannot write it: no space left on device \(ENOSPC\); make room there/,
  },
  {
    name: 'write says EIO',
    wrapper: strace('pwrite64', 'error=EIO:when=60+'),
    line: /\/version-2\/\S+: cannot write it: input\/output error \(EIO\); look for the state of the disk/,
  },
  {
    name: 'write says EROFS, as of a file system that was remounted',
    wrapper: strace('pwrite64', 'error=EROFS:when=60+'),
    line: /\/version-2\/\S+: cannot write it: read-only file system \(EROFS\); mount the file/,
  },
  {
    name: 'fdatasync says EROFS',
    wrapper: strace('fdatasync', 'error=EROFS:when=20+'),
    line: /\/version-2\/\S+: cannot sync it: read-only file system \(EROFS\); mount the file/,
  },
  {
    name: 'fsync of the directory says EIO',
    wrapper: strace('fsync', 'error=EIO:when=3+'),
    line: /\/version-2: cannot sync the directory: input\/output error \(EIO\); look for the state of the disk/,
  },
  {
    name: 'rename says EIO',
    wrapper: strace('rename', 'error=EIO:when=5+'),
    line: /\/version-2\/writing-\S+: cannot rename it: input\/output error \(EIO\); look for the state of the disk/,
  },
];

describeWithPeers('a disk that fails', ['strace'], () => {
  test.each(cases)('when $name, the server ends and nothing is lost', async (one) => {
    const run = new CrashRun(seeded(4), 4);
    await run.prepare();
    await run.healthy();
    const before = run.figures.ackedWrites;
    const { code, log } = await run.faulty(one.wrapper);
    expect(CODES).toContain(code);
    const errors = errorsIn(log);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(one.line);
    expect(run.figures.ackedWrites).toBeGreaterThan(before + 20);
    await run.finish();
  });

  test('when each fdatasync takes half a second, all goes on and the log says so', async () => {
    const run = new CrashRun(seeded(5), 4);
    await run.prepare();
    const slow = strace('fdatasync', 'delay_enter=500000:when=8+');
    const log = await run.healthy(slow, 4000);
    expect(log).toMatch(/WARN.*fsync-ing the write ahead log in SyncThread:0 took \d+ms/);
    expect(errorsIn(log)).toEqual([]);
    await run.finish();
  });
});

/** Runs a command on a small file system of its own, which ends with it; a copy is left. */
const ON_SMALL_DISK = `mount -t tmpfs -o size="$1" tmpfs "$2" && cp -a "$2.copy/." "$2" || exit 77
shift 2; dir=$1; shift; "$@"; code=$?; cp -a "$dir/." "$dir.copy"; exit $code`;

const mayMount = (): boolean =>
  spawnSync('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs tmpfs /mnt']).status === 0;

// Where a container may not mount, the ENOSPC of strace above has to do.
test.runIf(mayMount())(
  'a file system that fills up ends the server, and nothing is lost',
  async () => {
    const run = new CrashRun(seeded(6), 4);
    await run.prepare();
    await run.healthy();
    const copy = `${run.dataDir}.copy`;
    cpSync(run.dataDir, copy, { recursive: true });
    const wrapper = [
      'unshare',
      '-m',
      'sh',
      '-c',
      ON_SMALL_DISK,
      'sh',
      '1m',
      run.dataDir,
      run.dataDir,
    ];
    const { code, log } = await run.faulty(wrapper);
    expect(CODES, log).toContain(code);
    const errors = errorsIn(log);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(
      /\/version-2\/\S+: cannot .*: no space left on device \(ENOSPC\); make room there/,
    );
    rmSync(run.dataDir, { recursive: true });
    renameSync(copy, run.dataDir);
    await run.finish();
  },
);

/** A small file system that outlives the servers on it; it ends with the process that holds it. */
const HOLD_SMALL_DISK = 'mount -t tmpfs -o size="$1" tmpfs "$2" && echo ready && exec sleep 600';

/** Takes all the room that is left. */
function fill(path: string): void {
  const fd = openSync(path, 'w');
  try {
    for (let size = 1 << 20; size >= 1; ) {
      try {
        if (writeSync(fd, Buffer.alloc(size)) < size) size >>= 1;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        size >>= 1;
      }
    }
  } finally {
    closeSync(fd);
  }
}

const NO_ROOM = /: cannot .*: no space left on device \(ENOSPC\); make room there, then start/;

test.runIf(mayMount())(
  'a disk that others fill ends the server at a write, and once freed it has everything',
  async () => {
    const run = new CrashRun(seeded(9), 4);
    // A purge would make room on a disk that is to be full.
    await run.prepare({ 'autopurge.purgeInterval': 0 });
    const { dataDir } = run;
    const mount = ['-m', 'sh', '-c', HOLD_SMALL_DISK, 'sh', '8m', dataDir];
    const holder = startProcess('unshare', mount, { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => holder.stdout?.once('data', resolve));
    const onDisk = ['nsenter', '-t', String(holder.pid), '-m'];
    const disk = `/proc/${holder.pid}/root${dataDir}`;
    await run.healthy(onDisk);
    const ended = await run.faulty(onDisk, () => fill(`${disk}/other`));
    expect(CODES, ended.log).toContain(ended.code);
    expect(errorsIn(ended.log)).toEqual([expect.stringMatching(NO_ROOM)]);
    // It reads what is there, and can write nothing: the first write is its end.
    const barren = await run.barren(onDisk, () => fill(`${disk}/more`));
    expect(barren.code, barren.log).toBe(1);
    expect(errorsIn(barren.log)).toEqual([expect.stringMatching(NO_ROOM)]);
    rmSync(`${disk}/other`);
    rmSync(`${disk}/more`);
    await run.healthy(onDisk);
    // Freed at once: the server has met the end of the disk or it has not, and either is in order.
    const ending = run.faulty(onDisk, (pid) => {
      fill(`${disk}/other`);
      rmSync(`${disk}/other`);
      process.kill(pid);
    });
    expect([0, ...CODES]).toContain((await ending).code);
    cpSync(disk, dataDir, { recursive: true });
    await run.finish();
    holder.kill();
  },
);

/** Starts a server in a mount namespace of its own, where its data is on a disk of its own. */
const WITH_OWN_DISK = 'mount -t tmpfs tmpfs "$1" && shift && exec "$@"';
/** As that, with what is on the disk already, and nothing can be written. */
const WITH_READ_ONLY_DISK =
  'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"';

test.runIf(mayMount())('a disk that is unmounted under the server ends it', async () => {
  const run = new CrashRun(seeded(7), 2);
  await run.prepare();
  const wrapper = ['unshare', '-m', 'sh', '-c', WITH_OWN_DISK, 'sh', run.dataDir];
  const { code, log } = await run.faulty(wrapper, (pid) => {
    const unmount = ['-t', String(pid), '-m', 'umount', '-l', run.dataDir];
    expect(spawnSync('nsenter', unmount).status).toBe(0);
  });
  expect(CODES, log).toContain(code);
  const errors = errorsIn(log);
  expect(errors).toHaveLength(1);
  expect(errors[0]).toMatch(/\/version-2\/\S+: .*; look whether .* or its disk unmounted$/);
});

test.runIf(mayMount())('a disk that cannot be written is refused with its line', async () => {
  const run = new CrashRun(seeded(8), 2);
  await run.prepare();
  await run.healthy();
  const wrapper = ['unshare', '-m', 'sh', '-c', WITH_READ_ONLY_DISK, 'sh', run.dataDir];
  const { code, log } = await run.refused(wrapper);
  expect(code, log).toBe(3);
  const errors = errorsIn(log);
  expect(errors).toHaveLength(1);
  expect(errors[0]).toMatch(
    /zoo\.cfg:\d+: dataDir cannot be used: .*: read-only file system \(EROFS\); mount the file system for writing, then start the server again$/,
  );
  await run.finish();
});
