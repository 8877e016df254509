// Transactions against Apache 3.8.0: its bytes, its digest after every entry, its tree at the end.
import { describe, expect, it } from 'vitest';
import { sessionId } from '../../src/base/ids.ts';
import { passwordOf } from '../../src/state/sessions.ts';
import { State } from '../../src/state/state.ts';
import { View } from '../../src/state/view.ts';
import {
  applyTxn,
  decodeTxn,
  encodeTxn,
  previewTxn,
  type TxnEntry,
} from '../../src/transactions/index.ts';
import { Writer } from '../../src/wire/bytes.ts';
import {
  byText,
  dump,
  entryOf,
  goldenData,
  goldenDataNames,
  goldenRecords,
  loggedEntries,
  txnOf,
} from '../support/goldenTxns.ts';

function encoded({ header, txn, digest }: TxnEntry): string {
  const writer = new Writer();
  encodeTxn(writer, header, txn, digest);
  return writer.view().toString('hex');
}

/** The parts of a decoded entry, a multi's elements turned back into type and bytes. */
function comparable(entry: TxnEntry): unknown {
  const { txn } = entry;
  if (txn.type !== 14) return entry;
  const txns = txn.txns.map((single) => {
    const bytes = encoded({ ...entry, txn: single, digest: null });
    // A header takes 32 bytes.
    return { type: single.type, data: { hex: bytes.slice(64) } };
  });
  return { ...entry, txn: { record: 'txn.MultiTxn', fields: { txns } } };
}

const types: Record<string, number[]> = {
  'txn.CreateTxn': [1, 15],
  'txn.CreateContainerTxn': [19],
  'txn.CreateTTLTxn': [21],
  'txn.DeleteTxn': [2, 20],
  'txn.SetDataTxn': [5, 16],
  'txn.SetACLTxn': [7],
  'txn.CheckVersionTxn': [13],
  'txn.CreateSessionTxn': [-10],
  'txn.CloseSessionTxn': [-11],
  'txn.ErrorTxn': [-1],
};
/** Apache never writes a null vector of paths, and reads it as it reads an empty one. */
const hasNullVector = (f: any): boolean => f.paths2Delete === null;
const hasNullPath = (f: any): boolean =>
  f.path === null || (f.paths2Delete ?? []).some((path: string | null) => path === null);

describe('records', () => {
  it('reads and writes log entries byte for byte', () => {
    const entries = goldenRecords().filter(({ record }) => record === 'special.logEntry');
    expect(entries.length).toBeGreaterThan(10);
    for (const { fields, hex } of entries) {
      const entry = decodeTxn(Buffer.from(hex, 'hex'));
      const expected = entryOf(fields);
      if (hasNullVector(fields.txn?.fields ?? {})) {
        expect(entry).toEqual({ ...expected, txn: { type: -11, paths2Delete: [] } });
        continue;
      }
      expect(comparable(entry)).toEqual(expected);
      expect(encoded(entry)).toBe(hex);
    }
  });

  for (const [record, ofRecord] of Object.entries(types)) {
    it(`reads and writes ${record} byte for byte`, () => {
      let compared = 0;
      for (const { record: name, fields, hex, readBack } of goldenRecords()) {
        // Surrogates, that Java writes one by one and cannot read back, are no part of a path.
        if (name !== record || readBack !== undefined) continue;
        for (const type of ofRecord) {
          const header = { clientId: sessionId(1n), cxid: 2, zxid: 3n, time: 4, type };
          const writer = new Writer();
          encodeTxn(writer, header as TxnEntry['header'], { type: -1, err: 0 }, null);
          const bytes = Buffer.concat([writer.copy().subarray(0, 32), Buffer.from(hex, 'hex')]);
          if (hasNullPath(fields)) {
            // Apache's own server cannot apply these.
            if (fields.path === null) expect(() => decodeTxn(bytes)).toThrow('null string');
            continue;
          }
          const entry = decodeTxn(bytes);
          if (hasNullVector(fields)) {
            expect(entry.txn).toEqual({ type, paths2Delete: [] });
          } else {
            expect(entry.txn).toEqual(txnOf(type, { record, fields }));
            expect(encoded(entry)).toBe(bytes.toString('hex'));
          }
          compared++;
        }
      }
      expect(compared).toBeGreaterThan(4);
    });
  }

  it('reads a create of version 0, which says nothing of the parent', () => {
    for (const { record, fields, hex, readBack } of goldenRecords()) {
      if (record !== 'txn.CreateTxnV0' || fields.path === null || readBack !== undefined) continue;
      const writer = new Writer();
      const header = { clientId: sessionId(1n), cxid: 2, zxid: 3n, time: 4, type: 1 };
      encodeTxn(writer, header as TxnEntry['header'], { type: -1, err: 0 }, null);
      const bytes = Buffer.concat([writer.copy().subarray(0, 32), Buffer.from(hex, 'hex')]);
      expect(decodeTxn(bytes).txn).toEqual(
        txnOf(1, {
          record: 'txn.CreateTxn',
          fields: { ...fields, parentCVersion: -1 },
        }),
      );
    }
  });
});

