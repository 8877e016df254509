// Crashes of the real log, snapshot and purge code on a simulated disk.
import { describe, expect, it } from 'vitest';
import { State } from '../../../../src/state/state.ts';
import { type CrashMode, SimDisk, seeded } from '../../../support/simDisk.ts';
import { dumpText, examine, Life } from '../../../support/storageLife.ts';

const modes: CrashMode[] = ['process', 'none', 'prefix', 'subset', 'stale'];

/** Runs until the chosen call, crashes, and checks what the next life finds. */
async function crashOnce(seed: number, crashAt: number, mode: CrashMode): Promise<boolean> {
  const random = seeded(seed);
  const life = new Life(new SimDisk(), random);
  life.disk.crashAt = life.disk.calls + crashAt;
  await life.run(70);
  if (life.failure !== null) throw life.failure;
  const { acked } = life;
  const appended = life.ahead.lastZxid;
  const next = new Life(life.disk.crash(mode, random), random, life.history);
  const found = next.recovered.lastZxid;
  expect(found >= acked && found <= appended, `${acked} <= ${found} <= ${appended}`).toBe(true);
  expect(dumpText(next.live)).toBe(life.history.get(found));
  await next.run(10);
  expect(next.acked).toBe(next.ahead.lastZxid);
  expect(dumpText(next.live)).toBe(dumpText(next.ahead));
  return life.disk.isDead;
}

describe('a crash at a disk call', { timeout: 120_000 }, () => {
  it.each(modes)('loses nothing that was acknowledged, whatever survives (%s)', async (mode) => {
    let wasHit = true;
    let crashes = 0;
    for (let at = 0; wasHit; at++) {
      wasHit = await crashOnce(at % 7, at, mode);
      if (wasHit) crashes++;
    }
    expect(crashes).toBeGreaterThan(100);
  });

  it('loses nothing over many lives of one directory', async () => {
    for (let seed = 100; seed < 130; seed++) {
      const random = seeded(seed);
      let disk = new SimDisk();
      const history = new Map();
      for (let life = 0; life < 6; life++) {
        const one = new Life(disk, random, history);
        expect(dumpText(one.live)).toBe(history.get(one.recovered.lastZxid));
        one.disk.crashAt = one.disk.calls + Math.floor(random() * 150);
        if (random() < 0.3) void one.dataDir.purge(3).catch(() => undefined);
        await one.run(60);
        const mode = modes[Math.floor(random() * modes.length)] as CrashMode;
        const { acked } = one;
        disk = one.disk.crash(mode, random);
        const state = new State();
        const found = examine(disk, state).lastZxid;
        expect(found).toBeGreaterThanOrEqual(acked);
        expect(dumpText(state)).toBe(history.get(found));
      }
    }
  });
});
