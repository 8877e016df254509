// Four kinds of test: pure and golden ones, ensembles in virtual time, whole processes of ours, and foreign peers (Java, Python, C).
import { defineConfig } from 'vitest/config';

// Where .ci/run gathers the counts of all runs.
const results = process.env.ZK_RESULTS;

export default defineConfig({
  test: {
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
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'interop',
          include: ['test/interop/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      // Only for `npm run bench`: it has no tests.
      { test: { name: 'bench', include: [], benchmark: { include: ['bench/**/*.bench.ts'] } } },
    ],
  },
});
