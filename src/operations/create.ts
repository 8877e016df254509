// create, create2, createContainer, createTtl: a new znode of any kind.

import { parentOf, validatePath } from '../base/path.ts';
import { fixupAcl } from '../state/acl.ts';
import { MAX_TTL, OwnerKind } from '../state/owner.ts';
import { checkQuota, QuotaVerdict } from '../state/quota.ts';
import type { NodeView } from '../state/znode.ts';
import type { Applied, Txn } from '../transactions/index.ts';
import type { Writer } from '../wire/bytes.ts';
import { CreateRequest, CreateTtlRequest } from '../wire/client.ts';
import { type Acl, Stat } from '../wire/data.ts';
import { ErrorCode } from '../wire/errors.ts';
import { CreateMode, OpCode, Perm } from '../wire/opcodes.ts';
import { mayAccess, type PrepareContext, write } from './operation.ts';

type CreateType =
  | typeof OpCode.create
  | typeof OpCode.create2
  | typeof OpCode.createContainer
  | typeof OpCode.createTtl;

interface Wanted {
  readonly type: CreateType;
  readonly path: string;
  readonly data: Uint8Array | null;
  readonly acl: readonly Acl[] | null;
  readonly flags: number;
  /** Milliseconds; -1 for requests that cannot carry one. */
  readonly ttl: bigint;
}

const isTtlMode = (flags: number): boolean =>
  flags === CreateMode.persistentWithTtl || flags === CreateMode.persistentSequentialWithTtl;
const isEphemeral = (flags: number): boolean =>
  flags === CreateMode.ephemeral || flags === CreateMode.ephemeralSequential;
const isSequential = (flags: number): boolean =>
  flags === CreateMode.persistentSequential ||
  flags === CreateMode.ephemeralSequential ||
  flags === CreateMode.persistentSequentialWithTtl;

/** Ten digits, the sign among them, as Java's %010d. */
function sequence(counter: number): string {
  return counter < 0 ? `-${String(-counter).padStart(9, '0')}` : String(counter).padStart(10, '0');
}

/** Apache's validateCreateRequest: the mode must exist, and fit the time to live. */
function checkMode({ flags, ttl }: Wanted, { rules }: PrepareContext): ErrorCode {
  if (flags < CreateMode.persistent || flags > CreateMode.persistentSequentialWithTtl) {
    return ErrorCode.badArguments;
  }
  if (!isTtlMode(flags)) return ttl < 0n ? ErrorCode.ok : ErrorCode.badArguments;
  if (!rules.extendedTypes) return ErrorCode.unimplemented;
  return ttl > 0n && ttl <= MAX_TTL ? ErrorCode.ok : ErrorCode.badArguments;
}

function prepareCreate(wanted: Wanted, context: PrepareContext): Txn | ErrorCode {
  const modeError = checkMode(wanted, context);
  if (modeError !== ErrorCode.ok) return modeError;
  if (!wanted.path.includes('/') || wanted.path.includes('\0')) return ErrorCode.badArguments;
  const acl = fixupAcl(context.rules.access, context.ids, wanted.acl);
  if (acl === null) return ErrorCode.invalidAcl;
  const parent = context.view.node(parentOf(wanted.path) || '/');
  if (parent === undefined) return ErrorCode.noNode;
  if (!mayAccess(context, parent, Perm.create)) return ErrorCode.noAuth;
  const path = isSequential(wanted.flags) ? wanted.path + sequence(parent.cversion) : wanted.path;
  const err = checkPlace(path, parent, wanted, context);
  if (err !== ErrorCode.ok) return err;
  return createTxn(wanted, path, acl, (parent.cversion + 1) | 0);
}

/** Whether a znode may be made at `path`, in Apache's order of questions. */
function checkPlace(
  path: string,
  parent: NodeView,
  { data }: Wanted,
  { view, state, rules }: PrepareContext,
): ErrorCode {
  if (validatePath(path) !== null) return ErrorCode.badArguments;
  if (view.node(path) !== undefined) return ErrorCode.nodeExists;
  if (state.tree.kindOf(parent.ephemeralOwner) === OwnerKind.session) {
    return ErrorCode.noChildrenForEphemerals;
  }
  const isOver =
    rules.enforceQuota &&
    checkQuota(state.tree, path, data?.length ?? 0, 1) === QuotaVerdict.overHardLimit;
  return isOver ? ErrorCode.quotaExceeded : ErrorCode.ok;
}

function createTxn(
  { type, data, flags, ttl }: Wanted,
  path: string,
  acl: readonly Acl[],
  parentCVersion: number,
): Txn {
  const created = { path, data, acl, parentCVersion, preview: undefined };
  if (type === OpCode.createContainer) return { type, ...created };
  if (type === OpCode.createTtl) return { type, ...created, ttl };
  const ephemeral = isEphemeral(flags);
  return { type, path, data, acl, ephemeral, parentCVersion, preview: undefined };
}

function respondPath(writer: Writer, { path }: Applied): void {
  writer.string(path);
}

function respondPathAndStat(writer: Writer, { path, stat }: Applied): void {
  writer.string(path);
  if (stat !== null) Stat.write(writer, stat);
}

function plain(
  type: typeof OpCode.create | typeof OpCode.create2 | typeof OpCode.createContainer,
  respond: (writer: Writer, applied: Applied) => void,
) {
  return write<CreateRequest>({
    opcode: type,
    label: 'CREA',
    request: CreateRequest,
    prepare({ path, data, acl, flags }, context) {
      if (path === null) return ErrorCode.marshallingError;
      return prepareCreate({ type, path, data, acl, flags, ttl: -1n }, context);
    },
    respond,
  });
}

export const create = plain(OpCode.create, respondPath);
export const create2 = plain(OpCode.create2, respondPathAndStat);
export const createContainer = plain(OpCode.createContainer, respondPathAndStat);

export const createTtl = write<CreateTtlRequest>({
  opcode: OpCode.createTtl,
  label: 'CREA',
  request: CreateTtlRequest,
  prepare({ path, data, acl, flags, ttl }, context) {
    if (path === null) return ErrorCode.marshallingError;
    return prepareCreate({ type: OpCode.createTtl, path, data, acl, flags, ttl }, context);
  },
  respond: respondPathAndStat,
});
