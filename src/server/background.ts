// Starts a server as a process of its own, and waits until it listens or has died.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Config } from '../config/index.ts';
import { packageRoot } from '../package/manifest.ts';
import type { LogFormat, LogLevel } from './logger.ts';
import { announcePid, pidFilePath, readPidFile, removePidFile, START_MARK } from './pidFile.ts';
import { makeDirs } from './storage/makeDirs.ts';

const program = join(packageRoot, 'bin/zk');

/** Options of a server process. */
export interface ProcessOptions {
  readonly logLevel?: LogLevel | undefined;
  readonly logFormat?: LogFormat | undefined;
  readonly logFile?: string | undefined;
  /** Show where an error comes from. */
  readonly debug?: boolean | undefined;
}

/** Outcome of a start in the background. */
export type Started =
  | { readonly kind: 'started'; readonly pid: number; readonly port: number }
  | { readonly kind: 'running'; readonly pid: number }
  /** `lines`: the last of its log, and the signal that has ended it. */
  | { readonly kind: 'failed'; readonly lines: readonly string[]; readonly outFile: string };

/** Which server to start, and where. */
interface Background {
  readonly file: string;
  readonly config: Config;
  readonly cwd?: string;
  /** Takes its output; absent: where ZOO_LOG_DIR says, or beside dataDir. */
  readonly outFile?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts a server in the background; settles when it listens or has died. */
export async function startInBackground(
  { file, config, cwd, env = process.env, ...given }: Background,
  options: ProcessOptions = {},
): Promise<Started> {
  const pidFile = pidFilePath(config.dataDir, env);
  const before = readPidFile(pidFile, config.dataDir);
  if (before.kind === 'running') return { kind: 'running', pid: before.pid };
  const outFile = openOutFile(given.outFile ?? outFilePath(config));
  const sizeBefore = statSync(outFile).size;
  const descriptor = openSync(outFile, 'a');
  const child = spawn(process.execPath, childArguments(file, options), {
    detached: true,
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...env, [START_MARK]: config.dataDir },
    stdio: ['ignore', descriptor, descriptor, 'ipc'],
  });
  closeSync(descriptor);
  const { pid = 0 } = child;
  // A dataDir that the server may not make is not made for it: its disk may not be mounted.
  const mayAnnounce = config['datadir.autocreate'] || existsSync(dirname(pidFile));
  const isAnnounced = pid !== 0 && mayAnnounce && announcePid(pidFile, pid, config.dataDir);
  const port = await listening(child);
  if (port === null) {
    if (isAnnounced) removePidFile(pidFile, pid);
    const written = readFileSync(outFile).subarray(sizeBefore).toString().trimEnd();
    const lines = written === '' ? [] : written.split('\n').slice(-10);
    const { signalCode: signal } = child;
    if (signal !== null) lines.push(`${signal} has ended it before it listened`);
    return { kind: 'failed', lines, outFile };
  }
  child.unref();
  return { kind: 'started', pid, port };
}

/** What the child of `start` tells its parent over the channel between them. */
interface Listening {
  readonly port: number;
}

/** Tells the parent that this server listens, if it was started by `start`. */
export function listeningReport(): ((port: number) => void) | undefined {
  // Other programs than ours open such channels to children, too.
  if (process.env[START_MARK] === undefined) return undefined;
  delete process.env[START_MARK];
  return (port) => {
    const message: Listening = { port };
    // A parent that is gone has nothing to wait for.
    process.send?.(message, undefined, undefined, () => {
      if (process.connected) process.disconnect();
    });
  };
}

/** Its port once it listens, `null` when it has ended before. */
function listening(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => resolve(null));
    child.once('message', (message: Listening) => resolve(message.port));
  });
}

/** What `start` runs: this very program, with the options of a server process. */
export function childArguments(file: string, options: ProcessOptions): string[] {
  return [
    ...process.execArgv,
    program,
    'server',
    'start-foreground',
    ...(options.logLevel ? ['--log-level', options.logLevel] : []),
    ...(options.logFormat ? ['--log-format', options.logFormat] : []),
    ...(options.logFile ? ['--log-file', options.logFile] : []),
    ...(options.debug ? ['--debug'] : []),
    file,
  ];
}

/** Creates the file that takes the output of a background server, with its directories. */
function openOutFile(path: string): string {
  try {
    makeDirs(dirname(path));
    closeSync(openSync(path, 'a'));
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    throw new Error(`cannot write ${path} (${code}); ZOO_LOG_DIR can name another directory`);
  }
  return path;
}

/** In ZOO_LOG_DIR; else beside dataDir, in a folder of its own, as servers may share a host. */
export function outFilePath(config: Config): string {
  const { ZOO_LOG_DIR: directory, USER, LOGNAME } = process.env;
  const user = USER || LOGNAME || `uid${process.getuid?.() ?? ''}`;
  const name = `zookeeper-${user}-server-${hostname()}.out`;
  const { dataDir } = config;
  return join(directory || join(dirname(dataDir), 'logs', basename(dataDir)), name);
}
