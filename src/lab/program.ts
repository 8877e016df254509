// The program `zk lab`: signals, streams and the exit status around its commands.
import { Status } from '../cli/cliError.ts';
import { failureOf } from '../cli/errors.ts';
import { streamSink } from '../cli/sink.ts';
import { runLab } from './command.ts';

/** Runs `zk lab words...`; prints at most one message about what went wrong, and gives the status. */
export async function runLabProgram(words: readonly string[]): Promise<number> {
  const interrupt = new AbortController();
  // The relay ends by signals of its own.
  const isRelay = words[0] === 'relay';
  const stop = (): void => interrupt.abort();
  if (!isRelay) process.once('SIGINT', stop).once('SIGTERM', stop);
  const [out, err] = [streamSink(process.stdout), streamSink(process.stderr)];
  try {
    await runLab(words, { out, err, signal: interrupt.signal, isShell: false, json: false });
    return interrupt.signal.aborted ? Status.interrupted : Status.ok;
  } catch (error) {
    if (interrupt.signal.aborted) return Status.interrupted;
    const { message, status } = failureOf(error);
    err.line(message);
    return status;
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}
