// setData: other bytes for a znode, if it still has the version that the client means.
import { validatePath } from '../base/path.ts';
import { checkQuota, QuotaVerdict } from '../state/quota.ts';
import { SetDataRequest } from '../wire/client.ts';
import { Stat } from '../wire/data.ts';
import { ErrorCode } from '../wire/errors.ts';
import { OpCode, Perm } from '../wire/opcodes.ts';
import { mayAccess, nextVersion, write } from './operation.ts';

export const setData = write<SetDataRequest>({
  opcode: OpCode.setData,
  label: 'SETD',
  request: SetDataRequest,
  prepare({ path, data, version }, context) {
    if (path === null || validatePath(path) !== null) return ErrorCode.badArguments;
    const node = context.view.node(path);
    if (node === undefined) return ErrorCode.noNode;
    if (!mayAccess(context, node, Perm.write)) return ErrorCode.noAuth;
    const growth = (data?.length ?? 0) - node.dataLength;
    if (
      context.rules.enforceQuota &&
      checkQuota(context.state.tree, path, growth, 0) === QuotaVerdict.overHardLimit
    ) {
      return ErrorCode.quotaExceeded;
    }
    if (version !== -1 && version !== node.version) return ErrorCode.badVersion;
    return {
      type: OpCode.setData,
      path,
      data,
      version: nextVersion(node.version),
      preview: undefined,
    };
  },
  respond(writer, { stat }) {
    if (stat !== null) Stat.write(writer, stat);
  },
});
