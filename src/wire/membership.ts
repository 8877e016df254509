// The membership of an ensemble as text: in notifications, in NEWLEADER, in reconfigurations and in /zookeeper/config.
//
//   server.N=host:peerPort:electionPort[|host:peerPort:electionPort]...:role[;clientAddress:clientPort]
//   group.G=N:N:N    weight.N=W    version=hex
import { WireError } from './bytes.ts';

export type PeerRole = 'participant' | 'observer';

/** Where peers reach a server; several when it has several networks. */
export interface PeerAddress {
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly peerPort: number;
  readonly electionPort: number;
}

export interface Member {
  readonly id: number;
  readonly role: PeerRole;
  readonly addresses: readonly PeerAddress[];
  /** The part after `;`: where this server listens for clients. */
  readonly client: { readonly address: string; readonly port: number } | null;
}

export interface Group {
  readonly id: number;
  readonly members: readonly number[];
}

/** All members, ordered by id; groups are empty for plain majorities. */
export interface Membership {
  readonly servers: readonly Member[];
  readonly groups: readonly Group[];
  readonly weights: ReadonlyMap<number, number>;
  /** Version of the membership: the zxid of the reconfig that made it, 0 at first. */
  readonly version: bigint;
}

const FORM = 'must be host:peerPort:electionPort[:role][;[clientAddress:]clientPort]';

/** As QuorumMaj and QuorumHierarchical print it, in their order. */
export function printMembership({ servers, groups, weights, version }: Membership): string {
  const lines = inJavasOrder(servers, (server) => server.id).map(
    (server) => `server.${server.id}=${printMember(server)}`,
  );
  if (groups.length > 0 || weights.size > 0) {
    for (const { id, members } of inJavasOrder(groups, (group) => group.id)) {
      lines.push(`group.${id}=${inJavasOrder(members, (member) => member).join(':')}`);
    }
    const voters = servers.filter((server) => server.role === 'participant');
    const weighted = [...new Set([...voters.map((server) => server.id), ...weights.keys()])];
    for (const id of inJavasOrder(weighted, (one) => one)) {
      lines.push(`weight.${id}=${weights.get(id) ?? 1}`);
    }
  }
  lines.push(`version=${BigInt.asUintN(64, version).toString(16)}`);
  return lines.join('\n');
}

/** What stands behind `server.N=`, as QuorumServer.toString prints it. */
export function printMember({ addresses, role, client }: Member): string {
  const peers = addresses
    .map((address) => ({ ...address, host: javasHost(address.host) }))
    .sort((a, b) => (a.host < b.host ? -1 : a.host > b.host ? 1 : 0))
    .map(({ host, peerPort, electionPort }) => `${bracketed(host)}:${peerPort}:${electionPort}`)
    .join('|');
  const suffix = client === null ? '' : `;${bracketed(javasHost(client.address))}:${client.port}`;
  return `${peers}:${role}${suffix}`;
}

