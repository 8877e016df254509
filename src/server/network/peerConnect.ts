// Connects to a peer that may have several addresses, resolving its names anew each time.
import { promises as dns } from 'node:dns';
import { connect, isIP, type NetConnectOpts, type Socket } from 'node:net';
import type { HostPort } from '../../wire/election.ts';

/** Addresses of a host name; tests pass their own. */
export type Lookup = (host: string) => Promise<readonly string[]>;

const lookupAll: Lookup = async (host) =>
  (await dns.lookup(host, { all: true })).map(({ address }) => address);

export interface ConnectOptions {
  /** For each address that is tried, and for a look-up. */
  readonly timeoutMs: number;
  readonly lookup?: Lookup | undefined;
  /** More options for the socket, such as a buffer to read into. */
  readonly socket?: Pick<NetConnectOpts, 'onread'>;
}

export type Connected =
  | { readonly socket: Socket; readonly address: string }
  /** The last address tried, as Java prints it, and why it failed. */
  | { readonly socket: null; readonly address: string; readonly cause: string };

/**
 * Tries the addresses one after another until one answers, and tells `done` once.
 * What is returned ends the try; `done` is then not called.
 */
export function connectTo(
  targets: readonly HostPort[],
  options: ConnectOptions,
  done: (result: Connected) => void,
): () => void {
  let isOver = false;
  let current: Socket | null = null;
  const isCancelled = (): boolean => isOver;
  const use = (socket: Socket): void => {
    current = socket;
  };
  const finish = (result: Connected): void => {
    if (isOver) result.socket?.destroy();
    else {
      isOver = true;
      done(result);
    }
  };
  void tryAll(targets, options, use, isCancelled).then(finish);
  return () => {
    isOver = true;
    current?.destroy();
  };
}

async function tryAll(
  targets: readonly HostPort[],
  options: ConnectOptions,
  use: (socket: Socket) => void,
  isCancelled: () => boolean,
): Promise<Connected> {
  let last: Connected = { socket: null, address: '?', cause: 'no address is known' };
  for (const target of targets) {
    const addresses = await resolve(target.host, options);
    if (typeof addresses === 'string') {
      last = { socket: null, address: printAddress(target, null), cause: addresses };
      continue;
    }
    for (const ip of addresses) {
      if (isCancelled()) return last;
      last = await tryOne(target, ip, options, use);
      if (last.socket !== null) return last;
    }
  }
  return last;
}

/** The addresses of a host, or why there are none. */
async function resolve(
  host: string,
  { lookup = lookupAll, timeoutMs }: ConnectOptions,
): Promise<readonly string[] | string> {
  if (isIP(host) !== 0) return [host];
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((done) => {
    timer = setTimeout(() => done(`looking up ${host} timed out`), timeoutMs);
  });
  const found = lookup(host).catch((error: unknown) => causeOf(error, host));
  const result = await Promise.race([found, late]);
  clearTimeout(timer);
  return result.length === 0 ? `Unknown host ${host}` : result;
}

function tryOne(
  target: HostPort,
  ip: string,
  { timeoutMs, socket: more }: ConnectOptions,
  use: (socket: Socket) => void,
): Promise<Connected> {
  const address = printAddress(target, ip);
  return new Promise((resolve) => {
    const socket = connect({ ...more, host: ip, port: target.port, noDelay: true });
    socket.setKeepAlive(true);
    use(socket);
    const fail = (cause: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ socket: null, address, cause });
    };
    const failed = (error: Error): void => fail(causeOf(error, target.host));
    const closed = (): void => fail('closed');
    const timer = setTimeout(() => fail('connect timed out'), timeoutMs);
    // Stays: an error of a socket that nobody listens to would end the process.
    socket.on('error', failed);
    socket.once('close', closed);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeListener('close', closed);
      resolve({ socket, address });
    });
  });
}

/** As Java prints a socket address: name, slash, address, port. */
function printAddress({ host, port }: HostPort, ip: string | null): string {
  const bracketed = ip?.includes(':') ? `[${ip}]` : (ip ?? '<unresolved>');
  return `${ip === host ? '' : host}/${bracketed}:${port}`;
}

const CAUSES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Connection refused',
  ECONNRESET: 'Connection reset',
  EHOSTUNREACH: 'No route to host',
  ENETUNREACH: 'Network is unreachable',
  ETIMEDOUT: 'connect timed out',
  EADDRINUSE: 'Address already in use',
  EADDRNOTAVAIL: 'Cannot assign requested address',
  EACCES: 'Permission denied',
};

/** Why something failed, in the words of Java where it has some. */
export function causeOf(error: unknown, host: string): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `Unknown host ${host}`;
  return CAUSES[code] ?? message;
}
