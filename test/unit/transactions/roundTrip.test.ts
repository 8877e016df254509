import { expect, it } from 'vitest';
import { sessionId, zxid } from '../../../src/base/ids.ts';
import { OPEN_ACL } from '../../../src/state/aclCache.ts';
import { State } from '../../../src/state/state.ts';
import { View } from '../../../src/state/view.ts';
import {
  applyTxn,
  decodeTxn,
  encodeTxn,
  previewTxn,
  type Txn,
} from '../../../src/transactions/index.ts';
import { Writer } from '../../../src/wire/bytes.ts';
import { OpCode } from '../../../src/wire/opcodes.ts';

it('smoke', () => {
  const state = new State();
  const view = new View(state);
  expect(state.tree.nodeCount).toBe(5);
  expect(state.tree.dataSize).toBe(44);
  let z = 1n;
  const run = (txn: Txn) => {
    const header = {
      clientId: sessionId(7n),
      cxid: 1,
      zxid: zxid(z++),
      time: 1700000000000,
      type: txn.type,
    };
    previewTxn(view, header, txn);
    const treeDigest = view.treeDigest;
    const w = new Writer();
    encodeTxn(w, header, txn, { version: 2, treeDigest });
    const entry = decodeTxn(w.copy());
    expect(entry).toEqual({ header, txn, digest: { version: 2, treeDigest } });
    const result = applyTxn(state, entry.header, entry.txn);
    view.applied(header.zxid);
    expect(state.tree.digest).toBe(treeDigest);
    return result;
  };
  run({ type: OpCode.createSession, timeOut: 1000 });
  run({
    type: OpCode.create2,
    path: '/a',
    data: Buffer.from('x'),
    acl: [...OPEN_ACL],
    ephemeral: false,
    parentCVersion: 1,
  });
  run({
    type: OpCode.create,
    path: '/a/e',
    data: null,
    acl: [...OPEN_ACL],
    ephemeral: true,
    parentCVersion: 1,
  });
  const set = run({ type: OpCode.setData, path: '/a', data: Buffer.from('yyy'), version: 1 });
  expect(set.stat?.version).toBe(1);
  run({
    type: OpCode.multi,
    txns: [
      { type: OpCode.delete, path: '/a/e' },
      { type: OpCode.check, path: '/a', version: 2 },
      { type: OpCode.delete, path: '/a' },
    ],
  });
  run({ type: OpCode.closeSession, paths2Delete: [] });
  expect(state.tree.nodeCount).toBe(5);
});
