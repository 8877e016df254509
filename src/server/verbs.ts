// What `zk server VERB` does: start and stop a server in the background, ask how it is.
import { setTimeout as delay } from 'node:timers/promises';
import { type Config, loadConfig, loadPlaces, type Places } from '../config/index.ts';
import { manifest } from '../package/manifest.ts';
import { askWord } from './askWord.ts';
import {
  childArguments,
  listeningReport,
  outFilePath,
  type ProcessOptions,
  startInBackground,
} from './background.ts';
import { findConfig } from './configFile.ts';
import type { StartServer } from './foreground.ts';
import { pidFilePath, readPidFile, removePidFile } from './pidFile.ts';
import { quotedWord, shellWord } from './shellWord.ts';
import { isRunning } from './storage/processTable.ts';

export interface VerbOptions extends ProcessOptions {
  /** File or name as typed; absent: zoo.cfg. */
  readonly cfg?: string | undefined;
  /** Where a bare name is looked for first; absent: ZOOCFGDIR. */
  readonly configDir?: string | undefined;
  /** For `check`: go on without what is lost. */
  readonly acceptLoss?: boolean | undefined;
}

/** Where a verb prints: results, and what is about them. */
export interface Output {
  out(text: string): void;
  err(text: string): void;
}

export const standardOutput: Output = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
};

const OK = 0;
const FAILED = 1;
const BAD_CONFIG = 2;

interface Opened {
  readonly file: string;
  readonly config: Config;
  readonly warnings: readonly string[];
}

function configFile(options: VerbOptions): string {
  const { ZOOCFGDIR } = process.env;
  const configDir = options.configDir ?? ZOOCFGDIR;
  return findConfig(options.cfg, { cwd: process.cwd(), configDir });
}

/** Finds and reads the configuration, prints its path, and its errors if it has any. */
function open(options: VerbOptions, output: Output): Opened | null {
  const file = configFile(options);
  output.err(`Using config: ${file}\n`);
  const result = loadConfig(file);
  if ('config' in result) return { file, ...result };
  output.err([...result.warnings, ...result.errors].map((line) => `${line}\n`).join(''));
  return null;
}

/** Serves in this process until it is told to end. */
export async function startForeground(
  options: VerbOptions,
  startServer: StartServer,
  output: Output = standardOutput,
): Promise<number> {
  const opened = open(options, output);
  if (opened === null) return BAD_CONFIG;
  // winston costs a quarter of the program's start: only who serves pays it.
  const { runForeground } = await import('./foreground.ts');
  const log = {
    ...(options.logLevel && { level: options.logLevel }),
    ...(options.logFormat && { format: options.logFormat }),
    ...(options.logFile && { file: options.logFile }),
  };
  const onListening = listeningReport();
  const debug = options.debug ?? false;
  return runForeground({ ...opened, log, debug, ...(onListening && { onListening }) }, startServer);
}

export async function start(
  options: VerbOptions,
  output: Output = standardOutput,
): Promise<number> {
  const opened = open(options, output);
  if (opened === null) return BAD_CONFIG;
  for (const warning of opened.warnings) output.err(`${warning}\n`);
  output.out('Starting zookeeper ... ');
  const result = await startInBackground(opened, options).catch((error: Error) => error);
  if (result instanceof Error) {
    output.out('FAILED TO START\n');
    output.err(`${(options.debug ? result.stack : null) ?? result.message}\n`);
    return FAILED;
  }
  switch (result.kind) {
    case 'started':
      output.out('STARTED\n');
      if (opened.config.isDistributed) await tellMode(opened.config, result.port, output);
      return OK;
    case 'running':
      output.out(`already running as process ${result.pid}.\n`);
      return FAILED;
    case 'failed':
      output.out('FAILED TO START\n');
      output.err(`the end of ${result.outFile}:\n${result.lines.join('\n')}\n`);
      return FAILED;
  }
}

/** From SIGTERM to the second one, which does not wait for anything any more. */
const PATIENCE_MS = 10_000;
const FORCED_MS = 2000;
const LOOK_AGAIN_MS = 25;

export async function stop(options: VerbOptions, output: Output = standardOutput): Promise<number> {
  const opened = open(options, output);
  // A configuration that was spoiled since the start must not keep the server from ending.
  const { dataDir } = opened?.config ?? loadPlaces(configFile(options));
  return dataDir === null ? BAD_CONFIG : stopServer(dataDir, output);
}

