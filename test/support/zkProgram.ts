// Runs `zk` as people type it, in a directory of the test's, and gives what it printed.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { freePort, takePort } from './processes.ts';

export const zkProgram = join(import.meta.dirname, '../../bin/zk');

export interface ZkRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `zk args...`; without a terminal. */
export function runZk(cwd: string, ...args: string[]): Promise<ZkRun> {
  const { ZOOCFGDIR, ZOO_LOG_DIR, ZOOPIDFILE, ...env } = process.env;
  return new Promise((resolve, reject) => {
    const child = execFile(
      process.execPath,
      [zkProgram, ...args],
      { cwd, env, timeout: 60_000 },
      (error, out, err) => {
        if (error !== null && typeof error.code !== 'number') reject(error);
        else resolve({ code: Number(error?.code ?? 0), out, err });
      },
    );
    child.stdin?.end();
  });
}

/** Several loopback ports, as freePort gives one. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) ports.push(await freePort());
  return ports;
}

/** The first of so many such ports in a row. */
export async function freeRun(count: number): Promise<number> {
  for (;;) {
    const first = await freePort();
    const others = Array.from({ length: count - 1 }, (_, i) => takePort(first + 1 + i));
    if ((await Promise.all(others)).every(Boolean)) return first;
  }
}
