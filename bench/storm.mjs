// A storm of clients: sessions that are opened all at once, held, and closed; what each costs, whether
// others are served meanwhile, and what the server has given back some time after:
//
//   node bench/storm.mjs [--sessions 10000] [--rounds 3] [--idle 15] [--backlog N] [--kinds ours,apache]
//
// Linux only. The server may need `ulimit -n` above the number of sessions.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Server } from './servers.mjs';

const SETTLE_MS = 4000;
const PROBE_MS = 5;
/** Connect request without a session: 30 s, no password, no read-only byte set. */
const hello = Buffer.from(
  `0000002d${'0'.repeat(24)}00007530${'0'.repeat(16)}00000010${'0'.repeat(34)}`,
  'hex',
);
const ping = Buffer.from('00000008fffffffe0000000b', 'hex');
const goodbye = Buffer.from('0000000800000001fffffff5', 'hex');

function session(port) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(hello));
    socket.once('data', () => resolve(socket));
    socket.on('error', reject);
  });
}

/** Pings a session of its own for as long as it lives, in a thread that the storm does not slow. */
async function probe(port) {
  const socket = await session(port);
  let worst = 0;
  parentPort.on('message', () => {
    parentPort.postMessage(worst);
    worst = 0;
  });
  parentPort.postMessage('ready');
  for (;;) {
    const begun = performance.now();
    socket.write(ping);
    await new Promise((resolve) => socket.once('data', resolve));
    worst = Math.max(worst, performance.now() - begun);
    await pause(PROBE_MS);
  }
}

const descriptors = (server) => readdirSync(`/proc/${server.pid}/fd`).length;
const mb = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

async function close(sockets) {
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise((resolve) => {
          socket.removeAllListeners('error').on('error', () => {});
          socket.once('close', resolve).resume().write(goodbye);
        }),
    ),
  );
}

async function measure(kind, folder, options) {
  const count = Number(options.sessions);
  const config = options.backlog ? { clientPortListenBacklog: options.backlog } : {};
  const server = new Server(kind, folder, { config, nodeFlags: options.flags?.split(' ') ?? [] });
  await server.start();
  const watch = new Worker(new URL(import.meta.url), { workerData: server.port });
  const answer = () => new Promise((resolve) => watch.once('message', resolve));
  await answer();
  const worst = async () => {
    const answered = answer();
    watch.postMessage('');
    return Math.round(await answered);
  };
  await pause(SETTLE_MS);
  const before = server.residentBytes;
  const descriptorsBefore = descriptors(server);
  await worst();
  for (let round = 1; round <= Number(options.rounds); round++) {
    const begun = performance.now();
    const opened = await Promise.all(Array.from({ length: count }, () => session(server.port)));
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    const during = server.residentBytes;
    const opening = await worst();
    await close(opened);
    await pause(1000 * Number(options.idle));
    const after = server.residentBytes;
    console.log(
      `| ${kind} | ${round} | ${opened.length} in ${seconds} s | ${mb(before)} | ${mb(during)} | ` +
        `${((during - before) / count / 1000).toFixed(2)} kB | ${mb(after)} | ` +
        `${(after / before).toFixed(2)} | ${opening} / ${await worst()} ms | ` +
        `${descriptors(server) - descriptorsBefore} |`,
    );
  }
  await watch.terminate();
  await server.stop();
}

async function main() {
  const { values: options } = parseArgs({
    options: {
      sessions: { type: 'string', default: '10000' },
      rounds: { type: 'string', default: '3' },
      idle: { type: 'string', default: '15' },
      backlog: { type: 'string' },
      flags: { type: 'string' },
      kinds: { type: 'string', default: 'ours,apache' },
    },
  });
  const folder = mkdtempSync(join(tmpdir(), 'zookeeper-ts-storm-'));
  console.log(
    '| server | round | granted | before | during | each | after | ratio | longest ping: opening / closing and idle | descriptors left |\n|---|---|---|---|---|---|---|---|---|---|',
  );
  try {
    for (const kind of options.kinds.split(',')) await measure(kind, folder, options);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await (isMainThread ? main() : probe(workerData));
