// Each operation as a request: what is written, and what its answer reads as. Paths come from the client.

import type { Reader } from '../wire/bytes.ts';
import { WireError } from '../wire/bytes.ts';
import * as records from '../wire/client.ts';
import { ErrorCode } from '../wire/errors.ts';
import { AddWatchMode as AddWatchModes, OpCode, WatcherType } from '../wire/opcodes.ts';
import type {
  Acl,
  AddWatchMode,
  ClientInfo,
  Created,
  NodeAcl,
  NodeChildren,
  NodeData,
  Operation,
  OperationResult,
  ReadOperation,
  ReadResult,
  ReconfigRequest,
  Stat,
  WatcherKind,
} from './api.ts';
import type { Request } from './calls.ts';
import {
  type Creation,
  createOpcode,
  deletionPath,
  readOperationResults,
  readReadResults,
  writeCreation,
  writeOperations,
  writeReads,
} from './multi.ts';
import { withChroot, withoutChroot } from './path.ts';

/** A path as the program gave it, and as the server knows it. */
export interface Place {
  readonly path: string;
  readonly serverPath: string;
}

/** How a read registers its watch. */
export interface Watching {
  readonly watch: boolean;
  readonly finish: (err: number) => number;
}

/** The body of an answer that has one. */
function body(reader: Reader | null): Reader {
  if (reader === null) throw new WireError('an answer without a body');
  return reader;
}

/** Bytes that outlive the socket's buffer. */
const copied = (data: Uint8Array | null): Buffer | null =>
  data === null ? null : Buffer.from(data);

export function create(chroot: string, creation: Creation): Request<Created> {
  const type = createOpcode(creation);
  return {
    op: 'create',
    path: creation.path,
    type,
    write: (w) => writeCreation(w, creation, chroot),
    read(r) {
      if (type === OpCode.create) {
        const { path } = records.PathResponse.read(body(r));
        return { path: withoutChroot(chroot, path ?? ''), stat: null };
      }
      const { path, stat } = records.Create2Response.read(body(r));
      return { path: withoutChroot(chroot, path ?? ''), stat };
    },
  };
}

export function get(at: Place, watching: Watching, op = 'get'): Request<NodeData> {
  const { watch, finish } = watching;
  return {
    op,
    path: at.path,
    type: OpCode.getData,
    write: (w) => records.PathWatchRequest.write(w, { path: at.serverPath, watch }),
    read(r) {
      const { data, stat } = records.GetDataResponse.read(body(r));
      return { data: copied(data), stat };
    },
    finish,
  };
}

export function exists(at: Place, { watch, finish }: Watching): Request<Stat | null> {
  return {
    op: 'exists',
    path: at.path,
    type: OpCode.exists,
    write: (w) => records.PathWatchRequest.write(w, { path: at.serverPath, watch }),
    read: (r) => (r === null ? null : records.StatResponse.read(r).stat),
    alsoOk: ErrorCode.noNode,
    finish,
  };
}

export function children(
  at: Place,
  { watch, finish }: Watching,
  withStat: boolean,
): Request<NodeChildren> {
  return {
    op: 'children',
    path: at.path,
    type: withStat ? OpCode.getChildren2 : OpCode.getChildren,
    write: (w) => records.PathWatchRequest.write(w, { path: at.serverPath, watch }),
    read(r) {
      if (!withStat) {
        return { names: records.GetChildrenResponse.read(body(r)).children, stat: null };
      }
      const answer = records.GetChildren2Response.read(body(r));
      return { names: answer.children, stat: answer.stat };
    },
    finish,
  };
}

export function set(at: Place, data: Uint8Array | null, version: number): Request<Stat> {
  return {
    op: 'set',
    path: at.path,
    type: OpCode.setData,
    write: (w) => records.SetDataRequest.write(w, { path: at.serverPath, data, version }),
    read: (r) => records.StatResponse.read(body(r)).stat,
  };
}

export function remove(chroot: string, path: string, version: number): Request<void> {
  const serverPath = deletionPath(chroot, path);
  return {
    op: 'delete',
    path,
    type: OpCode.delete,
    write: (w) => records.PathVersionRequest.write(w, { path: serverPath, version }),
    read() {},
  };
}

export function getAcl({ path, serverPath }: Place): Request<NodeAcl> {
  return {
    op: 'getAcl',
    path,
    type: OpCode.getAcl,
    write: (w) => records.PathRequest.write(w, { path: serverPath }),
    read(r) {
      const { acl, stat } = records.GetAclResponse.read(body(r));
      return { acl: acl ?? [], stat };
    },
  };
}

