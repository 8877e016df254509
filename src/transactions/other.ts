// Transactions that change no znode: a check inside a multi, and a request that failed.
import type { Reader, Writer } from '../wire/bytes.ts';
import { ErrorCode } from '../wire/errors.ts';
import { OpCode } from '../wire/opcodes.ts';
import { text } from '../wire/record.ts';
import { type Applied, applied } from './applied.ts';

export interface CheckTxn {
  readonly type: typeof OpCode.check;
  readonly path: string;
  readonly version: number;
}
/** A refused write takes a zxid too, so that every server counts alike. */
export interface ErrorTxn {
  readonly type: typeof OpCode.error;
  readonly err: number;
}

export const readCheck = (r: Reader): CheckTxn => ({
  type: OpCode.check,
  path: text.read(r),
  version: r.int(),
});

export function writeCheck(w: Writer, txn: CheckTxn): void {
  w.string(txn.path);
  w.int(txn.version);
}

export const applyCheck = (txn: CheckTxn): Applied => applied(txn.type, ErrorCode.ok, txn.path);

export const readError = (r: Reader): ErrorTxn => ({ type: OpCode.error, err: r.int() });

export function writeError(w: Writer, txn: ErrorTxn): void {
  w.int(txn.err);
}

export const applyError = (txn: ErrorTxn): Applied => applied(txn.type, txn.err);
