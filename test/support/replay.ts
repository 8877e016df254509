// Plays a server's log on an empty state: what recovery would make of it.
import { expect } from 'vitest';
import { State } from '../../src/state/state.ts';
import { applyTxn, decodeTxn } from '../../src/transactions/index.ts';
import type { LoneServer } from './loneServer.ts';

/** Holds that every entry's zxid and digest, and the last state, are the server's. */
export function expectSameTree(server: LoneServer): void {
  const { state } = server.replica;
  const again = new State(state.tree.options);
  let expected: bigint = again.lastZxid;
  for (const { zxid, entry } of server.logged) {
    const { header, txn, digest } = decodeTxn(entry);
    expected += 1n;
    expect([header.zxid, zxid]).toEqual([expected, expected]);
    applyTxn(again, header, txn);
    expect(again.tree.digest).toBe(digest?.treeDigest);
  }
  expect(again.tree.digest).toBe(state.tree.digest);
  expect(again.lastZxid).toBe(state.lastZxid);
  expect([...again.sessions.entries()]).toEqual([...state.sessions.entries()]);
}
