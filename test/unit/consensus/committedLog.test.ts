import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Zxid, zxid } from '../../../src/base/ids.ts';
import { CommittedLog } from '../../../src/consensus/committedLog.ts';
import { chooseSync, type LogOnDisk } from '../../../src/consensus/sync.ts';
import { historyOf, id, text } from './conversation.ts';

const zxids = (log: CommittedLog, after: Zxid): Zxid[] =>
  log.committedAfter(after).map((one) => one.zxid);

describe('the committed log', () => {
  it('keeps no more than it may, but all that is in flight', () => {
    const log = new CommittedLog({ count: 2 });
    for (let counter = 1; counter <= 5; counter++) log.append(id(1, counter), text('x'));
    expect(log.count).toBe(5);
    log.commitAll();
    expect([log.base, zxids(log, log.base)]).toEqual([id(1, 3), [id(1, 4), id(1, 5)]]);
  });

  it('keeps no more bytes than it may', () => {
    const log = new CommittedLog({ bytes: 10 });
    for (let counter = 1; counter <= 5; counter++) log.add(id(1, counter), text('four'));
    expect([log.base, log.bytes]).toEqual([id(1, 3), 8]);
    log.add(id(1, 6), Buffer.alloc(11));
    expect([log.base, log.count, log.bytes]).toEqual([id(1, 6), 0, 0]);
  });

  it('copies entries: they are lent', () => {
    const log = new CommittedLog();
    for (const size of [4, 100_000]) {
      const entry = Buffer.alloc(size, 1);
      log.append(zxid(log.last + 1n), entry);
      entry.fill(2);
      expect(log.commitNext().entry.equals(Buffer.alloc(size, 1))).toBe(true);
    }
  });

  it('begins anew behind a hole on the disk', () => {
    // ZOOKEEPER-4925.
    const log = historyOf(id(1, 0), id(1, 1), id(1, 2));
    log.add(id(1, 4), text('x'));
    expect([log.root, log.base, log.last, log.count]).toEqual([id(1, 4), id(1, 4), id(1, 4), 0]);
    log.add(id(1, 5), text('x'));
    expect(zxids(log, id(1, 4))).toEqual([id(1, 5)]);
    expect(log.floor(id(1, 2))).toBe(null);
  });

  it('skips what the disk has twice', () => {
    const log = historyOf(id(1, 0), id(1, 1), id(1, 2));
    log.add(id(1, 1), text('x'));
    expect(zxids(log, id(1, 0))).toEqual([id(1, 1), id(1, 2)]);
  });

  it('ends the process rather than take a proposal behind a hole', () => {
    const log = historyOf(id(1, 0), id(1, 1));
    expect(() => log.append(id(1, 3), text('x'))).toThrow(
      '0x100000003 does not follow 0x100000001',
    );
  });

  it('knows what it holds, as if it were a list, whatever happens to it', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('next' as const), epochs: fc.constantFrom(0, 0, 0, 1, 3) }),
      fc.record({ kind: fc.constant('commit' as const) }),
      fc.record({ kind: fc.constant('cut' as const), at: fc.nat(100) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat(4), (steps, count) => {
        const log = new CommittedLog({ count });
        log.reset(id(2, 3));
        const model: Zxid[] = [id(2, 3)];
        const last = (): Zxid => model.at(-1) ?? id(0, 0);
        for (const one of steps) {
          if (one.kind === 'next') {
            const epoch = Number(last() >> 32n) + one.epochs;
            const next = one.epochs === 0 ? zxid(last() + 1n) : id(epoch, 1);
            model.push(next);
            log.append(next, text('x'));
          } else if (one.kind === 'commit') log.commitAll();
          else {
            model.length = 1 + (one.at % model.length);
            log.truncate(last());
          }
          expect(log.last).toBe(last());
          for (const at of model) {
            for (const asked of [zxid(at - 1n), at, zxid(at + 1n), id(Number(at >> 32n), 0)]) {
              const floor = model.findLast((known) => known <= asked) ?? null;
              expect(log.floor(asked)).toBe(floor);
            }
            const between = model.filter((known) => known > at).length;
            expect(log.countBetween(at, log.last)).toBe(between);
          }
          const kept = model.filter((known) => known > log.base && known <= log.committed);
          expect(zxids(log, log.base)).toEqual(kept);
          const flying = model.filter((known) => known > log.committed);
          expect(log.uncommitted().map((known) => known.zxid)).toEqual(flying);
        }
      }),
    );
  });
});