async function stopServer(dataDir: string, output: Output): Promise<number> {
  const path = pidFilePath(dataDir);
  const pidFile = readPidFile(path, dataDir);
  output.out('Stopping zookeeper ... ');
  if (pidFile.kind === 'absent') {
    output.out(`no zookeeper to stop (could not find file ${path})\n`);
    return OK;
  }
  if (pidFile.kind === 'stale') {
    const who = pidFile.pid === null ? 'no process' : staleProcess(pidFile.pid);
    if (pidFile.pid !== null) removePidFile(path, pidFile.pid);
    output.out(`no zookeeper to stop (${path} names ${who})\n`);
    return OK;
  }
  const { pid } = pidFile;
  for (const patience of [PATIENCE_MS, FORCED_MS]) {
    if (!terminate(pid)) {
      output.out(`FAILED TO STOP\nprocess ${pid} belongs to another user\n`);
      return FAILED;
    }
    if (await ended(pid, patience)) {
      removePidFile(path, pid);
      output.out('STOPPED\n');
      return OK;
    }
  }
  output.out(`FAILED TO STOP\nprocess ${pid} still runs\n`);
  return FAILED;
}

const staleProcess = (pid: number): string =>
  `process ${pid}, which is ${isRunning(pid) ? 'not this server' : 'gone'}`;

/** False when that is not allowed. */
function terminate(pid: number): boolean {
  try {
    process.kill(pid, 'SIGTERM');
    return true;
  } catch (thrown) {
    // ESRCH: it ended just now.
    return (thrown as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** Another process's end can only be looked for. */
async function ended(pid: number, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (isRunning(pid)) {
    if (Date.now() > deadline) return false;
    await delay(LOOK_AGAIN_MS);
  }
  return true;
}

export async function restart(
  options: VerbOptions,
  output: Output = standardOutput,
): Promise<number> {
  const opened = open(options, output);
  // Nothing is stopped that could not be started again.
  if (opened === null) return BAD_CONFIG;
  const code = await stopServer(opened.config.dataDir, output);
  return code === OK ? start(options, output) : code;
}

const ANSWER_MS = 5000;
/** How long `start` watches an election that has just begun. */
const ELECTION_MS = 1000;

/** Where a client on this host finds the server. */
function clientHost({ clientPortAddress: address }: Pick<Places, 'clientPortAddress'>): string {
  return address === null || /^(0\.0\.0\.0|::)$/.test(address) ? 'localhost' : address;
}

/** Of an answer to `srvr` its mode and, when it has no leader, what it waits for. */
const modeLines = (reply: string): string[] => reply.match(/^(?:Mode|Election): .*$/gm) ?? [];

/** The first servers of an ensemble cannot serve: whoever started one is told what it waits for. */
async function tellMode(config: Config, port: number, output: Output): Promise<void> {
  const deadline = Date.now() + ELECTION_MS;
  for (;;) {
    // A server whose role ends closes all connections; one that goes on doing so has ended, which
    // its log and `status` tell.
    const reply = await askWord(clientHost(config), port, 'srvr', ANSWER_MS).catch(() => '');
    const lines = modeLines(reply);
    // A voter that finds its data behind those of the others observes until it has them.
    const isCatchingUp = lines[0] === 'Mode: observer' && config.peerType === 'participant';
    const isSettled = reply !== '' && lines.length <= 1 && !isCatchingUp;
    if (isSettled || Date.now() > deadline) {
      output.out(lines.map((line) => `${line}\n`).join(''));
      return;
    }
    await delay(LOOK_AGAIN_MS);
  }
}

export async function status(
  options: VerbOptions,
  output: Output = standardOutput,
): Promise<number> {
  const opened = open(options, output);
  // A server that a reconfig has removed runs on, with a file that starts none.
  const places = opened?.config ?? loadPlaces(configFile(options));
  const { clientPort } = places;
  if (clientPort === null) return BAD_CONFIG;
  const host = clientHost(places);
  const ask = () => askWord(host, clientPort, 'srvr', ANSWER_MS).catch((error: Error) => error);
  const first = await ask();
  // A server whose role ends closes all connections, this one too.
  const reply = first === '' ? await ask() : first;
  const lines = typeof reply === 'string' ? modeLines(reply) : [];
  if (opened === null && lines.length === 0) return BAD_CONFIG;
  output.out(`Client port found: ${clientPort}. Client address: ${host}. Client SSL: false.\n`);
  if (lines.length > 0) {
    output.out(`${lines.join('\n')}\n`);
    // A server that elects runs, and serves nobody.
    return lines.length === 1 ? OK : FAILED;
  }
  output.out('Error contacting service. It is probably not running.\n');
  const why = typeof reply === 'string' ? reply.split('\n')[0] : reply.message;
  if (why) output.err(`${why}\n`);
  return FAILED;
}

/** The command that `start` runs, quoted for a shell. */
export function printCommand(options: VerbOptions, output: Output = standardOutput): number {
  const opened = open(options, output);
  if (opened === null) return BAD_CONFIG;
  const words = [process.execPath, ...childArguments(opened.file, options)];
  const command = words.map(shellWord).join(' ');
  output.out(`${command} >> ${quotedWord(outFilePath(opened.config))} 2>&1 < /dev/null\n`);
  return OK;
}

export function version(output: Output = standardOutput): number {
  const { name, version } = manifest();
  output.out(`${name} ${version}, the protocol and the files of Apache ZooKeeper 3.8\n`);
  return OK;
}
