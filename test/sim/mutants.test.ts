// The checkers bite: bugs that are planted on purpose are found within a few seeds.
import { expect, test } from 'vitest';
import { mutants } from './mutants.ts';
import { demandPlace, hunt } from './mutate.ts';

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

test('every bug that is hunted elsewhere can still be planted', () => {
  for (const mutant of mutants) expect(() => demandPlace(mutant, process.cwd())).not.toThrow();
});
