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

/**
 * Bytes of an answer from which on the rest is refused: a request of 1 MB could ask for 50,000 times
 * the largest znode, and Apache's server would run out of memory over the answer.
 */
const MAX_ANSWER = 32 << 20;

function writeError(writer: Writer, err: ErrorCode): void {
  writeMultiHeader(writer, OpCode.error, false, err);
  writer.int(err);
}

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
    writeError(writer, err);
  }
  return true;
}

export const multiRead = read<MultiOperation[]>({
  opcode: OpCode.multiRead,
  label: 'MLTR',
  request: MultiRequest,
  answer(request, context, writer) {
    const start = writer.length;
    for (const operation of request) {
      if (writer.length - start > MAX_ANSWER) writeError(writer, ErrorCode.throttledOp);
      else if (!answerOne(operation, context, writer)) return ErrorCode.marshallingError;
    }
    MultiResponse.end(writer);
    return ErrorCode.ok;
  },
});
