// getACL: who may do what; digests are hidden from those who may not administer the znode.
import { maskAcl } from '../state/acl.ts';
import { PathRequest } from '../wire/client.ts';
import { AclVector, Stat } from '../wire/data.ts';
import { ErrorCode } from '../wire/errors.ts';
import { OpCode, Perm } from '../wire/opcodes.ts';
import { accessible, mayAccess, read } from './operation.ts';

export const getAcl = read<PathRequest>({
  opcode: OpCode.getAcl,
  label: 'GETA',
  request: PathRequest,
  answer({ path }, context, writer) {
    if (path === null) return ErrorCode.marshallingError;
    const { tree } = context.state;
    const node = accessible(context, path, Perm.read | Perm.admin);
    if (typeof node === 'number') return node;
    const { list } = node.acl;
    AclVector.write(writer, mayAccess(context, node, Perm.admin) ? [...list] : maskAcl(list));
    Stat.write(writer, tree.statOf(node));
    return ErrorCode.ok;
  },
});
