// The terminal half of the shell: from the first prompt to the exit status, signals included.
import { Dialogue } from './dialogue.ts';
import type { ShellApi } from './shellApi.ts';
import type { TerminalStreams } from './ttyModes.ts';

async function untilLeft(shell: ShellApi, streams: TerminalStreams): Promise<number> {
  let onLeave: (status: number) => void = () => undefined;
  const left = new Promise<number>((resolve) => {
    onLeave = resolve;
  });
  const dialogue = new Dialogue(shell, streams, onLeave);
  const { stdin, stdout } = streams;
  const onResize = () => dialogue.resized();
  // A terminal that is gone answers EIO.
  const onGone = () => dialogue.leave(129);
  const signals: Partial<Record<NodeJS.Signals, () => void>> = {
    SIGCONT: () => dialogue.resume(),
    SIGHUP: onGone,
    SIGINT: () => dialogue.interrupt(),
    SIGTERM: () => dialogue.leave(143),
  };
  for (const [signal, listener] of Object.entries(signals)) process.on(signal, listener);
  for (const stream of [stdin, stdout]) stream.on('error', onGone);
  stdout.on('resize', onResize);
  dialogue.start();
  const status = await left;
  stdout.off('resize', onResize);
  // Closing the sessions may have to wait for a server: another signal ends it at once.
  for (const [signal, listener] of Object.entries(signals)) process.off(signal, listener);
  return status;
}

/** Runs lines until the user leaves, then closes every session; gives the exit status. */
export async function runTerminal(shell: ShellApi, streams: TerminalStreams): Promise<number> {
  try {
    return await untilLeft(shell, streams);
  } finally {
    await shell.close();
  }
}
