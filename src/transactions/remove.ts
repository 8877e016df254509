// Transactions that remove a znode: delete, deleteContainer.
import { parentOf } from '../base/path.ts';
import type { State } from '../state/state.ts';
import type { View } from '../state/view.ts';
import type { Reader, Writer } from '../wire/bytes.ts';
import { ErrorCode } from '../wire/errors.ts';
import type { OpCode } from '../wire/opcodes.ts';
import { text } from '../wire/record.ts';
import { type Applied, applied, noNode } from './applied.ts';
import type { TxnHeader } from './header.ts';

export interface DeleteTxn {
  readonly type: typeof OpCode.delete | typeof OpCode.deleteContainer;
  readonly path: string;
}

export const readDelete = (r: Reader, type: DeleteTxn['type']): DeleteTxn => ({
  type,
  path: text.read(r),
});

export function writeDelete(w: Writer, txn: DeleteTxn): void {
  w.string(txn.path);
}

export function applyDelete(state: State, header: TxnHeader, txn: DeleteTxn): Applied {
  return removeNode(state, header, txn.path)
    ? applied(txn.type, ErrorCode.ok, txn.path)
    : noNode(txn.type, txn.path);
}

/** Removes a znode and tells its watchers; false if there was none. */
export function removeNode(state: State, header: TxnHeader, path: string): boolean {
  const { tree, watches } = state;
  const node = tree.remove(path, header.zxid);
  if (node === undefined) return false;
  if (!watches.isEmpty) {
    const parent = parentOf(path);
    const parentAcl = tree.get(parent)?.acl.list ?? null;
    watches.deleted(path, parent, header.zxid, node.acl.list, parentAcl);
  }
  return true;
}

export function previewDelete(view: View, header: TxnHeader, txn: DeleteTxn): void {
  view.remove(header.zxid, txn.path);
}
