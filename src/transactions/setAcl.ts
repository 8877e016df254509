// The transaction that replaces a znode's access control list.
import type { State } from '../state/state.ts';
import type { View } from '../state/view.ts';
import type { Reader, Writer } from '../wire/bytes.ts';
import { type Acl, AclVector } from '../wire/data.ts';
import { ErrorCode } from '../wire/errors.ts';
import { OpCode } from '../wire/opcodes.ts';
import { text } from '../wire/record.ts';
import { type Applied, applied, noNode } from './applied.ts';
import { writeAcl } from './create.ts';
import type { TxnHeader } from './header.ts';

export interface SetAclTxn {
  readonly type: typeof OpCode.setAcl;
  readonly path: string;
  readonly acl: readonly Acl[] | null;
  /** The aversion afterwards. */
  readonly version: number;
}

export const readSetAcl = (r: Reader): SetAclTxn => ({
  type: OpCode.setAcl,
  path: text.read(r),
  acl: AclVector.read(r),
  version: r.int(),
});

export function writeSetAcl(w: Writer, txn: SetAclTxn): void {
  w.string(txn.path);
  writeAcl(w, txn.acl);
  w.int(txn.version);
}

export function applySetAcl(state: State, txn: SetAclTxn): Applied {
  const node = state.tree.setAcl(txn.path, txn.acl, txn.version);
  if (node === undefined) return noNode(txn.type, txn.path);
  return applied(txn.type, ErrorCode.ok, txn.path, state.tree.statOf(node));
}

export function previewSetAcl(view: View, header: TxnHeader, txn: SetAclTxn): void {
  view.setAcl(header.zxid, txn.path, txn.acl, txn.version);
}
