// Time without service after kill -9 of the leader, ours beside Apache's 3.8, both with the same configuration:
//
//   node bench/failover.mjs [--kills 10] [--tick 2000] [--folder DIR]
//
// Two ensembles of three run all the time. A leader is killed in one, then in the other, and so on.
// Clients with all three addresses write without pause; the outage is from the last write that was
// acknowledged before the kill to the first one acknowledged after it, whoever got it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connect } from '../dist/client/index.js';
import { ask, Ensemble } from './servers.mjs';

const { values: options } = parseArgs({
  options: {
    kills: { type: 'string', default: '10' },
    tick: { type: 'string', default: '2000' },
    folder: { type: 'string' },
  },
});
const kills = Number(options.kills);
const CLIENTS = 4;

const modeOf = async (port) => /^Mode: (\w+)/m.exec(await ask(port, 'srvr'))?.[1];

async function until(what, condition) {
  const end = performance.now() + 120_000;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
    await pause(20);
  }
}

class Candidate {
  /** When the last write was acknowledged. */
  lastAck = 0;
  #onAck = () => {};
  #isOver = false;

  constructor(kind, folder) {
    this.kind = kind;
    const config = { tickTime: Number(options.tick) };
    this.ensemble = new Ensemble(kind, folder, 3, { config, heap: '256m' });
    this.servers = this.ensemble.servers;
  }

  async start() {
    await this.ensemble.start();
    await this.leader();
    this.clients = await Promise.all(
      Array.from({ length: CLIENTS }, () =>
        connect(this.ensemble.address, { sessionTimeout: 20_000 }),
      ),
    );
    await this.clients[0].create('/failover', 'x');
    this.writing = this.clients.map((client) => this.#write(client));
  }

  /** Waits until all three serve, and gives the one that leads. */
  leader() {
    return until(`a leader of ${this.kind}`, async () => {
      const modes = await Promise.all(this.servers.map(({ port }) => modeOf(port)));
      const isWhole = modes.every((mode) => mode === 'leader' || mode === 'follower');
      return isWhole && this.servers[modes.indexOf('leader')];
    });
  }

  async #write(client) {
    while (!this.#isOver) {
      try {
        await client.set('/failover', 'y');
        const now = performance.now();
        this.#onAck(now, this.lastAck);
        this.lastAck = now;
      } catch {
        await pause(1); // connection loss: the client looks for another server
      }
    }
  }

  /** Milliseconds without an acknowledged write around the kill of the leader. */
  async failover() {
    const leader = await this.leader();
    await pause(500 + Math.random() * 500);
    let longest = 0;
    this.#onAck = (now, before) => {
      longest = Math.max(longest, now - before);
    };
    await leader.stop('SIGKILL');
    const killed = performance.now();
    // What was on its way when the leader died may still be answered.
    await until('a write', () => this.lastAck > killed + 50);
    await pause(200);
    this.#onAck = () => {};
    await leader.start();
    return longest;
  }

  async stop() {
    this.#isOver = true;
    await Promise.all(this.writing ?? []);
    await Promise.all((this.clients ?? []).map((client) => client.close()));
    await this.ensemble.stop();
  }
}

const median = (values) => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'zk-failover-'));
const candidates = ['ours', 'apache'].map((kind) => new Candidate(kind, folder));
const outages = { ours: [], apache: [] };
try {
  for (const candidate of candidates) await candidate.start();
  for (let kill = 1; kill <= kills; kill++) {
    for (const candidate of candidates) outages[candidate.kind].push(await candidate.failover());
    const [ours, apache] = [outages.ours.at(-1), outages.apache.at(-1)];
    console.log(`kill ${kill}: ours ${ours.toFixed(0)} ms, Apache ${apache.toFixed(0)} ms`);
  }
} finally {
  await Promise.all(candidates.map((candidate) => candidate.stop()));
  if (options.folder === undefined) rmSync(folder, { recursive: true });
}
for (const [kind, values] of Object.entries(outages)) {
  const [middle, most] = [median(values), Math.max(...values)];
  console.log(`${kind}: median ${middle.toFixed(0)} ms, max ${most.toFixed(0)} ms of ${kills}`);
}
const ratio = median(outages.ours) / median(outages.apache);
console.log(`ratio of the medians ${ratio.toFixed(2)} (target <= 0.5), tickTime ${options.tick}`);