function newState(settings: string[]): State {
  return new State({
    digest: true,
    extendedTypes: settings.includes('extendedTypesEnabled=true'),
    emulate353: false,
  });
}

const millis = ['ctime', 'mtime'];
const longs = ['czxid', 'mzxid', 'pzxid', 'ephemeralOwner'];

describe.each(goldenDataNames())('the logs of %s', (name) => {
  const golden = goldenData(name);
  const entries = loggedEntries(name);

  it('read as Apache reads them, and write back to the same bytes', () => {
    expect(entries.length).toBeGreaterThan(5);
    for (const { bytes, expected } of entries) {
      const entry = decodeTxn(bytes);
      expect(comparable(entry)).toEqual(entryOf(expected));
      expect(encoded(entry)).toBe(bytes.toString('hex'));
    }
  });

  it('lead to the digest that Apache logged, before (in the view) and after each entry', () => {
    const state = newState(golden.settings);
    const view = new View(state);
    for (const { bytes } of entries) {
      const { header, txn, digest } = decodeTxn(bytes);
      previewTxn(view, header, txn);
      const foreseen = view.treeDigest;
      applyTxn(state, header, txn);
      view.applied(header.zxid);
      expect([header.zxid, state.tree.digest]).toEqual([header.zxid, foreseen]);
      if (digest !== null)
        expect([header.zxid, foreseen]).toEqual([header.zxid, digest.treeDigest]);
    }
    expect(state.tree.digest).toBe(BigInt(golden.restored.treeDigest));
  });

  it('lead to the tree that a client of Apache saw', () => {
    const state = newState(golden.settings);
    for (const { bytes } of entries) {
      const { header, txn } = decodeTxn(bytes);
      applyTxn(state, header, txn);
    }
    const { tree } = state;
    expect([...tree.nodes.keys()].sort(byText)).toEqual(
      golden.tree.map(({ path }) => path).sort(byText),
    );
    for (const { path, data, stat, acl } of golden.tree) {
      const node = tree.get(path)!;
      const expected: Record<string, unknown> = { ...stat };
      for (const key of millis) expected[key] = Number(stat[key]);
      for (const key of longs) expected[key] = BigInt(stat[key]!);
      expect({ path, ...tree.statOf(node) }).toEqual({ path, ...expected });
      expect([path, node.data?.toString('hex') ?? null]).toEqual([path, data?.hex ?? null]);
      expect([path, node.acl.list]).toEqual([path, acl]);
    }
    const { restored } = golden;
    expect(state.lastZxid).toBe(BigInt(restored.lastZxid));
    expect(tree.nodeCount).toBe(restored.nodeCount);
    expect(tree.dataSize).toBe(restored.approximateDataSize);
    expect(tree.acls.size).toBe(restored.aclCount);
    const sessions = Object.fromEntries([...state.sessions.entries()]);
    expect(sessions).toEqual(restored.sessions);
    const ephemerals = Object.fromEntries(
      [...tree.ephemerals].map(([id, paths]) => [String(id), [...paths].sort(byText)]),
    );
    expect(ephemerals).toEqual(restored.ephemerals);
  });

  it('lead to the same state when any stretch up to their end is applied twice', () => {
    const decoded = entries.map(({ bytes }) => decodeTxn(bytes));
    const once = newState(golden.settings);
    for (const { header, txn } of decoded) applyTxn(once, header, txn);
    const expected = dump(once);
    const step = Math.ceil(decoded.length / 20);
    for (let from = 0; from < decoded.length; from += step) {
      const again = newState(golden.settings);
      for (const { header, txn } of decoded) applyTxn(again, header, txn);
      for (const { header, txn } of decoded.slice(from)) applyTxn(again, header, txn);
      expect(dump(again)).toEqual(expected);
    }
  });

  it("hold sessions whose passwords are those of Apache's generator", () => {
    for (const { id, password } of golden.sessions) {
      expect(passwordOf(sessionId(BigInt(id))).toString('hex')).toBe(password);
    }
  });
});
