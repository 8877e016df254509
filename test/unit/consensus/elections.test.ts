import { describe, expect, it } from 'vitest';
import { hierarchical } from '../../../src/consensus/quorum.ts';
import { ServerState } from '../../../src/wire/election.ts';
import { Elections, EMPTY, history, seeded } from '../../support/elections.ts';

/** Fails with what went wrong and the seed that shows it. */
function agreed(elections: Elections, withinMs: number, seed: number | string): number {
  const took = elections.settle(withinMs);
  expect(took, `seed ${seed}: ${elections.states()}`).not.toBe(null);
  expect(elections.broken, `seed ${seed}`).toEqual([]);
  return took ?? Infinity;
}

describe('servers that start together', () => {
  it('elect the best history, then the highest id, in every one of 2000 runs', () => {
    for (let seed = 1; seed <= 2000; seed++) {
      const chance = seeded(seed);
      const voters = 3 + Math.floor(chance() * 5);
      const elections = new Elections(voters, { seed, delay: 30 });
      const ranks: [number, bigint, number][] = [];
      for (let id = 1; id <= voters; id++) {
        const epoch = 1 + Math.floor(chance() * 2);
        const last = BigInt(1 + Math.floor(chance() * 3));
        ranks.push([epoch, last, id]);
        elections.start(id, history(epoch, last));
      }
      agreed(elections, 700, seed);
      ranks.sort((a, b) => b[0] - a[0] || Number(b[1] - a[1]) || b[2] - a[2]);
      expect(elections.leader, `seed ${seed}: ${String(ranks)}`).toBe(ranks[0]?.[2]);
    }
  });

  it('know at once when nobody is left that could be better', () => {
    const elections = new Elections(3, { delay: 5 });
    for (const id of [1, 2, 3]) elections.start(id, history(1, 5n));
    expect(agreed(elections, 100, 1)).toBeLessThan(50);
  });

  it('do it in step with their seed, message by message', () => {
    const trace = (seed: number): string => {
      const elections = new Elections(5, { seed, loss: 0.3 });
      for (let id = 1; id <= 5; id++) elections.start(id);
      elections.run(5_000);
      return [...elections.servers.values()].map(({ sent, tookMs }) => [sent, tookMs]).join();
    };
    expect(trace(7)).toBe(trace(7));
    expect(trace(7)).not.toBe(trace(8));
  });
});

describe('five servers started one by one', () => {
  it('elect the third, and the fourth and fifth follow it', () => {
    const elections = new Elections(5);
    elections.start(1);
    elections.run(5_000);
    expect(elections.states()).toBe('1:L 2:- 3:- 4:- 5:-');
    elections.start(2);
    elections.run(5_000);
    expect(elections.states()).toBe('1:L 2:L 3:- 4:- 5:-');
    elections.start(3);
    expect(agreed(elections, 300, 1)).toBeLessThan(300);
    expect(elections.leader).toBe(3);
    elections.run(1_000);
    for (const late of [4, 5]) {
      elections.start(late);
      expect(agreed(elections, 300, 1)).toBeLessThan(300);
      expect(elections.leader).toBe(3);
      elections.run(1_000);
      expect(elections.server(late).election?.state).toBe(ServerState.following);
    }
    expect([...elections.epochs]).toEqual([[1, 3]]);
  });
});

