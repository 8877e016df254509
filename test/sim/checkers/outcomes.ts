// What a write must come to, judged by the tree as it is just before it: C3, C9, C10.
import { parentOf } from '../../../src/base/path.ts';
import type { State } from '../../../src/state/state.ts';
import type { TxnEntry } from '../../../src/transactions/index.ts';
import { ErrorCode } from '../../../src/wire/errors.ts';
import { CreateMode, OpCode } from '../../../src/wire/opcodes.ts';
import type { Request } from '../requests.ts';
import { demand } from '../violation.ts';

/** Errors that have nothing to do with the tree. */
const OF_SESSIONS: readonly number[] = [ErrorCode.sessionExpired, ErrorCode.sessionMoved];

function expected(request: Request, { tree }: State): number | null {
  if (request.type === 'set') {
    const node = tree.get(request.path);
    if (node === undefined) return ErrorCode.noNode;
    return isVersion(request.version, node.version) ? ErrorCode.ok : ErrorCode.badVersion;
  }
  if (request.type === 'delete') {
    const node = tree.get(request.path);
    if (node === undefined) return ErrorCode.noNode;
    if (!isVersion(request.version, node.version)) return ErrorCode.badVersion;
    return node.numChildren > 0 ? ErrorCode.notEmpty : ErrorCode.ok;
  }
  if (request.type === 'create') {
    const parent = tree.get(parentOf(request.path));
    if (parent === undefined) return ErrorCode.noNode;
    if (parent.ephemeralOwner !== 0n) return ErrorCode.noChildrenForEphemerals;
    const isSequential =
      request.mode === CreateMode.persistentSequential ||
      request.mode === CreateMode.ephemeralSequential;
    if (!isSequential && tree.get(request.path) !== undefined) return ErrorCode.nodeExists;
    return ErrorCode.ok;
  }
  return null;
}

const isVersion = (wanted: number, is: number): boolean => wanted === -1 || wanted === is;

/** The numbers of sequential znodes, by prefix. */
export class Sequences {
  readonly #last = new Map<string, number>();

  /** A committed transaction that is not applied yet, and the request that it comes from. */
  judge(request: Request, { txn }: TxnEntry, state: State): void {
    const is = txn.type === OpCode.error ? txn.err : ErrorCode.ok;
    const should = expected(request, state);
    if (should !== null && !OF_SESSIONS.includes(is)) {
      demand(is === should, 'C3', () => `${JSON.stringify(request)}: ${is} instead of ${should}`);
    }
    if (request.type === 'create' && txn.type === OpCode.create) {
      this.#judgeName(request, txn.path);
    }
  }

  #judgeName({ path, mode }: Extract<Request, { type: 'create' }>, made: string): void {
    if (mode !== CreateMode.persistentSequential && mode !== CreateMode.ephemeralSequential) return;
    const number = Number(made.slice(path.length));
    const parent = parentOf(path);
    const last = this.#last.get(parent) ?? -1;
    demand(made.startsWith(path) && number > last, 'C9', () => `${made} behind ${last}`);
    this.#last.set(parent, number);
  }

  /** A parent that was removed counts anew. */
  removed(path: string): void {
    this.#last.delete(path);
  }
}
