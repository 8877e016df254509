// The program behind `npm run sim`.
import { parseArgs } from 'node:util';
import type { SimOptions } from './options.ts';
import { runSeed, TRACE_LINES } from './run.ts';

const USAGE = `npm run sim -- [--seed N] [--seeds COUNT] [--servers N] [--observers N] [--minutes N] [--trace] [--verbose]
Replays seed N, or runs COUNT seeds from N on (without end by default), and prints a hash of all events.
With --trace every event is a line: time, server, role, epoch, zxid, event.`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    servers: { type: 'string' },
    observers: { type: 'string' },
    minutes: { type: 'string' },
    trace: { type: 'boolean' },
    verbose: { type: 'boolean' },
    'keep-going': { type: 'boolean' },
    help: { type: 'boolean' },
  },
});

if (values.help === true) {
  console.log(USAGE);
  process.exit(0);
}

const fixed: { -readonly [K in keyof SimOptions]?: SimOptions[K] } = {};
if (values.servers !== undefined) fixed.voters = Number(values.servers);
if (values.observers !== undefined) fixed.observers = Number(values.observers);
if (values.minutes !== undefined) fixed.duration = Number(values.minutes) * 60_000;

const first =
  values.seed === undefined ? Math.floor(Date.now() / 1000) % 1_000_000_000 : Number(values.seed);
const count =
  values.seeds === undefined
    ? values.seed === undefined
      ? Number.POSITIVE_INFINITY
      : 1
    : Number(values.seeds);

const started = performance.now();
let virtualMs = 0;
let events = 0;
let failures = 0;
let slowest = 0;
const rules = new Map<string, number[]>();
let seed = first;
for (; seed < first + count; seed++) {
  const isTraced = values.trace === true;
  const { result, error, world } = runSeed(seed, fixed, isTraced ? Number.POSITIVE_INFINITY : 0);
  if (isTraced) for (const line of world.trace.lines ?? []) console.log(line);
  if (error !== null || result === null) {
    failures++;
    const name = String(error?.message).split(/[:\d]/)[0] ?? '';
    rules.set(`${(error as { rule?: string }).rule ?? 'error'}`, [
      ...(rules.get(`${(error as { rule?: string }).rule ?? 'error'}`) ?? []),
      seed,
    ]);
    void name;
    console.log(
      `seed ${seed}: ${error?.stack
        ?.split('\n')
        .slice(0, values.verbose ? 12 : 1)
        .join('\n')}`,
    );
    if (values['keep-going'] === true) continue;
    const { trace } = isTraced ? world : runSeed(seed, fixed, TRACE_LINES).world;
    if (!isTraced) for (const line of (trace.lines ?? []).slice(-200)) console.log(line);
    console.log(`seed ${seed} fails: npm run sim -- --seed ${seed} --trace`);
    process.exit(1);
  }
  virtualMs += result.virtualMs;
  events += result.events;
  slowest = Math.max(slowest, result.recoveredIn);
  if (count === 1 || values.verbose === true) {
    console.log(
      `seed ${seed} hash ${result.hash} ${result.commits} transactions, ${result.acks} writes, ${result.events} events, recovered in ${Math.round(result.recoveredIn)} ms`,
    );
  } else if ((seed - first) % 100 === 99) report();
}
report();

function report(): void {
  const seconds = (performance.now() - started) / 1000;
  const done = Math.min(seed - first + 1, count);
  console.log(
    `${done} seeds, ${failures} failed, ${(virtualMs / 3_600_000).toFixed(1)} virtual hours in ${seconds.toFixed(1)} s: ` +
      `${Math.round(virtualMs / 1000 / seconds)} x real time, ${Math.round(events / seconds)} events/s, slowest recovery ${Math.round(slowest)} ms`,
  );
  for (const [rule, seeds] of rules)
    console.log(`  ${rule}: ${seeds.length} (${seeds.slice(0, 8)})`);
}
