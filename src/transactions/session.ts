// Transactions that begin and end a session; its end removes its ephemeral znodes.
import type { State } from '../state/state.ts';
import type { View } from '../state/view.ts';
import type { Reader, Writer } from '../wire/bytes.ts';
import { ErrorCode } from '../wire/errors.ts';
import { OpCode } from '../wire/opcodes.ts';
import { list, text } from '../wire/record.ts';
import { type Applied, applied } from './applied.ts';
import { DIGEST_LENGTH } from './digest.ts';
import type { TxnHeader } from './header.ts';
import { removeNode } from './remove.ts';

export interface CreateSessionTxn {
  readonly type: typeof OpCode.createSession;
  /** Milliseconds, as negotiated. */
  readonly timeOut: number;
}
export interface CloseSessionTxn {
  readonly type: typeof OpCode.closeSession;
  /** The ephemeral znodes to remove; null in entries of servers before 3.6: whatever it owns. */
  readonly paths2Delete: readonly string[] | null;
}

const paths = list(text);

export const readCreateSession = (r: Reader): CreateSessionTxn => ({
  type: OpCode.createSession,
  timeOut: r.int(),
});

export function writeCreateSession(w: Writer, txn: CreateSessionTxn): void {
  w.int(txn.timeOut);
}

/** Without paths nothing is written, so what follows may be the end or at once the digest. */
export function readCloseSession(r: Reader): CloseSessionTxn {
  const type = OpCode.closeSession;
  if (r.remaining === 0) return { type, paths2Delete: null };
  if (r.remaining === DIGEST_LENGTH) {
    // A digest of version 2 would be, as paths, two of them, both empty, and they cannot be.
    const isDigest = r.int() === 2;
    r.position -= 4;
    if (isDigest) return { type, paths2Delete: null };
  }
  return { type, paths2Delete: paths.read(r) };
}

export function writeCloseSession(w: Writer, txn: CloseSessionTxn): void {
  if (txn.paths2Delete !== null) paths.write(w, txn.paths2Delete as string[]);
}

export function applyCreateSession(
  state: State,
  header: TxnHeader,
  txn: CreateSessionTxn,
): Applied {
  state.sessions.add(header.clientId, txn.timeOut);
  return applied(txn.type, ErrorCode.ok);
}

/**
 * Ends the session. First go the paths that its leader named, so that all replicas remove the same
 * ones from whatever a fuzzy snapshot left them (ZOOKEEPER-3145), then what is still its own.
 */
export function applyCloseSession(state: State, header: TxnHeader, txn: CloseSessionTxn): Applied {
  const session = header.clientId;
  state.sessions.remove(session);
  for (const path of txn.paths2Delete ?? []) removeNode(state, header, path);
  for (const path of [...(state.tree.ephemerals.get(session) ?? [])]) {
    removeNode(state, header, path);
  }
  return applied(txn.type, ErrorCode.ok);
}

export function previewCloseSession(view: View, header: TxnHeader, txn: CloseSessionTxn): void {
  const doomed = txn.paths2Delete ?? view.ephemeralsOf(header.clientId);
  for (const path of doomed) view.remove(header.zxid, path);
}
