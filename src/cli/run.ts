// `zk cli`: decides between one command, a script and a terminal, runs it, closes every session, gives the status.
import { setImmediate } from 'node:timers/promises';
import { createClient } from '../client/index.ts';
import { type CliArguments, parseArguments } from './args.ts';
import { Status } from './cliError.ts';
import { failureOf } from './errors.ts';
import { oneShotQuestions } from './oneShotQuestions.ts';
import { openScript, runScript } from './script.ts';
import { Shell, type ShellOptions, type ShellWorld } from './shell.ts';
import { type Sink, streamSink } from './sink.ts';

/** The servers that come with the shell; main passes them in, because the shell knows no server. */
export interface BundledServers {
  /** Starts it unless it runs; where it listens, and a line for the user if it was started. */
  ensure(): Promise<{ readonly address: string; readonly notice: string | undefined }>;
  readonly lab: NonNullable<ShellWorld['lab']>;
}

interface World {
  readonly out: Sink;
  readonly err: Sink;
}

/** Reads a stream to its end. */
async function readAll(stream: NodeJS.ReadStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

function modeOf(args: CliArguments): ShellOptions['mode'] {
  if (args.command.length > 0) return 'oneShot';
  const { stdin, stdout, env } = process;
  const isTerminal = stdin.isTTY && stdout.isTTY && env['TERM'] !== 'dumb';
  return args.file === undefined && isTerminal ? 'terminal' : 'script';
}

/** Runs `zk cli argv...`; never throws, prints at most one line about what went wrong. */
export async function runCli(argv: readonly string[], bundled: BundledServers): Promise<number> {
  const world = { out: streamSink(process.stdout), err: streamSink(process.stderr) };
  // Output that cannot be written must not end the process here: the sessions are closed first.
  for (const stream of [process.stdout, process.stderr]) {
    stream.removeAllListeners('error').on('error', () => undefined);
  }
  try {
    const args = parseArguments(argv, process.env);
    if (args === 'help') return Status.ok;
    return await runWith(args, world, bundled);
  } catch (error) {
    const { message, status } = failureOf(error);
    if (argv.includes('--debug') && error instanceof Error) world.err.line(error.stack ?? message);
    else world.err.line(message);
    return status;
  }
}

async function runWith(args: CliArguments, world: World, bundled: BundledServers): Promise<number> {
  const mode = modeOf(args);
  let { server } = args;
  if (args.withServer && !args.isServerGiven) {
    const { address, notice } = await bundled.ensure();
    server = address;
    if (notice !== undefined) world.err.line(notice);
  }
  const isStdinScript = mode === 'script' && (args.file === undefined || args.file === '-');
  const shell = new Shell(
    { ...args, server, mode },
    {
      ...world,
      client: createClient,
      lab: bundled.lab,
      ...(isStdinScript || mode === 'terminal' ? {} : { readStdin: () => readAll(process.stdin) }),
    },
  );
  if (mode === 'terminal') return await runAtTerminal(shell, args, server, world);
  return await withSignals(shell, world, async () => {
    if (mode === 'oneShot') {
      const questions = oneShotQuestions(process);
      if (questions !== undefined) shell.setQuestions(questions);
      return await shell.executeWords(args.command);
    }
    const input = isStdinScript ? process.stdin : await openScript(args.file ?? '-');
    return await runScript(shell, input, args, world.out);
  });
}

async function runAtTerminal(
  shell: Shell,
  args: CliArguments,
  server: string,
  { err }: World,
): Promise<number> {
  if (!args.quiet) err.line(`Connecting to ${server}\nWelcome to ZooKeeper!`);
  const { runTerminal } = await import('./terminal.ts');
  const { stdin, stdout, stderr, env } = process;
  try {
    shell.start();
    return await runTerminal(shell, { stdin, stdout, stderr, env });
  } finally {
    await shell.close();
  }
}

/**
 * A signal interrupts the command, as lost output does; then the sessions are closed, so that no
 * ephemeral lingers. A signal meanwhile leaves them to expire: the server may hang.
 */
async function withSignals(
  shell: Shell,
  { err }: World,
  work: () => Promise<number>,
): Promise<number> {
  let signalled: number | undefined;
  const leaving = new AbortController();
  let isLeaving = false;
  const stop = (status: number): void => {
    signalled = status;
    shell.stop();
  };
  const onSignal = (status: number) => () => {
    stop(status);
    if (isLeaving) leaving.abort();
  };
  const onInterrupt = onSignal(Status.interrupted);
  const onTerminate = onSignal(Status.terminated);
  const onLostOutput = ({ code }: NodeJS.ErrnoException) => {
    if (signalled !== undefined) return;
    // Whoever reads may stop reading, as `head` does.
    const isQuiet = code === 'EPIPE';
    if (!isQuiet) err.line(`Cannot write the output: ${code}`);
    stop(isQuiet ? Status.ok : Status.zookeeperError);
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onTerminate);
  process.stdout.on('error', onLostOutput);
  let status: number;
  try {
    status = await work();
  } finally {
    isLeaving = true;
    await shell.close(leaving.signal);
    // What was written last, without waiting for anything, fails only in the next turn.
    await setImmediate();
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onTerminate);
    process.stdout.off('error', onLostOutput);
  }
  return signalled ?? status;
}