describe('the choice between DIFF, TRUNC and SNAP', () => {
  const noDisk: LogOnDisk = { from: null, upTo: id(9, 9), limit: 1000 };
  // 4:1, 4:2, 4:3, 6:1, 6:2 behind a snapshot at 4:0; 4:4 and 5 were never ours.
  const history = (bounds?: { count: number }): CommittedLog => {
    const log = new CommittedLog(bounds);
    log.reset(id(4, 0));
    for (const one of [id(4, 1), id(4, 2), id(4, 3), id(6, 1), id(6, 2)]) log.add(one, text('x'));
    return log;
  };
  const choose = (peer: Zxid, disk = noDisk, log = history()) => chooseSync(peer, log, disk, 6);

  it.each([
    ['is in sync', id(6, 2), { kind: 'diff', after: id(6, 2), diskUpTo: null }],
    ['is behind', id(4, 2), { kind: 'diff', after: id(4, 2), diskUpTo: null }],
    ['ends where an epoch does', id(4, 3), { kind: 'diff', after: id(4, 3), diskUpTo: null }],
    ['has what was never committed', id(4, 7), { kind: 'trunc', after: id(4, 3), diskUpTo: null }],
    ['has more than all', id(6, 5), { kind: 'trunc', after: id(6, 2), diskUpTo: null }],
    ['has an epoch that is not ours', id(5, 3), { kind: 'snap' }],
    ['has a later epoch', id(7, 3), { kind: 'snap' }],
    ['is empty', id(0, 0), { kind: 'snap' }],
    ['is older than all that is known', id(3, 9), { kind: 'snap' }],
    [
      'ends with the start of an epoch that has entries',
      id(6, 0),
      { kind: 'diff', after: id(4, 3), diskUpTo: null },
    ],
    [
      'ends with the start of an epoch without entries',
      id(5, 0),
      { kind: 'diff', after: id(4, 3), diskUpTo: null },
    ],
    ['ends with the start of an epoch that is not known', id(7, 0), { kind: 'snap' }],
  ])('when the learner %s', (_, peer, expected) => {
    expect(choose(peer)).toEqual(expected);
  });

  it('is an empty DIFF for who saw the last epoch start and end without a write', () => {
    expect(chooseSync(id(7, 0), history(), noDisk, 7)).toEqual({
      kind: 'diff',
      after: id(6, 2),
      diskUpTo: null,
    });
  });

  it('never cuts where there is no entry', () => {
    const log = historyOf(id(4, 0));
    expect(choose(id(4, 2), noDisk, log)).toEqual({ kind: 'snap' });
  });

  it('takes from disk what is not in memory, unless that is too much or not there', () => {
    const disk = { from: id(4, 1), upTo: id(6, 2), limit: 3 };
    const log = history({ count: 1 });
    const fromDisk = { after: id(4, 1), diskUpTo: id(6, 1) };
    expect(choose(id(4, 1), disk, log)).toEqual({ kind: 'diff', ...fromDisk });
    expect(choose(id(4, 7), disk, log)).toEqual({
      kind: 'trunc',
      after: id(4, 3),
      diskUpTo: id(6, 1),
    });
    expect(choose(id(6, 1), disk, log)).toEqual({ kind: 'diff', after: id(6, 1), diskUpTo: null });
    expect(choose(id(4, 1), { ...disk, limit: 2 }, log)).toEqual({ kind: 'snap' });
    expect(choose(id(4, 1), { ...disk, from: id(4, 2) }, log)).toEqual({
      kind: 'diff',
      ...fromDisk,
    });
    expect(choose(id(4, 1), { ...disk, from: id(4, 3) }, log)).toEqual({ kind: 'snap' });
    // Committed by others, and not on this server's disk yet.
    expect(choose(id(4, 1), { ...disk, upTo: id(4, 3) }, log)).toEqual({ kind: 'snap' });
  });

  it('cuts what is in flight and not committed: it is sent anew', () => {
    const log = history();
    log.append(id(6, 3), text('x'));
    expect(choose(id(6, 3), noDisk, log)).toEqual({
      kind: 'trunc',
      after: id(6, 2),
      diskUpTo: null,
    });
  });
});