describe('an ensemble that runs', () => {
  const running = (settings: ConstructorParameters<typeof Elections>[1] = {}): Elections => {
    const elections = new Elections(3, settings);
    for (const id of elections.servers.keys()) elections.start(id);
    agreed(elections, 2_000, 1);
    elections.run(2_000);
    return elections;
  };

  it('takes a late joiner in, whatever history and round it comes with', () => {
    const elections = running();
    elections.crash(1);
    elections.run(10_000);
    elections.start(1, history(9, 0x900000000n));
    expect(agreed(elections, 300, 1)).toBeLessThan(300);
    expect(elections.leader).toBe(3);
  });

  it('elects another leader when its own dies', () => {
    const elections = running();
    elections.crash(3);
    elections.run(PATIENCE_AND_ELECTION);
    expect(agreed(elections, 1, 1)).toBe(0);
    expect(elections.leader).toBe(2);
    elections.start(3);
    agreed(elections, 300, 1);
    expect(elections.leader).toBe(2);
  });

  it('does not wait for a better vote from a leader whose port refuses connections', () => {
    const elections = running({ refusals: true });
    elections.crash(3);
    elections.run(PATIENCE_AND_ELECTION);
    expect(elections.leader).toBe(2);
    expect(elections.server(2).tookMs.at(-1)).toBeLessThan(50);
    expect(elections.server(1).tookMs.at(-1)).toBeLessThan(50);
  });

  it('shows the leader to observers, which are no part of any quorum', () => {
    const elections = running({ observers: [4, 5] });
    expect(elections.leader).toBe(3);
    expect(elections.server(4).election?.state).toBe(ServerState.observing);
    elections.crash(2);
    elections.crash(1);
    elections.run(5_000);
    expect(elections.states()).toBe('1:- 2:- 3:L 4:L 5:L');
    elections.start(1);
    agreed(elections, 3_000, 1);
    expect(elections.server(5).election?.state).toBe(ServerState.observing);
  });

  it('sends nothing while all have their roles', () => {
    const elections = running();
    const sent = (): number => [...elections.servers.values()].reduce((sum, s) => sum + s.sent, 0);
    const before = sent();
    elections.run(600_000);
    expect(sent()).toBe(before);
  });
});

const PATIENCE_AND_ELECTION = 2_500;

describe('an emptied member', () => {
  it('does not vote acknowledged writes away, and votes again once it has them', () => {
    const elections = new Elections(3);
    for (const id of [1, 2]) elections.start(id, history(1, 0x100000010n));
    agreed(elections, 1_000, 1);
    elections.run(1_000);
    // 3 knows less than 1 and 2 have committed; 1 loses its disk, 2 is away.
    elections.crash(1);
    elections.crash(2);
    elections.start(3, history(1, 0x100000001n));
    elections.start(1, EMPTY);
    elections.run(60_000);
    expect(elections.leader).toBe(null);
    expect(elections.server(3).election?.abstaining).toEqual([1]);
    expect(elections.server(1).election?.mayVote).toBe(false);
    elections.start(2);
    agreed(elections, 2_000, 1);
    expect(elections.leader).toBe(2);
    elections.run(1_000);
    expect(elections.server(1).election?.mayVote).toBe(true);
    elections.crash(2);
    elections.run(PATIENCE_AND_ELECTION);
    expect(elections.leader).toBe(3);
  });

  it('that led does not lead on because its followers still say so', () => {
    const elections = new Elections(3);
    for (const id of [1, 2, 3]) elections.start(id);
    agreed(elections, 1_000, 1);
    elections.run(1_000);
    elections.crash(3);
    elections.start(3, EMPTY);
    elections.run(10_000);
    expect(elections.broken).toEqual([]);
    expect(elections.leader).toBe(2);
  });

  it('elects as usual among others that are empty too', () => {
    const elections = new Elections(3);
    elections.start(1, EMPTY);
    elections.start(2, EMPTY);
    agreed(elections, 500, 1);
    expect(elections.leader).toBe(2);
  });
});

