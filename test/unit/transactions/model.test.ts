// Tree and View against a plain table of paths, and replays that overlap.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dump } from '../../support/goldenTxns.ts';
import { expectTreeIsModel, Leader, replay, steps } from '../../support/treeModel.ts';

describe('a tree and the view of its future', () => {
  it('are what a plain table of paths says, whatever is in flight', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const leader = new Leader();
        leader.run(all);
        expect(leader.view.size).toBe(0);
        expectTreeIsModel(leader.state, leader.model);
        expect(dump(replay(leader.log))).toEqual(dump(leader.state));
      }),
      { numRuns: 300 },
    );
  });

  it('come out the same when a stretch of the log up to its end is applied twice', () => {
    fc.assert(
      fc.property(steps, fc.nat(), (all, from) => {
        const leader = new Leader();
        leader.run(all);
        const start = leader.log.length === 0 ? 0 : from % leader.log.length;
        const again = replay(leader.log.slice(start), replay(leader.log));
        expect(dump(again)).toEqual(dump(leader.state));
      }),
      { numRuns: 300 },
    );
  });
});
