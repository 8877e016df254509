// The bytes of answers: reply headers, and the answer to a connect request.
import { NO_SESSION } from '../base/ids.ts';
import { passwordOf } from '../state/sessions.ts';
import { ConnectResponse } from '../wire/client.ts';
import type { Connection } from './connection.ts';

const NO_PASSWORD = Buffer.alloc(16);

/** Grants the connection its session, or says with id 0 that there is none (any more). */
export function writeConnectResponse(
  connection: Connection,
  { isValid, isReadOnly }: { readonly isValid: boolean; readonly isReadOnly: boolean },
): void {
  const out = connection.out;
  const start = out.beginFrame();
  ConnectResponse.write(out, {
    protocolVersion: 0,
    timeOut: isValid ? connection.timeout : 0,
    sessionId: isValid ? connection.session : NO_SESSION,
    passwd: isValid ? passwordOf(connection.session) : NO_PASSWORD,
    readOnly: connection.isOldClient ? null : isReadOnly,
  });
  out.endFrame(start);
  connection.touchOut();
}

/** Begins a reply; the body follows, then `endReply`. Returns where the frame began. */
export function beginReply(connection: Connection, xid: number, zxid: bigint, err: number): number {
  const out = connection.out;
  const start = out.beginFrame();
  out.int(xid);
  out.long(zxid);
  out.int(err);
  return start;
}

/** Bytes of a reply before its body: length, xid, zxid, err. */
const HEADER = 4 + 4 + 8 + 4;

/** Makes an error of the reply begun at `start`: whatever body it had is taken back. */
export function failReply(connection: Connection, start: number, err: number): void {
  connection.out.reset(start + HEADER);
  connection.out.patchInt(start + HEADER - 4, err);
}

export function endReply(connection: Connection, start: number): number {
  connection.out.endFrame(start);
  connection.touchOut();
  return connection.out.length - start;
}
