// `up` and `down`: a whole ensemble begins, and all of it ends.
import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { usageError } from '../cli/cliError.ts';
import { memberFileText, myidText } from '../config/memberFile.ts';
import { pidFilePath, readPidFile } from '../server/pidFile.ts';
import { shellWord } from '../server/shellWord.ts';
import { holderOf, type Lock, lockDir } from '../server/storage/lock.ts';
import { makeDirs } from '../server/storage/makeDirs.ts';
import { failure } from './failure.ts';
import type { Lab, Route } from './labFile.ts';
import * as files from './labFile.ts';
import { endAll, pidOf, startMember, startRelay } from './members.ts';
import { choosePorts } from './ports.ts';
import { relayPid, socketPath } from './relayControl.ts';
import { isWhole, type Surveyed, survey } from './survey.ts';

export interface UpOptions {
  /** Null: as many as the lab of the directory has, else 3. */
  readonly voters: number | null;
  readonly observers: number | null;
  readonly dir: string;
  /** First client port; null: chosen. */
  readonly base: number | null;
  /** ms */
  readonly tickTime: number | null;
  /** What its verbs are typed behind: `zk lab`, or `lab` in the shell. */
  readonly program: string;
}

const VOTERS = 3;
/** Faults show after a few ticks: half of the usual tick keeps people from waiting. */
const TICK_MS = 1000;
/** For all servers to serve, besides the ticks of an election. */
const SERVING_MS = 20_000;
const LOOK_AGAIN_MS = 50;
/** Its own, so that it does not look like the lock of a server's directory. */
const LOCK_NAME = 'relay/up';

/** Starts a lab, or all of one that is down, with its data; resolves when every server serves. */
export async function up(options: UpOptions, signal: AbortSignal): Promise<[Lab, Surveyed[]]> {
  const dir = resolve(options.dir);
  demandNoOther(dir, options);
  // Before anything is made beside a file that may be of something else.
  if (files.hasLab(dir)) files.readLab(dir);
  if (!files.hasLab(dir) && existsSync(dir) && readdirSync(dir).length > 0) {
    throw failure(`${files.shown(dir)} is not empty and has no lab; --dir names another directory`);
  }
  if (socketPath(dir) === null) throw failure(`${files.shown(dir)} is too long a path for a lab`);
  const madeDir = makeDirs(join(dir, LOCK_NAME)) ?? join(dir, LOCK_NAME);
  const lock = lockForUp(dir, options);
  const isNew = !files.hasLab(dir);
  try {
    return await begin(dir, options, signal);
  } catch (error) {
    if (isNew) purge(dir);
    removeEmpty(join(dir, LOCK_NAME), dirname(madeDir));
    throw error;
  } finally {
    lock.release();
  }
}

function lockForUp(dir: string, options: UpOptions): Lock {
  try {
    return lockDir(join(dir, LOCK_NAME));
  } catch (error) {
    demandNoOther(dir, options);
    throw failure((error as Error).message);
  }
}

/** Throws when another up works there. */
function demandNoOther(dir: string, options: UpOptions): void {
  const other = holderOf(join(dir, LOCK_NAME)) || null;
  if (other === null) return;
  throw failure(`A lab comes up in ${shownWithHelp(dir, options, ` (process ${other})`)}`);
}

/** The directory, and the words for whoever finds a lab there. */
function shownWithHelp(dir: string, { program, dir: given }: UpOptions, note = ''): string {
  const where = given === files.DEFAULT_DIR ? '' : ` --dir ${shellWord(given)}`;
  const help = `${program} status${where} shows it, ${program} down${where} ends it`;
  return `${files.shown(dir)} already${note}; ${help}`;
}

/** Whether anything of the lab runs. */
const isUp = (lab: Lab): boolean =>
  relayPid(lab) !== null || lab.servers.some(({ id }) => pidOf(lab, id) !== null);

async function begin(
  dir: string,
  options: UpOptions,
  signal: AbortSignal,
): Promise<[Lab, Surveyed[]]> {
  const before = files.hasLab(dir) ? files.readLab(dir) : null;
  if (before !== null && isUp(before)) {
    const count = before.servers.length;
    throw failure(`A lab of ${count} servers runs in ${shownWithHelp(dir, options)}`);
  }
  const lab = await planned(dir, before, options);
  writeFiles(lab);
  try {
    await startRelay(lab);
    await startAll(lab);
    return [lab, await wholeLab(lab, signal)];
  } catch (error) {
    await down(lab);
    throw error;
  }
}

