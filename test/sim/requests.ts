// The requests that simulated clients make, and what their answers are read as.

import type { Zxid } from '../../src/base/ids.ts';
import { OPEN_ACL } from '../../src/state/aclCache.ts';
import { type Reader, Writer } from '../../src/wire/bytes.ts';
import {
  CreateRequest,
  GetChildren2Response,
  GetDataResponse,
  PathRequest,
  PathVersionRequest,
  PathWatchRequest,
  ReconfigRequest,
  RequestHeader,
  SetDataRequest,
  SetWatches,
  StatResponse,
} from '../../src/wire/client.ts';
import type { Stat } from '../../src/wire/data.ts';
import { type MultiOperation, MultiRequest } from '../../src/wire/multi.ts';
import { type CreateMode, OpCode, Xid } from '../../src/wire/opcodes.ts';

export type Request =
  | { type: 'create'; path: string; data: string; mode: CreateMode }
  | { type: 'set'; path: string; data: string; version: number }
  | { type: 'delete'; path: string; version: number }
  | {
      type: 'multi';
      parts: readonly Exclude<
        Request,
        { type: 'multi' | 'read' | 'sync' | 'reconfig' | 'close' }
      >[];
    }
  | { type: 'read'; how: 'data' | 'exists' | 'children'; path: string; watch: boolean }
  | { type: 'sync'; path: string }
  | Reconfig
  | { type: 'close' };

/** Another membership: as lines of a dynamic file, or as lists of who joins and who leaves. */
export interface Reconfig {
  readonly type: 'reconfig';
  readonly joining: string | null;
  readonly leaving: string | null;
  readonly members: string | null;
  /** The version that it is to follow; -1: any. */
  readonly version: bigint;
}

/** A request on its way. */
export interface Asked {
  readonly xid: number;
  readonly request: Request;
  /** The highest zxid of which any client knew when it was asked. */
  readonly floor: Zxid;
  readonly at: number;
}

/** What a read shows. */
export interface Shown {
  readonly stat: Stat | null;
  readonly data: string | null;
  readonly children: readonly string[] | null;
}

const OPCODES = {
  create: OpCode.create,
  set: OpCode.setData,
  delete: OpCode.delete,
  multi: OpCode.multi,
  sync: OpCode.sync,
  reconfig: OpCode.reconfig,
  close: OpCode.closeSession,
} as const;
const READS = {
  data: OpCode.getData,
  exists: OpCode.exists,
  children: OpCode.getChildren2,
} as const;

const writer = new Writer();

function framed(write: (w: Writer) => void): Buffer {
  writer.reset();
  const start = writer.beginFrame();
  write(writer);
  writer.endFrame(start);
  return writer.copy();
}

export const frame = (write: (w: Writer) => void): Buffer => framed(write);

export const pingFrame = (): Buffer =>
  framed((w) => RequestHeader.write(w, { xid: Xid.ping, type: OpCode.ping }));

export function encode(xid: number, request: Request): Buffer {
  const type = request.type === 'read' ? READS[request.how] : OPCODES[request.type];
  return framed((w) => {
    RequestHeader.write(w, { xid, type });
    writeBody(w, request);
  });
}

function writeBody(w: Writer, request: Request): void {
  switch (request.type) {
    case 'create':
      CreateRequest.write(w, {
        path: request.path,
        data: Buffer.from(request.data),
        acl: [...OPEN_ACL],
        flags: request.mode,
      });
      break;
    case 'set': {
      const { path, data, version } = request;
      SetDataRequest.write(w, { path, data: Buffer.from(data), version });
      break;
    }
    case 'delete':
      PathVersionRequest.write(w, { path: request.path, version: request.version });
      break;
    case 'multi':
      MultiRequest.write(w, request.parts.map(partOf));
      break;
    case 'read':
      PathWatchRequest.write(w, { path: request.path, watch: request.watch });
      break;
    case 'sync':
      PathRequest.write(w, { path: request.path });
      break;
    case 'reconfig':
      ReconfigRequest.write(w, {
        joiningServers: request.joining,
        leavingServers: request.leaving,
        newMembers: request.members,
        curConfigId: request.version,
      });
      break;
  }
}

function partOf(part: Request): MultiOperation {
  switch (part.type) {
    case 'create': {
      const { path, mode: flags } = part;
      const data = Buffer.from(part.data);
      return { type: OpCode.create, request: { path, data, acl: [...OPEN_ACL], flags } };
    }
    case 'set': {
      const { path, version } = part;
      return { type: OpCode.setData, request: { path, data: Buffer.from(part.data), version } };
    }
    case 'delete':
      return { type: OpCode.delete, request: { path: part.path, version: part.version } };
    default:
      throw new Error(`${part.type} in a multi`);
  }
}

/** The body of the answer to a read without an error. */
export function shownBy(how: 'data' | 'exists' | 'children', reader: Reader): Shown {
  switch (how) {
    case 'data': {
      const { data, stat } = GetDataResponse.read(reader);
      const text = data === null ? null : Buffer.from(data).toString();
      return { stat, data: text, children: null };
    }
    case 'exists':
      return { stat: StatResponse.read(reader).stat, data: null, children: null };
    case 'children': {
      const { children, stat } = GetChildren2Response.read(reader);
      return { stat, data: null, children };
    }
  }
}

export interface Rearm {
  readonly relativeZxid: Zxid;
  readonly dataWatches: string[];
  readonly existWatches: string[];
  readonly childWatches: string[];
}

export const setWatchesFrame = (watches: Rearm): Buffer =>
  framed((w) => {
    RequestHeader.write(w, { xid: Xid.setWatches, type: OpCode.setWatches });
    SetWatches.write(w, watches);
  });
