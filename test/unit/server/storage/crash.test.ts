// Crashes of the real log, snapshot and purge code on a simulated disk.
import { describe, expect, it } from 'vitest';
import { zxid } from '../../../../src/base/ids.ts';
import { silentLogger } from '../../../../src/base/logger.ts';
import { purge } from '../../../../src/server/storage/purge.ts';
import { State } from '../../../../src/state/state.ts';
import { type CrashMode, SimCrash, SimDisk, seeded } from '../../../support/simDisk.ts';
import {
  dumpText,
  examine,
  type History,
  Life,
  LOG_DIR,
  textAt,
} from '../../../support/storageLife.ts';

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
  expect(dumpText(next.live)).toBe(textAt(life.history, found));
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

  it.each(modes)('of a purge loses nothing, whatever survives (%s)', async (mode) => {
    const life = new Life(new SimDisk(), seeded(3));
    await life.run(150);
    const { acked, history } = life;
    expect(life.disk.list(LOG_DIR).length).toBeGreaterThan(10);
    const expected = textAt(history, acked);
    let crashes = 0;
    for (let wasHit = true; wasHit; crashes++) {
      const disk = life.disk.copy();
      const random = seeded(crashes);
      disk.crashAt = disk.calls + crashes;
      const place = { disk, snapDir: LOG_DIR, logDir: LOG_DIR };
      await purge(place, 1, silentLogger).catch((error: unknown) => {
        if (!(error instanceof SimCrash)) throw error;
      });
      wasHit = disk.isDead;
      const next = new Life(disk.crash(mode, random), random, new Map(history));
      expect(next.recovered.lastZxid).toBe(acked);
      expect(dumpText(next.live)).toBe(expected);
    }
    expect(crashes).toBeGreaterThan(12);
  });

  it('loses nothing over many lives of one directory, with purges and short starts', async () => {
    for (let seed = 100; seed < 125; seed++) {
      const random = seeded(seed);
      let disk = new SimDisk();
      const history: History = new Map();
      let acked = zxid(0n);
      for (let life = 0; life < 7; life++) {
        if (random() < 0.2) disk.crashAt = Math.floor(random() * 30);
        try {
          const one = new Life(disk, random, history);
          expect(dumpText(one.live)).toBe(textAt(history, one.recovered.lastZxid));
          expect(one.acked).toBeGreaterThanOrEqual(acked);
          one.disk.crashAt = one.disk.calls + Math.floor(random() * 200);
          await one.run(40);
          acked = one.acked;
          if (random() < 0.5) await one.dataDir.purge(1 + Math.floor(random() * 3));
          await one.run(10);
          acked = one.acked;
        } catch (error) {
          if (!(error instanceof SimCrash)) throw error;
        }
        disk = disk.crash(modes[Math.floor(random() * modes.length)] as CrashMode, random);
        const state = new State();
        const found = examine(disk, state).lastZxid;
        expect(found).toBeGreaterThanOrEqual(acked);
        expect(dumpText(state)).toBe(textAt(history, found));
      }
    }
  });
});
