// `zk bench ...` for commander: measures any ZooKeeper server, or two in turn.
import { randomBytes } from 'node:crypto';
import { Argument, Command, Option } from 'commander';
import { PathError, ZkError } from '../client/errors.ts';
import { DEFAULT_MAX_BUFFER } from '../wire/frames.ts';
import { alternate, ratiosOf } from './compare.ts';
import { BenchFailure, Exit } from './failure.ts';
import * as read from './options.ts';
import { type BenchOptions, type WorkloadName, workloads } from './options.ts';
import { progressBar } from './progress.ts';
import type { Measured } from './recorder.ts';
import { describeComparison, describeRun } from './report.ts';
import { runOnce } from './run.ts';
import { resolveServers } from './targets.ts';

const help = `
Workloads:
  read      getData of random znodes
  write     setData of random znodes
  mix       both, --read-ratio of them reads
  create    new znodes
  watch     one znode is set; until every session has been notified
  session   connect, make a session, close it

Every answer is checked. What it makes lies under a znode of its own (--path)
and is removed at the end. Without --rate a connection sends its next request
when an answer makes room, so latency at full speed is mostly queueing.

Examples:
  zk bench read --connections 8 --depth 64
  zk bench mix --read-ratio 0.8 --rate 5000 --server host:2181
  zk bench write --compare host1:2181 host2:2181 --rounds 5

Exit codes: 0 done, 1 wrong reply or lost connection, 2 wrong use,
3 no connection, 130 interrupted
`;

interface Given extends Omit<BenchOptions, 'workload' | 'rate' | 'path' | 'durationMs'> {
  readonly server: string;
  readonly duration: number;
  readonly warmUp: number;
  readonly rate?: number;
  readonly path?: string;
  readonly compare?: readonly string[];
  readonly rounds: number;
  readonly json?: boolean;
  readonly debug?: boolean;
}

const time = (flags: string, description: string): Option =>
  new Option(flags, description).argParser(read.readDuration);

/** The subcommand `bench`; it sets `process.exitCode`. */
export function benchCommand(): Command {
  return new Command('bench')
    .description('measure ZooKeeper servers: zk bench read --server host:port')
    .addArgument(new Argument('<workload>', 'what is done').choices(workloads))
    .addOption(
      new Option('--server <hosts>', 'host:port,...; connections are spread over them')
        .env('ZK_SERVER')
        .default('127.0.0.1:2181'),
    )
    .option('--connections <n>', 'sessions', read.readConnections, 8)
    .option('--depth <n>', 'requests outstanding on each', read.readDepth, 1)
    .addOption(time('--duration <time>', 'measured time: 10s, 500ms, 2m').default(10_000, '10s'))
    .addOption(time('--warm-up <time>', 'time before it').default(1000, '1s'))
    .option('--size <bytes>', 'data of each znode', read.readSize, 100)
    .option('--keys <n>', 'znodes that are read and set', read.readKeys, 1000)
    .option('--read-ratio <share>', 'of mix, 0 to 1', read.readRatio, 0.8)
    .option('--rate <n>', 'operations a second, timed from when they were due', read.readRate)
    .option('--path <path>', 'a new znode that everything is made under', read.readPath)
    .option('--compare <hosts...>', 'two servers in turn, A B B A...; prints the ratios A / B')
    .option('--rounds <n>', 'of --compare', read.readRounds, 3)
    .option('--json', 'one line of JSON')
    .option('--debug', 'show where an error comes from')
    .addHelpText('after', help)
    .action(bench);
}

function optionsOf(workload: WorkloadName, given: Given): BenchOptions {
  const { connections, depth, size, keys, readRatio, rate = null } = given;
  const path = given.path ?? `/zk-bench-${randomBytes(4).toString('hex')}`;
  const [durationMs, warmUpMs] = [given.duration, given.warmUp];
  return { workload, connections, depth, durationMs, warmUpMs, size, keys, readRatio, rate, path };
}

async function bench(workload: WorkloadName, given: Given): Promise<void> {
  const interrupt = new AbortController();
  const stop = () => interrupt.abort();
  process.once('SIGINT', stop);
  try {
    const options = optionsOf(workload, given);
    const text = await (given.compare === undefined
      ? single(options, given, interrupt.signal)
      : comparison(options, given, given.compare, interrupt.signal));
    process.stdout.write(text);
  } catch (thrown) {
    const { message, exit } = explain(thrown);
    process.exitCode = exit;
    const stack = given.debug && thrown instanceof Error ? thrown.stack : null;
    process.stderr.write(`${stack ?? message}\n`);
  } finally {
    process.off('SIGINT', stop);
  }
}

/** Measures servers one after the other behind one progress bar. */
function measurer(options: BenchOptions, steps: number, signal: AbortSignal) {
  const bar = progressBar();
  let step = 0;
  const measure = async (hosts: string): Promise<Measured> => {
    const servers = await resolveServers(hosts);
    const progress = (share: number) => bar.show(hosts, (step + Math.min(share, 1)) / steps);
    const measured = await runOnce({ options, servers, progress, signal });
    step++;
    return measured;
  };
  return { measure, stop: () => bar.stop() };
}

async function single(options: BenchOptions, given: Given, signal: AbortSignal): Promise<string> {
  const { measure, stop } = measurer(options, 1, signal);
  try {
    const measured = await measure(given.server);
    if (!given.json) return describeRun(options, given.server, measured);
    return `${JSON.stringify({ server: given.server, ...options, ...measured })}\n`;
  } finally {
    stop();
  }
}

async function comparison(
  options: BenchOptions,
  { rounds, json }: Given,
  hosts: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const [a, b, ...more] = hosts;
  if (a === undefined || b === undefined || more.length > 0) {
    throw new BenchFailure('--compare takes two servers: --compare A B', Exit.usage);
  }
  const { measure, stop } = measurer(options, rounds * 2, signal);
  try {
    const all = await alternate(rounds, (side) => measure(side === 0 ? a : b));
    const ratios = ratiosOf(all);
    if (json) return `${JSON.stringify({ a, b, ...options, ratios, rounds: all })}\n`;
    return describeComparison(options, [a, b], all, ratios);
  } finally {
    stop();
  }
}

/** The line and the exit status for what went wrong. */
function explain(thrown: unknown): { message: string; exit: number } {
  if (thrown instanceof BenchFailure) return { message: thrown.message, exit: thrown.exit };
  if (thrown instanceof TypeError || thrown instanceof PathError) {
    return { message: thrown.message, exit: Exit.usage };
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { message: (thrown instanceof ZkError ? saidBy(thrown) : '') + message, exit: 1 };
}

/** No server says ConnectionLoss; by default one closes the connection on more than a megabyte. */
function saidBy({ code, requestBytes: bytes }: ZkError): string {
  if (code !== 'ConnectionLoss') return 'the server says: ';
  if (bytes === null || bytes <= DEFAULT_MAX_BUFFER) return 'no answer came: ';
  return `no answer to ${bytes} bytes, jute.maxbuffer of the server may be smaller: `;
}
