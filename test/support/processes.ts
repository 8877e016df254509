// Starts child processes, waits for conditions, and makes sure that nothing outlives its test.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll } from 'vitest';

const children = new Set<ChildProcess>();
const directories = new Set<string>();

function cleanUp(): void {
  for (const child of children) child.kill('SIGKILL');
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
  directories.clear();
}
// Modules are loaded anew for each test file, so this runs after all other hooks of each file...
afterAll(async () => {
  await Promise.all([...children].map((child) => endProcess(child, 'SIGKILL')));
  cleanUp();
});
// ... and this when a worker ends early. The runner ends workers by SIGTERM.
process.on('exit', cleanUp);
process.once('SIGTERM', () => process.exit(143));

/** Starts a child that is killed at the latest when the test file ends. */
export function startProcess(command: string, args: string[], options: SpawnOptions): ChildProcess {
  const child = spawn(command, args, options);
  children.add(child);
  const forget = () => children.delete(child);
  child.once('exit', forget);
  child.once('error', forget);
  return child;
}

export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
}

/** Sends a signal and waits for the end; after `patience` milliseconds it sends SIGKILL. */
export async function endProcess(
  child: ChildProcess,
  signal: NodeJS.Signals = 'SIGTERM',
  patience = 10_000,
): Promise<void> {
  if (hasEnded(child)) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  const killer = setTimeout(() => child.kill('SIGKILL'), patience);
  await ended;
  clearTimeout(killer);
}

/** How long tests wait by default, in ms: long enough for a machine that does ten times as much. */
export const PATIENCE_MS = 60_000;

/** Polls until `condition` gives something that is not null or false. */
export async function waitFor<T>(
  what: string,
  condition: () => Promise<T | null | false> | T | null | false,
  patience = PATIENCE_MS,
): Promise<T> {
  const until = Date.now() + patience;
  for (;;) {
    const value = await condition();
    if (value !== null && value !== false) return value;
    if (Date.now() > until) throw new Error(`waited ${patience} ms in vain for ${what}`);
    await pause(20);
  }
}

/** Resident memory of a process in bytes. */
export const memoryOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

/**
 * Takes a port from other test processes until this one ends, also while no server listens on it: a
 * UDP socket on the same number stands for it, which the kernel forgets with its process.
 */
const reserve = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const token = createSocket('udp4').unref();
    token.once('error', () => {
      token.close();
      resolve(false);
    });
    token.bind({ port, address: '127.0.0.1', exclusive: true }, () => resolve(true));
  });

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });

/** Whether it is this process's now. */
export const takePort = async (port: number): Promise<boolean> =>
  (await reserve(port)) && (await isFree(port));

/**
 * A loopback port on which nobody listens, and which no other test gets. It lies below the range
 * from which the kernel takes the ports of clients.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 17_000);
    if (await takePort(port)) return port;
  }
}

/** A new directory that is removed when the test file ends. */
export function temporaryDirectory(name: string): string {
  const directory = mkdtempSync(join(tmpdir(), `zookeeper-ts-${name}-`));
  directories.add(directory);
  return directory;
}
