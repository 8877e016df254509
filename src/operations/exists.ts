// exists: the Stat of a znode; the watch is set whether it exists or not.
import { WatchKind } from '../state/watches.ts';
import { PathWatchRequest } from '../wire/client.ts';
import { Stat } from '../wire/data.ts';
import { ErrorCode } from '../wire/errors.ts';
import { OpCode, Perm } from '../wire/opcodes.ts';
import { mayAccess, nodeAt, read } from './operation.ts';

export const exists = read<PathWatchRequest>({
  opcode: OpCode.exists,
  label: 'EXIS',
  request: PathWatchRequest,
  answer({ path, watch }, context, writer) {
    if (path === null) return ErrorCode.marshallingError;
    if (path.includes('\0')) return ErrorCode.badArguments;
    const { tree, watches } = context.state;
    const node = nodeAt(context.state, path);
    // ZOOKEEPER-2590: a Stat is not for those who may not read.
    if (node !== undefined && !mayAccess(context, node, Perm.read)) return ErrorCode.noAuth;
    if (watch) watches.add(WatchKind.data, path, context.watcher);
    if (node === undefined) return ErrorCode.noNode;
    Stat.write(writer, tree.statOf(node));
    return ErrorCode.ok;
  },
});
