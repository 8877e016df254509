// The program behind `npm run sim`: replays a seed, or runs one seed after another.
import { parseArgs } from 'node:util';
import { Counts } from './counts.ts';
import type { SimOptions } from './options.ts';
import { type Outcome, runSeed } from './run.ts';
import { argumentsFor, setOption, shrink } from './shrink.ts';

const USAGE = `npm run sim -- [--seed N] [--seeds COUNT] [--servers N] [--observers N] [--minutes N] [--trace]
                [--set OPTION=VALUE]... [--skip FAULT,...] [--reconfig] [--shrink] [--counts]
Replays seed N; without --seed, or with --seeds, runs seeds until one fails, COUNT of them at most.
Prints a hash of all events, which is the same for the same seed. The options are part of the seed.
--set: an option of test/sim/options.ts that the seed shall not choose, as in --set faults.pause=0.
--skip: single faults that shall not strike, as in --skip pause:3,crash:1.
--reconfig: the membership changes, too.
--shrink: looks for a smaller run that fails in the same way as seed N, and shows how to replay it.
--counts: how often the runs came to each kind of packet, fault, error and turn of events.
--trace: each event is a line with time, server, role, epoch, zxid and event.
--keep-going: failing seeds are counted, and do not end the run.`;
/** Lines of the trace that a failing seed is shown with. */
const LAST_LINES = 200;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    servers: { type: 'string' },
    observers: { type: 'string' },
    minutes: { type: 'string' },
    reconfig: { type: 'boolean', default: false },
    set: { type: 'string', multiple: true, default: [] },
    skip: { type: 'string' },
    shrink: { type: 'boolean', default: false },
    counts: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
    'keep-going': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

type Fixed = { -readonly [K in keyof SimOptions]?: SimOptions[K] };

function fixedOptions(seed: number): Fixed {
  const fixed: Fixed = {};
  if (values.servers !== undefined) fixed.voters = Number(values.servers);
  if (values.observers !== undefined) fixed.observers = Number(values.observers);
  if (values.minutes !== undefined) fixed.duration = Number(values.minutes) * 60_000;
  if (values.reconfig) fixed.reconfig = true;
  for (const text of values.set) setOption(fixed, seed, text);
  if (values.skip !== undefined) fixed.skip = values.skip.split(',');
  return fixed;
}

class Tally {
  readonly #started = performance.now();
  readonly #failed = new Map<string, number[]>();
  #seeds = 0;
  #virtualMs = 0;
  #slowest = 0;
  readonly #counts = new Counts();

  add(seed: number, { result, error, world }: Outcome): void {
    this.#seeds++;
    this.#counts.addAll(world.counts);
    if (error !== null) {
      const rule = 'rule' in error ? String(error.rule) : error.name;
      this.#failed.set(rule, [...(this.#failed.get(rule) ?? []), seed]);
    }
    this.#virtualMs += result?.virtualMs ?? 0;
    this.#slowest = Math.max(this.#slowest, result?.recoveredIn ?? 0);
  }

  get count(): number {
    return this.#seeds;
  }

  print(): void {
    const seconds = (performance.now() - this.#started) / 1000;
    const { user, system } = process.cpuUsage();
    const cpuSeconds = (user + system) / 1e6;
    const hours = this.#virtualMs / 3_600_000;
    console.log(
      `${this.#seeds} seeds, ${hours.toFixed(1)} virtual hours in ${seconds.toFixed(1)} s ` +
        `(${Math.round((hours * 3600) / cpuSeconds)} times as fast as time passes, for a CPU), ` +
        `slowest recovery ${Math.round(this.#slowest)} ms`,
    );
    for (const [rule, seeds] of this.#failed) {
      console.log(`  ${rule} fails on ${seeds.length} seeds: ${seeds.slice(0, 10).join(', ')}`);
    }
  }

  printCounts(): void {
    for (const [name, count] of this.#counts.list()) {
      console.log(`${String(count).padStart(10)}  ${name}`);
    }
  }
}

/** Shows a smaller run than that of the seed, and returns what it is made of. */
function shrunk(seed: number, fixed: Fixed, outcome: Outcome): Fixed {
  const small = shrink(seed, fixed, outcome);
  if (small === null) return fixed;
  const { error, world } = small.outcome;
  console.log(`Shrunk in ${small.runs} runs: ${error?.message}`);
  console.log(
    `  ${world.options.voters} voters, ${world.options.observers} observers, ` +
      `${world.options.clients} clients, ${Math.round(world.timers.now)} virtual ms, ` +
      `faults: ${world.faults.struck.join(' ') || 'none'}`,
  );
  return small.fixed;
}

function show(seed: number, { result, error, world }: Outcome): void {
  if (values.trace) for (const line of world.trace.lines ?? []) console.log(line);
  if (result !== null) {
    const { hash, commits, acks, events, recoveredIn } = result;
    console.log(
      `seed ${seed}: hash ${hash}, ${commits} transactions, ${acks} writes acknowledged, ` +
        `${events} events, recovered in ${Math.round(recoveredIn)} ms`,
    );
  } else console.log(`seed ${seed}: ${error?.stack ?? error}`);
}

function main(): number {
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const isOne = values.seed !== undefined && values.seeds === undefined;
  const first = Number(values.seed ?? Math.floor(Date.now() / 1000) % 1_000_000_000);
  const count = isOne ? 1 : Number(values.seeds ?? Number.POSITIVE_INFINITY);
  const tally = new Tally();
  let failures = 0;
  for (let seed = first; seed < first + count; seed++) {
    let fixed = fixedOptions(seed);
    const outcome = runSeed(seed, fixed, values.trace ? Number.POSITIVE_INFINITY : 0);
    tally.add(seed, outcome);
    if (isOne) show(seed, outcome);
    if (outcome.error !== null) {
      failures++;
      console.log(`seed ${seed}: ${outcome.error.message}`);
      if (!values['keep-going']) {
        if (values.shrink) fixed = shrunk(seed, fixed, outcome);
        if (!isOne) {
          const { world } = runSeed(seed, fixed, LAST_LINES);
          for (const line of world.trace.lines ?? []) console.log(line);
        }
        console.log(`Replay: npm run sim -- ${argumentsFor(seed, fixed)} --trace`);
        break;
      }
    }
    if (!isOne && tally.count % 100 === 0) tally.print();
  }
  if (!isOne) tally.print();
  if (values.counts) tally.printCounts();
  return failures === 0 ? 0 : 1;
}

process.exitCode = main();
