// The server processes of a lab: started, ended, held and let go, always the one that has the data directory.
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { loadConfig } from '../config/index.ts';
import { packageRoot } from '../package/manifest.ts';
import { startInBackground } from '../server/background.ts';
import { holderOf } from '../server/storage/lock.ts';
import { isRunning } from '../server/storage/processTable.ts';
import { failure } from './failure.ts';
import { cfgOf, dataDirOf, type Lab, logOf, shown } from './labFile.ts';
import { relayPid } from './relayControl.ts';

const LOOK_AGAIN_MS = 20;
const PATIENCE_MS = 10_000;

/**
 * The process that has the data directory of a server; null when none runs.
 *
 * A number alone may be somebody else's by now: the lock of the directory says whose it is.
 */
export const pidOf = (lab: Lab, id: number): number | null => holderOf(dataDirOf(lab, id)) || null;

/** What names one log and one pid file for all servers of a user has no say in a lab. */
function environment(): NodeJS.ProcessEnv {
  const { ZOO_LOG_DIR, ZOOPIDFILE, ...env } = process.env;
  return env;
}

/** Resolves with the process number once the server listens. */
export async function startMember(lab: Lab, id: number): Promise<number> {
  const file = cfgOf(lab, id);
  const loaded = loadConfig(file);
  if (!('config' in loaded)) throw failure(loaded.errors.join('\n'));
  const outFile = logOf(lab, `z${id}`);
  const { config } = loaded;
  const started = await startInBackground({
    file,
    config,
    cwd: lab.dir,
    outFile,
    env: environment(),
  });
  switch (started.kind) {
    case 'started':
      return started.pid;
    case 'running':
      throw failure(`Server ${id} runs already (pid ${started.pid})`);
    case 'failed':
      throw failure(
        `Server ${id} did not start; ${shown(outFile)} ends with\n${started.lines.join('\n')}`,
      );
  }
}

/** Whether all of the processes are gone in time. */
async function gone(pids: readonly number[], withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (pids.some(isRunning)) {
    if (performance.now() > deadline) return false;
    await delay(LOOK_AGAIN_MS);
  }
  return true;
}

/** A process that is gone needs no signal. */
export function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ESRCH') throw thrown;
  }
}

/** Ends processes in order, one that does not end at once; resolves when they are gone. */
export async function endAll(pids: readonly number[], patienceMs = PATIENCE_MS): Promise<void> {
  for (const pid of pids) {
    send(pid, 'SIGTERM');
    // One that is paused takes the signal when it goes on.
    send(pid, 'SIGCONT');
  }
  if (!(await gone(pids, patienceMs))) await killAll(pids.filter(isRunning));
}

export async function killAll(pids: readonly number[]): Promise<void> {
  for (const pid of pids) send(pid, 'SIGKILL');
  if (!(await gone(pids, PATIENCE_MS))) {
    throw failure(`Process ${pids.filter(isRunning).join(', ')} does not end`);
  }
}

/** Starts the relay process unless it runs; resolves once commands can reach it. */
export async function startRelay(lab: Lab): Promise<void> {
  if (relayPid(lab) !== null) return;
  const log = openSync(logOf(lab, 'relay'), 'a');
  const words = [join(packageRoot, 'bin/zk'), 'lab', 'relay', '--dir', lab.dir];
  const child = spawn(process.execPath, [...process.execArgv, ...words], {
    detached: true,
    env: environment(),
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  const isListening = await new Promise<boolean>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => resolve(false));
    child.once('message', () => resolve(true));
  });
  if (!isListening) throw failure(`The relay did not start; see ${shown(logOf(lab, 'relay'))}`);
  child.disconnect();
  child.unref();
}
