import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { zxid } from '../../../src/base/ids.ts';
import { Leading } from '../../../src/consensus/leading.ts';
import { majority, type ServerId } from '../../../src/consensus/quorum.ts';

const voters = (count: number): ServerId[] => Array.from({ length: count }, (_, i) => i + 1);

/** What is committed of 20 proposals when servers 1, 2, ... have logged up to these. */
function committed(rule: readonly ServerId[], at: readonly (number | null)[]): number {
  const leading = new Leading(majority(rule), zxid(0n));
  for (let i = 0; i < 20; i++) leading.propose();
  for (const [i, one] of at.entries()) if (one !== null) leading.logged(i + 1, zxid(BigInt(one)));
  return Number(leading.lastCommitted);
}

describe('a majority', () => {
  it('is more than half of the voters', () => {
    for (const [count, enough] of [
      [1, 1],
      [2, 2],
      [3, 2],
      [4, 3],
      [5, 3],
      [7, 4],
    ] as const) {
      const rule = majority(voters(count));
      for (let have = 0; have <= count; have++) {
        expect(
          rule.isQuorum((voter) => voter <= have),
          `${have} of ${count}`,
        ).toBe(have >= enough);
      }
    }
  });

  it('two of them always have a voter in common', () => {
    for (const count of [1, 2, 3, 4, 5]) {
      const rule = majority(voters(count));
      const sets = Array.from({ length: 1 << count }, (_, bits) => bits);
      const has = (bits: number) => (voter: ServerId) => (bits & (1 << (voter - 1))) !== 0;
      const quorums = sets.filter((bits) => rule.isQuorum(has(bits)));
      for (const a of quorums) for (const b of quorums) expect(a & b).not.toBe(0);
    }
  });

  it('does not count who has no vote', () => {
    const rule = majority([1, 2, 3]);
    expect(rule.isQuorum((server) => server > 3 || server === 1)).toBe(false);
  });
});

describe('the position that a quorum has reached', () => {
  it('is that of the middle server', () => {
    expect(committed(voters(3), [5, 3, 9])).toBe(5);
    expect(committed(voters(3), [5, null, null])).toBe(0);
    expect(committed(voters(3), [5, null, 2])).toBe(2);
    expect(committed(voters(1), [7])).toBe(7);
  });

  it('is never what an observer alone has', () => {
    expect(committed([1, 2, 3], [4, null, null, 9, 9])).toBe(0);
    expect(committed([1, 2, 3], [4, 2, null, 9, 9])).toBe(2);
  });

  it('is for any positions the n-th highest of those that vote', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(20)), { minLength: 1, maxLength: 7 }), (at) => {
        const known = at.filter((one) => one !== null).toSorted((a, b) => b - a);
        const needed = Math.floor(at.length / 2) + 1;
        expect(committed(voters(at.length), at)).toBe(known[needed - 1] ?? 0);
      }),
    );
  });
});

describe('leading', () => {
  it('numbers proposals one after another, from where its history ends', () => {
    const leading = new Leading(majority([1]), zxid(0x500000007n));
    expect([leading.propose(), leading.propose()]).toEqual([0x500000008n, 0x500000009n]);
    expect(leading.lastProposed).toBe(0x500000009n);
    expect(leading.lastCommitted).toBe(0x500000007n);
  });

  it('alone commits what is on its own disk', () => {
    const leading = new Leading(majority([1]), zxid(0n));
    const [first, second] = [leading.propose(), leading.propose()];
    expect(leading.logged(1, first)).toBe(first);
    expect(leading.logged(1, first)).toBe(null);
    expect(leading.logged(1, second)).toBe(second);
  });

  it('of three commits what two have, in order and only once', () => {
    const leading = new Leading(majority([1, 2, 3]), zxid(0n));
    const [one, two, three] = [leading.propose(), leading.propose(), leading.propose()];
    expect(leading.logged(1, three)).toBe(null);
    expect(leading.logged(2, one)).toBe(one);
    expect(leading.logged(3, two)).toBe(two);
    expect(leading.logged(2, two)).toBe(null);
    expect(leading.logged(3, three)).toBe(three);
    expect(leading.lastCommitted).toBe(three);
  });

  it('counts no observer', () => {
    const leading = new Leading(majority([1, 2, 3]), zxid(0n));
    const one = leading.propose();
    leading.logged(1, one);
    expect(leading.logged(9, one)).toBe(null);
    expect(leading.logged(2, one)).toBe(one);
  });

  it('ends the process when someone has what was never proposed', () => {
    const leading = new Leading(majority([1]), zxid(0n));
    expect(() => leading.logged(1, zxid(1n))).toThrow('never proposed');
  });

  it('never commits what a quorum lacks, whatever the order of acknowledgements', () => {
    const event = fc.record({ server: fc.integer({ min: 1, max: 5 }), forward: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(event), (events) => {
        const leading = new Leading(majority(voters(5)), zxid(0n));
        const logged = new Map<number, bigint>();
        let committed = 0n;
        for (const { server, forward } of events) {
          leading.propose();
          const next = (logged.get(server) ?? 0n) + BigInt(forward);
          const upTo = next < leading.lastProposed ? next : leading.lastProposed;
          logged.set(server, upTo);
          const now = leading.logged(server, zxid(upTo));
          if (now === null) continue;
          expect(now).toBeGreaterThan(committed);
          committed = now;
          const have = [...logged.values()].filter((at) => at >= committed);
          expect(have.length).toBeGreaterThanOrEqual(3);
        }
      }),
    );
  });
});
