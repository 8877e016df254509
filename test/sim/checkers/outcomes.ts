// What a write must come to, judged by the tree as it is just before it: C2, C3, C9, C10.
import { parentOf } from '../../../src/base/path.ts';
import { OwnerKind, ttlOf } from '../../../src/state/owner.ts';
import type { State } from '../../../src/state/state.ts';
import type { Znode } from '../../../src/state/znode.ts';
import type { Txn, TxnEntry } from '../../../src/transactions/index.ts';
import { ErrorCode } from '../../../src/wire/errors.ts';
import { CreateMode, OpCode, Perm } from '../../../src/wire/opcodes.ts';
import { permits } from '../access.ts';
import type { SimOptions } from '../options.ts';
import type { Asked, Part, Request } from '../requests.ts';
import { demand } from '../violation.ts';

/** Errors that have nothing to do with the tree. */
const OF_SESSIONS: readonly number[] = [ErrorCode.sessionExpired, ErrorCode.sessionMoved];
/** Under this the clients set quotas. */
const QUOTA_PATH = '/q';

const isVersion = (wanted: number, is: number): boolean => wanted === -1 || wanted === is;

const isSequential = (mode: CreateMode): boolean =>
  mode === CreateMode.persistentSequential || mode === CreateMode.ephemeralSequential;

type User = string | null;

const may = (node: Znode, perm: number, user: User): boolean => permits(node.acl.list, perm, user);

/** An `auth` entry stands for who has said who he is. */
const lacksUser = (acl: string | undefined, user: User): boolean =>
  acl !== undefined && acl !== 'open' && user === null;

function expectedOfCreate(
  { path, mode, acl }: Extract<Request, { type: 'create' }>,
  { tree }: State,
  user: User,
): number {
  if (lacksUser(acl, user)) return ErrorCode.invalidAcl;
  const parent = tree.get(parentOf(path));
  if (parent === undefined) return ErrorCode.noNode;
  if (!may(parent, Perm.create, user)) return ErrorCode.noAuth;
  if (!isSequential(mode) && tree.get(path) !== undefined) return ErrorCode.nodeExists;
  const isEphemeral = tree.kindOf(parent.ephemeralOwner) === OwnerKind.session;
  return isEphemeral ? ErrorCode.noChildrenForEphemerals : ErrorCode.ok;
}

function expectedOfDelete(
  { path, version }: Extract<Request, { type: 'delete' }>,
  { tree }: State,
  user: User,
): number {
  const parent = tree.get(parentOf(path));
  if (parent === undefined) return ErrorCode.noNode;
  if (!may(parent, Perm.delete, user)) return ErrorCode.noAuth;
  const node = tree.get(path);
  if (node === undefined) return ErrorCode.noNode;
  if (!isVersion(version, node.version)) return ErrorCode.badVersion;
  return tree.statOf(node).numChildren > 0 ? ErrorCode.notEmpty : ErrorCode.ok;
}

/** Of a request that changes or checks one znode: which permission and which version it needs. */
function expectedOfOne(
  { path, version }: { path: string; version: number },
  state: State,
  user: User,
  { perm, field }: { perm: number; field: 'version' | 'aversion' },
): number {
  const node = state.tree.get(path);
  if (node === undefined) return ErrorCode.noNode;
  if (!may(node, perm, user)) return ErrorCode.noAuth;
  return isVersion(version, node[field]) ? ErrorCode.ok : ErrorCode.badVersion;
}

function expected(request: Request, state: State, user: User): number | null {
  switch (request.type) {
    case 'create':
      return expectedOfCreate(request, state, user);
    case 'delete':
      return expectedOfDelete(request, state, user);
    case 'set':
      return expectedOfOne(request, state, user, { perm: Perm.write, field: 'version' });
    case 'check':
      return expectedOfOne(request, state, user, { perm: Perm.read, field: 'version' });
    case 'setAcl':
      if (lacksUser(request.acl, user)) return ErrorCode.invalidAcl;
      return expectedOfOne(request, state, user, { perm: Perm.admin, field: 'aversion' });
    default:
      return null;
  }
}

const errorOf = (txn: Txn): number => (txn.type === OpCode.error ? txn.err : ErrorCode.ok);

/** Whether what one part does may change what another comes to. */
const concerns = ({ path: a }: Part, { path: b }: Part): boolean =>
  a === b || a === parentOf(b) || b === parentOf(a) || parentOf(a) === parentOf(b);

