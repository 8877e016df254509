// Who a client says it is: auth packets, and SASL, which there is none of.
import { authenticate } from '../state/auth.ts';
import type { Reader } from '../wire/bytes.ts';
import { AuthPacket } from '../wire/client.ts';
import type { Id } from '../wire/data.ts';
import { ErrorCode } from '../wire/errors.ts';
import { beginReply, endReply } from './answers.ts';
import type { Connection } from './connection.ts';
import type { Replica } from './replica.ts';

/** Characters of a scheme that a line of the log shows: a client may send a megabyte. */
const LONGEST_SCHEME = 40;

/** As a server that demands no SASL but cannot do it either: AUTHFAILED, a null token, the end. */
export function refuseSasl(connection: Connection, xid: number, replica: Replica): void {
  const start = beginReply(connection, xid, 0n, ErrorCode.authFailed);
  connection.out.bytes(null);
  endReply(connection, start);
  replica.report('warn', `SASL is not supported: closing /${connection.peer}`);
  replica.end(connection);
}

/** Takes effect at once, and is answered at once under its own xid, as in ZooKeeperServer.processPacket. */
export function takeCredentials(
  connection: Connection,
  xid: number,
  reader: Reader,
  replica: Replica,
): void {
  const { scheme, auth } = AuthPacket.read(reader);
  const ids = authenticate(scheme, auth, connection.address, replica.rules.access);
  const err = ids === null ? ErrorCode.authFailed : ErrorCode.ok;
  replica.stats.sent++;
  connection.stats.sent++;
  endReply(connection, beginReply(connection, xid, 0n, err));
  if (ids === null) {
    replica.stats.authFailures++;
    replica.report('warn', `Authentication failed for scheme: ${scheme?.slice(0, LONGEST_SCHEME)}`);
    replica.end(connection);
    return;
  }
  connection.ids = withIds(connection.ids, ids);
}

function withIds(known: readonly Id[], added: readonly Id[]): Id[] {
  const isNew = (id: Id) => !known.some((k) => k.scheme === id.scheme && k.id === id.id);
  return [...known, ...added.filter(isNew)];
}
