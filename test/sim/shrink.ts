// Looks for a smaller run that breaks the same promise: fewer faults, servers, clients, and less time.
import { optionsOf, type SimOptions } from './options.ts';
import { type Outcome, runSeed } from './run.ts';

type Fixed = { -readonly [K in keyof SimOptions]?: SimOptions[K] };

/** Runs that a search may take. */
const BUDGET = 400;
/** Chances that a smaller run has: what is left out shifts what is drawn behind it. */
const SALTS = 3;

/** What tells one failure from another: the promise, or the words of an assertion without their numbers. */
export function failureOf(error: Error): string {
  if ('rule' in error) return String(error.rule);
  return `${error.name} ${error.message.replaceAll(/0x[0-9a-f]+|\d+/g, 'N')}`;
}

export interface Shrunk {
  readonly fixed: Fixed;
  readonly outcome: Outcome;
  readonly runs: number;
}

class Search {
  readonly #seed: number;
  readonly #failure: string;
  fixed: Fixed;
  outcome: Outcome;
  runs = 0;

  constructor(seed: number, fixed: Fixed, outcome: Outcome, failure: string) {
    this.#seed = seed;
    this.fixed = fixed;
    this.outcome = outcome;
    this.#failure = failure;
  }

  get options(): SimOptions {
    return optionsOf(this.#seed, this.fixed);
  }

  /** Keeps the change when the promise is still broken. */
  tries(change: Fixed): boolean {
    const { salt } = this.options;
    for (let more = 0; more < SALTS && this.runs < BUDGET; more++) {
      this.runs++;
      const fixed = { ...this.fixed, ...change };
      if (more > 0) fixed.salt = salt + more;
      const outcome = runSeed(this.#seed, fixed);
      if (outcome.error === null || failureOf(outcome.error) !== this.#failure) continue;
      this.fixed = fixed;
      this.outcome = outcome;
      return true;
    }
    return false;
  }
}

/** Ends the faults where the promise was broken, or earlier. */
function shorten(search: Search): void {
  for (const share of [0.1, 0.25, 0.5, 0.75, 0.9, 1]) {
    const end = Math.min(search.outcome.world.timers.now, search.options.duration);
    const duration = Math.ceil(end * share);
    if (duration < search.options.duration && search.tries({ duration })) break;
  }
}

function withoutKinds(search: Search): void {
  for (const kind of Object.keys(search.options.faults) as (keyof SimOptions['faults'])[]) {
    const { faults } = search.options;
    if (faults[kind] > 0) search.tries({ faults: { ...faults, [kind]: 0 } });
  }
}

/** Leaves out single faults: halves, quarters, and so on to each of them. */
function withoutStrikes(search: Search): void {
  let size = Math.ceil(search.outcome.world.faults.struck.length / 2);
  for (; size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < search.outcome.world.faults.struck.length; ) {
      const { struck } = search.outcome.world.faults;
      const left = struck.slice(at, at + size);
      if (!search.tries({ skip: [...search.options.skip, ...left] })) at += size;
    }
  }
}

function simpler(search: Search): void {
  const { clients, observers, voters } = search.options;
  if (observers > 0) search.tries({ observers: 0 });
  if (voters > 3) search.tries({ voters: 3 });
  for (let fewer = 1; fewer < clients; fewer++) if (search.tries({ clients: fewer })) break;
  const plain: Fixed[] = [
    { electionLoss: 0 },
    { skew: 0 },
    { tellsReachability: false },
    { leaderServes: true },
    { pieceSize: 1 << 18 },
    { snapCount: 100_000 },
    { powerCuts: 0 },
    { think: 20_000 },
  ];
  for (const change of plain) {
    const [name] = Object.keys(change) as (keyof SimOptions)[];
    if (name !== undefined && search.options[name] !== change[name]) search.tries(change);
  }
}

/** @param outcome of a run that failed, with the options that its seed did not choose */
export function shrink(seed: number, fixed: Fixed, outcome: Outcome): Shrunk | null {
  if (outcome.error === null) return null;
  const search = new Search(seed, fixed, outcome, failureOf(outcome.error));
  shorten(search);
  withoutKinds(search);
  simpler(search);
  withoutStrikes(search);
  shorten(search);
  return search;
}

/** The arguments of `npm run sim --` that repeat a run. */
export function argumentsFor(seed: number, fixed: Fixed): string {
  const words = [`--seed ${seed}`];
  for (const [name, value] of Object.entries(fixed)) {
    if (name === 'skip') {
      if (fixed.skip?.length) words.push(`--skip ${fixed.skip.join(',')}`);
    } else if (name === 'faults') {
      for (const [kind, minutes] of Object.entries(fixed.faults ?? {})) {
        if (minutes !== optionsOf(seed).faults[kind as keyof SimOptions['faults']]) {
          words.push(`--set faults.${kind}=${minutes}`);
        }
      }
    } else words.push(`--set ${name}=${value}`);
  }
  return words.join(' ');
}

/** `voters=3`, `faults.pause=0`, `leaderServes=true`: an option that the seed shall not choose. */
export function setOption(fixed: Fixed, seed: number, text: string): void {
  const [name = '', value = ''] = text.split('=');
  const parsed: unknown = value === 'true' ? true : value === 'false' ? false : Number(value);
  if (Number.isNaN(parsed)) throw new Error(`--set ${text}: ${value} is no number`);
  const kind = name.startsWith('faults.') ? name.slice('faults.'.length) : null;
  const known: object = kind === null ? optionsOf(seed) : optionsOf(seed).faults;
  if (!(kind ?? name in known)) throw new Error(`--set ${text}: there is no option ${name}`);
  if (kind === null) Object.assign(fixed, { [name]: parsed });
  else fixed.faults = { ...(fixed.faults ?? optionsOf(seed).faults), [kind]: parsed };
}