export function setAcl(at: Place, acl: readonly Acl[], version: number): Request<Stat> {
  return {
    op: 'setAcl',
    path: at.path,
    type: OpCode.setAcl,
    write: (w) => records.SetAclRequest.write(w, { path: at.serverPath, acl: [...acl], version }),
    read: (r) => records.StatResponse.read(body(r)).stat,
  };
}

export function sync(chroot: string, { path, serverPath }: Place): Request<string> {
  return {
    op: 'sync',
    path,
    type: OpCode.sync,
    write: (w) => records.PathRequest.write(w, { path: serverPath }),
    read: (r) => withoutChroot(chroot, records.PathResponse.read(body(r)).path ?? path),
  };
}

export function allChildrenNumber({ path, serverPath }: Place): Request<number> {
  return {
    op: 'allChildrenNumber',
    path,
    type: OpCode.getAllChildrenNumber,
    write: (w) => records.PathRequest.write(w, { path: serverPath }),
    read: (r) => records.GetAllChildrenNumberResponse.read(body(r)).totalNumber,
  };
}

export function ephemerals(chroot: string, prefix: string): Request<string[]> {
  const prefixPath = withChroot(chroot, prefix);
  return {
    op: 'ephemerals',
    path: prefix,
    type: OpCode.getEphemerals,
    write: (w) => records.GetEphemeralsRequest.write(w, { prefixPath }),
    read(r) {
      const paths = records.GetEphemeralsResponse.read(body(r)).ephemerals;
      // The server compares letters, not names: /app2 begins with /app and is another tree.
      const inside = prefix === '/' ? chroot : prefixPath;
      return paths
        .filter((path) => path === inside || path.startsWith(`${inside}/`) || prefix !== '/')
        .map((path) => withoutChroot(chroot, path));
    },
  };
}

export function whoAmI(): Request<ClientInfo[]> {
  return {
    op: 'whoAmI',
    path: null,
    type: OpCode.whoAmI,
    write() {},
    read: (r) => records.WhoAmIResponse.read(body(r)).clientInfo,
  };
}

export function reconfig(request: ReconfigRequest): Request<NodeData> {
  return {
    op: 'reconfig',
    path: null,
    type: OpCode.reconfig,
    write: (w) =>
      records.ReconfigRequest.write(w, {
        joiningServers: request.joining ?? null,
        leavingServers: request.leaving ?? null,
        newMembers: request.members ?? null,
        curConfigId: request.fromConfig ?? -1n,
      }),
    read(r) {
      const { data, stat } = records.GetDataResponse.read(body(r));
      return { data: copied(data), stat };
    },
  };
}

export function addWatch(
  { path, serverPath }: Place,
  mode: AddWatchMode,
  finish: (err: number) => number,
): Request<void> {
  return {
    op: 'addWatch',
    path,
    type: OpCode.addWatch,
    write: (w) => records.AddWatchRequest.write(w, { path: serverPath, mode: AddWatchModes[mode] }),
    // The body repeats the header's error code; nothing to learn from it.
    read() {},
    finish,
  };
}

/** One watcher is only asked for (`checkWatches`): the server knows sessions, not their watchers. */
export function removeWatches(
  { path, serverPath }: Place,
  kind: WatcherKind,
  isForOneWatcher: boolean,
  finish: (err: number) => number,
): Request<void> {
  return {
    op: 'removeWatches',
    path,
    type: isForOneWatcher ? OpCode.checkWatches : OpCode.removeWatches,
    write: (w) => records.WatchesRequest.write(w, { path: serverPath, type: WatcherType[kind] }),
    read() {},
    finish,
    finishesAnyway: true,
  };
}

export function multi(
  chroot: string,
  operations: readonly Operation[],
): Request<OperationResult[]> {
  return {
    op: 'multi',
    path: null,
    type: OpCode.multi,
    write: (w) => writeOperations(w, operations, chroot),
    read: (r) => readOperationResults(body(r), chroot),
  };
}

export function multiRead(
  chroot: string,
  operations: readonly ReadOperation[],
): Request<ReadResult[]> {
  return {
    op: 'multiRead',
    path: null,
    type: OpCode.multiRead,
    write: (w) => writeReads(w, operations, chroot),
    read: (r) => readReadResults(body(r), operations),
  };
}
