// The figures that are no throughput: memory, restart, pauses, idle sessions, start, the one-shot shell;
// ours beside Apache's 3.8:
//
//   ZKLOAD=path node bench/figures.mjs [--znodes 1000000] [--sessions 2000] [--rounds 5] [--only PART]
//
// $ZKLOAD is the load generator in C; without it only what needs no load is measured. Linux only.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { Server } from './servers.mjs';

const run = promisify(execFile);
const { values: options } = parseArgs({
  options: {
    znodes: { type: 'string', default: '1000000' },
    sessions: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '5' },
    folder: { type: 'string' },
    heap: { type: 'string', default: '4g' },
    only: { type: 'string' },
  },
});
const rounds = Number(options.rounds);
const zkload = process.env['ZKLOAD'];
const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'zookeeper-ts-figures-'));
/** Memory settles: Java's first collections, our own lazily loaded modules. */
const SETTLE_MS = 4000;
const kinds = ['ours', 'apache'];

const mib = (bytes) => `${(bytes / 1024 / 1024).toFixed(0)} MiB`;
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const load = async (server, args) => {
  const all = [server.address, '--json', ...args.split(' '), '--pid', `${server.pid}`];
  const { stdout } = await run(zkload, all, { timeout: 900_000 });
  return JSON.parse(stdout);
};

function row(name, target, [ours, apache], text, compare = ours / apache) {
  const ratio = (ours / apache).toFixed(2);
  const meets = compare <= target.value ? 'yes' : 'NO';
  console.log(
    `| ${name} | ${target.text} | ${ratio} | ${meets} | ${text(ours)} | ${text(apache)} |`,
  );
}
const atMost = (value, text = `<= ${value} x`) => ({ value, text });

/** Seconds of a whole process. */
async function seconds(command, args) {
  const begun = performance.now();
  await run(command, args, { timeout: 60_000 });
  return (performance.now() - begun) / 1000;
}

async function startAndSize() {
  const times = { ours: [], apache: [] };
  const sizes = { ours: [], apache: [] };
  for (let round = 0; round < rounds; round++) {
    for (const kind of round % 2 === 0 ? kinds : [...kinds].reverse()) {
      const server = new Server(kind, join(folder, `start${round}`), { heap: '1000m' });
      times[kind].push((await server.start()).ruok);
      await pause(SETTLE_MS);
      sizes[kind].push(server.residentBytes);
      await server.stop();
    }
  }
  const medians = (of) => kinds.map((kind) => median(of[kind]));
  row('process start to ruok', atMost(0.5), medians(times), (s) => `${s.toFixed(2)} s`);
  const [ours] = medians(sizes);
  row('empty server, resident', atMost(64, '<= 64 MiB'), medians(sizes), mib, ours / 1024 / 1024);
}

async function shell() {
  const server = new Server('apache', join(folder, 'shell'), { heap: '1000m' });
  await server.start();
  const jars = ['zookeeper', 'slf4j-log4j12', 'log4j-1.2', 'jline2', 'commons-cli', 'jackson-core'];
  const classPath = [server.home, ...jars.map((name) => `/usr/share/java/${name}.jar`)].join(':');
  const main = 'org.apache.zookeeper.ZooKeeperMain';
  const log = `-Dzk.log.file=${server.home}/cli.log`;
  const theirs = ['-cp', classPath, log, main, '-server', server.address, 'ls', '/'];
  const program = join(import.meta.dirname, '../bin/zk');
  const ours = [program, 'cli', '-server', server.address, 'ls', '/'];
  const times = { ours: [], apache: [] };
  for (let round = 0; round < rounds; round++) {
    times.ours.push(await seconds(process.execPath, ours));
    times.apache.push(await seconds('java', theirs));
  }
  await server.stop();
  const medians = kinds.map((kind) => median(times[kind]));
  row('zk cli ls / beside zkCli, whole process', atMost(0.6), medians, (s) => `${s.toFixed(2)} s`);
}

