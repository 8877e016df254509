// Runs one server in this process: configuration, log, pid file, signals, exit code.
import type { Logger } from '../base/logger.ts';
import type { Config } from '../config/index.ts';
import { createLogger, type LogOptions, type ServerLogger } from './logger.ts';
import { pidFilePath, removePidFile, writePidFile } from './pidFile.ts';
import { checkDirectories, startFailure } from './startFailure.ts';

/** A server that listens. */
export interface RunningServer {
  /** The port that it got; of interest when the configuration says 0. */
  readonly port: number;
  /** Resolves when all is closed: 0 after `close`, another code when it had to give up. */
  readonly closed: Promise<{ code: number; reason?: string }>;
  close(): Promise<void>;
}

/**
 * Rejects when it cannot start; an `exitCode` of the error is the one of the process. `stopping` ends
 * a wait for what it needs to start, with the signal's reason.
 */
export type StartServer = (
  config: Config,
  logger: Logger,
  stopping: AbortSignal,
) => Promise<RunningServer>;

export interface ForegroundOptions {
  readonly config: Config;
  readonly warnings: readonly string[];
  readonly log: LogOptions;
  /** Show where an error comes from. */
  readonly debug: boolean;
  /** Called with the client port once it answers. */
  readonly onListening?: (port: number) => void;
}

const FORCED = 143;
const UNEXPECTED = 1;

/** Serves until a signal or an end of its own; resolves to the exit code. */
export async function runForeground(
  options: ForegroundOptions,
  startServer: StartServer,
): Promise<number> {
  const { config } = options;
  const logger = createLogger({ ...options.log, myid: config.myid });
  logger.info(`Reading configuration from: ${config.file}`);
  for (const warning of options.warnings) logger.warn(warning);
  logger.info(`dataDir ${config.dataDir}, dataLogDir ${config.dataLogDir}`);
  const signals = listenForSignals(logger);
  // Whatever nobody foresaw ends the process with a line: a server that limps is worse than none.
  process.once('uncaughtException', (error) => {
    logger.error(`internal error, the server ends: ${messageOf(error, options.debug)}`);
    process.exit(UNEXPECTED);
  });
  try {
    return await serve(options, logger, startServer, signals);
  } catch (thrown) {
    const { aborted: isTold, reason } = signals.stopping;
    if (isTold && thrown === reason) {
      logger.info('exiting with code 0, before it served');
      return 0;
    }
    const words = startFailure(thrown, config);
    logger.error(words !== null && !options.debug ? words : messageOf(thrown, options.debug));
    return exitCodeOf(thrown);
  } finally {
    signals.stop();
    await logger.close();
  }
}

async function serve(
  { config, onListening }: ForegroundOptions,
  logger: ServerLogger,
  startServer: StartServer,
  signals: Signals,
): Promise<number> {
  checkDirectories(config);
  const running = await startServer(config, logger, signals.stopping);
  const pidFile = pidFilePath(config.dataDir);
  try {
    writePidFile(pidFile, process.pid);
  } catch (thrown) {
    await running.close();
    const why = `cannot write the pid file: ${(thrown as Error).message}`;
    throw new Error(`${pidFile}: ${why}; ZOOPIDFILE can name another`, { cause: thrown });
  }
  try {
    onListening?.(running.port);
    signals.onFirst(() => running.close());
    const { code, reason } = await running.closed;
    if (reason !== undefined) logger[code === 0 ? 'info' : 'error'](reason);
    logger.info(`exiting with code ${code}`);
    return code;
  } finally {
    forgetPidFile(pidFile, logger);
  }
}

/** The server has ended, and how it ended is what counts: a file that stays harms nobody. */
function forgetPidFile(path: string, logger: Logger): void {
  try {
    removePidFile(path, process.pid);
  } catch (thrown) {
    logger.warn(`${path}: cannot remove it: ${messageOf(thrown, false)}`);
  }
}

interface Signals {
  /** `action` runs at the first signal, at once if it came before. */
  onFirst(action: () => Promise<void>): void;
  /** Aborted at the first signal. */
  readonly stopping: AbortSignal;
  stop(): void;
}

/**
 * SIGTERM and SIGINT end in order; a second one ends at once.
 *
 * SIGHUP ends it at once, unless zkServer.sh says that it was ignored: Node has undone that.
 */
function listenForSignals(logger: Logger): Signals {
  const stopping = new AbortController();
  let action: (() => Promise<void>) | null = null;
  const act = (): void => {
    action?.().catch((thrown: unknown) => {
      logger.error(`closing failed: ${messageOf(thrown, false)}`);
      process.exit(UNEXPECTED);
    });
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping.signal.aborted) process.exit(FORCED);
    logger.info(`${signal}: closing`);
    stopping.abort();
    act();
  };
  // Without a handler Node opens a debugger, in which every user of the machine can run code.
  const onOther = (): void => logger.warn('SIGUSR1 has no meaning here and is ignored');
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('SIGUSR1', onOther);
  if (process.env['ZK_NOHUP']) process.on('SIGHUP', ignore);
  return {
    stopping: stopping.signal,
    onFirst(wanted) {
      action = wanted;
      if (stopping.signal.aborted) act();
    },
    stop() {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) {
        process.off(signal, onSignal);
        // One more may be under way to a server that ends by itself: its exit code stands already.
        if (!process.listeners(signal).includes(ignore)) process.once(signal, ignore);
      }
      process.off('SIGUSR1', onOther);
    },
  };
}

function ignore(): void {}

/** One line; the words of the system name the file. */
function messageOf(thrown: unknown, debug: boolean): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return (debug ? thrown.stack : null) ?? thrown.message;
}

function exitCodeOf(thrown: unknown): number {
  const code = (thrown as { exitCode?: unknown } | null)?.exitCode;
  return typeof code === 'number' ? code : UNEXPECTED;
}
