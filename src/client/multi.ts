// The records of multi and multiRead, which are unions that no flat schema can tell.

import type { Reader, Writer } from '../wire/bytes.ts';
import { WireError } from '../wire/bytes.ts';
import {
  Create2Response,
  CreateRequest,
  CreateTtlRequest,
  GetChildrenResponse,
  GetDataResponse,
  MultiHeader,
  PathResponse,
  PathVersionRequest,
  PathWatchRequest,
  SetDataRequest,
  StatResponse,
} from '../wire/client.ts';
import { ErrorCode } from '../wire/errors.ts';
import { CreateMode, OpCode } from '../wire/opcodes.ts';
import { OPEN_ACL_UNSAFE } from './acl.ts';
import type {
  Acl,
  CreateMode as CreateModeName,
  Data,
  Operation,
  OperationResult,
  ReadOperation,
  ReadResult,
} from './api.ts';
import { ZkError } from './errors.ts';
import { checkPath, withChroot, withoutChroot } from './path.ts';

/** The parts of a create that decide which request it becomes. */
export interface Creation {
  readonly path: string;
  readonly data: Data | undefined;
  readonly mode?: CreateModeName | undefined;
  readonly acl?: readonly Acl[] | undefined;
  readonly ttl?: number | undefined;
  readonly stat?: boolean | undefined;
}

const isSequential = (mode: CreateModeName): boolean =>
  mode === 'persistentSequential' ||
  mode === 'ephemeralSequential' ||
  mode === 'persistentSequentialWithTtl';

const hasTtl = (mode: CreateModeName): boolean =>
  mode === 'persistentWithTtl' || mode === 'persistentSequentialWithTtl';

/** Longest TTL in milliseconds, as servers with server ids keep it (EphemeralType.TTL). */
const MAX_TTL = 0x00ffffffffff;

/** A program in plain JavaScript can hand over anything; nothing else may become bytes by accident. */
export function bytesOf(data: Data | undefined): Uint8Array | null {
  if (data === undefined || data === null) return null;
  if (typeof data === 'string') return Buffer.from(data);
  if (data instanceof Uint8Array) return data;
  throw new TypeError('data must be a string, a Uint8Array or null');
}

/** The version to send; -1 stands for any. */
export function versionOf(version = -1): number {
  if (version === (version | 0)) return version;
  throw new TypeError(`a version is a whole number of 32 bits, got ${version}`);
}

/** Throws for what the server would not understand: path, mode, TTL. */
export function checkCreation({ path, mode = 'persistent', ttl }: Creation): void {
  if (!Object.hasOwn(CreateMode, mode)) throw new TypeError(`unknown create mode "${mode}"`);
  checkPath(path, isSequential(mode));
  if (hasTtl(mode)) {
    if (ttl === undefined || !(Number.isInteger(ttl) && ttl > 0 && ttl <= MAX_TTL)) {
      throw new TypeError(`ttl must be 1 to ${MAX_TTL} ms for ${mode}, got ${ttl}`);
    }
  } else if (ttl !== undefined) throw new TypeError(`ttl is not for ${mode}`);
}

/** Which request a create is. Containers and TTL nodes have their own, answered with a stat always. */
export function createOpcode({ mode = 'persistent', stat }: Creation): OpCode {
  if (mode === 'container') return OpCode.createContainer;
  if (hasTtl(mode)) return OpCode.createTtl;
  return stat === true ? OpCode.create2 : OpCode.create;
}

export function writeCreation(writer: Writer, creation: Creation, chroot: string): void {
  const mode = creation.mode ?? 'persistent';
  const request = {
    path: withChroot(chroot, creation.path),
    data: bytesOf(creation.data),
    acl: [...(creation.acl ?? OPEN_ACL_UNSAFE)],
    flags: CreateMode[mode],
  };
  if (hasTtl(mode)) CreateTtlRequest.write(writer, { ...request, ttl: BigInt(creation.ttl ?? 0) });
  else CreateRequest.write(writer, request);
}

/** "/" cannot be deleted; with a chroot the chroot's own node must not be deleted for it. */
export const deletionPath = (chroot: string, path: string): string =>
  path === '/' ? path : withChroot(chroot, path);

