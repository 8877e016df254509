import { describe, expect, it } from 'vitest';
import { majority, type QuorumRule } from '../../../src/consensus/quorum.ts';
import { Ensemble, type EnsembleOptions } from './zab/ensemble.ts';
import { Violation } from './zab/oracle.ts';

/** For longer hunts: the first seed, and by how much there are more runs. */
const FROM = Number(process.env['ZAB_FROM'] ?? 1);
const TIMES = Number(process.env['ZAB_TIMES'] ?? 1);

const HOSTILE_MS = 4000;
const HEALED_MS = 6000;
const LAST_BREAK_MS = 1600;
const IDLE_MS = 1500;

/** One run: harm, then peace. Throws with the seed when an invariant is broken. */
function run(options: EnsembleOptions): Ensemble {
  const ensemble = new Ensemble(options);
  try {
    ensemble.run(HOSTILE_MS);
    ensemble.heal();
    // Partitions that have just begun still break links when they end.
    ensemble.run(ensemble.now + LAST_BREAK_MS);
    const end = ensemble.now + HEALED_MS;
    ensemble.run(end, () => !ensemble.isWell);
    ensemble.oracle.ensure(ensemble.isWell, () => 'C15: nobody leads all, though all is well');
    // Once all is well it stays so, without a write.
    const elections = ensemble.oracle.leaders.size;
    ensemble.run(ensemble.now + IDLE_MS);
    const isSame = ensemble.isWell && ensemble.oracle.leaders.size === elections;
    ensemble.oracle.ensure(isSame, () => 'C15: a leader goes without a reason');
    ensemble.write();
    ensemble.run(ensemble.now + HEALED_MS, () => !ensemble.hasSettled);
    ensemble.oracle.ensure(ensemble.hasSettled, () => 'C15: a write does not reach everybody');
  } catch (error) {
    if (error instanceof Error) error.message = `seed ${options.seed}: ${error.message}`;
    throw error;
  }
  return ensemble;
}

describe('ZAB', () => {
  it.each([
    [3, 0, 400],
    [3, 1, 200],
    [5, 0, 200],
    [4, 1, 100],
    [1, 1, 50],
  ])('keeps its invariants with %i voters and %i observers', (voters, observers, runs) => {
    const seen = new Map<string, number>();
    let steps = 0;
    for (let seed = FROM; seed < FROM + runs * TIMES; seed++) {
      const ensemble = run({ seed, voters, observers });
      steps += ensemble.steps;
      for (const [what, count] of ensemble.seen) seen.set(what, (seen.get(what) ?? 0) + count);
    }
    if (process.env['ZAB_STATS'] !== undefined) console.log(steps, seen);
    for (const what of ['led', 'followed', 'crash'])
      expect(seen.get(what), what).toBeGreaterThan(0);
  });
});

describe('the invariants of ZAB', () => {
  const half: QuorumRule = {
    ...majority([1, 2, 3, 4]),
    isQuorum: (has) => [1, 2, 3, 4].filter(has).length >= 2,
  };
  it.each<[string, EnsembleOptions['mutations'], number]>([
    ['an acknowledgement before the disk has it', { acknowledgesEarly: true }, 3],
    ['a learner that forgets the epochs it has accepted', { forgetsEpochs: true }, 3],
    ['a leader that takes less than it should for the latest history', { isAlwaysRecent: true }, 3],
    ['a tail that is not cut off', { keepsTails: true }, 3],
    ['half of the servers for a quorum', { rule: half }, 4],
  ])('notice %s', (_, mutations, voters) => {
    let seed = 1;
    let violation: unknown = null;
    for (; seed <= 1000 && violation === null; seed++) {
      try {
        run({ seed, voters, observers: 0, mutations });
      } catch (error) {
        violation = error;
      }
    }
    if (process.env['ZAB_STATS'] !== undefined) console.log(String(violation));
    expect(violation).toBeInstanceOf(Violation);
  });
});
