// getData: bytes and Stat of a znode, and a watch on it if asked for.

import { WatchKind } from '../state/watches.ts';
import { PathWatchRequest } from '../wire/client.ts';
import { Stat } from '../wire/data.ts';
import { ErrorCode } from '../wire/errors.ts';
import { OpCode, Perm } from '../wire/opcodes.ts';
import { accessible, read } from './operation.ts';

export const getData = read<PathWatchRequest>({
  opcode: OpCode.getData,
  label: 'GETD',
  request: PathWatchRequest,
  answer({ path, watch }, context, writer) {
    if (path === null) return ErrorCode.marshallingError;
    const { tree, watches } = context.state;
    const node = accessible(context, path, Perm.read);
    if (typeof node === 'number') return node;
    if (watch) watches.add(WatchKind.data, path, context.watcher);
    writer.bytes(node.data);
    Stat.write(writer, tree.statOf(node));
    return ErrorCode.ok;
  },
});
