// delete, and the server's own removal of containers and TTL nodes.

import { parentOf } from '../base/path.ts';
import { OwnerKind } from '../state/owner.ts';
import { isSpecialPath } from '../state/tree.ts';
import type { Txn } from '../transactions/index.ts';
import { PathVersionRequest } from '../wire/client.ts';
import { ErrorCode } from '../wire/errors.ts';
import { OpCode, Perm } from '../wire/opcodes.ts';
import { mayAccess, type PrepareContext, write } from './operation.ts';

/** Only what could never be a znode's path, and what must never go, is refused before the look-up. */
const isRemovable = (path: string): boolean =>
  path.includes('/') && !path.includes('\0') && !isSpecialPath(path);

export const remove = write<PathVersionRequest>({
  opcode: OpCode.delete,
  label: 'DELE',
  request: PathVersionRequest,
  prepare({ path, version }, context) {
    if (path === null) return ErrorCode.marshallingError;
    if (!isRemovable(path)) return ErrorCode.badArguments;
    const { view } = context;
    const parent = view.node(parentOf(path));
    if (parent === undefined) return ErrorCode.noNode;
    if (!mayAccess(context, parent, Perm.delete)) return ErrorCode.noAuth;
    const node = view.node(path);
    if (node === undefined) return ErrorCode.noNode;
    if (version !== -1 && version !== node.version) return ErrorCode.badVersion;
    if (node.numChildren > 0) return ErrorCode.notEmpty;
    return { type: OpCode.delete, path };
  },
  respond() {},
});

/**
 * Removes a container or TTL node that is due, unless it has got a child in the meantime, or there is
 * a change of it in flight: one that was set just now has all its time again (Apache removes it).
 */
export function prepareDeleteContainer(
  path: string,
  { view, state }: Pick<PrepareContext, 'view' | 'state'>,
): Txn | ErrorCode {
  const node = view.node(path);
  if (node === undefined) return ErrorCode.noNode;
  if (node.numChildren > 0) return ErrorCode.notEmpty;
  const kind = state.tree.kindOf(node.ephemeralOwner);
  const seen = state.tree.get(path);
  const isSame = seen?.mzxid === node.mzxid && seen.cversion === node.cversion;
  const isDue = kind === OwnerKind.container || kind === OwnerKind.ttl;
  return isDue && isSame ? { type: OpCode.deleteContainer, path } : ErrorCode.badVersion;
}
