// All transactions: their bytes in log entries and proposals, and what they do to the state.
import type { State } from '../state/state.ts';
import type { View } from '../state/view.ts';
import { Reader, WireError, type Writer } from '../wire/bytes.ts';
import { OpCode } from '../wire/opcodes.ts';
import type { Applied } from './applied.ts';
import { readDigest, type TxnDigest, writeDigest } from './digest.ts';
import { readHeader, type TxnHeader, writeHeader } from './header.ts';
import { applyMulti, type MultiTxn, previewMulti, readMulti, writeMulti } from './multi.ts';
import { applySingle, previewSingle, readSingle, type SingleTxn, writeSingle } from './single.ts';

export type { Applied } from './applied.ts';
export type { TxnDigest } from './digest.ts';
export type { TxnHeader } from './header.ts';
export type { MultiTxn } from './multi.ts';
export type { SingleTxn } from './single.ts';

export type Txn = SingleTxn | MultiTxn;

export interface TxnEntry {
  readonly header: TxnHeader;
  readonly txn: Txn;
  readonly digest: TxnDigest | null;
}

/** Writes one log entry (what is between its length and its end byte), as Apache's SerializeUtils. */
export function encodeTxn(
  writer: Writer,
  header: TxnHeader,
  txn: Txn,
  digest: TxnDigest | null,
): void {
  writeHeader(writer, header);
  if (txn.type === OpCode.multi) writeMulti(writer, txn);
  else writeSingle(writer, txn);
  if (digest !== null) writeDigest(writer, digest);
}

const reader = new Reader();

/**
 * Reads one log entry. Data in it are views on `bytes`, which must stay as they are until the
 * transaction has been applied. Throws WireError for an unknown type and for damaged bytes.
 */
export function decodeTxn(bytes: Buffer): TxnEntry {
  const r = reader.reset(bytes);
  const header = readHeader(r);
  const txn = header.type === OpCode.multi ? readMulti(r) : readSingle(r, header.type);
  if (txn === undefined) throw new WireError(`unknown transaction type ${header.type}`);
  return { header, txn, digest: readDigest(r) };
}

/**
 * Applies a committed transaction: tree, sessions, watches, last zxid. Errors of a replay over a
 * fuzzy snapshot (no such node, node exists) are in the outcome and harm nothing: applying a
 * stretch of the log again gives the same state (ZOOKEEPER-3127, 3144, 3145, 3306, 4689, 4846).
 */
export function applyTxn(state: State, header: TxnHeader, txn: Txn): Applied {
  const outcome =
    txn.type === OpCode.multi ? applyMulti(state, header, txn) : applySingle(state, header, txn);
  // Only now: a snapshot that names this zxid must hold all of the transaction.
  if (header.zxid > state.lastZxid) state.lastZxid = header.zxid;
  return outcome;
}

/**
 * Adds a transaction that is about to be proposed to the view; its digest is then
 * `view.treeDigest`. The operations of a multi are added one by one, as each must see those before
 * it; adding the multi itself adds them all.
 */
export function previewTxn(view: View, header: TxnHeader, txn: Txn): void {
  if (txn.type === OpCode.multi) previewMulti(view, header, txn);
  else previewSingle(view, header, txn);
}
