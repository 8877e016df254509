// Adds up the results of vitest runs: count.mjs FOLDER failed, or count.mjs FOLDER MORE_FAILURES.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Null for what a run that was killed left half written. */
function readRun(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    console.error(`${file}: ${error.message}`);
    return null;
  }
}

const [folder, what] = process.argv.slice(2);
const sum = { passed: 0, failed: 0, skipped: 0 };
for (const name of readdirSync(folder)) {
  const run = readRun(join(folder, name));
  if (run === null) {
    sum.failed++;
    continue;
  }
  sum.passed += run.numPassedTests;
  sum.failed += run.numFailedTests;
  sum.skipped += run.numPendingTests + run.numTodoTests;
  // A file that could not even be loaded has no tests: it counts as one.
  for (const { status, assertionResults } of run.testResults) {
    if (status === 'failed' && !assertionResults.some((test) => test.status === 'failed')) {
      sum.failed++;
    }
  }
}
if (what === 'failed') console.log(sum.failed);
else {
  sum.failed += Number(what);
  console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
}
