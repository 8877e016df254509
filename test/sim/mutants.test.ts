// The checkers bite: bugs that are planted on purpose are found within a few seeds.
import { expect, test } from 'vitest';
import { type Mutant, mutants } from './mutants.ts';
import { demandPlace, hunt, plant } from './mutate.ts';
import type { Violation } from './violation.ts';

const SEEDS = 30;
/** What the protocol rests on; `npm run sim:mutants` hunts all of them. */
const HUNTED = ['fsync before ACK', 'quorum count', 'epochs rise', 'quorum of ACKs', 'CAS'];

test.for(mutants.filter(({ like }) => HUNTED.includes(like)))(
  'the simulator notices that $name',
  { timeout: 120_000 },
  async (mutant) => {
    const { after } = await hunt(mutant, process.cwd(), SEEDS);
    expect(after).not.toBeNull();
  },
);

test('a failing run is made smaller, and fails in the same way', { timeout: 120_000 }, async () => {
  const mutant = mutants.find(({ like }) => like === 'fsync before ACK') as Mutant;
  const { runSeed, shrink } = await plant(mutant, process.cwd());
  const seed = 1;
  const outcome = runSeed(seed);
  const small = shrink(seed, {}, outcome);
  expect(small).not.toBeNull();
  const { fixed, outcome: failed } = small as NonNullable<typeof small>;
  expect(runSeed(seed, fixed).error?.message).toBe(failed.error?.message);
  expect(failed.error).toMatchObject({ rule: (outcome.error as Violation).rule });
  expect(failed.world.timers.now).toBeLessThanOrEqual(outcome.world.timers.now);
  expect(failed.world.options.clients).toBe(1);
  expect(failed.world.faults.struck.length).toBe(0);
});

test('every bug that is hunted elsewhere can still be planted', () => {
  for (const mutant of mutants) expect(() => demandPlace(mutant, process.cwd())).not.toThrow();
});
