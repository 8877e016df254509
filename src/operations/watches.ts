// Requests about watches: set again after a reconnect, add, remove, check.
import { rearmWatches, type WatchesToRearm, WatchKind } from '../state/watches.ts';
import { AddWatchRequest, SetWatches, SetWatches2, WatchesRequest } from '../wire/client.ts';
import { ErrorCode } from '../wire/errors.ts';
import { AddWatchMode, OpCode, WatcherType as Types, type WatcherType } from '../wire/opcodes.ts';
import { type AnswerContext, read } from './operation.ts';

const rearm = (request: WatchesToRearm, { state, watcher }: AnswerContext): void =>
  rearmWatches(state.watches, state.tree, request, watcher);

export const setWatches = read({
  opcode: OpCode.setWatches,
  label: 'SETW',
  request: SetWatches,
  isEventful: true,
  answer(request, context) {
    rearm(request, context);
    return ErrorCode.ok;
  },
});

export const setWatches2 = read({
  opcode: OpCode.setWatches2,
  label: 'STW2',
  request: SetWatches2,
  isEventful: true,
  answer(request, context) {
    rearm(request, context);
    return ErrorCode.ok;
  },
});

export const addWatch = read({
  opcode: OpCode.addWatch,
  label: 'ADDW',
  request: AddWatchRequest,
  answer({ path, mode }, { state, watcher }, writer) {
    if (path === null) return ErrorCode.marshallingError;
    if (mode === AddWatchMode.persistent) state.watches.add(WatchKind.persistent, path, watcher);
    else if (mode === AddWatchMode.persistentRecursive) {
      state.watches.add(WatchKind.persistentRecursive, path, watcher);
    } else return ErrorCode.marshallingError;
    // The body is an ErrorResponse with 0.
    writer.int(ErrorCode.ok);
    return ErrorCode.ok;
  },
});

const isWatcherType = (type: number): type is WatcherType =>
  type >= Types.children && type <= Types.persistentRecursive;

export const removeWatches = read({
  opcode: OpCode.removeWatches,
  label: 'REMW',
  request: WatchesRequest,
  answer({ path, type }, { state, watcher }) {
    if (!isWatcherType(type)) return ErrorCode.marshallingError;
    if (path === null) return ErrorCode.noWatcher;
    return state.watches.remove(path, watcher, type) ? ErrorCode.ok : ErrorCode.noWatcher;
  },
});

export const checkWatches = read({
  opcode: OpCode.checkWatches,
  label: 'CHKW',
  request: WatchesRequest,
  answer({ path, type }, { state, watcher }) {
    if (path === null || !isWatcherType(type)) return ErrorCode.marshallingError;
    return state.watches.has(path, watcher, type) ? ErrorCode.ok : ErrorCode.noWatcher;
  },
});
