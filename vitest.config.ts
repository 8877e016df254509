// Four kinds of test: pure and golden ones, ensembles in virtual time, whole processes of ours, and foreign peers (Java, Python, C).
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// Where .ci/run gathers the counts of all runs.
const results = process.env.ZK_RESULTS;

/** Files that take more than half a minute, the longest first: begun last they would run alone. */
const LONG = ['interop/mixedEnsemble', 'sim/sim', 'e2e/ensembleFaults'];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONG.findIndex((name) => moduleId.endsWith(`${name}.test.ts`));
      return at < 0 ? LONG.length : at;
    };
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    // Processes wait for each other more than they compute: two files at once leave no core idle, and
    // more than one for each core would make machines with few of them late.
    maxWorkers: Math.min(Math.max(availableParallelism(), 2), 4),
    sequence: { sequencer: LongestFirst },
    reporters: results === undefined ? ['default'] : ['default', 'json'],
    outputFile: { json: `${results}/${process.pid}.json` },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/{unit,golden}/**/*.test.ts', 'test/*.test.ts'],
          testTimeout: 60_000, // against endless loops, not for slow machines
        },
      },
      { test: { name: 'sim', include: ['test/sim/**/*.test.ts'], testTimeout: 60_000 } },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: 'interop',
          include: ['test/interop/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      // Only for `npm run bench`: it has no tests.
      { test: { name: 'bench', include: [], benchmark: { include: ['bench/**/*.bench.ts'] } } },
    ],
  },
});
