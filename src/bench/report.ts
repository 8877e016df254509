// The results for people; --json prints the same values for programs.
import { median, type Ratio, type Ratios, type Round } from './compare.ts';
import type { BenchOptions } from './options.ts';
import type { Latency, Measured } from './recorder.ts';

/** 1234567.8 -> 1,234,568. */
const whole = (value: number): string => String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');

const micro = (us: number): string =>
  us < 10_000 ? `${Math.round(us)} us` : `${(us / 1000).toFixed(1)} ms`;

function latencyLine(name: string, latency: Latency): string {
  const { p50, p95, p99, p999, max } = latency;
  const parts = Object.entries({ p50, p95, p99, 'p99.9': p999, max });
  return `${name.padEnd(9)}${parts.map(([what, us]) => `${what} ${micro(us)}`).join('  ')}`;
}

/** `read, 8 connections x 64, 100 bytes, 1000 keys`. */
export function describeWork(options: BenchOptions): string {
  const { workload, connections, depth, size, keys, rate, readRatio } = options;
  if (workload === 'session') return `session, ${connections} at a time`;
  if (workload === 'watch') return `watch, ${connections} watchers of one znode, ${size} bytes`;
  const parts = [
    workload === 'mix' ? `mix with ${Math.round(readRatio * 100)}% reads` : workload,
    `${connections} connections x ${depth}`,
    `${size} bytes`,
  ];
  if (workload !== 'create') parts.push(`${keys} keys`);
  if (rate !== null) parts.push(`${rate} a second`);
  return parts.join(', ');
}

const unitOf = ({ workload }: BenchOptions): string =>
  ({ watch: 'notifications', session: 'sessions' })[workload as string] ?? 'operations';

/** One run, several lines. */
export function describeRun(options: BenchOptions, server: string, measured: Measured): string {
  const { operations, seconds, opsPerSecond, latencyUs, byKindUs } = measured;
  const unit = unitOf(options);
  const lines = [
    `${describeWork(options)}, ${server}`,
    `${whole(opsPerSecond)} ${unit}/s (${whole(operations)} in ${seconds.toFixed(1)} s)`,
  ];
  const kinds = Object.entries(byKindUs);
  if (kinds.length < 2) lines.push(latencyLine('latency', latencyUs));
  else for (const [kind, latency] of kinds) lines.push(latencyLine(kind, latency));
  lines.push(`this program spent ${measured.clientCpuUsPerOp.toFixed(2)} us of CPU on each`);
  return `${lines.join('\n')}\n`;
}

const ratioText = ({ median: middle, min, max }: Ratio): string =>
  `${middle.toFixed(2)} [${min.toFixed(2)}-${max.toFixed(2)}]`;

/** The ratios of two servers and the medians behind them. */
export function describeComparison(
  options: BenchOptions,
  [a, b]: readonly [string, string],
  rounds: readonly Round[],
  ratios: Ratios,
): string {
  const middle = (side: 0 | 1, of: (measured: Measured) => number) =>
    median(rounds.map((round) => of(round[side])));
  const row = (name: string, ratio: Ratio, text: (side: 0 | 1) => string) =>
    `${name.padEnd(12)}${ratioText(ratio).padEnd(24)}${text(0).padEnd(16)}${text(1)}`;
  const time = (of: (latency: Latency) => number) => (side: 0 | 1) =>
    micro(middle(side, (measured) => of(measured.latencyUs)));
  const cpu = median(rounds.flat().map((measured) => measured.clientCpuUsPerOp));
  return `${[
    `${describeWork(options)}; A ${a}, B ${b}`,
    `${'A / B'.padEnd(12)}${`median of ${rounds.length} [min-max]`.padEnd(24)}${'A'.padEnd(16)}B`,
    row(
      'throughput',
      ratios.throughput,
      (side) => `${whole(middle(side, (m) => m.opsPerSecond))}/s`,
    ),
    row(
      'p50',
      ratios.p50,
      time((latency) => latency.p50),
    ),
    row(
      'p99',
      ratios.p99,
      time((latency) => latency.p99),
    ),
    row(
      'p99.9',
      ratios.p999,
      time((latency) => latency.p999),
    ),
    `this program spent ${cpu.toFixed(2)} us of CPU on each of the ${unitOf(options)}`,
  ].join('\n')}\n`;
}
