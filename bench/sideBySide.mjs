// Repeats the table of throughput and CPU per operation, ours beside Apache's 3.8, in one interleaved run:
//
//   node bench/sideBySide.mjs [--rounds 3] [--seconds 2] [--only TEXT] [--folder DIR] [--heap 1000m]
//                             [--ensemble]   three servers of each kind, all on this machine
//
// With $ZKLOAD, the path of a load generator in C, it measures the servers' CPU as well; without it the
// load comes from `zk bench --compare`. Ratios are ours / Apache's of two runs that followed each other,
// as medians of the rounds with [min-max]: a shared machine's drift cancels out.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { Ensemble, Server } from './servers.mjs';

const run = promisify(execFile);
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '2' },
    only: { type: 'string', default: '' },
    folder: { type: 'string' },
    heap: { type: 'string', default: '1000m' },
    ensemble: { type: 'boolean', default: false },
  },
});
const rounds = Number(options.rounds);
const seconds = Number(options.seconds);
const zkload = process.env['ZKLOAD'];

/**
 * `metric`: what the first target is about; throughput is better when large, times when small.
 * @typedef {{ name: string, metric: 'throughput' | 'p50' | 'time', target: number, cpu: number | null,
 *   load: string, bench: string }} Work
 */
const mix = (conns, depth, what) => `--conns ${conns} --depth ${depth} --mix ${what}`;
const ours = (conns, depth, what) => `${what} --connections ${conns} --depth ${depth}`;

/** @type {(name: string, conns: number, depth: number, load: string, bench: string | null,
 *   target: number, cpu: number | null, metric?: Work['metric']) => Work} */
const work = (name, conns, depth, load, bench, target, cpu, metric = 'throughput') => ({
  name,
  metric,
  target,
  cpu,
  load: mix(conns, depth, load),
  bench: bench === null ? null : ours(conns, depth, bench),
});

/** @type {Work[]} */
const ensembleTable = [
  work('set 100 B, fsync, 64 x 64', 64, 64, 'set=1', 'write', 3, 0.35),
  work('get 100 B, 64 x 64, spread over the servers', 64, 64, 'get=1', 'read', 4, null),
  work('set 100 B, fsync, 1 x 1: p50', 1, 1, 'set=1', 'write', 0.8, null, 'p50'),
  work('80/20 mix, 64 x 64', 64, 64, 'get=80,set=20', 'mix --read-ratio 0.8', 3, null),
];

/** @type {Work[]} */
const table = [
  work('get 100 B, 64 x 64', 64, 64, 'get=1', 'read', 5, 0.2),
  work('get 100 B, 64 x 1', 64, 1, 'get=1', 'read', 1.5, 0.6),
  work('get 100 B, 1 x 1: p50', 1, 1, 'get=1', 'read', 0.4, null, 'p50'),
  work('set 100 B, fsync, 64 x 64', 64, 64, 'set=1', 'write', 4, 0.25),
  work('set 100 B, fsync, 8 x 64', 8, 64, 'set=1', 'write', 3, 0.3),
  work('set 100 B, fsync, 1 x 1: p50', 1, 1, 'set=1', 'write', 0.8, null, 'p50'),
  work('create, 8 x 64', 8, 64, 'create=1', 'create', 3, 0.35),
  work('multi of 4 sets, 8 x 64', 8, 64, 'multi=1', null, 3, 0.35),
  work('80/20 mix, 64 x 64', 64, 64, 'get=80,set=20', 'mix --read-ratio 0.8', 4, 0.25),
  {
    name: 'one change, 1,000 watchers: until the last has it',
    metric: 'time',
    target: 0.25,
    cpu: null,
    load: '--mode watch --conns 1000 --rounds 20',
    bench: 'watch --connections 1000',
  },
  {
    name: 'session open and close, 8 at a time',
    metric: 'throughput',
    target: 3,
    cpu: 0.35,
    load: '--mode churn --conns 8',
    bench: 'session --connections 8',
  },
];

const median = (list) => {
  const sorted = [...list].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};
const spread = (list) =>
  `${median(list).toFixed(2)} [${Math.min(...list).toFixed(2)}-${Math.max(...list).toFixed(2)}]`;

/** One run of the C generator: what the table needs of it. */
async function loadOnce(server, { load, metric }) {
  const length = load.includes('--mode watch') ? [] : ['--secs', `${seconds}`, '--warmup', '0.5'];
  const pids = String(server.pid)
    .split(',')
    .flatMap((pid) => ['--pid', pid]);
  const args = [server.address, '--json', ...load.split(' '), ...length, ...pids];
  const { stdout } = await run(zkload, args, { timeout: 300_000 });
  const out = JSON.parse(stdout);
  const main = Object.values(out.lat_us)[0];
  return {
    throughput: out.ops_per_sec,
    p50: main.p50,
    time: metric === 'time' ? out.lat_us.fanout.p50 : main.p50,
    cpu: out.cpu_us_per_op,
  };
}

