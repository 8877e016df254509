// Lines of a script, from a file or a pipe: one after the other, with backpressure, without a prompt.
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Status, usageError } from './cliError.ts';
import type { Shell } from './shell.ts';
import type { Sink } from './sink.ts';

export interface ScriptRules {
  readonly exitOnError: boolean;
  readonly strict: boolean;
}

/** Opens a script file now, so that a missing one is told before anything runs. */
export async function openScript(file: string): Promise<Readable> {
  const unreadable = (reason: unknown) => usageError(`Cannot read ${file}: ${reason}`);
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    throw unreadable(error.code ?? error.message);
  });
  // The system opens a directory, and refuses only to read it.
  if (!(await handle.stat()).isDirectory()) return handle.createReadStream();
  await handle.close();
  throw unreadable('EISDIR');
}

/**
 * Runs every line until the end, `quit`, an interruption, or the first failure if so ruled. The status is that of the
 * last command (as sh and Apache's shell have it), with `strict` that of the first that failed.
 */
export async function runScript(
  shell: Shell,
  input: Readable,
  rules: ScriptRules,
  out: Sink,
): Promise<number> {
  const reader = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  let firstFailure: number = Status.ok;
  try {
    let isFirst = true;
    for await (const text of reader) {
      // Some editors begin a file with a byte order mark.
      const line = isFirst ? text.replace(/^\uFEFF/, '') : text;
      isFirst = false;
      const status = await shell.execute(line);
      if (firstFailure === Status.ok) firstFailure = status;
      await out.drained();
      const isOver = shell.isFinished || status === Status.interrupted;
      if (isOver || (rules.exitOnError && status !== Status.ok)) break;
    }
  } finally {
    reader.close();
    input.destroy();
  }
  return rules.strict && firstFailure !== Status.ok ? firstFailure : shell.lastStatus;
}
