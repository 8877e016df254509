// Looks whether another process still runs, and since when, as far as the system tells.
import { readdirSync, readFileSync } from 'node:fs';
import { codeOf } from './storageError.ts';

/**
 * Whether a process exists and has not ended.
 *
 * One that nobody waited for (a zombie) has ended, and stays for ever where process 1 waits for
 * nobody, as in many containers; but not before its last thread is through with its write.
 */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (thrown) {
    // EPERM: it exists, and belongs to somebody else.
    if (codeOf(thrown) !== 'EPERM') return false;
  }
  return fieldsOf(pid)?.[0] !== 'Z' || threadsOf(pid) > 1;
}

/** Whether SIGSTOP holds a process; false where /proc is missing. */
export function isStopped(pid: number): boolean {
  return fieldsOf(pid)?.[0] === 'T';
}

/** Start of a process in clock ticks since boot; null when it is gone, or where /proc is missing. */
export function startTicks(pid: number): string | null {
  return fieldsOf(pid)?.[19] ?? null;
}

/** The fields of /proc/PID/stat after the name, which may hold spaces and parentheses. */
function fieldsOf(pid: number): string[] | null {
  const text = readProc(`/proc/${pid}/stat`);
  return text === null ? null : text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function threadsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/task`).length;
  } catch {
    // It is gone by now.
    return 0;
  }
}

/** A file of /proc; null off Linux, and when the process is gone. */
export function readProc(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null;
  }
}
