// The transaction of a multi: several others under one zxid, all of them or none.
import type { State } from '../state/state.ts';
import type { View } from '../state/view.ts';
import { type Reader, WireError, type Writer } from '../wire/bytes.ts';
import { ErrorCode } from '../wire/errors.ts';
import { OpCode } from '../wire/opcodes.ts';
import { type Applied, applied } from './applied.ts';
import type { TxnHeader } from './header.ts';
import { applySingle, previewSingle, readSingle, type SingleTxn, writeSingle } from './single.ts';

/**
 * If one of `txns` is an error, the multi has failed: those before it are as they would have been,
 * those after it are errors too (RUNTIMEINCONSISTENCY).
 */
export interface MultiTxn {
  readonly type: typeof OpCode.multi;
  readonly txns: readonly SingleTxn[];
}

/** Each element is its type and, as a buffer, its record. */
export function readMulti(r: Reader): MultiTxn {
  const txns: SingleTxn[] = [];
  const end = r.end;
  const count = r.count();
  for (let i = 0; i < count; i++) {
    const type = r.int();
    const length = r.int();
    if (length < 0 || length > r.remaining) throw new WireError(`length ${length} in a multi`);
    r.end = r.position + length;
    const txn = readSingle(r, type);
    if (txn === undefined) throw new WireError(`unknown transaction type ${type} in a multi`);
    r.position = r.end;
    r.end = end;
    txns.push(txn);
  }
  return { type: OpCode.multi, txns };
}

export function writeMulti(w: Writer, txn: MultiTxn): void {
  w.int(txn.txns.length);
  for (const single of txn.txns) {
    w.int(single.type);
    const frame = w.beginFrame();
    writeSingle(w, single);
    w.endFrame(frame);
  }
}

const isError = (txn: SingleTxn): boolean => txn.type === OpCode.error;

export function applyMulti(state: State, header: TxnHeader, txn: MultiTxn): Applied {
  const { txns } = txn;
  const results: Applied[] = [];
  let err = 0;
  if (txns.some(isError)) {
    let isAfterError = false;
    for (const single of txns) {
      isAfterError ||= single.type === OpCode.error;
      results.push(applied(OpCode.error, errorOf(single, isAfterError)));
    }
  } else {
    for (const single of txns) results.push(applySingle(state, header, single));
  }
  for (const result of results) if (err === 0) err = result.err;
  return { type: txn.type, err, path: null, stat: null, multi: results };
}

function errorOf(txn: SingleTxn, isAfterError: boolean): number {
  if (txn.type === OpCode.error) return txn.err;
  return isAfterError ? ErrorCode.runtimeInconsistency : ErrorCode.ok;
}

export function previewMulti(view: View, header: TxnHeader, txn: MultiTxn): void {
  if (txn.txns.some(isError)) return;
  for (const single of txn.txns) previewSingle(view, header, single);
}