describe('groups and weights', () => {
  const groups = [{ members: [1, 2, 3] }, { members: [4, 5, 6] }, { members: [7, 8, 9] }];
  const nine = [1, 2, 3, 4, 5, 6, 7, 8, 9];

  it('need a majority in a majority of the groups', () => {
    const elections = new Elections(nine, { rule: hierarchical(nine, groups, new Map()) });
    for (const id of [1, 2, 3, 4, 7]) elections.start(id);
    elections.run(10_000);
    expect(elections.leader, 'five of nine, but of one group only').toBe(null);
    for (const id of [3, 7]) elections.crash(id);
    elections.start(5);
    agreed(elections, 2_000, 1);
    expect(elections.leader, 'four of nine, two of two groups').toBe(5);
  });

  it('never elect a server of weight 0, not even with the best history', () => {
    const weights = new Map([
      [3, 0],
      [4, 0],
    ]);
    const voters = [1, 2, 3, 4, 5];
    const rule = hierarchical(voters, [{ members: voters }], weights);
    const elections = new Elections(voters, { rule });
    for (const id of voters) elections.start(id, history(1, BigInt(id === 4 ? 9 : 1)));
    agreed(elections, 3_000, 1);
    expect(elections.leader).toBe(5);
  });
});

describe('lost notifications', () => {
  it('cost at most about a second each', () => {
    let longest = 0;
    for (let seed = 1; seed <= 300; seed++) {
      const elections = new Elections(3, { seed, loss: 0.5 });
      for (const id of [1, 2, 3]) elections.start(id);
      elections.run(60 * seed);
      elections.heal();
      longest = Math.max(longest, agreed(elections, 5_000, seed));
    }
    expect(longest).toBeLessThan(3_500);
  });

  it('leave at most a second between two questions', () => {
    const elections = new Elections(3, { loss: 1 });
    elections.start(1);
    let last = 0;
    for (let at = 0; at < 60_000; at += 10) {
      const { sent } = elections.server(1);
      elections.run(10);
      if (elections.server(1).sent === sent) continue;
      expect(elections.now - last).toBeLessThanOrEqual(1_010);
      last = elections.now;
    }
    expect(last).toBeGreaterThan(58_000);
  });
});

describe('under crashes, lost disks, partitions and loss', () => {
  /** One fault or repair; at most one server is without its data at a time. */
  function disturb(elections: Elections, chance: () => number): void {
    const ids = [...elections.servers.keys()];
    const pick = (): number => ids[Math.floor(chance() * ids.length)] ?? 1;
    const id = pick();
    const { election } = elections.server(id);
    const all = [...elections.servers.values()];
    const isWhole = all.every((server) => server.election !== null && server.isSynced);
    const kind = chance();
    if (kind < 0.3) {
      if (election === null) elections.start(id);
      else elections.crash(id);
    } else if (kind < 0.4) {
      if (!isWhole) return;
      elections.crash(id);
      elections.start(id, EMPTY);
    } else if (kind < 0.6) {
      const side = ids.filter(() => chance() < 0.5);
      elections.partition(
        side,
        ids.filter((other) => !side.includes(other)),
      );
    } else if (kind < 0.7) elections.cut(id, pick());
    else if (kind < 0.8) elections.loss = chance() * 0.5;
    else elections.heal();
  }

  it('every leader has what was committed, epochs have one leader, and peace ends in one', () => {
    let establishedEpochs = 0;
    let longest = 0;
    for (let seed = 1; seed <= 400; seed++) {
      const chance = seeded(seed * 7919);
      const voters = chance() < 0.5 ? 3 : 5;
      const refusals = chance() < 0.5;
      const observers = chance() < 0.3 ? [8, 9] : [];
      const delay = 5 + chance() * 100;
      const elections = new Elections(voters, { seed, delay, refusals, observers });
      for (const id of elections.servers.keys()) elections.start(id);
      elections.run(1_000);
      for (let step = 0; step < 25; step++) {
        disturb(elections, chance);
        elections.run(chance() * 2_000);
      }
      elections.heal();
      for (const { id, election } of elections.servers.values()) {
        if (election === null) elections.start(id);
      }
      longest = Math.max(longest, agreed(elections, 20_000, seed));
      establishedEpochs += elections.epochs.size;
    }
    expect(establishedEpochs).toBeGreaterThan(1_000);
    expect(longest).toBeLessThan(10_000);
  });
});