export class Outcomes {
  readonly #options: SimOptions;
  /** The last number of a sequential znode, by parent. */
  readonly #last = new Map<string, number>();

  constructor(options: SimOptions) {
    this.#options = options;
  }

  /** A committed transaction that is not applied yet, and the request that it comes from. */
  judge({ request, user }: Asked, { txn }: TxnEntry, state: State): void {
    const is = errorOf(txn);
    if (OF_SESSIONS.includes(is)) return;
    if (request.type === 'multi') {
      if (txn.type === OpCode.multi) this.#judgeMulti(request.parts, txn.txns, state, user);
      return;
    }
    this.#judgeOne(request, is, state, user);
    if (request.type === 'create' && txn.type === OpCode.create) this.#judgeName(request, txn.path);
  }

  #judgeOne(request: Request, is: number, state: State, user: User): void {
    const should = expected(request, state, user);
    if (should === null || this.#isOverQuota(request, is, should)) return;
    demand(is === should, 'C3', () => {
      return `${JSON.stringify(request)} of ${user}: ${is} instead of ${should}`;
    });
  }

  /** The leader counts what is committed only, so it may let pass too much: but only a quota refuses. */
  #isOverQuota(request: Request, is: number, should: number): boolean {
    if (is !== ErrorCode.quotaExceeded || !this.#options.enforceQuota) return false;
    const isChecked = request.type === 'create' || request.type === 'set';
    const mayBe = should === ErrorCode.ok || should === ErrorCode.badVersion;
    return isChecked && mayBe && request.path.startsWith(QUOTA_PATH);
  }

  /** C2: all parts, or none: those before the first that fails would have been done, those behind not. */
  #judgeMulti(parts: readonly Part[], txns: readonly Txn[], state: State, user: User): void {
    const first = txns.findIndex(({ type }) => type === OpCode.error);
    const before = first === -1 ? parts : parts.slice(0, first);
    before.forEach((part, i) => {
      if (!parts.slice(0, i).some((other) => concerns(other, part))) {
        this.#judgeOne(part, ErrorCode.ok, state, user);
      }
    });
    const failed = parts[first];
    if (failed === undefined) return;
    if (!before.some((other) => concerns(other, failed))) {
      this.#judgeOne(failed, errorOf(txns[first] as Txn), state, user);
    }
    const behind = txns.slice(first + 1).map(errorOf);
    const isNone = behind.every((err) => err === ErrorCode.runtimeInconsistency);
    demand(isNone, 'C2', () => `a multi that fails at ${first} goes on with ${behind}`);
  }

  #judgeName({ path, mode }: Extract<Request, { type: 'create' }>, made: string): void {
    if (!isSequential(mode)) return;
    const number = Number(made.slice(path.length));
    const parent = parentOf(path);
    const last = this.#last.get(parent) ?? -1;
    demand(made.startsWith(path) && number > last, 'C9', () => `${made} behind ${last}`);
    this.#last.set(parent, number);
  }

  /** A container goes when it is empty again, a TTL znode when its time is over and it is empty. */
  judgeRemoval({ header, txn }: TxnEntry, { tree }: State): void {
    if (txn.type !== OpCode.deleteContainer) return;
    const node = tree.get(txn.path);
    const what = (): string => `${txn.path} is removed though nothing is over`;
    demand(node !== undefined && tree.statOf(node).numChildren === 0, 'C10', what);
    if (node === undefined) return;
    const { ephemeralOwner, mtime, ctime, cversion } = node;
    const kind = tree.kindOf(ephemeralOwner);
    if (kind === OwnerKind.ttl) {
      demand(header.time - mtime > ttlOf(ephemeralOwner, tree.options), 'C10', what);
      return;
    }
    const { maxNeverUsed } = this.#options;
    const isUnused = maxNeverUsed > 0 && header.time - ctime >= maxNeverUsed;
    demand(kind === OwnerKind.container && (cversion > 0 || isUnused), 'C10', what);
  }

  /** A parent that was removed counts anew. */
  removed(txn: Txn): void {
    if (txn.type === OpCode.multi) for (const part of txn.txns) this.removed(part);
    else if (txn.type === OpCode.delete || txn.type === OpCode.deleteContainer) {
      this.#last.delete(txn.path);
    }
  }
}
