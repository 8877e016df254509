// A snapshot taken while transactions go on, and the log replayed over it, as recovery does.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { SessionId } from '../../../src/base/ids.ts';
import { State } from '../../../src/state/state.ts';
import { LiveWalk } from '../../../src/state/walk.ts';
import type { Acl, StatPersisted } from '../../../src/wire/data.ts';
import { dump } from '../../support/goldenTxns.ts';
import { Leader, replay, steps } from '../../support/treeModel.ts';

interface Snapshot {
  /** Number of log entries that were applied when it began. */
  from: number;
  sessions: [SessionId, number][];
  acls: [bigint, readonly Acl[]][];
  nodes: [string, Buffer | null, bigint, StatPersisted][];
}

/** Walks the live map, `slice` znodes between any two commits, to the end. */
function snapshotWhileCommitting(leader: Leader, from: number, slice: number): Snapshot {
  leader.commit(from);
  const { tree, sessions } = leader.state;
  const snapshot: Snapshot = {
    from,
    sessions: [...sessions.entries()],
    acls: [...tree.acls.entries()].map((ref) => [ref.index, ref.list]),
    nodes: [],
  };
  let visited = 0;
  const walk = new LiveWalk(tree.nodes, leader.state.lastZxid, (above, name, node) => {
    const stat = { ...node };
    const data = node.data === null ? null : Buffer.from(node.data);
    snapshot.nodes.push([`${above}${name}`, data, node.acl.index, stat]);
    return ++visited % slice === 0;
  });
  while (walk.walk()) leader.commit(1);
  return snapshot;
}

function load(snapshot: Snapshot): State {
  const state = new State();
  const { tree } = state;
  tree.clear();
  for (const [id, timeout] of snapshot.sessions) state.sessions.add(id, timeout);
  for (const [index, list] of snapshot.acls) tree.acls.load(index, list);
  for (const [path, data, index, stat] of snapshot.nodes) {
    expect(tree.load(path, data, index, stat)).toBe(true);
  }
  tree.finishLoading();
  return state;
}

/** Znodes that the random steps then change, and others that make the walk long. */
function plant(leader: Leader): number {
  const paths = ['/a', '/b', '/a/a', '/a/b', '/b/a', '/a/a/a'];
  for (let i = 0; i < 20; i++) paths.push(`/filler${i}`);
  for (const path of paths) {
    leader.propose({ kind: 'wish', wish: { kind: 'create', path, size: 1, owner: 'none' } });
  }
  return leader.log.length;
}

it('is made right by the log from its beginning on, wherever it was interrupted', () => {
  fc.assert(
    fc.property(steps, fc.nat(), fc.integer({ min: 1, max: 4 }), (all, at, slice) => {
      const leader = new Leader();
      const planted = plant(leader);
      for (const one of all) if (one.kind !== 'commit') leader.propose(one);
      const from = planted + (at % (leader.log.length - planted + 1));
      const snapshot = snapshotWhileCommitting(leader, from, slice);
      leader.commit(leader.log.length);
      const recovered = replay(leader.log.slice(snapshot.from), load(snapshot));
      recovered.lastZxid = leader.state.lastZxid;
      expect(recovered.tree.acls.unresolved).toBe(0);
      expect(dump(recovered)).toEqual(dump(leader.state));
    }),
    { numRuns: 300 },
  );
});
