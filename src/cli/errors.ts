// Turns whatever a command threw into the line that Apache's shell shows (CliWrapperException) and an exit status.
import type { ErrorName } from '../client/errors.ts';
import { PathError, ZkError } from '../client/errors.ts';
import { DEFAULT_MAX_BUFFER } from '../wire/frames.ts';
import { CliError, Status } from './cliError.ts';

export interface Failure {
  readonly message: string;
  /** Name for `!Name command` and for --json. */
  readonly code: string;
  readonly status: number;
  readonly path: string | null;
  readonly hint: string | undefined;
}

/** Wording of CliWrapperException; codes that are not here keep `KeeperErrorCode = ...`. */
const TEXTS: Partial<Record<ErrorName, (path: string) => string>> = {
  NoNode: (path) => `Node does not exist: ${path}`,
  NoChildrenForEphemerals: (path) => `Ephemerals cannot have children: ${path}`,
  NodeExists: (path) => `Node already exists: ${path}`,
  NotEmpty: (path) => `Node not empty: ${path}`,
  NotReadOnly: (path) => `Not a read-only call: ${path}`,
  InvalidACL: (path) => `Acl is not valid : ${path}`,
  NoAuth: (path) => `Insufficient permission : ${path}`,
  BadArguments: (path) => `Arguments are not valid : ${path}`,
  BadVersion: (path) => `version No is not valid : ${path}`,
  QuotaExceeded: (path) => `Quota has exceeded : ${path}`,
  ReconfigInProgress: () =>
    'Another reconfiguration is in progress -- concurrent reconfigs not supported (yet)',
  NewConfigNoQuorum: () =>
    'No quorum of new config is connected and up-to-date with the leader of last commmitted config - ' +
    'try invoking reconfiguration after new servers are connected and synced',
};

const STATUSES: Partial<Record<ErrorName, number>> = {
  ConnectionLoss: Status.noConnection,
  OperationTimeout: Status.noConnection,
  RequestTimeout: Status.noConnection,
  SessionExpired: Status.sessionExpired,
  SessionMoved: Status.sessionExpired,
  NoAuth: Status.auth,
  AuthFailed: Status.auth,
  SessionClosedRequireSaslAuth: Status.auth,
};

/** A line more when a connection was lost that may have been closed because of the request. */
function sizeNote({ code, requestBytes: bytes }: ZkError): string {
  if (code !== 'ConnectionLoss' || bytes === null || bytes <= DEFAULT_MAX_BUFFER) return '';
  return `\nthe request had ${bytes} bytes; the server's jute.maxbuffer may be smaller`;
}

function keeperFailure(error: ZkError): Failure {
  const text = error.path === null ? undefined : TEXTS[error.code]?.(error.path);
  const bare = error.path === null ? TEXTS[error.code]?.('null') : undefined;
  return {
    message: (text ?? bare ?? error.message) + sizeNote(error),
    code: error.code,
    status: STATUSES[error.code] ?? Status.zookeeperError,
    path: error.path,
    hint: undefined,
  };
}

/** Never throws; an error that nobody foresaw keeps its own message. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ZkError) return keeperFailure(error);
  if (error instanceof PathError) {
    return {
      message: error.message,
      code: 'BadPath',
      status: Status.usage,
      path: error.path,
      hint: `the path was ${JSON.stringify(error.path)}`,
    };
  }
  if (error instanceof CliError) {
    const { message, code, status, path, hint } = error;
    return { message, code, status, path, hint };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { message, code: 'Error', status: Status.zookeeperError, path: null, hint: undefined };
}
