// The transaction that replaces a znode's data; a reconfig is one on /zookeeper/config.
import type { State } from '../state/state.ts';
import type { View } from '../state/view.ts';
import type { Previewed } from '../state/znode.ts';
import type { Reader, Writer } from '../wire/bytes.ts';
import { ErrorCode } from '../wire/errors.ts';
import { OpCode } from '../wire/opcodes.ts';
import { text } from '../wire/record.ts';
import { type Applied, applied, noNode } from './applied.ts';
import type { TxnHeader } from './header.ts';

export interface SetDataTxn {
  readonly type: typeof OpCode.setData | typeof OpCode.reconfig;
  readonly path: string;
  /** Read from an entry it is a view on the entry's bytes; the tree copies what it keeps. */
  readonly data: Uint8Array | null;
  /** The version afterwards. */
  readonly version: number;
  preview?: Previewed | undefined;
}

export const readSetData = (r: Reader, type: SetDataTxn['type']): SetDataTxn => ({
  type,
  path: text.read(r),
  data: r.bytes(),
  version: r.int(),
});

export function writeSetData(w: Writer, txn: SetDataTxn): void {
  w.string(txn.path);
  w.bytes(txn.data);
  w.int(txn.version);
}

export function applySetData(state: State, header: TxnHeader, txn: SetDataTxn): Applied {
  const { tree, watches } = state;
  const { path } = txn;
  const { data, version, preview } = txn;
  const node = tree.setData(path, data, version, header.zxid, header.time, preview);
  if (node === undefined) return noNode(txn.type, path);
  if (!watches.isEmpty) watches.dataChanged(path, header.zxid, node.acl.list);
  const outcome = applied(txn.type, ErrorCode.ok, path, tree.statOf(node));
  return txn.type === OpCode.reconfig ? { ...outcome, data: node.data } : outcome;
}

export function previewSetData(view: View, header: TxnHeader, txn: SetDataTxn): void {
  txn.preview = view.setData(header.zxid, header.time, txn.path, txn.data, txn.version);
}
