// reconfig: a lone server has no ensemble to change.
import { ReconfigRequest } from '../wire/client.ts';
import { ErrorCode } from '../wire/errors.ts';
import { OpCode } from '../wire/opcodes.ts';
import { write } from './operation.ts';

/** Apache's order: disabled comes before everything, then a standalone server cannot do it. */
export const reconfig = write({
  opcode: OpCode.reconfig,
  label: 'RECO',
  request: ReconfigRequest,
  prepare: (_request, { rules }) =>
    rules.reconfigEnabled ? ErrorCode.unimplemented : ErrorCode.reconfigDisabled,
  respond() {},
});
