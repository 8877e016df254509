import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Zxid, zxid } from '../../../src/base/ids.ts';
import { Leading } from '../../../src/consensus/leading.ts';
import { majority, quorumPosition, type ServerId } from '../../../src/consensus/quorum.ts';

const positions = (...at: (number | null)[]): Map<ServerId, Zxid> =>
  new Map(at.flatMap((one, server) => (one === null ? [] : [[server + 1, zxid(BigInt(one))]])));

const voters = (count: number): ServerId[] => Array.from({ length: count }, (_, i) => i + 1);

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
    expect(quorumPosition(majority(voters(3)), positions(5, 3, 9))).toBe(5n);
    expect(quorumPosition(majority(voters(3)), positions(5, null, null))).toBe(null);
    expect(quorumPosition(majority(voters(3)), positions(5, null, 2))).toBe(2n);
    expect(quorumPosition(majority(voters(1)), positions(7))).toBe(7n);
  });

  it('is never what an observer alone has', () => {
    expect(quorumPosition(majority([1, 2, 3]), positions(4, null, null, 9, 9))).toBe(null);
    expect(quorumPosition(majority([1, 2, 3]), positions(4, 2, null, 9, 9))).toBe(2n);
  });

  it('is for any positions the n-th highest of those that vote', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(20)), { minLength: 1, maxLength: 7 }), (at) => {
        const known = at.filter((one) => one !== null).toSorted((a, b) => b - a);
        const needed = Math.floor(at.length / 2) + 1;
        const expected = known.length < needed ? null : BigInt(known[needed - 1] ?? 0);
        expect(quorumPosition(majority(voters(at.length)), positions(...at))).toBe(expected);
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
