// The options of `zk bench` as values, with the lines that say what is wrong with them.
import { InvalidArgumentError } from 'commander';
import { validatePath } from '../base/path.ts';

export const workloads = ['read', 'write', 'mix', 'create', 'watch', 'session'] as const;
export type WorkloadName = (typeof workloads)[number];

export interface BenchOptions {
  readonly workload: WorkloadName;
  readonly connections: number;
  /** Requests outstanding on a connection. */
  readonly depth: number;
  readonly durationMs: number;
  readonly warmUpMs: number;
  /** Bytes of data in each znode. */
  readonly size: number;
  readonly keys: number;
  /** Share of reads in `mix`, 0 to 1. */
  readonly readRatio: number;
  /** Operations a second over all connections; null sends as fast as answers come. */
  readonly rate: number | null;
  /** The znode that everything is made under, and that goes at the end; without the chroot. */
  readonly path: string;
}

const whole =
  (least: number, most: number) =>
  (text: string): number => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Not a whole number from ${least} to ${most}.`);
  };

export const readConnections = whole(1, 100_000);
export const readDepth = whole(1, 100_000);
export const readSize = whole(0, 64 * 1024 * 1024);
export const readKeys = whole(1, 10_000_000);
export const readRate = whole(1, 10_000_000);
export const readRounds = whole(1, 1000);

export function readRatio(text: string): number {
  const value = /^(?:\d+(?:\.\d*)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (value <= 1) return value;
  throw new InvalidArgumentError('Not a number from 0 to 1.');
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `500ms`, `10s`, `2m`; a bare number is seconds. In milliseconds. */
export function readDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  if (match === null) throw new InvalidArgumentError('Not a duration, such as 10s or 500ms.');
  return Number(match[1]) * (UNITS[match[2] ?? 's'] ?? 1);
}

export function readPath(text: string): string {
  const fault = validatePath(text);
  if (fault !== null) throw new InvalidArgumentError(`${fault}.`);
  if (text === '/') throw new InvalidArgumentError('It must be a znode of its own, not the root.');
  return text;
}
