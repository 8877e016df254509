// kill -9 at random moments under load: every acknowledged write is there afterwards.
// Longer on demand: ZK_ROUNDS=200 npm run test:crash
import { expect, onTestFailed, onTestFinished, test } from 'vitest';
import { CrashRun, WRITES_PER_ROUND } from '../support/crashRun.ts';
import { seeded } from '../support/simDisk.ts';

const rounds = Number(process.env.ZK_ROUNDS ?? 8);
const seed = Number(process.env.ZK_SEED ?? Date.now() % 100_000);
const crashes = new CrashRun(seeded(seed), 8);

test(
  `nothing acknowledged is lost over ${rounds} kills under load`,
  async () => {
    onTestFinished(() => console.log(`seed ${seed}: ${JSON.stringify(crashes.figures)}`));
    onTestFailed(() => console.log(crashes.log().slice(-4000)));
    await crashes.prepare();
    for (let round = 0; round < rounds; round++) await crashes.round();
    await crashes.finish();
    const { figures } = crashes;
    expect(figures.rounds).toBe(rounds);
    // A run without load, rolls and snapshots would show nothing.
    expect(figures.ackedWrites).toBeGreaterThanOrEqual(WRITES_PER_ROUND * rounds);
    expect(figures.snapshots).toBeGreaterThan(rounds);
  },
  Math.max(180_000, rounds * 10_000),
);
