// multiRead: several getData and getChildren in one request, each with its own result.
import type { Writer } from '../wire/bytes.ts';
import { ErrorCode } from '../wire/errors.ts';
import {
  type MultiOperation,
  MultiRequest,
  MultiResponse,
  writeMultiHeader,
} from '../wire/multi.ts';
import { OpCode } from '../wire/opcodes.ts';
import { getChildren } from './children.ts';
import { getData } from './getData.ts';
import { type AnswerContext, read } from './operation.ts';

function answerOne(operation: MultiOperation, context: AnswerContext, writer: Writer): boolean {
  const start = writer.length;
  const { type } = operation;
  if (type !== OpCode.getData && type !== OpCode.getChildren) return false;
  writeMultiHeader(writer, type, false, ErrorCode.ok);
  const { answer } = type === OpCode.getData ? getData : getChildren;
  // Apache's Op.getData and Op.getChildren know no watch: a flag in the request is dropped.
  const err = answer({ path: operation.request.path, watch: false }, context, writer);
  if (err !== ErrorCode.ok) {
    writer.reset(start);
    writeMultiHeader(writer, OpCode.error, false, err);
    writer.int(err);
  }
  return true;
}

export const multiRead = read<MultiOperation[]>({
  opcode: OpCode.multiRead,
  label: 'MLTR',
  request: MultiRequest,
  answer(request, context, writer) {
    for (const operation of request) {
      if (!answerOne(operation, context, writer)) return ErrorCode.marshallingError;
    }
    MultiResponse.end(writer);
    return ErrorCode.ok;
  },
});
