// The first frame of a connection: a new session, or one that comes back.
import { hex0x, NO_SESSION, type SessionId } from '../base/ids.ts';
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
  if (replica.pipeline.isReadOnly && request.readOnly !== true) {
    replica.report('info', `Refusing session request for not-read-only client /${connection.peer}`);
    replica.end(connection);
    return;
  }
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
    wait(connection, replica);
    replica.pipeline.open(connection);
  } else if (isPasswordOf(request.sessionId, request.passwd)) {
    // The password comes before any effect: a stranger must not be able to cut the owner's
    // connection (as it can in Apache's processConnectRequest).
    replica.pipeline.resume(connection, request.sessionId);
  } else {
    const session = hex0x(request.sessionId);
    replica.report('warn', `Incorrect password from /${connection.peer} for session ${session}`);
    sendAway(connection, replica);
  }
}

/** The connection's next answer is the one to its connect request. */
export function wait(connection: Connection, replica: Replica): void {
  connection.state = 'connecting';
  connection.push({
    kind: 'connect',
    xid: 0,
    opcode: OpCode.createSession,
    body: null,
    bytes: 0,
    notBefore: null,
    since: replica.now.monotonic,
  });
}

/** Answers a connect request: the connection has session `id` now, and no other connection has. */
export function establish(connection: Connection, id: SessionId, replica: Replica): void {
  const previous = replica.bySession.get(id);
  if (previous !== undefined) replica.end(previous);
  connection.session = id;
  connection.state = 'open';
  replica.bySession.set(id, connection);
  replica.pipeline.established(connection);
  writeConnectResponse(connection, { isValid: true, isReadOnly: replica.pipeline.isReadOnly });
  replica.stats.sent++;
  connection.stats.sent++;
  replica.report(
    'debug',
    `Established session ${hex0x(id)} with negotiated timeout ${connection.timeout} for client /${connection.peer}`,
  );
}

/** Answers a connect request: session `id` is over. */
export function refuse(connection: Connection, id: SessionId, replica: Replica): void {
  replica.report(
    'info',
    `Invalid session ${hex0x(id)} for client /${connection.peer}, probably expired`,
  );
  sendAway(connection, replica);
}

function sendAway(connection: Connection, replica: Replica): void {
  writeConnectResponse(connection, { isValid: false, isReadOnly: false });
  replica.end(connection);
}
