// The requests that simulated clients make, and what their answers are read as.

import type { Zxid } from '../../src/base/ids.ts';
import { type Reader, Writer } from '../../src/wire/bytes.ts';
import {
  AddWatchRequest,
  AuthPacket,
  CreateRequest,
  CreateTtlRequest,
  GetChildren2Response,
  GetDataResponse,
  PathRequest,
  PathVersionRequest,
  PathWatchRequest,
  ReconfigRequest,
  RequestHeader,
  SetAclRequest,
  SetDataRequest,
  SetWatches,
  SetWatches2,
  StatResponse,
} from '../../src/wire/client.ts';
import { type Acl, AclVector, Stat } from '../../src/wire/data.ts';
import { type MultiOperation, MultiRequest } from '../../src/wire/multi.ts';
import { AddWatchMode, CreateMode, OpCode, Xid } from '../../src/wire/opcodes.ts';
import { type AclKind, aclOf } from './access.ts';

export type How = 'data' | 'exists' | 'children' | 'acl';

/** What a multi is made of. */
export type Part = Extract<Request, { type: 'create' | 'set' | 'delete' | 'check' }>;

export type Request =
  | {
      type: 'create';
      path: string;
      data: string;
      mode: CreateMode;
      acl?: AclKind;
      /** Milliseconds, of a TTL znode. */
      ttl?: number;
    }
  | { type: 'setAcl'; path: string; acl: AclKind; version: number }
  /** Only in a multi. */
  | { type: 'check'; path: string; version: number }
  | { type: 'set'; path: string; data: string; version: number }
  | { type: 'delete'; path: string; version: number }
  | {
      type: 'multi';
      parts: readonly Part[];
    }
  | { type: 'read'; how: How; path: string; watch: boolean }
  | { type: 'watch'; path: string; isRecursive: boolean }
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
  /** Who asks. */
  readonly user: string | null;
}

/** What a read shows. */
export interface Shown {
  readonly stat: Stat | null;
  readonly data: string | null;
  readonly children: readonly string[] | null;
  readonly acl: readonly Acl[] | null;
}

const OPCODES = {
  set: OpCode.setData,
  delete: OpCode.delete,
  setAcl: OpCode.setAcl,
  check: OpCode.check,
  watch: OpCode.addWatch,
  multi: OpCode.multi,
  sync: OpCode.sync,
  reconfig: OpCode.reconfig,
  close: OpCode.closeSession,
} as const;
const READS = {
  data: OpCode.getData,
  exists: OpCode.exists,
  children: OpCode.getChildren2,
  acl: OpCode.getAcl,
} as const;

const creationOf = ({ mode, ttl }: Extract<Request, { type: 'create' }>): OpCode => {
  if (ttl !== undefined) return OpCode.createTtl;
  return mode === CreateMode.container ? OpCode.createContainer : OpCode.create;
};

function opcodeOf(request: Request): OpCode {
  if (request.type === 'read') return READS[request.how];
  return request.type === 'create' ? creationOf(request) : OPCODES[request.type];
}

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
  const type = opcodeOf(request);
  return framed((w) => {
    RequestHeader.write(w, { xid, type });
    writeBody(w, request);
  });
}

function writeBody(w: Writer, request: Request): void {
  switch (request.type) {
    case 'create': {
      const { path, mode: flags, ttl } = request;
      const data = Buffer.from(request.data);
      const acl = aclOf(request.acl ?? 'open');
      if (ttl === undefined) CreateRequest.write(w, { path, data, acl, flags });
      else CreateTtlRequest.write(w, { path, data, acl, flags, ttl: BigInt(ttl) });
      break;
    }
    case 'setAcl': {
      const { path, version } = request;
      SetAclRequest.write(w, { path, acl: aclOf(request.acl), version });
      break;
    }
    case 'check':
      PathVersionRequest.write(w, { path: request.path, version: request.version });
      break;
    case 'watch':
      AddWatchRequest.write(w, {
        path: request.path,
        mode: request.isRecursive ? AddWatchMode.persistentRecursive : AddWatchMode.persistent,
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
      if (request.how === 'acl') PathRequest.write(w, { path: request.path });
      else PathWatchRequest.write(w, { path: request.path, watch: request.watch });
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

function partOf(part: Part): MultiOperation {
  const { type, path } = part;
  switch (type) {
    case 'create': {
      const request = {
        path,
        data: Buffer.from(part.data),
        acl: aclOf(part.acl ?? 'open'),
        flags: part.mode,
      };
      const isContainer = part.mode === CreateMode.container;
      return { type: isContainer ? OpCode.createContainer : OpCode.create, request };
    }
    case 'set': {
      const data = Buffer.from(part.data);
      return { type: OpCode.setData, request: { path, data, version: part.version } };
    }
    case 'delete':
    case 'check':
      return { type: OPCODES[type], request: { path, version: part.version } };
  }
}

/** The body of the answer to a read without an error. */
export function shownBy(how: How, reader: Reader): Shown {
  switch (how) {
    case 'data': {
      const { data, stat } = GetDataResponse.read(reader);
      const text = data === null ? null : Buffer.from(data).toString();
      return { stat, data: text, children: null, acl: null };
    }
    case 'exists':
      return { stat: StatResponse.read(reader).stat, data: null, children: null, acl: null };
    case 'children': {
      const { children, stat } = GetChildren2Response.read(reader);
      return { stat, data: null, children, acl: null };
    }
    case 'acl': {
      const acl = AclVector.read(reader) ?? [];
      return { stat: Stat.read(reader), data: null, children: null, acl };
    }
  }
}

/** Says who the client is. */
export const authFrame = (user: string): Buffer =>
  framed((w) => {
    RequestHeader.write(w, { xid: Xid.auth, type: OpCode.auth });
    AuthPacket.write(w, { type: 0, scheme: 'digest', auth: Buffer.from(`${user}:secret`) });
  });

export interface Rearm {
  readonly relativeZxid: Zxid;
  readonly dataWatches: string[];
  readonly existWatches: string[];
  readonly childWatches: string[];
  readonly persistentWatches: string[];
  readonly persistentRecursiveWatches: string[];
}

/** As Apache's client: the older request where it says all. */
export function setWatchesFrame(watches: Rearm): Buffer {
  const { persistentWatches, persistentRecursiveWatches } = watches;
  const isOld = persistentWatches.length + persistentRecursiveWatches.length === 0;
  const type = isOld ? OpCode.setWatches : OpCode.setWatches2;
  return framed((w) => {
    RequestHeader.write(w, { xid: Xid.setWatches, type });
    if (isOld) SetWatches.write(w, watches);
    else SetWatches2.write(w, watches);
  });
}
