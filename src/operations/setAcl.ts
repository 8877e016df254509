// setACL: another access control list for a znode.

import { validatePath } from '../base/path.ts';
import { fixupAcl } from '../state/acl.ts';
import { SetAclRequest } from '../wire/client.ts';
import { Stat } from '../wire/data.ts';
import { ErrorCode } from '../wire/errors.ts';
import { OpCode, Perm } from '../wire/opcodes.ts';
import { mayAccess, nextVersion, write } from './operation.ts';

export const setAcl = write<SetAclRequest>({
  opcode: OpCode.setAcl,
  label: 'SETA',
  request: SetAclRequest,
  prepare({ path, acl, version }, context) {
    if (path === null || validatePath(path) !== null) return ErrorCode.badArguments;
    const fixed = fixupAcl(context.rules.access, context.ids, acl);
    if (fixed === null) return ErrorCode.invalidAcl;
    const node = context.view.node(path);
    if (node === undefined) return ErrorCode.noNode;
    if (!mayAccess(context, node, Perm.admin)) return ErrorCode.noAuth;
    if (version !== -1 && version !== node.aversion) return ErrorCode.badVersion;
    return { type: OpCode.setAcl, path, acl: fixed, version: nextVersion(node.aversion) };
  },
  respond(writer, { stat }) {
    if (stat !== null) Stat.write(writer, stat);
  },
});