/** The ports are chosen anew each time: others may have taken them meanwhile. */
async function planned(dir: string, before: Lab | null, options: UpOptions): Promise<Lab> {
  const { base } = options;
  const had = before?.servers.filter(({ isObserver }) => isObserver).length ?? 0;
  const voters = options.voters ?? (before === null ? VOTERS : before.servers.length - had);
  const observers = options.observers ?? had;
  if (voters < 2) throw usageError('An ensemble needs at least 2 servers that vote');
  if (before !== null && (voters !== before.servers.length - had || observers !== had)) {
    const has = `${files.shown(dir)} has the data of ${before.servers.length} servers`;
    throw failure(`${has}; up without a number starts those, down --purge removes them`);
  }
  const tickTime = options.tickTime ?? before?.tickTime ?? TICK_MS;
  return { dir, tickTime, ...(await choosePorts({ voters, observers, base })) };
}

function writeFiles(lab: Lab): void {
  const { dir, tickTime, servers, routes } = lab;
  for (const name of ['conf', 'logs']) mkdirSync(join(dir, name), { recursive: true });
  files.writeLab(lab);
  for (const { id, clientPort, ...own } of servers) {
    const dataDir = files.dataDirOf(lab, id);
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(join(dataDir, 'myid'), myidText(id));
    const seen = servers.map((server) => ({
      ...server,
      host: '127.0.0.1',
      // Itself it is at its own ports; the others it reaches through the relay.
      peerPort: portOf(routes, id, server.id, 'peer') ?? own.peerPort,
      electionPort: portOf(routes, id, server.id, 'election') ?? own.electionPort,
    }));
    const more = { clientPortAddress: '127.0.0.1', '4lw.commands.whitelist': '*' };
    const text = memberFileText({ id, dataDir, clientPort, tickTime, servers: seen, more });
    writeFileSync(files.cfgOf(lab, id), text);
  }
}

const portOf = (
  routes: readonly Route[],
  from: number,
  to: number,
  kind: Route['kind'],
): number | undefined =>
  routes.find((route) => route.from === from && route.to === to && route.kind === kind)?.port;

/** Settles when every start has: one that is still under way would be left running. */
async function startAll(lab: Lab): Promise<void> {
  const starts = await Promise.allSettled(lab.servers.map(({ id }) => startMember(lab, id)));
  for (const start of starts) if (start.status === 'rejected') throw start.reason;
}

async function wholeLab(lab: Lab, signal: AbortSignal): Promise<Surveyed[]> {
  const deadline = performance.now() + SERVING_MS + 10 * lab.tickTime;
  for (;;) {
    signal.throwIfAborted();
    const servers = await survey(lab);
    if (isWhole(lab, servers)) return servers;
    if (performance.now() > deadline) {
      const modes = servers.map(({ id, mode }) => `${id} is ${mode}`).join(', ');
      throw failure(`The lab did not come up in time: ${modes}`);
    }
    await delay(LOOK_AGAIN_MS);
  }
}

/** Ends everything that the lab runs; how many servers that were. */
export async function down(lab: Lab): Promise<number> {
  const found = lab.servers.map(({ id }) => pidOf(lab, id) ?? beginning(lab, id));
  const pids = found.filter((pid) => pid !== null);
  await endAll(pids);
  // After the servers, which would complain about the lost connections.
  const relay = relayPid(lab);
  if (relay !== null) await endAll([relay]);
  return pids.length;
}

/** A server that was started just now, and has no lock on its data yet. */
function beginning(lab: Lab, id: number): number | null {
  const dataDir = files.dataDirOf(lab, id);
  try {
    const found = readPidFile(pidFilePath(dataDir, {}), dataDir);
    return found.kind === 'running' ? found.pid : null;
  } catch {
    // What cannot be read was written by none of its servers.
    return null;
  }
}

/** Removes what a lab keeps, with its data; what else is in the directory stays. */
export function purge(dir: string): void {
  for (const name of files.LAB_FILES) rmSync(join(dir, name), { recursive: true, force: true });
  removeEmpty(dir, dirname(dir));
}

/** Removes `dir` and the empty ones above it, up to `end`. */
function removeEmpty(dir: string, end: string): void {
  for (let path = dir; path !== end && path.startsWith(end); path = dirname(path)) {
    if (!existsSync(path)) continue;
    if (readdirSync(path).length > 0) return;
    rmdirSync(path);
  }
}