async function idleSessions() {
  const bytes = [];
  for (const kind of kinds) {
    const server = new Server(kind, join(folder, 'idle'), { heap: '1000m' });
    await server.start();
    await pause(SETTLE_MS);
    const before = server.residentBytes;
    const running = load(server, `--mode idle --conns ${options.sessions} --secs 12`);
    await pause(10_000);
    bytes.push((server.residentBytes - before) / Number(options.sessions));
    await running;
    await server.stop();
  }
  const name = `${options.sessions} idle sessions, each`;
  row(name, atMost(12, '<= 12 KB'), bytes, (b) => `${(b / 1000).toFixed(1)} KB`, bytes[0] / 1000);
}

/** Longest waits of a lone reader, and of the sets that make the server write a snapshot of everything. */
async function longestWait(server) {
  const before = load(server, '--conns 1 --mix get=1 --rate 500 --secs 10 --root /quiet');
  const quiet = (await before).lat_us.get.max;
  const writing = load(server, '--conns 4 --depth 16 --mix set=1 --rate 6000 --secs 40 --root /w');
  const reading = load(server, '--conns 1 --mix get=1 --rate 500 --secs 38 --root /probe');
  const { max, p999 } = (await reading).lat_us.get;
  const { max: setMax, p999: setP999 } = (await writing).lat_us.set;
  return { quiet, max, p999, setMax, setP999 };
}

async function manyZnodes() {
  const found = {};
  for (const kind of kinds) {
    const server = new Server(kind, join(folder, 'many'), { heap: options.heap });
    await server.start();
    await load(server, `--mode load --keys ${options.znodes} --conns 4 --depth 64`);
    await pause(SETTLE_MS);
    const loaded = server.residentBytes;
    if (kind === 'apache') await run('jcmd', [`${server.pid}`, 'GC.run']);
    await pause(SETTLE_MS);
    const collected = server.residentBytes;
    const wait = await longestWait(server);
    await server.stop();
    const restarts = [];
    for (let round = 0; round < 3; round++) {
      restarts.push((await server.start()).serving);
      if (round === 2) await load(server, `--mode verify --keys ${options.znodes} --conns 4`);
      await server.stop();
    }
    found[kind] = { loaded, collected, wait, restart: median(restarts) };
  }
  const pair = (of) => kinds.map((kind) => of(found[kind]));
  const count = Number(options.znodes).toLocaleString('en');
  row(
    `${count} znodes, resident`,
    atMost(0.6),
    pair((f) => f.collected),
    mib,
  );
  console.log(`| right after loading | | | | ${pair((f) => mib(f.loaded)).join(' | ')} |`);
  row(
    'restart until it serves',
    atMost(0.3),
    pair((f) => f.restart),
    (s) => `${s.toFixed(2)} s`,
  );
  const ms = (us) => `${(us / 1000).toFixed(1)} ms`;
  const waits = pair((f) => f.wait.max);
  row('longest read during snapshots', atMost(100, '<= 100 ms'), waits, ms, waits[0] / 1000);
  console.log(`| the same, p99.9 | | | | ${pair((f) => ms(f.wait.p999)).join(' | ')} |`);
  const sets = pair((f) => f.wait.setMax);
  row('longest set during snapshots', atMost(100, '<= 100 ms'), sets, ms, sets[0] / 1000);
  console.log(`| the same, p99.9 | | | | ${pair((f) => ms(f.wait.setP999)).join(' | ')} |`);
  console.log(`| longest read without | | | | ${pair((f) => ms(f.wait.quiet)).join(' | ')} |`);
}

try {
  console.log(
    '| figure | target | ours / Apache | meets | ours | Apache |\n|---|---|---|---|---|---|',
  );
  const unloaded = { startAndSize, shell };
  const all = zkload === undefined ? unloaded : { ...unloaded, idleSessions, manyZnodes };
  if (zkload === undefined) console.error('$ZKLOAD is not set: no figures that need load');
  for (const [name, part] of Object.entries(all)) {
    if (options.only === undefined || options.only === name) await part();
  }
} finally {
  if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
}
