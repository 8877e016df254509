// Lines of a script, from a file or a pipe: one after the other, with backpressure, without a prompt.
import { createReadStream } from 'node:fs';
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
  const stream = createReadStream(file);
  await new Promise<void>((resolve, reject) => {
    stream.once('open', () => resolve());
    stream.once('error', (error: NodeJS.ErrnoException) => {
      reject(usageError(`Cannot read ${file}: ${error.code ?? error.message}`));
    });
  });
  return stream;
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
