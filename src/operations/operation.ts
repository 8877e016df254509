// The form of an operation: what a client may ask, how a leader prepares it, how any server answers it.
import type { SessionId, Zxid } from '../base/ids.ts';
import { checkAcl } from '../state/acl.ts';
import type { AuthOptions } from '../state/auth.ts';
import type { State } from '../state/state.ts';
import type { View } from '../state/view.ts';
import type { Watcher } from '../state/watches.ts';
import type { Znode } from '../state/znode.ts';
import type { Applied, Txn } from '../transactions/index.ts';
import type { Writer } from '../wire/bytes.ts';
import type { Acl, Id } from '../wire/data.ts';
import { ErrorCode } from '../wire/errors.ts';
import type { Membership } from '../wire/membership.ts';
import type { OpCode } from '../wire/opcodes.ts';
import type { Codec } from '../wire/record.ts';

/** Settings that decide what an operation may do. */
export interface Rules {
  readonly access: AuthOptions;
  /** TTL nodes are refused (Unimplemented) unless it is on. */
  readonly extendedTypes: boolean;
  /** Hard quotas refuse; without it they only count. */
  readonly enforceQuota: boolean;
  readonly reconfigEnabled: boolean;
}

/** What a leader knows of its ensemble, for those who want to change it. */
export interface Reconfiguration {
  readonly active: Membership;
  /** Another change is proposed and not in force yet. */
  readonly isUnderWay: boolean;
  readonly leastVoters: number;
  /** Whether enough of its voters follow the leader, with all that it has. */
  isSynced(membership: Membership): boolean;
  /** The transaction that has just been numbered makes this the membership. */
  begin(membership: Membership): void;
}

/** What a write is prepared against: the tree as it will be when all that is in flight has committed. */
export interface PrepareContext {
  readonly view: View;
  readonly state: State;
  readonly rules: Rules;
  readonly zxid: Zxid;
  /** Wall clock in ms; becomes ctime and mtime. */
  readonly time: number;
  readonly session: SessionId;
  readonly ids: readonly Id[];
  /** Null for a server without an ensemble. */
  readonly reconfiguration: Reconfiguration | null;
}

/** What a read is answered from. */
export interface AnswerContext {
  readonly state: State;
  readonly rules: Rules;
  readonly session: SessionId;
  readonly ids: readonly Id[];
  /** Who gets the events of a watch that the read sets. */
  readonly watcher: Watcher;
}

export interface WriteOperation<R> {
  readonly kind: 'write';
  readonly opcode: OpCode;
  /** Four letters that `cons` shows as the last operation, as Apache's FinalRequestProcessor. */
  readonly label: string;
  readonly request: Codec<R>;
  /**
   * Decides, and changes nothing: the transaction is added to the view by who proposes it.
   * (A multi's parts must see each other: it adds them itself.)
   */
  prepare(request: R, context: PrepareContext): Txn | ErrorCode;
  /** Writes the body of the answer, once the transaction has been applied without an error. */
  respond(writer: Writer, applied: Applied): void;
}

export interface ReadOperation<R> {
  readonly kind: 'read';
  readonly opcode: OpCode;
  readonly label: string;
  readonly request: Codec<R>;
  /** True when answering may deliver events: it has no body then, and its frame begins after them. */
  readonly isEventful?: boolean;
  /** Writes the body of the answer; what was written is taken back when the result is not `ok`. */
  answer(request: R, context: AnswerContext, writer: Writer): ErrorCode;
}

export type Operation = WriteOperation<unknown> | ReadOperation<unknown>;

// The table holds operations of every request type; each is only ever given what its own codec read.
export const write = <R>(operation: Omit<WriteOperation<R>, 'kind'>): WriteOperation<unknown> =>
  ({ kind: 'write', ...operation }) as unknown as WriteOperation<unknown>;

export const read = <R>(operation: Omit<ReadOperation<R>, 'kind'>): ReadOperation<unknown> =>
  ({ kind: 'read', ...operation }) as unknown as ReadOperation<unknown>;

/** The znode that a read means; the empty path is the root, as in Apache's DataTree. */
export const nodeAt = (state: State, path: string): Znode | undefined =>
  state.tree.get(path === '' ? '/' : path);

/** Whether who asks has one of the permissions `perm` on `node`. */
export const mayAccess = (
  { rules, ids }: { rules: Rules; ids: readonly Id[] },
  node: { readonly acl: { readonly list: readonly Acl[] } },
  perm: number,
): boolean => checkAcl(rules.access, node.acl.list, perm, ids);

/** The znode that a read means, if who asks has one of the permissions `perm` on it; else why not. */
export function accessible(context: AnswerContext, path: string, perm: number): Znode | ErrorCode {
  const node = nodeAt(context.state, path);
  if (node === undefined) return ErrorCode.noNode;
  return mayAccess(context, node, perm) ? node : ErrorCode.noAuth;
}

/** The version after a change: 32 bits, and never -1, which would mean any (ZOOKEEPER-4743). */
export function nextVersion(version: number): number {
  const next = (version + 1) | 0;
  return next === -1 ? 0 : next;
}
