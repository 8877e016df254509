// The one error class of the client: a code of the protocol by name and number, and what it was about.

import { ErrorCode } from '../wire/errors.ts';
import type { OperationResult } from './api.ts';

/** Name and Apache's wording of every code that can reach a program. */
const codes = {
  SystemError: [ErrorCode.systemError, 'SystemError'],
  RuntimeInconsistency: [ErrorCode.runtimeInconsistency, 'RuntimeInconsistency'],
  DataInconsistency: [ErrorCode.dataInconsistency, 'DataInconsistency'],
  ConnectionLoss: [ErrorCode.connectionLoss, 'ConnectionLoss'],
  MarshallingError: [ErrorCode.marshallingError, 'MarshallingError'],
  Unimplemented: [ErrorCode.unimplemented, 'Unimplemented'],
  OperationTimeout: [ErrorCode.operationTimeout, 'OperationTimeout'],
  BadArguments: [ErrorCode.badArguments, 'BadArguments'],
  UnknownSession: [ErrorCode.unknownSession, 'Unknown error UNKNOWNSESSION'],
  NewConfigNoQuorum: [ErrorCode.newConfigNoQuorum, 'NewConfigNoQuorum'],
  ReconfigInProgress: [ErrorCode.reconfigInProgress, 'ReconfigInProgress'],
  APIError: [ErrorCode.apiError, 'APIError'],
  NoNode: [ErrorCode.noNode, 'NoNode'],
  NoAuth: [ErrorCode.noAuth, 'NoAuth'],
  BadVersion: [ErrorCode.badVersion, 'BadVersion'],
  NoChildrenForEphemerals: [ErrorCode.noChildrenForEphemerals, 'NoChildrenForEphemerals'],
  NodeExists: [ErrorCode.nodeExists, 'NodeExists'],
  NotEmpty: [ErrorCode.notEmpty, 'Directory not empty'],
  SessionExpired: [ErrorCode.sessionExpired, 'Session expired'],
  InvalidCallback: [ErrorCode.invalidCallback, 'Invalid callback'],
  InvalidACL: [ErrorCode.invalidAcl, 'InvalidACL'],
  AuthFailed: [ErrorCode.authFailed, 'AuthFailed'],
  SessionMoved: [ErrorCode.sessionMoved, 'Session moved'],
  NotReadOnly: [ErrorCode.notReadOnly, 'Not a read-only call'],
  EphemeralOnLocalSession: [ErrorCode.ephemeralOnLocalSession, 'Ephemeral node on local session'],
  NoWatcher: [ErrorCode.noWatcher, 'No such watcher'],
  RequestTimeout: [ErrorCode.requestTimeout, 'Unknown error REQUESTTIMEOUT'],
  ReconfigDisabled: [ErrorCode.reconfigDisabled, 'Reconfig is disabled'],
  SessionClosedRequireSaslAuth: [
    ErrorCode.sessionClosedRequireSaslAuth,
    'Session closed because client failed to authenticate',
  ],
  QuotaExceeded: [ErrorCode.quotaExceeded, 'Quota has exceeded'],
  ThrottledOp: [ErrorCode.throttledOp, 'Op throttled due to high load'],
} as const;

/** Apache's names of the codes; `Unknown` for a number that this version does not know. */
export type ErrorName = keyof typeof codes | 'Unknown';

const nameOf = new Map<number, keyof typeof codes>(
  Object.entries(codes).map(([name, [errno]]) => [errno, name as keyof typeof codes]),
);

/** What else is known about a failure. */
export interface ErrorDetails {
  readonly index?: number;
  readonly results?: readonly OperationResult[];
  readonly cause?: unknown;
  readonly requestBytes?: number | null;
}

/** A request that failed. The message is Apache's: `KeeperErrorCode = NoNode for /a`. */
export class ZkError extends Error {
  override name = 'ZkError';
  readonly code: ErrorName;
  readonly errno: number;
  /** The method that failed, such as `create`. */
  readonly op: string;
  /** Of a multi: the path of the operation that failed. Null when the call has no path. */
  readonly path: string | null;
  /** Of a multi: which operation failed first, from 0. Null for other calls. */
  readonly index: number | null;
  /** Of a multi: one result for each operation. */
  readonly results: readonly OperationResult[] | null;
  /**
   * Size of the request, null when it was not sent. A server that finds it above its jute.maxbuffer
   * closes the connection without an answer.
   */
  readonly requestBytes: number | null;

  constructor(errno: number, op: string, path: string | null, details: ErrorDetails = {}) {
    const code = nameOf.get(errno);
    const text = code === undefined ? `Unknown error ${errno}` : codes[code][1];
    super(
      `KeeperErrorCode = ${text}${path === null || path === '' ? '' : ` for ${path}`}`,
      details.cause === undefined ? undefined : { cause: details.cause },
    );
    this.code = code ?? 'Unknown';
    this.errno = errno;
    this.op = op;
    this.path = path;
    this.index = details.index ?? null;
    this.results = details.results ?? null;
    this.requestBytes = details.requestBytes ?? null;
  }
}

/** A path that no server would take; thrown before anything is sent. The message is Apache's reason. */
export class PathError extends TypeError {
  override name = 'PathError';
  readonly path: string;
  constructor(path: string, reason: string) {
    super(reason);
    this.path = path;
  }
}

/** The codes by name, for programs that speak numbers. */
export const errnoOf = (name: Exclude<ErrorName, 'Unknown'>): number => codes[name][0];
/** True for a code's exact name. */
export const isErrorName = (name: string): name is Exclude<ErrorName, 'Unknown'> =>
  Object.hasOwn(codes, name);
