// What a command throws when it fails by itself, and the exit statuses of section "exit codes" of the help.

export const Status = {
  ok: 0,
  zookeeperError: 1,
  usage: 2,
  noConnection: 3,
  auth: 4,
  sessionExpired: 5,
  awaitTimeout: 124,
  unknownCommand: 127,
  interrupted: 130,
  terminated: 143,
} as const;

/** A failure with its own text; `code` is the name that `!Code command` and --json know it by. */
export class CliError extends Error {
  override name = 'CliError';
  readonly code: string;
  readonly status: number;
  /** A second line for people at a terminal. */
  readonly hint: string | undefined;
  /** The znode that it is about. */
  readonly path: string | null;

  constructor(message: string, code: string, status: number, hint?: string, path?: string) {
    super(message);
    this.code = code;
    this.status = status;
    this.hint = hint;
    this.path = path ?? null;
  }
}

export const usageError = (message: string, hint?: string): CliError =>
  new CliError(message, 'Usage', Status.usage, hint);

export const notConnected = (): CliError =>
  new CliError(
    'Not connected: type connect to open a new session',
    'NotConnected',
    Status.noConnection,
  );

/** The connect string names a root for all paths that is not there. */
export const noChroot = (path: string, chroot: string): CliError =>
  new CliError(
    `Node does not exist: ${path}\nThe chroot ${chroot} does not exist: create it in a session without chroot`,
    'NoNode',
    Status.zookeeperError,
    undefined,
    path,
  );
