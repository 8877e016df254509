// The connect string: `host:port,[v6]:port/chroot`.

import { checkPath } from './path.ts';

/** A server as the connect string names it. */
export interface Host {
  readonly host: string;
  readonly port: number;
  /** host:port, an IPv6 address in brackets. */
  readonly name: string;
}

export interface ConnectString {
  readonly hosts: readonly Host[];
  /** '' when there is none. */
  readonly chroot: string;
}

const DEFAULT_PORT = 2181;

function parsePort(text: string, whole: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port >= 1 && port <= 65535)) throw new TypeError(`${whole}: "${text}" is not a port`);
  return port;
}

function parseHost(text: string): Host {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/s.exec(text);
  if (bracketed !== null) {
    const [, host = '', port] = bracketed;
    if (host === '') throw new TypeError(`${text}: no address in the brackets`);
    const number = port === undefined ? DEFAULT_PORT : parsePort(port, text);
    return { host, port: number, name: `[${host}]:${number}` };
  }
  const colon = text.lastIndexOf(':');
  // Several colons without brackets can only be an address; where its port would begin, nobody can tell.
  if (colon !== text.indexOf(':')) {
    throw new TypeError(`${text}: an IPv6 address needs brackets, as in [::1]:2181`);
  }
  const host = colon === -1 ? text : text.slice(0, colon);
  if (host === '') throw new TypeError(`"${text}": no host name`);
  // As in Apache's parser, a colon with nothing behind it means the default port.
  const rest = colon === -1 ? '' : text.slice(colon + 1);
  const port = rest === '' ? DEFAULT_PORT : parsePort(rest, text);
  return { host, port, name: `${host}:${port}` };
}

/** Throws TypeError, or PathError for the chroot, naming the part that is wrong. */
export function parseConnectString(text: string): ConnectString {
  const slash = text.indexOf('/');
  const chroot = slash === -1 || slash === text.length - 1 ? '' : text.slice(slash);
  if (chroot !== '') checkPath(chroot);
  const list = (slash === -1 ? text : text.slice(0, slash))
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (list.length === 0) throw new TypeError(`"${text}" names no server`);
  return { hosts: list.map(parseHost), chroot };
}
