// One server per data directory: a lock file that names its process and outlives no crash.
// Only node:fs: created whole by link(2), which fails when the name is taken. A lock whose process
// is gone is taken over through a second name derived from that dead process, so that of several
// servers started at once only one can win it. A server in another container (another pid namespace)
// sees no process of this one and takes its lock away: this one finds out before it writes, and the
// other waits for that before it reads. A socket whose connect() tells whether the holder lives would
// refuse it instead, but programs that copy a directory (Python's copytree, Node's cp) fail at sockets.
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { isRunning, readProc, startTicks } from './processTable.ts';
import { codeOf, diskError, NO_FILE, StorageError } from './storageError.ts';

const LOCK_NAME = 'zk.lock';
const TAKEOVER = 'zk.lock.takeover-';
/** Who has lost its lock notices within 20 ms (placeCheck.ts), and its last batch is in the file then. */
const GRACE_MS = 100;

export interface Lock {
  /** False once another server has taken it, or somebody has removed it. */
  isHeld(): boolean;
  release(): void;
}

/** Takes the lock of `dir`; throws a StorageError that names dir and pid when a live server has it. */
export function lockDir(dir: string): Lock {
  const self = identityOf(process.pid);
  const path = `${dir}/${LOCK_NAME}`;
  const own = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    fs.writeFileSync(own, self, { flag: 'wx' });
    try {
      take(dir, path, own);
    } finally {
      fs.rmSync(own, { force: true });
    }
  } catch (error) {
    throw diskError('lock the directory', dir, error);
  }
  // Open as long as it is held: no other file can get its inode number meanwhile.
  const fd = fs.openSync(path, 'r');
  const { ino } = fs.fstatSync(fd);
  let isReleased = false;
  return {
    // In a container of its own a server takes the number of this one for that of a dead process.
    isHeld: () => fs.statSync(path, { throwIfNoEntry: false })?.ino === ino,
    release() {
      if (isReleased) return;
      isReleased = true;
      fs.closeSync(fd);
      if (readOwner(path) === self) fs.rmSync(path, { force: true });
    },
  };
}

function take(dir: string, path: string, own: string): void {
  for (;;) {
    if (linked(own, path)) return;
    const owner = readOwner(path);
    // A name that leads nowhere, and still is taken.
    if (owner === null && isLink(path)) throw new StorageError({ file: path, ...NO_FILE });
    if (owner === null) continue;
    if (isAlive(owner)) throw inUse(dir, owner);
    if (!tookOver(dir, path, own, owner)) continue;
    // Another namespace than its own, whose processes cannot be seen here: it may well live.
    if (isElsewhere(owner)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, GRACE_MS);
    return;
  }
}

/**
 * Replaces the lock of dead `owner`. The takeover file is the right to do so; who died holding it
 * is replaced in the same way. False: the lock has changed meanwhile, look again.
 */
function tookOver(dir: string, path: string, own: string, owner: string): boolean {
  const rights: string[] = [];
  for (let dead = owner; ; ) {
    // Whatever a power cut left in the lock: a name has no more than 255 bytes.
    const right = `${dir}/${TAKEOVER}${dead.slice(0, 200).replaceAll(/[^0-9A-Za-z-]/g, '_')}`;
    if (linked(own, right)) {
      rights.push(right);
      break;
    }
    const holder = readOwner(right);
    if (holder === null) continue;
    if (isAlive(holder)) throw inUse(dir, holder);
    rights.push(right);
    dead = holder;
  }
  const isStill = readOwner(path) === owner;
  if (isStill) {
    const copy = `${own}-lock`;
    fs.linkSync(own, copy);
    fs.renameSync(copy, path);
  }
  for (const right of rights) fs.rmSync(right, { force: true });
  return isStill;
}

function linked(from: string, to: string): boolean {
  try {
    fs.linkSync(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function isLink(path: string): boolean {
  return fs.lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

function readOwner(path: string): string | null {
  let fd: number;
  try {
    // Without waiting for the other end of a pipe.
    fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
  try {
    if (!fs.fstatSync(fd).isFile()) throw new StorageError({ file: path, ...NO_FILE });
    return fs.readFileSync(fd, 'utf8').trim();
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * Process number of the server that has `dir`; 0 when the lock is of none that lives, null when
 * there is no lock or no right to read it.
 */
export function holderOf(dir: string): number | null {
  let owner: string | null;
  try {
    owner = readOwner(`${dir}/${LOCK_NAME}`);
  } catch (error) {
    if (codeOf(error) === 'ENOTDIR' || codeOf(error) === 'EACCES') return null;
    throw error;
  }
  if (owner === null) return null;
  return isAlive(owner) ? Number(owner.split(' ')[1]) : 0;
}

function inUse(dir: string, owner: string): StorageError {
  const pid = owner.split(' ')[1] ?? '?';
  return new StorageError({
    file: dir,
    reason: `the directory is in use by another server (pid ${pid})`,
    advice: 'stop that server first, or give this one a directory of its own',
  });
}

/** A line that no other process, before or after a reuse of its pid or a reboot, can have. */
function identityOf(pid: number): string {
  return `pid ${pid} started ${startTicks(pid) ?? 'unknown'} boot ${bootId()} in ${namespace()}`;
}

/** The pid namespace, in which the numbers of processes mean something. */
function namespace(): string {
  try {
    return fs.readlinkSync('/proc/self/ns/pid');
  } catch {
    return 'unknown';
  }
}

function isElsewhere(owner: string): boolean {
  const [, , , , , boot, , home] = owner.split(' ');
  return boot === bootId() && home !== undefined && home !== namespace();
}

function isAlive(owner: string): boolean {
  const [, pid, , start, , boot] = owner.split(' ');
  if (boot !== bootId() || !/^[1-9][0-9]*$/.test(pid ?? '')) return false;
  if (!isRunning(Number(pid))) return false;
  const now = startTicks(Number(pid));
  return now === null || start === 'unknown' || start === now;
}

function bootId(): string {
  return readProc('/proc/sys/kernel/random/boot_id')?.trim() ?? 'unknown';
}
