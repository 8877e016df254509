// What purging deletes, and above all what it keeps.
import { describe, expect, it } from 'vitest';
import { State } from '../../../../src/state/state.ts';
import { SimDisk, seeded } from '../../../support/simDisk.ts';
import { dumpText, examine, Life, LOG_DIR } from '../../../support/storageLife.ts';

const numbers = (disk: SimDisk, kind: string): number[] =>
  disk
    .list(LOG_DIR)
    .filter((name) => name.startsWith(`${kind}.`))
    .map((name) => Number.parseInt(name.slice(kind.length + 1), 16))
    .sort((a, b) => a - b);

async function aged(seed = 3): Promise<Life> {
  const life = new Life(new SimDisk(), seeded(seed), new Map(), {
    snapshotPieceSize: 65536,
  });
  await life.run(150);
  expect(numbers(life.disk, 'snapshot').length).toBeGreaterThan(5);
  return life;
}

/** The state that a start without the newest `without` snapshots would serve. */
function servedWithout(life: Life, without: number): string {
  const disk = life.disk.copy();
  for (const one of numbers(disk, 'snapshot').slice(-without || Infinity)) {
    disk.remove(`${LOG_DIR}/snapshot.${one.toString(16)}`);
  }
  const state = new State();
  examine(disk, state);
  return dumpText(state);
}

describe('purge', () => {
  it('keeps the newest snapshots and every log that the oldest of them needs', async () => {
    const life = await aged();
    const snapshots = numbers(life.disk, 'snapshot');
    const logs = numbers(life.disk, 'log');
    await life.dataDir.purge(3);
    const kept = snapshots.slice(-3);
    expect(numbers(life.disk, 'snapshot')).toEqual(kept);
    const needed = logs.filter(
      (log, i) => log > (kept[0] as number) || (logs[i + 1] ?? Infinity) > (kept[0] as number),
    );
    expect(numbers(life.disk, 'log')).toEqual(needed);
    expect(needed.length).toBeLessThan(logs.length);
    for (const without of [0, 1, 2]) expect(servedWithout(life, without)).toBe(dumpText(life.live));
  });

  it('does not count a damaged snapshot, and never deletes the last whole one', async () => {
    const life = await aged();
    const snapshots = numbers(life.disk, 'snapshot');
    for (const one of snapshots.slice(1)) {
      const path = `${LOG_DIR}/snapshot.${one.toString(16)}`;
      const bytes = Buffer.from(life.disk.contentOf(path));
      bytes[40] = (bytes[40] as number) ^ 1;
      life.disk.put(path, bytes);
    }
    await life.dataDir.purge(1);
    expect(numbers(life.disk, 'snapshot')).toEqual(snapshots);
    const first = `${LOG_DIR}/snapshot.0`;
    life.disk.put(first, life.disk.contentOf(first).subarray(0, 50));
    await life.dataDir.purge(1);
    expect(numbers(life.disk, 'snapshot')).toEqual(snapshots);
  });

  it('deletes the oldest logs first, so that a crash within leaves no hole', async () => {
    const life = await aged();
    life.disk.trace.length = 0;
    const removed = await life.dataDir.purge(1);
    const logs = removed.filter((name) => name.startsWith('log.'));
    const order = logs.map((name) => Number.parseInt(name.slice(4), 16));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(life.disk.trace.at(-1)).toBe(`syncDir ${LOG_DIR}`);
  });

  it('leaves files alone that are none of its own', async () => {
    const life = await aged();
    for (const name of ['log.txt', 'snapshots', 'snapshot.backup', 'acceptedEpoch']) {
      life.disk.put(`${LOG_DIR}/${name}`, Buffer.from('mine'));
    }
    await life.dataDir.purge(1);
    expect(life.disk.list(LOG_DIR)).toEqual(
      expect.arrayContaining(['log.txt', 'snapshots', 'snapshot.backup', 'acceptedEpoch']),
    );
  });
});