/** Pairs [ours, Apache's] of one line, the order alternating. */
async function measureWithLoad(servers, line) {
  const pairs = [];
  for (let round = 0; round < rounds; round++) {
    const pair = [];
    for (const side of round % 2 === 0 ? [0, 1] : [1, 0]) {
      pair[side] = await loadOnce(servers[side], line);
    }
    pairs.push(pair);
  }
  return pairs;
}

/** The same with our own generator, which alternates by itself; CPU of servers is not known then. */
async function measureWithBench([a, b], { bench, metric }) {
  const program = join(import.meta.dirname, '../dist/program/main.js');
  const args = ['bench', ...bench.split(' '), '--compare', a.address, b.address, '--json'];
  if (metric !== 'time') args.push('--duration', `${seconds}s`);
  const more = ['--rounds', `${rounds}`];
  const { stdout } = await run(process.execPath, [program, ...args, ...more]);
  return JSON.parse(stdout).rounds.map((pair) =>
    pair.map((one) => ({
      throughput: one.opsPerSecond,
      p50: one.latencyUs.p50,
      time: one.latencyUs.p50,
      cpu: null,
    })),
  );
}

/** What one line of the table says, `meets` included. */
function judge({ name, metric, target, cpu }, pairs) {
  const ratios = pairs.map(([x, y]) => x[metric] / y[metric]);
  const isRate = metric === 'throughput';
  const isMet = isRate ? median(ratios) >= target : median(ratios) <= target;
  const cpus = pairs.filter(([x]) => x.cpu !== null).map(([x, y]) => x.cpu / y.cpu);
  const isCpuMet = cpu === null || cpus.length === 0 || median(cpus) <= cpu;
  const absolute = [0, 1].map((side) => {
    const value = median(pairs.map((pair) => pair[side][metric]));
    const spent = cpus.length === 0 ? '' : `, ${median(pairs.map((p) => p[side].cpu)).toFixed(1)}`;
    return `${Math.round(value)}${spent}`;
  });
  const cells = [
    name,
    `${isRate ? '>=' : '<='} ${target}`,
    spread(ratios),
    cpu === null ? '' : `<= ${cpu}`,
    cpus.length === 0 ? '' : spread(cpus),
    isMet && isCpuMet ? 'yes' : isMet || (cpu !== null && isCpuMet) ? 'half' : 'NO',
    ...absolute,
  ];
  return `| ${cells.join(' | ')} |`;
}

/** Java compiles what runs often: both get the same mixed load first. */
async function warmUp(servers) {
  for (const server of servers) {
    if (zkload === undefined) {
      const program = join(import.meta.dirname, '../dist/program/main.js');
      const args = ['bench', 'mix', '--connections', '8', '--depth', '64', '--duration', '8s'];
      await run(process.execPath, [program, ...args, '--server', server.address]);
    } else {
      const what = mix(8, 64, 'get=50,set=20,create=10,delete=10,multi=10');
      await run(zkload, [server.address, ...what.split(' '), '--secs', '8']);
      await run(zkload, [server.address, '--mode', 'churn', '--conns', '8', '--secs', '3']);
    }
  }
}

async function main() {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'zookeeper-ts-bench-'));
  const { heap, ensemble } = options;
  const start = (kind) =>
    ensemble ? new Ensemble(kind, folder, 3, { heap }) : new Server(kind, folder, { heap });
  const servers = [start('ours'), start('apache')];
  try {
    for (const server of servers) await server.start();
    await warmUp(servers);
    console.log(
      '| work | target | ours / Apache | CPU target | CPU/op ours / Apache | meets | ours | Apache |',
    );
    console.log('|---|---|---|---|---|---|---|---|');
    const lines = ensemble ? ensembleTable : table;
    for (const line of lines.filter(({ name }) => name.includes(options.only))) {
      if (zkload === undefined && line.bench === null) continue;
      const measure = zkload === undefined ? measureWithBench : measureWithLoad;
      console.log(judge(line, await measure(servers, line)));
    }
    const unit = zkload === undefined ? '' : ', then CPU us/op';
    console.log(`\nThe last columns are medians: operations a second, or microseconds${unit}.`);
  } finally {
    for (const server of servers) await server.stop().catch(() => {});
    if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

await main();
