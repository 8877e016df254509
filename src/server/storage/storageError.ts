// What can be wrong with a data directory, said in one line: file, place, last good zxid, advice.
import { hex0x, type Zxid } from '../../base/ids.ts';

export interface StorageProblem {
  /** Path of the file or directory. */
  file: string;
  /** What is wrong with it. */
  reason: string;
  /** Byte offset in the file of the first bad byte, where there is one. */
  offset?: number | null;
  /** The last transaction that is certainly there. */
  lastGoodZxid?: Zxid | null;
  /** What the operator can do. */
  advice?: string;
  /** `ENOSPC` and the like, when the operating system said no. */
  code?: string;
}

/** The data directory cannot be used, or not any more; the message is one line for the operator. */
export class StorageError extends Error {
  override name = 'StorageError';
  /** Of the process that cannot start because of it: Apache's ExitCode.UNABLE_TO_ACCESS_DATADIR. */
  readonly exitCode = 3;
  readonly file: string;
  readonly offset: number | null;
  readonly lastGoodZxid: Zxid | null;
  readonly advice: string;
  readonly code: string | null;

  constructor(problem: StorageProblem, cause?: unknown) {
    super(describe(problem), cause === undefined ? undefined : { cause });
    this.file = problem.file;
    this.offset = problem.offset ?? null;
    this.lastGoodZxid = problem.lastGoodZxid ?? null;
    this.advice = problem.advice ?? '';
    this.code = problem.code ?? null;
  }
}

function describe(problem: StorageProblem): string {
  let line = `${problem.file}: ${problem.reason}`;
  if (problem.offset !== undefined && problem.offset !== null) {
    line += ` at offset ${problem.offset}`;
  }
  if (problem.lastGoodZxid !== undefined && problem.lastGoodZxid !== null) {
    line += `; last good zxid ${hex0x(problem.lastGoodZxid)}`;
  }
  return problem.advice ? `${line}; ${problem.advice}` : line;
}

/** The operating system's words for the errors that disks and permissions bring. */
const TEXTS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EDQUOT: 'disk quota exceeded',
  EEXIST: 'it exists already',
  EFBIG: 'file too large',
  EIO: 'input/output error',
  EISDIR: 'it is a directory',
  EMFILE: 'too many open files',
  ENAMETOOLONG: 'file name too long',
  ENOENT: 'no such file or directory',
  ENOSPC: 'no space left on device',
  ENOTDIR: 'it is not a directory',
  EPERM: 'operation not permitted',
  EROFS: 'read-only file system',
};

const MOVE = 'move away what has this name';

/** What an operator can do about them. */
const REMEDIES: Readonly<Record<string, string>> = {
  EACCES: 'let the user of this server read and write there',
  EEXIST: MOVE,
  EDQUOT: 'raise the quota or make room, then start the server again',
  EISDIR: MOVE,
  EIO: 'look for the state of the disk in the log of the kernel',
  EMFILE: 'raise the limit of open files (ulimit -n)',
  ENOENT: 'look whether its directory was removed or its disk unmounted',
  ENOTDIR: MOVE,
  ENOSPC: 'make room there, then start the server again',
  EPERM: 'let the user of this server read and write there',
  EROFS: 'mount the file system for writing, then start the server again',
};

/** Turns an error of the file system into one that names the file and what was being done. */
export function diskError(action: string, file: string, error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const code = codeOf(error);
  const text = code === null ? String(error) : `${TEXTS[code] ?? 'failed'} (${code})`;
  const problem: StorageProblem = { file, reason: `cannot ${action}: ${text}` };
  if (code !== null) problem.code = code;
  const advice = REMEDIES[code ?? ''];
  if (advice !== undefined) problem.advice = advice;
  return new StorageError(problem, error);
}

/** The errno name of an error of the file system; null for any other. */
export function codeOf(error: unknown): string | null {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code !== 'string') return null;
  return code === UNKNOWN_TO_NODE ? 'EDQUOT' : code;
}

/** What Node calls EDQUOT on Linux: libuv has no name for it. */
const UNKNOWN_TO_NODE = 'Unknown system error -122';

const RESTORE = 'restore it from a backup or another server';
const ACCEPT = 'or accept the loss of all after that zxid: zk server check CFG --accept-loss';

/** What an operator can do, by what is wrong. */
export const ADVICE = {
  damaged: `${RESTORE}, ${ACCEPT}`,
  hole: `restore the missing log from a backup or another server, ${ACCEPT}`,
  lostTail: `restore the newest logs from a backup or another server, ${ACCEPT}`,
  digest: `${RESTORE}, ${ACCEPT}; digest.enabled=false turns this check off`,
  noSnapshot:
    'restore the snapshot from a backup or another server; snapshot.trust.empty=true starts from ' +
    `the logs alone (upgrades from 3.4 only); ${ACCEPT}`,
  foreign: `move the file out of the directory if it does not belong there, else ${RESTORE}, ${ACCEPT}`,
} as const;

/** A log that went away while it was written. */
export const REMOVED = {
  reason: 'the file is not there any more, the log cannot go on',
  advice: 'look whether it was removed or moved away, or its disk unmounted',
} as const;

/** A directory, a pipe or a device under the name of a file. */
export const NO_FILE = {
  reason: 'something that is no file has this name',
  advice: 'move it out of the directory',
} as const;

/** The lock went away, so that two servers may write. */
export const TAKEN = {
  reason: 'another server has taken the directory, or its zk.lock was removed',
  advice: 'see that one server only has it, also among those in other containers',
} as const;
