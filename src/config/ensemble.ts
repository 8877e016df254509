// The members of an ensemble: the server.N, group.N and weight.N lines, rules as in QuorumPeerConfig.
import type { Entry } from './properties.ts';
import type { Report } from './report.ts';

type PeerRole = 'participant' | 'observer';

/** Where peers reach a server; several when it has several networks. */
interface PeerAddress {
  readonly host: string;
  readonly peerPort: number;
  readonly electionPort: number;
}

export interface EnsembleServer {
  readonly id: number;
  readonly role: PeerRole;
  readonly addresses: readonly PeerAddress[];
  /** The part after `;`: where this server listens for clients. */
  readonly client: { readonly address: string; readonly port: number } | null;
  /** `file:line` of its line. */
  readonly at: string;
}

interface Group {
  readonly id: number;
  readonly members: readonly number[];
}

/** All members, ordered by id; groups are empty for plain majorities. */
export interface Ensemble {
  readonly servers: readonly EnsembleServer[];
  readonly groups: readonly Group[];
  readonly weights: ReadonlyMap<number, number>;
  /** Version of the membership: the zxid of the reconfig that made it, 0 at first. */
  readonly version: bigint;
}

/** Whether a line belongs to the membership, which a dynamic file may hold. */
export function isEnsembleKey(key: string): boolean {
  return /^(server\.|group|weight)/.test(key);
}

const FORM = 'must be host:peerPort:electionPort[:role][;[clientAddress:]clientPort]';

/** Reads the lines of the membership; other lines are not looked at. */
export function parseEnsemble(
  entries: readonly Entry[],
  version: bigint,
  severalAddresses: boolean,
  report: Report,
): Ensemble {
  const servers = new Map<number, EnsembleServer>();
  const groups = new Map<number, Group>();
  const weights = new Map<number, number>();
  const groupOf = new Map<number, number>();
  for (const entry of entries) {
    if (!isEnsembleKey(entry.key)) continue;
    const [kind, id] = splitKey(entry, report);
    if (id === null) continue;
    if (kind === 'server') {
      const server = parseServer(id, entry, severalAddresses, report);
      if (server !== null) servers.set(id, server);
    } else if (kind === 'group') {
      const members = parseGroup(id, entry, groupOf, report);
      groups.set(id, { id, members });
    } else {
      const weight = parseId(entry.value);
      if (weight === null)
        report.error(entry.at, `${entry.key} must be a number of at least 0, got "${entry.value}"`);
      else weights.set(id, weight);
    }
  }
  const ordered = [...servers.values()].sort((a, b) => a.id - b.id);
  return { servers: ordered, groups: [...groups.values()], weights, version };
}

/** `server.3` -> server, 3; Apache takes any text before the dot of `group` and `weight`. */
function splitKey(entry: Entry, report: Report): ['server' | 'group' | 'weight', number | null] {
  const match = /^(server|group|weight)\.(.*)$/.exec(entry.key);
  const kind = (match?.[1] ?? entry.key) as 'server' | 'group' | 'weight';
  const id = parseId(match?.[2] ?? '');
  if (id === null) report.error(entry.at, `${entry.key} must have a number after the dot`);
  return [kind, id];
}

function parseId(text: string): number | null {
  return /^\d{1,10}$/.test(text.trim()) ? Number(text) : null;
}

function parseGroup(
  id: number,
  entry: Entry,
  groupOf: Map<number, number>,
  report: Report,
): number[] {
  const members: number[] = [];
  for (const part of entry.value.split(':')) {
    const member = parseId(part);
    if (member === null) {
      report.error(
        entry.at,
        `${entry.key} must be server numbers with : between, got "${entry.value}"`,
      );
      return members;
    }
    const other = groupOf.get(member);
    if (other !== undefined) {
      report.error(entry.at, `server ${member} is in group ${other} and in group ${id}`);
    }
    groupOf.set(member, id);
    members.push(member);
  }
  return members;
}

/** One server line, `null` after an error. */
function parseServer(
  id: number,
  entry: Entry,
  severalAddresses: boolean,
  report: Report,
): EnsembleServer | null {
  const fail = (message: string): null => {
    report.error(entry.at, `${entry.key} ${message}, got "${entry.value}"`);
    return null;
  };
  const [peers = '', clientText, ...rest] = entry.value.split(';');
  if (rest.length > 0) return fail(FORM);
  const client = clientText === undefined ? null : parseClient(clientText);
  if (typeof client === 'string') return fail(client);
  const addresses: PeerAddress[] = [];
  let role: PeerRole | null = null;
  for (const part of peers.split('|')) {
    const parsed = parsePeer(part);
    if (typeof parsed === 'string') return fail(parsed);
    if (role !== null && parsed.role !== null && parsed.role !== role) {
      return fail('must have one role for all addresses');
    }
    role = parsed.role ?? role;
    addresses.push(parsed.address);
  }
  if (addresses.length > 1 && !severalAddresses) {
    return fail('has several addresses, which needs multiAddress.enabled=true');
  }
  return { id, role: role ?? 'participant', addresses, client, at: entry.at };
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
