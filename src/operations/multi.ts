// multi: several writes as one transaction, all or none.
import {
  type Applied,
  previewTxn,
  type SingleTxn,
  type Txn,
  type TxnHeader,
} from '../transactions/index.ts';
import type { Writer } from '../wire/bytes.ts';
import { ErrorCode } from '../wire/errors.ts';
import {
  type MultiOperation,
  MultiRequest,
  MultiResponse,
  type MultiResult,
  writeMultiResult,
} from '../wire/multi.ts';
import { CreateMode, OpCode } from '../wire/opcodes.ts';
import { prepareCheck } from './check.ts';
import { create, createContainer, createTtl } from './create.ts';
import { type PrepareContext, write } from './operation.ts';
import { remove } from './remove.ts';
import { setData } from './setData.ts';

function prepareOne(operation: MultiOperation, context: PrepareContext): Txn | ErrorCode {
  switch (operation.type) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
      // What is made follows from the flags alone (Apache's MultiOperationRecord).
      return operation.request.flags === CreateMode.container
        ? createContainer.prepare(operation.request, context)
        : create.prepare(operation.request, context);
    case OpCode.createTtl:
      return createTtl.prepare(operation.request, context);
    case OpCode.delete:
      return remove.prepare(operation.request, context);
    case OpCode.setData:
      return setData.prepare(operation.request, context);
    case OpCode.check:
      return prepareCheck(operation.request, context);
    case OpCode.getData:
    case OpCode.getChildren:
      return ErrorCode.marshallingError;
  }
}

const isRead = ({ type }: MultiOperation): boolean =>
  type === OpCode.getData || type === OpCode.getChildren;

/**
 * Each operation sees what those before it do, so the view has all of them afterwards. With the
 * first that fails all are taken back: those before it stay in the transaction as they would have
 * been (and are answered with 0), it carries its own code, the rest RuntimeInconsistency.
 */
function prepareAll(operations: readonly MultiOperation[], context: PrepareContext): SingleTxn[] {
  const { view, session, zxid, time } = context;
  const mark = view.mark();
  const txns: SingleTxn[] = [];
  for (const operation of operations) {
    const txn = prepareOne(operation, context);
    if (typeof txn === 'number') {
      view.rollback(mark);
      return [...txns, ...failed(txn, operations.length - txns.length)];
    }
    const header: TxnHeader = { clientId: session, cxid: 0, zxid, time, type: txn.type };
    previewTxn(view, header, txn);
    txns.push(txn as SingleTxn);
  }
  return txns;
}

/** The transactions of an operation that failed and of the rest, `count` in all. */
const failed = (err: ErrorCode, count: number): SingleTxn[] =>
  Array.from({ length: count }, (_, i) => ({
    type: OpCode.error,
    err: i === 0 ? err : ErrorCode.runtimeInconsistency,
  }));

function resultOf({ type, err, path, stat }: Applied): MultiResult {
  switch (type) {
    case OpCode.create:
      return { type, path };
    case OpCode.delete:
    case OpCode.check:
      return { type };
    default:
      if (stat === null) return { type: OpCode.error, err };
      // Containers and TTL nodes too are answered as create2, the only creation with a Stat.
      return type === OpCode.setData ? { type, stat } : { type: OpCode.create2, path, stat };
  }
}

export const multi = write<MultiOperation[]>({
  opcode: OpCode.multi,
  label: 'MULT',
  request: MultiRequest,
  prepare(operations, context) {
    // Refused as a whole: a read has no transaction.
    if (operations.some(isRead)) return ErrorCode.marshallingError;
    return { type: OpCode.multi, txns: prepareAll(operations, context) };
  },
  respond(writer: Writer, { multi: results }) {
    for (const result of results ?? []) writeMultiResult(writer, resultOf(result));
    MultiResponse.end(writer);
  },
});
