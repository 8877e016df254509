// When the next snapshot is due.
import { expect, it } from 'vitest';
import { SnapshotSchedule } from '../../../../src/server/storage/snapshotSchedule.ts';

/** Entries of `bytes` each until a snapshot is due. */
function entriesUntilDue(schedule: SnapshotSchedule, bytes: number): number {
  for (let count = 1; count <= 10_000; count++) if (schedule.noteAndIsDue(bytes)) return count;
  return Number.POSITIVE_INFINITY;
}

/** As if a snapshot of so many bytes had been written. */
function written(schedule: SnapshotSchedule, bytes: number): void {
  const pieces = [...schedule.weigh([Buffer.alloc(bytes - 1), Buffer.alloc(1)])];
  expect(pieces.map(({ length }) => length)).toEqual([bytes - 1, 1]);
}

it('comes after half to all of snapCount entries', () => {
  const of = (random: number) =>
    new SnapshotSchedule({ snapCount: 100, snapSizeLimit: 0, random: () => random });
  expect(entriesUntilDue(of(0), 1)).toBe(51);
  expect(entriesUntilDue(of(0.99), 1)).toBe(100);
});

it('comes later behind a large snapshot: when the log has grown by half of it', () => {
  const schedule = new SnapshotSchedule({ snapCount: 100, snapSizeLimit: 0, random: () => 0 });
  written(schedule, 10_000);
  expect(entriesUntilDue(schedule, 10)).toBe(500);
  written(schedule, 100);
  expect(entriesUntilDue(schedule, 10)).toBe(51);
});

it('comes at the limit of bytes, however large the last snapshot was', () => {
  const schedule = new SnapshotSchedule({ snapCount: 100, snapSizeLimit: 2000, random: () => 0 });
  written(schedule, 1_000_000);
  expect(entriesUntilDue(schedule, 100)).toBe(11);
});
