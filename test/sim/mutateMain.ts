// The program behind `npm run sim:mutants`: a table of the planted bugs, and after how many seeds each is found.
// Arguments: seeds for each (1000), a part of the name, how many of the list are skipped.

import { mutants } from './mutants.ts';
import { hunt } from './mutate.ts';

const [limit = '1000', only = '', skipped = '0'] = process.argv.slice(2);
let missed = 0;
for (const mutant of mutants.slice(Number(skipped))) {
  if (!mutant.name.includes(only)) continue;
  const { after, by } = await hunt(mutant, process.cwd(), Number(limit));
  if (after === null) missed++;
  console.log(`${String(after ?? 'never').padStart(6)}  ${mutant.name} (${mutant.like})  ${by}`);
}
if (missed > 0) {
  console.log(`${missed} were not found within ${limit} seeds`);
  process.exitCode = 1;
}
