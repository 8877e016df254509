// Bodies of multi and multiRead: a list of operations, each behind a MultiHeader, and of their results.
import { type Reader, WireError, type Writer } from './bytes.ts';
import {
  Create2Response,
  CreateRequest,
  CreateTtlRequest,
  GetChildrenResponse,
  GetDataResponse,
  PathResponse,
  PathVersionRequest,
  PathWatchRequest,
  SetDataRequest,
  StatResponse,
} from './client.ts';
import type { Stat } from './data.ts';
import { OpCode } from './opcodes.ts';

/** One operation of a multi: its opcode and the request record that belongs to it. */
export type MultiOperation =
  | {
      type: typeof OpCode.create | typeof OpCode.create2 | typeof OpCode.createContainer;
      request: CreateRequest;
    }
  | { type: typeof OpCode.createTtl; request: CreateTtlRequest }
  | { type: typeof OpCode.delete | typeof OpCode.check; request: PathVersionRequest }
  | { type: typeof OpCode.setData; request: SetDataRequest }
  | { type: typeof OpCode.getChildren | typeof OpCode.getData; request: PathWatchRequest };

/** One result, in the order of the operations. */
export type MultiResult =
  | { type: typeof OpCode.create; path: string | null }
  | {
      type: typeof OpCode.create2 | typeof OpCode.createContainer | typeof OpCode.createTtl;
      path: string | null;
      stat: Stat;
    }
  | { type: typeof OpCode.delete | typeof OpCode.check }
  | { type: typeof OpCode.setData; stat: Stat }
  | { type: typeof OpCode.getChildren; children: string[] }
  | { type: typeof OpCode.getData; data: Uint8Array | null; stat: Stat }
  | { type: typeof OpCode.error; err: number };

const END = -1;

export function writeMultiHeader(w: Writer, type: number, done: boolean, err: number): void {
  w.int(type);
  w.boolean(done);
  w.int(err);
}

function readOperation(r: Reader, type: number): MultiOperation {
  switch (type) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
      return { type, request: CreateRequest.read(r) };
    case OpCode.createTtl:
      return { type, request: CreateTtlRequest.read(r) };
    case OpCode.delete:
    case OpCode.check:
      return { type, request: PathVersionRequest.read(r) };
    case OpCode.setData:
      return { type, request: SetDataRequest.read(r) };
    case OpCode.getChildren:
    case OpCode.getData:
      return { type, request: PathWatchRequest.read(r) };
    default:
      throw new WireError(`operation ${type} in a multi`);
  }
}

/** The operations of a multi or multiRead request; an opcode that cannot be in one is a WireError. */
export const MultiRequest = {
  read(r: Reader): MultiOperation[] {
    const operations: MultiOperation[] = [];
    for (;;) {
      const type = r.int();
      const done = r.boolean();
      r.int();
      if (done) return operations;
      operations.push(readOperation(r, type));
    }
  },
  write(w: Writer, operations: readonly MultiOperation[]): void {
    for (const operation of operations) {
      writeMultiHeader(w, operation.type, false, -1);
      switch (operation.type) {
        case OpCode.create:
        case OpCode.create2:
        case OpCode.createContainer:
          CreateRequest.write(w, operation.request);
          break;
        case OpCode.createTtl:
          CreateTtlRequest.write(w, operation.request);
          break;
        case OpCode.delete:
        case OpCode.check:
          PathVersionRequest.write(w, operation.request);
          break;
        case OpCode.setData:
          SetDataRequest.write(w, operation.request);
          break;
        case OpCode.getChildren:
        case OpCode.getData:
          PathWatchRequest.write(w, operation.request);
          break;
      }
    }
    writeMultiHeader(w, END, true, -1);
  },
};

function readResult(r: Reader, type: number): MultiResult {
  switch (type) {
    case OpCode.create:
      return { type, path: PathResponse.read(r).path };
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTtl:
      return { type, ...Create2Response.read(r) };
    case OpCode.delete:
    case OpCode.check:
      return { type };
    case OpCode.setData:
      return { type, stat: StatResponse.read(r).stat };
    case OpCode.getChildren:
      return { type, children: GetChildrenResponse.read(r).children };
    case OpCode.getData:
      return { type, ...GetDataResponse.read(r) };
    case OpCode.error:
      return { type, err: r.int() };
    default:
      throw new WireError(`result ${type} in a multi response`);
  }
}

/** Writes one result with its header; the caller closes the list with `MultiResponse.end`. */
export function writeMultiResult(w: Writer, result: MultiResult): void {
  writeMultiHeader(w, result.type, false, result.type === OpCode.error ? result.err : 0);
  switch (result.type) {
    case OpCode.create:
      w.string(result.path);
      break;
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTtl:
      Create2Response.write(w, result);
      break;
    case OpCode.delete:
    case OpCode.check:
      break;
    case OpCode.setData:
      StatResponse.write(w, result);
      break;
    case OpCode.getChildren:
      GetChildrenResponse.write(w, result);
      break;
    case OpCode.getData:
      GetDataResponse.write(w, result);
      break;
    case OpCode.error:
      w.int(result.err);
      break;
  }
}

export const MultiResponse = {
  read(r: Reader): MultiResult[] {
    const results: MultiResult[] = [];
    for (;;) {
      const type = r.int();
      const done = r.boolean();
      r.int();
      if (done) return results;
      results.push(readResult(r, type));
    }
  },
  write(w: Writer, results: readonly MultiResult[]): void {
    for (const result of results) writeMultiResult(w, result);
    MultiResponse.end(w);
  },
  end(w: Writer): void {
    writeMultiHeader(w, END, true, -1);
  },
};
