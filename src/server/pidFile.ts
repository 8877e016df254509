// The pid file of a server, and whether the process that it names is still that server.
import {
  existsSync,
  linkSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { holderOf } from './storage/lock.ts';
import { makeDirs } from './storage/makeDirs.ts';
import { isRunning, readProc, startTicks } from './storage/processTable.ts';
import { codeOf } from './storage/storageError.ts';

/** Names the dataDir in the environment of a server that `start` has started. */
export const START_MARK = 'ZK_START_DATA_DIR';

/** `zookeeper_server.pid` in dataDir, or the file that ZOOPIDFILE names, as in zkServer.sh. */
export function pidFilePath(dataDir: string, env: NodeJS.ProcessEnv = process.env): string {
  const { ZOOPIDFILE: file } = env;
  return file || join(dataDir, 'zookeeper_server.pid');
}

export type PidFile =
  | { readonly kind: 'absent' }
  /** The file is left over: its process is gone, or is no server of that directory. */
  | { readonly kind: 'stale'; readonly pid: number | null }
  | { readonly kind: 'running'; readonly pid: number };

/**
 * `path` and the dataDir whose server it names.
 *
 * @throws a line that names the file, with the system's `code`, when it cannot be read
 */
export function readPidFile(path: string, dataDir: string): PidFile {
  let text: string;
  let writtenAt: number;
  try {
    text = readFileSync(path, 'utf8').trim();
    writtenAt = statSync(path).mtimeMs;
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    // ENOTDIR: dataDir is a file, which the server that cannot start there will say.
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'absent' };
    const why = code === 'EISDIR' ? 'it is a directory' : message;
    const words = `${path}: cannot read the pid file: ${why}; ZOOPIDFILE can name another`;
    throw Object.assign(new Error(words, { cause: thrown }), { code });
  }
  const pid = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (pid === 0) return { kind: 'stale', pid: null };
  return isRunning(pid) && isServerOf(dataDir, pid, writtenAt)
    ? { kind: 'running', pid }
    : { kind: 'stale', pid };
}

/** Written whole or not at all; no newline, as zkServer.sh leaves it. */
export function writePidFile(path: string, pid: number): void {
  makeDirs(dirname(path));
  const fresh = `${path}.${pid}`;
  writeFileSync(fresh, String(pid));
  try {
    renameSync(fresh, path);
  } catch (thrown) {
    rmSync(fresh);
    throw thrown;
  }
}

/**
 * Names the server of `dataDir` that only begins, so that `stop` finds it (zkServer.sh writes the
 * file at once, too). False when it does not: of two starts at the same time, a file that is there
 * may name the one that will serve; and where it cannot be written, the server will say so.
 */
export function announcePid(path: string, pid: number, dataDir: string): boolean {
  const own = `${path}.start-${pid}`;
  try {
    makeDirs(dirname(path));
    const before = readPidFile(path, dataDir);
    if (before.kind === 'stale' && before.pid !== null) removePidFile(path, before.pid);
    writeFileSync(own, String(pid));
    try {
      linkSync(own, path);
    } finally {
      rmSync(own);
    }
    return true;
  } catch (thrown) {
    // What is not of the system is a mistake here.
    if (codeOf(thrown) === null) throw thrown;
    return false;
  }
}

/**
 * Removes the file if it is the one of `pid`: a server that was started since keeps its own, also
 * one that writes it just now. The file is looked at again where nobody can replace it.
 */
export function removePidFile(path: string, pid: number): void {
  const aside = `${path}.gone-${process.pid}`;
  try {
    if (!names(path, pid)) return;
    renameSync(path, aside);
    if (!names(aside, pid)) linkSync(aside, path);
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    // EEXIST: one that begins, or serves, has put its own there meanwhile.
    if (code === 'ENOENT' || code === 'EEXIST') return;
    // A file system without links: what was taken away must come back all the same.
    if (!existsSync(aside)) throw thrown;
    renameSync(aside, path);
  } finally {
    rmSync(aside, { force: true });
  }
}

const names = (path: string, pid: number): boolean =>
  readFileSync(path, 'utf8').trim() === String(pid);

/**
 * Whether the process has the directory: a file that came from a backup, or was never removed, may
 * name any process of the system, and `stop` would end it.
 *
 * Our servers lock their directory, and have a mark until they do; Apache's are known by their
 * command line.
 */
function isServerOf(dataDir: string, pid: number, writtenAt: number): boolean {
  const holder = holderOf(dataDir);
  // The lock says so whatever the times say: the wall clock may have been set since.
  if (holder === pid) return true;
  if (holder !== null && holder !== 0) return false;
  if (startedAfter(pid, writtenAt)) return false;
  if (isStartedFor(dataDir, pid)) return true;
  const command = readProc(`/proc/${pid}/cmdline`);
  // Without /proc there is no more to go by than the times.
  if (command === null) return readProc('/proc/self/cmdline') === null;
  return APACHE_SERVER.test(command);
}

/** What the process was given when it began, in the bytes of the system. */
function isStartedFor(dataDir: string, pid: number): boolean {
  const mark = Buffer.from(`\0${START_MARK}=${dataDir}\0`).toString('latin1');
  return `\0${readProc(`/proc/${pid}/environ`) ?? ''}`.includes(mark);
}

/** Main classes that Apache's zkServer.sh starts. */
const APACHE_SERVER =
  /\0org\.apache\.zookeeper\.server\.(quorum\.QuorumPeerMain|ZooKeeperServerMain)\0/;

const TICKS_PER_SECOND = 100;
/** The boot time in /proc/stat is in whole seconds. */
const TOLERANCE_MS = 2000;

/** Whether the process is younger than the file that names it, so that it only has its number. */
function startedAfter(pid: number, writtenAt: number): boolean {
  const ticks = startTicks(pid);
  const bootSeconds = /^btime (\d+)$/m.exec(readProc('/proc/stat') ?? '')?.[1];
  if (ticks === null || bootSeconds === undefined) return false;
  const startedAt = (Number(bootSeconds) + Number(ticks) / TICKS_PER_SECOND) * 1000;
  return startedAt > writtenAt + TOLERANCE_MS;
}
