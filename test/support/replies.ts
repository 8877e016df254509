// What a server sent, read for tests: replies and watch events in the order in which they came.
import { Reader } from '../../src/wire/bytes.ts';
import { ConnectResponse, WatcherEvent } from '../../src/wire/client.ts';
import { Xid } from '../../src/wire/opcodes.ts';
import type { LoneClient, LoneServer } from './loneServer.ts';
import { connectFrame } from './requestFrames.ts';

export interface Reply {
  xid: number;
  zxid: bigint;
  err: number;
  /** Behind the header, in hex. */
  body: string;
}

export function reply(frame: string): Reply {
  const reader = new Reader(Buffer.from(frame, 'hex'), 4);
  const [xid, zxid, err] = [reader.int(), reader.long(), reader.int()];
  return { xid, zxid, err, body: frame.slice(40) };
}

/** One word for each frame: `xid/err` of a reply, `event type path` of an event. */
export function told(frame: string): string {
  const { xid, err, body } = reply(frame);
  if (xid !== Xid.notification) return `${xid}/${err}`;
  const { type, path } = WatcherEvent.read(new Reader(Buffer.from(body, 'hex')));
  return `event ${type} ${path}`;
}

export interface Granted {
  client: LoneClient;
  session: bigint;
  password: Buffer;
  timeout: number;
}

/** Connects; with a slow disk it is released, with what else is held. */
export function connected(server: LoneServer, hello: Parameters<typeof connectFrame>[0] = {}) {
  const client = server.connect();
  server.send(client, connectFrame(hello));
  server.release();
  return granted(client);
}

/** The session that the answer to a connect request grants; id 0: none. */
export function granted(client: LoneClient): Granted {
  const [frame = ''] = client.frames();
  const response = ConnectResponse.read(new Reader(Buffer.from(frame, 'hex'), 4));
  return {
    client,
    session: response.sessionId,
    password: Buffer.from(response.passwd ?? []),
    timeout: response.timeOut,
  };
}
