import { describe, expect, it } from 'vitest';
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

const header = (type: number, z = 1n) => ({
  clientId: sessionId(7n),
  cxid: 1,
  zxid: zxid(z),
  time: 1700000000000,
  type,
});
const node = { data: null, acl: OPEN_ACL };

function bytesOf(txn: Txn, digest: bigint | null, type: number = txn.type): Buffer {
  const writer = new Writer();
  const last = digest === null ? null : { version: 2, treeDigest: digest };
  encodeTxn(writer, header(type), txn, last);
  return writer.copy();
}

describe('the bytes of a transaction', () => {
  it('name the type that is unknown', () => {
    const bytes = bytesOf({ type: OpCode.error, err: 1 }, null, 77);
    expect(() => decodeTxn(bytes)).toThrow('unknown transaction type 77');
    const multi = bytesOf(
      { type: OpCode.multi, txns: [{ type: OpCode.check, path: '/', version: 1 }] },
      null,
    );
    multi.writeInt32BE(78, 36);
    expect(() => decodeTxn(multi)).toThrow('unknown transaction type 78 in a multi');
  });

  it('are refused wherever they are cut, but for what may be left out', () => {
    const txns: Txn[] = [
      { type: OpCode.setData, path: '/a', data: Buffer.from('xyz'), version: 3 },
      { type: OpCode.setAcl, path: '/a', acl: [...OPEN_ACL], version: 3 },
      { type: OpCode.delete, path: '/a' },
      { type: OpCode.multi, txns: [{ type: OpCode.delete, path: '/a' }] },
      { type: OpCode.createTtl, path: '/a', ...node, parentCVersion: 1, ttl: 9n },
    ];
    for (const txn of txns) {
      const bytes = bytesOf(txn, null);
      for (let end = 0; end < bytes.length; end++) {
        expect(() => decodeTxn(bytes.subarray(0, end))).toThrow();
      }
      expect(decodeTxn(bytes).digest).toBe(null);
    }
  });

  it('of a closeSession may lack its paths, its digest, or both', () => {
    const type = OpCode.closeSession;
    for (const paths2Delete of [null, [], ['/abc'], ['/a', '/b']]) {
      for (const digest of [null, 0n, -1n, 1n << 40n]) {
        const entry = decodeTxn(bytesOf({ type, paths2Delete }, digest));
        expect(entry.txn).toEqual({ type, paths2Delete });
        expect(entry.digest?.treeDigest ?? null).toBe(digest);
      }
    }
  });

  it('are kept apart from the tree, which copies the data', () => {
    const state = new State();
    const bytes = bytesOf(
      {
        type: OpCode.create,
        path: '/a',
        data: Buffer.from('data'),
        acl: null,
        ephemeral: false,
        parentCVersion: 1,
      },
      null,
    );
    const entry = decodeTxn(bytes);
    applyTxn(state, entry.header, entry.txn);
    bytes.fill(0);
    expect(state.tree.get('/a')?.data?.toString()).toBe('data');
  });
});

describe('applying a multi', () => {
  const create = (path: string): Txn & { type: 1 } => ({
    type: OpCode.create,
    path,
    ...node,
    ephemeral: false,
    parentCVersion: -1,
  });

  it('does all of its operations under one zxid', () => {
    const state = new State();
    const txns = [
      create('/a'),
      { type: OpCode.check, path: '/a', version: 1 } as const,
      create('/a/b'),
    ];
    const result = applyTxn(state, header(OpCode.multi, 9n), { type: OpCode.multi, txns });
    expect(result.err).toBe(0);
    expect(result.multi?.map(({ type, err, path }) => [type, err, path])).toEqual([
      [1, 0, '/a'],
      [13, 0, '/a'],
      [1, 0, '/a/b'],
    ]);
    expect(state.tree.get('/a/b')?.czxid).toBe(9n);
    expect(state.lastZxid).toBe(9n);
  });

  it('does none of them when one is an error, and says what became of each', () => {
    const state = new State();
    const txns = [create('/a'), { type: OpCode.error, err: -110 } as const, create('/b')];
    const result = applyTxn(state, header(OpCode.multi, 9n), { type: OpCode.multi, txns });
    expect(result.err).toBe(-110);
    expect(result.multi?.map(({ type, err }) => [type, err])).toEqual([
      [-1, 0],
      [-1, -110],
      [-1, -2],
    ]);
    expect(state.tree.nodeCount).toBe(5);
    expect(state.lastZxid).toBe(9n);
  });
});

describe('a view', () => {
  it('adds all of a multi, or nothing of one that failed', () => {
    const state = new State();
    const view = new View(state);
    const txns: (Txn & { type: 1 })[] = [
      { type: OpCode.create, path: '/a', ...node, ephemeral: true, parentCVersion: 1 },
      { type: OpCode.create, path: '/b', ...node, ephemeral: false, parentCVersion: 2 },
    ];
    previewTxn(view, header(14), { type: OpCode.multi, txns: [...txns, { type: -1, err: -1 }] });
    expect(view.size).toBe(0);
    previewTxn(view, header(14), { type: OpCode.multi, txns });
    expect(view.node('/')?.numChildren).toBe(3);
    expect(view.ephemeralsOf(sessionId(7n))).toEqual(['/a']);
    view.clear();
    expect(view.node('/a')).toBe(undefined);
    expect(view.treeDigest).toBe(state.tree.digest);
  });

  it('keeps its changes over many applied ones', () => {
    const state = new State();
    const view = new View(state);
    for (let i = 1; i <= 5000; i++) {
      const path = `/n${i}`;
      const txn = { type: OpCode.create, path, ...node, ephemeral: false, parentCVersion: i };
      previewTxn(view, header(1, BigInt(i)), txn);
      const late = BigInt(i - 3);
      if (late > 0n) {
        const then = { ...txn, path: `/n${late}`, parentCVersion: Number(late) };
        applyTxn(state, header(1, late), then);
        view.applied(zxid(late));
      }
      expect(view.node('/')?.cversion).toBe(i);
    }
    expect(view.size).toBe(6);
    expect(view.node('/n5000')).toBeDefined();
    expect(view.node('/n5001')).toBe(undefined);
  });
});
