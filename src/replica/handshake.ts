// The first frame of a connection: a new session, or one that comes back.
import { hex0x, NO_SESSION } from '../base/ids.ts';
import { isPasswordOf } from '../state/sessions.ts';
import type { ConnectRequest } from '../wire/client.ts';
import { OpCode } from '../wire/opcodes.ts';
import { writeConnectResponse } from './answers.ts';
import type { ReceptionRules } from './congestion.ts';
import type { Connection } from './connection.ts';
import type { Replica } from './replica.ts';

/** Answers a connect request, now or when its session is on disk; or ends the connection. */
export function connect(
  connection: Connection,
  request: ConnectRequest,
  replica: Replica,
  { minSessionTimeout, maxSessionTimeout }: ReceptionRules,
): void {
  connection.isOldClient = request.readOnly === null;
  if (!replica.throttle.admits(request.sessionId !== NO_SESSION, replica.now.monotonic)) {
    replica.stats.connectionsDropped++;
    replica.report('info', `Too many connect requests: closing /${connection.peer}`);
    replica.end(connection);
    return;
  }
  replica.stats.connects++;
  if (request.lastZxidSeen > replica.state.lastZxid) {
    replica.report(
      'info',
      `Refusing session request for client /${connection.peer} as it has seen zxid ${hex0x(request.lastZxidSeen)} our last zxid is ${hex0x(replica.state.lastZxid)} client must try another server`,
    );
    replica.end(connection);
    return;
  }
  connection.timeout = Math.min(Math.max(request.timeOut, minSessionTimeout), maxSessionTimeout);
  if (request.sessionId === NO_SESSION) {
    connection.session = replica.newSessionId();
    connection.state = 'connecting';
    connection.push({
      kind: 'connect',
      xid: 0,
      opcode: OpCode.createSession,
      body: null,
      notBefore: null,
      since: replica.now.monotonic,
    });
    replica.createSession(connection);
  } else resume(connection, request, replica);
}

/**
 * Takes over an existing session. The password comes before any effect: a stranger must not be
 * able to cut the owner's connection (as it can in Apache's processConnectRequest).
 */
function resume(
  connection: Connection,
  { sessionId, passwd }: ConnectRequest,
  replica: Replica,
): void {
  const session = replica.tracker.get(sessionId);
  const isRight = isPasswordOf(sessionId, passwd);
  if (session === undefined || session.isClosing || !isRight) {
    const why = isRight
      ? `Invalid session ${hex0x(sessionId)} for client /${connection.peer}, probably expired`
      : `Incorrect password from /${connection.peer} for session ${hex0x(sessionId)}`;
    replica.report(isRight ? 'info' : 'warn', why);
    writeConnectResponse(connection, false);
    replica.end(connection);
    return;
  }
  replica.stats.revalidations++;
  const previous = replica.bySession.get(sessionId);
  if (previous !== undefined) replica.end(previous);
  connection.session = sessionId;
  connection.state = 'open';
  session.timeoutMs = connection.timeout;
  replica.tracker.renew(session, replica.now.monotonic);
  replica.establish(connection);
}
