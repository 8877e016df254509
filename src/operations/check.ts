// check: inside a multi, that a znode has a version.
import { validatePath } from '../base/path.ts';
import type { Txn } from '../transactions/index.ts';
import { PathVersionRequest } from '../wire/client.ts';
import { ErrorCode } from '../wire/errors.ts';
import { OpCode, Perm } from '../wire/opcodes.ts';
import { mayAccess, nextVersion, type PrepareContext, write } from './operation.ts';

export function prepareCheck(
  { path, version }: PathVersionRequest,
  context: PrepareContext,
): Txn | ErrorCode {
  if (path === null || validatePath(path) !== null) return ErrorCode.badArguments;
  const node = context.view.node(path);
  if (node === undefined) return ErrorCode.noNode;
  if (!mayAccess(context, node, Perm.read)) return ErrorCode.noAuth;
  if (version !== -1 && version !== node.version) return ErrorCode.badVersion;
  return { type: OpCode.check, path, version: nextVersion(node.version) };
}

/**
 * Alone it is refused: Apache logs it as a transaction that it cannot read back, and then does not
 * start any more (ZOOKEEPER-2623). Nothing but an error transaction is logged here.
 */
export const check = write<PathVersionRequest>({
  opcode: OpCode.check,
  label: 'CHEC',
  request: PathVersionRequest,
  prepare: () => ErrorCode.unimplemented,
  respond() {},
});
