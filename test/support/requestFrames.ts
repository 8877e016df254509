// Frames that a client sends, in hex, for tests that speak to a server or a replica in bytes.
import { sessionId, zxid } from '../../src/base/ids.ts';
import { OPEN_ACL } from '../../src/state/aclCache.ts';
import { Writer } from '../../src/wire/bytes.ts';
import {
  AddWatchRequest,
  AuthPacket,
  ConnectRequest,
  CreateRequest,
  PathRequest,
  PathVersionRequest,
  PathWatchRequest,
  RequestHeader,
  SetDataRequest,
} from '../../src/wire/client.ts';
import { OpCode, Xid } from '../../src/wire/opcodes.ts';
import type { Codec } from '../../src/wire/record.ts';

function framed(write: (writer: Writer) => void): string {
  const writer = new Writer();
  const start = writer.beginFrame();
  write(writer);
  writer.endFrame(start);
  return writer.copy().toString('hex');
}

interface Hello {
  timeout?: number;
  session?: bigint;
  password?: Buffer;
  seen?: bigint;
  /** Null: a client before 3.4, which does not send the byte. */
  readOnly?: boolean | null;
}

export const connectFrame = (hello: Hello = {}): string =>
  framed((w) =>
    ConnectRequest.write(w, {
      protocolVersion: 0,
      lastZxidSeen: zxid(hello.seen ?? 0n),
      timeOut: hello.timeout ?? 30_000,
      sessionId: sessionId(hello.session ?? 0n),
      passwd: hello.password ?? Buffer.alloc(16),
      readOnly: hello.readOnly === undefined ? false : hello.readOnly,
    }),
  );

/** Any request: its header, then its record if it has one. */
export const requestFrame = <T>(xid: number, type: number, codec?: Codec<T>, body?: T): string =>
  framed((w) => {
    RequestHeader.write(w, { xid, type });
    if (codec !== undefined) codec.write(w, body as T);
  });

export const createFrame = (xid: number, path: string, data = '', flags = 0): string =>
  requestFrame(xid, OpCode.create, CreateRequest, {
    path,
    data: Buffer.from(data),
    acl: [...OPEN_ACL],
    flags,
  });

export const deleteFrame = (xid: number, path: string, version = -1): string =>
  requestFrame(xid, OpCode.delete, PathVersionRequest, { path, version });

export const setDataFrame = (xid: number, path: string, data: string, version = -1): string =>
  requestFrame(xid, OpCode.setData, SetDataRequest, { path, data: Buffer.from(data), version });

const reading =
  (type: number) =>
  (xid: number, path: string, watch = false): string =>
    requestFrame(xid, type, PathWatchRequest, { path, watch });

export const existsFrame = reading(OpCode.exists);
export const getDataFrame = reading(OpCode.getData);
export const getChildrenFrame = reading(OpCode.getChildren);

export const syncFrame = (xid: number, path: string): string =>
  requestFrame(xid, OpCode.sync, PathRequest, { path });

export const addWatchFrame = (xid: number, path: string, mode: number): string =>
  requestFrame(xid, OpCode.addWatch, AddWatchRequest, { path, mode });

export const authFrame = (scheme: string, auth: string): string =>
  requestFrame(Xid.auth, OpCode.auth, AuthPacket, { type: 0, scheme, auth: Buffer.from(auth) });

export const pingFrame = requestFrame(Xid.ping, OpCode.ping);
export const closeFrame = (xid: number): string => requestFrame(xid, OpCode.closeSession);