export function checkOperation(operation: Operation): void {
  if (operation.op === 'create') checkCreation({ data: null, ...operation });
  else checkPath(operation.path);
}

function header(writer: Writer, type: OpCode): void {
  MultiHeader.write(writer, { type, done: false, err: -1 });
}

function writeEnd(writer: Writer): void {
  MultiHeader.write(writer, { type: -1, done: true, err: -1 });
}

export function writeOperations(
  writer: Writer,
  operations: readonly Operation[],
  chroot: string,
): void {
  for (const operation of operations) writeOperation(writer, operation, chroot);
  writeEnd(writer);
}

function writeOperation(writer: Writer, operation: Operation, chroot: string): void {
  switch (operation.op) {
    case 'create': {
      const creation: Creation = { data: null, ...operation };
      header(writer, createOpcode(creation));
      writeCreation(writer, creation, chroot);
      return;
    }
    case 'delete': {
      header(writer, OpCode.delete);
      const path = deletionPath(chroot, operation.path);
      PathVersionRequest.write(writer, { path, version: versionOf(operation.version) });
      return;
    }
    case 'set': {
      header(writer, OpCode.setData);
      const path = withChroot(chroot, operation.path);
      const data = bytesOf(operation.data);
      SetDataRequest.write(writer, { path, data, version: versionOf(operation.version) });
      return;
    }
    case 'check': {
      header(writer, OpCode.check);
      const path = withChroot(chroot, operation.path);
      PathVersionRequest.write(writer, { path, version: versionOf(operation.version) });
      return;
    }
  }
}

export function writeReads(
  writer: Writer,
  operations: readonly ReadOperation[],
  chroot: string,
): void {
  for (const { op, path } of operations) {
    header(writer, op === 'get' ? OpCode.getData : OpCode.getChildren);
    PathWatchRequest.write(writer, { path: withChroot(chroot, path), watch: false });
  }
  writeEnd(writer);
}

/** Reads headers up to the last one and lets `read` take the body of each. */
function readResults<T>(reader: Reader, read: (type: number, index: number) => T): T[] {
  const results: T[] = [];
  for (;;) {
    const { type, done } = MultiHeader.read(reader);
    if (done) return results;
    results.push(read(type, results.length));
  }
}

export function readOperationResults(reader: Reader, chroot: string): OperationResult[] {
  return readResults(reader, (type): OperationResult => {
    switch (type) {
      case OpCode.create: {
        const { path } = PathResponse.read(reader);
        return { op: 'create', path: withoutChroot(chroot, path ?? ''), stat: null };
      }
      case OpCode.create2: {
        const { path, stat } = Create2Response.read(reader);
        return { op: 'create', path: withoutChroot(chroot, path ?? ''), stat };
      }
      case OpCode.delete:
        return { op: 'delete' };
      case OpCode.setData:
        return { op: 'set', stat: StatResponse.read(reader).stat };
      case OpCode.check:
        return { op: 'check' };
      case OpCode.error:
        return { op: 'error', errno: reader.int() };
      default:
        throw new WireError(`a result of type ${type} in a multi`);
    }
  });
}

export function readReadResults(
  reader: Reader,
  operations: readonly ReadOperation[],
): ReadResult[] {
  return readResults(reader, (type, index): ReadResult => {
    switch (type) {
      case OpCode.getData: {
        const { data, stat } = GetDataResponse.read(reader);
        // A copy: the socket's buffer is used again.
        return { op: 'get', data: data === null ? null : Buffer.from(data), stat };
      }
      case OpCode.getChildren:
        return { op: 'children', names: GetChildrenResponse.read(reader).children };
      case OpCode.error: {
        const path = operations[index]?.path ?? null;
        return { op: 'error', error: new ZkError(reader.int(), 'multiRead', path) };
      }
      default:
        throw new WireError(`a result of type ${type} in a multiRead`);
    }
  });
}

/** The error of a multi that failed, null for one that did not. */
export function multiError(
  operations: readonly Operation[],
  results: readonly OperationResult[],
): ZkError | null {
  for (const [index, result] of results.entries()) {
    if (result.op === 'error' && result.errno !== ErrorCode.ok) {
      const path = operations[index]?.path ?? null;
      return new ZkError(result.errno, 'multi', path, { index, results });
    }
  }
  return null;
}
