// The transactions that stand alone or inside a multi, each kind dispatched to its file.
import type { State } from '../state/state.ts';
import type { View } from '../state/view.ts';
import type { Reader, Writer } from '../wire/bytes.ts';
import { OpCode } from '../wire/opcodes.ts';
import type { Applied } from './applied.ts';
import {
  type AnyCreateTxn,
  applyCreate,
  previewCreate,
  readCreate,
  writeCreate,
} from './create.ts';
import type { TxnHeader } from './header.ts';
import {
  applyCheck,
  applyError,
  type CheckTxn,
  type ErrorTxn,
  readCheck,
  readError,
  writeCheck,
  writeError,
} from './other.ts';
import { applyDelete, type DeleteTxn, previewDelete, readDelete, writeDelete } from './remove.ts';
import {
  applyCloseSession,
  applyCreateSession,
  type CloseSessionTxn,
  type CreateSessionTxn,
  previewCloseSession,
  readCloseSession,
  readCreateSession,
  writeCloseSession,
  writeCreateSession,
} from './session.ts';
import { applySetAcl, previewSetAcl, readSetAcl, type SetAclTxn, writeSetAcl } from './setAcl.ts';
import {
  applySetData,
  previewSetData,
  readSetData,
  type SetDataTxn,
  writeSetData,
} from './setData.ts';

export type SingleTxn =
  | AnyCreateTxn
  | DeleteTxn
  | SetDataTxn
  | SetAclTxn
  | CreateSessionTxn
  | CloseSessionTxn
  | CheckTxn
  | ErrorTxn;

/** Reads a transaction of the given type; undefined if there is no such type. */
export function readSingle(r: Reader, type: number): SingleTxn | undefined {
  switch (type) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTtl:
      return readCreate(r, type);
    case OpCode.delete:
    case OpCode.deleteContainer:
      return readDelete(r, type);
    case OpCode.setData:
    case OpCode.reconfig:
      return readSetData(r, type);
    case OpCode.setAcl:
      return readSetAcl(r);
    case OpCode.createSession:
      return readCreateSession(r);
    case OpCode.closeSession:
      return readCloseSession(r);
    case OpCode.check:
      return readCheck(r);
    case OpCode.error:
      return readError(r);
    default:
      return undefined;
  }
}

export function writeSingle(w: Writer, txn: SingleTxn): void {
  switch (txn.type) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTtl:
      writeCreate(w, txn);
      break;
    case OpCode.delete:
    case OpCode.deleteContainer:
      writeDelete(w, txn);
      break;
    case OpCode.setData:
    case OpCode.reconfig:
      writeSetData(w, txn);
      break;
    case OpCode.setAcl:
      writeSetAcl(w, txn);
      break;
    case OpCode.createSession:
      writeCreateSession(w, txn);
      break;
    case OpCode.closeSession:
      writeCloseSession(w, txn);
      break;
    case OpCode.check:
      writeCheck(w, txn);
      break;
    case OpCode.error:
      writeError(w, txn);
      break;
  }
}

export function applySingle(state: State, header: TxnHeader, txn: SingleTxn): Applied {
  switch (txn.type) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTtl:
      return applyCreate(state, header, txn);
    case OpCode.delete:
    case OpCode.deleteContainer:
      return applyDelete(state, header, txn);
    case OpCode.setData:
    case OpCode.reconfig:
      return applySetData(state, header, txn);
    case OpCode.setAcl:
      return applySetAcl(state, txn);
    case OpCode.createSession:
      return applyCreateSession(state, header, txn);
    case OpCode.closeSession:
      return applyCloseSession(state, header, txn);
    case OpCode.check:
      return applyCheck(txn);
    case OpCode.error:
      return applyError(txn);
  }
}

export function previewSingle(view: View, header: TxnHeader, txn: SingleTxn): void {
  switch (txn.type) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTtl:
      previewCreate(view, header, txn);
      break;
    case OpCode.delete:
    case OpCode.deleteContainer:
      previewDelete(view, header, txn);
      break;
    case OpCode.setData:
    case OpCode.reconfig:
      previewSetData(view, header, txn);
      break;
    case OpCode.setAcl:
      previewSetAcl(view, header, txn);
      break;
    case OpCode.closeSession:
      previewCloseSession(view, header, txn);
      break;
    case OpCode.createSession:
    case OpCode.check:
    case OpCode.error:
      break;
  }
}