/** Reads what `printMembership` or an Apache server wrote; throws WireError. */
export function readMembership(text: string): Membership {
  const servers = new Map<number, Member>();
  const groups = new Map<number, Group>();
  const weights = new Map<number, number>();
  let version = 0n;
  for (const line of text.split(/\r\n|\r|\n/)) {
    const trimmed = line.trim();
    if (trimmed === '' || /^[#!]/.test(trimmed)) continue;
    const [, key = '', value = ''] = /^([^=:\s]*)\s*[=:\s]\s*(.*)$/.exec(trimmed) ?? [];
    if (key === 'version') {
      if (!/^[0-9a-f]{1,16}$/i.test(value)) throw bad(line);
      version = BigInt.asIntN(64, BigInt(`0x${value}`));
      continue;
    }
    const [, kind, idText = ''] = /^(server|group|weight)\.(\d+)$/.exec(key) ?? [];
    const id = parseServerNumber(idText);
    if (id === null) throw bad(line);
    if (kind === 'server') servers.set(id, read(parseMember(id, value), line));
    else if (kind === 'group') groups.set(id, { id, members: read(parseGroup(value), line) });
    else weights.set(id, read(parseServerNumber(value), line));
  }
  const ordered = [...servers.values()].sort((a, b) => a.id - b.id);
  return { servers: ordered, groups: [...groups.values()], weights, version };
}

const bad = (line: string): WireError =>
  new WireError(`a membership with the line ${JSON.stringify(line.slice(0, 200))}`);

function read<T>(value: T | string | null, line: string): Exclude<T, string | null> {
  if (value === null || typeof value === 'string') throw bad(line);
  return value as Exclude<T, string | null>;
}

/** A number of a server, group or weight; null when it is none. */
export function parseServerNumber(text: string): number | null {
  return /^\d{1,10}$/.test(text.trim()) ? Number(text) : null;
}

/** `1:2:3`; null when it is no such list. */
export function parseGroup(text: string): number[] | null {
  const members: number[] = [];
  for (const part of text.split(':')) {
    const member = parseServerNumber(part);
    if (member === null) return null;
    members.push(member);
  }
  return members;
}

/** What stands behind `server.N=`; a string says what is wrong with it. */
export function parseMember(id: number, text: string): Member | string {
  const [peers = '', clientText, ...rest] = text.split(';');
  if (rest.length > 0) return FORM;
  const client = clientText === undefined ? null : parseClient(clientText);
  if (typeof client === 'string') return client;
  const addresses: PeerAddress[] = [];
  let role: PeerRole | null = null;
  for (const part of peers.split('|')) {
    const parsed = parsePeer(part);
    if (typeof parsed === 'string') return parsed;
    if (role !== null && parsed.role !== null && parsed.role !== role) {
      return 'must have one role for all addresses';
    }
    role = parsed.role ?? role;
    addresses.push(parsed.address);
  }
  return { id, role: role ?? 'participant', addresses, client };
}

/** The part before `;`, or the text of an error. */
function parsePeer(text: string): { address: PeerAddress; role: PeerRole | null } | string {
  const parts = splitHost(text);
  if (parts === null || parts.length < 3 || parts.length > 4) return FORM;
  const [host = '', peer = '', election = '', role] = parts;
  const peerPort = parsePort(peer);
  const electionPort = parsePort(election);
  if (host === '') return FORM;
  if (peerPort === null || electionPort === null) return 'must have ports between 0 and 65535';
  // Apache calls the first one the client port in its message; it is the port of the peers.
  if (peerPort === electionPort) return 'must have different peer and election ports';
  const word = role?.trim().toLowerCase() ?? null;
  if (word !== null && word !== 'participant' && word !== 'observer') {
    return 'must have the role participant or observer';
  }
  return { address: { host, peerPort, electionPort }, role: word };
}

/** The part after `;`, or the text of an error. */
function parseClient(text: string): { address: string; port: number } | string {
  const parts = splitHost(text);
  if (parts === null || parts.length > 2) return FORM;
  const port = parsePort(parts.at(-1) ?? '');
  if (port === null) return 'must have a client port between 0 and 65535';
  const address = parts.length === 2 ? (parts[0] ?? '') : '';
  return { address: address === '' ? '0.0.0.0' : address, port };
}

/** Splits at colons; an IPv6 address stands in brackets. `null` when a bracket does not close. */
function splitHost(text: string): string[] | null {
  const trimmed = text.trim();
  if (!trimmed.startsWith('[')) return trimmed.split(':');
  const match = /^\[([^\]]*)\](?::(.*))?$/.exec(trimmed);
  if (match === null) return null;
  return [match[1] ?? '', ...(match[2] === undefined ? [] : match[2].split(':'))];
}

function parsePort(text: string): number | null {
  const trimmed = text.trim();
  if (!/^\d{1,5}$/.test(trimmed)) return null;
  const port = Number(trimmed);
  return port <= 65535 ? port : null;
}

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** Java prints an IPv6 address with all its groups, and one that holds an IPv4 address as that. */
function javasHost(host: string): string {
  if (!host.includes(':') || host.includes('%')) return host;
  const [head = '', tail] = host.split('::');
  const before = groupsOf(head);
  const after = tail === undefined ? [] : groupsOf(tail);
  const gap = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...Array.from({ length: Math.max(gap, 0) }, () => 0), ...after];
  if (groups.length !== 8 || groups.some((group) => Number.isNaN(group))) return host;
  const [high = 0, low = 0] = groups.slice(6);
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped) return [high >> 8, high & 255, low >> 8, low & 255].join('.');
  return groups.map((group) => group.toString(16)).join(':');
}

function groupsOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((part) => {
    const bytes = part.split('.').map(Number);
    const [a = 0, b = 0, c = 0, d = 0] = bytes;
    if (bytes.length === 4) return [a * 256 + b, c * 256 + d];
    return [/^[0-9a-f]{1,4}$/i.test(part) ? Number.parseInt(part, 16) : Number.NaN];
  });
}

/** A HashMap of Long keys goes through its buckets, of which there are enough to be 3/4 full. */
function inJavasOrder<T>(items: readonly T[], idOf: (item: T) => number): T[] {
  let buckets = 16;
  while (items.length > buckets * 0.75) buckets *= 2;
  const bucketOf = (item: T): number => (idOf(item) ^ (idOf(item) >>> 16)) & (buckets - 1);
  return [...items].sort((a, b) => bucketOf(a) - bucketOf(b) || idOf(a) - idOf(b));
}
