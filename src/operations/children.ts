// getChildren, getChildren2 and getAllChildrenNumber: what is below a znode.
import { WatchKind } from '../state/watches.ts';
import type { Znode } from '../state/znode.ts';
import type { Writer } from '../wire/bytes.ts';
import { PathRequest, PathWatchRequest } from '../wire/client.ts';
import { Stat } from '../wire/data.ts';
import { ErrorCode } from '../wire/errors.ts';
import { OpCode, Perm } from '../wire/opcodes.ts';
import { type AnswerContext, accessible, read } from './operation.ts';

/** Finds the znode, sets the watch and writes the names; the znode, or why there is none. */
function list(request: PathWatchRequest, context: AnswerContext, w: Writer): Znode | ErrorCode {
  const { path } = request;
  if (path === null) return ErrorCode.marshallingError;
  const { watches } = context.state;
  const node = accessible(context, path, Perm.read);
  if (typeof node === 'number') return node;
  if (request.watch) watches.add(WatchKind.child, path, context.watcher);
  w.int(node.numChildren);
  if (node.children !== null)
    node.children.forEach((_, name) => {
      w.string(name);
    });
  return node;
}

export const getChildren = read<PathWatchRequest>({
  opcode: OpCode.getChildren,
  label: 'GETC',
  request: PathWatchRequest,
  answer(request, context, writer) {
    const listed = list(request, context, writer);
    return typeof listed === 'number' ? listed : ErrorCode.ok;
  },
});

export const getChildren2 = read<PathWatchRequest>({
  opcode: OpCode.getChildren2,
  label: 'GETC',
  request: PathWatchRequest,
  answer(request, context, writer) {
    const listed = list(request, context, writer);
    if (typeof listed === 'number') return listed;
    Stat.write(writer, context.state.tree.statOf(listed));
    return ErrorCode.ok;
  },
});

export const getAllChildrenNumber = read<PathRequest>({
  opcode: OpCode.getAllChildrenNumber,
  label: 'GETACN',
  request: PathRequest,
  answer({ path }, context, writer) {
    if (path === null) return ErrorCode.marshallingError;
    const { tree } = context.state;
    const node = accessible(context, path, Perm.read);
    if (typeof node === 'number') return node;
    writer.int(tree.descendantsOf(path === '' ? '/' : path));
    return ErrorCode.ok;
  },
});
