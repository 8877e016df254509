// reconfig: another membership for the ensemble, given whole or as what joins and leaves.
import { CONFIG_PATH } from '../state/specialPaths.ts';
import { WireError } from '../wire/bytes.ts';
import { GetDataResponse, ReconfigRequest } from '../wire/client.ts';
import { ErrorCode } from '../wire/errors.ts';
import {
  type Member,
  type Membership,
  parseMember,
  parseServerNumber,
  printMembership,
  readMembership,
} from '../wire/membership.ts';
import { OpCode, Perm } from '../wire/opcodes.ts';
import type { Infer } from '../wire/record.ts';
import { mayAccess, type Reconfiguration, write } from './operation.ts';

type Request = Infer<typeof ReconfigRequest>;

/** Checks in the order of Apache's PrepRequestProcessor: who asks hears the same first reason. */
export const reconfig = write<Request>({
  opcode: OpCode.reconfig,
  label: 'RECO',
  request: ReconfigRequest,
  prepare(request, context) {
    const { rules, reconfiguration, zxid, view } = context;
    if (!rules.reconfigEnabled) return ErrorCode.reconfigDisabled;
    if (reconfiguration === null) return ErrorCode.unimplemented;
    const { active } = reconfiguration;
    if (reconfiguration.isUnderWay) return ErrorCode.reconfigInProgress;
    const { curConfigId } = request;
    if (curConfigId !== -1n && curConfigId !== active.version) return ErrorCode.badVersion;
    const wanted = membershipOf(request, active);
    if (wanted === null || !isPossible(wanted, reconfiguration)) return ErrorCode.badArguments;
    const next: Membership = { ...wanted, version: zxid };
    if (!reconfiguration.isSynced(next)) return ErrorCode.newConfigNoQuorum;
    const node = view.node(CONFIG_PATH);
    if (node === undefined) return ErrorCode.noNode;
    if (!mayAccess(context, node, Perm.write)) return ErrorCode.noAuth;
    reconfiguration.begin(next);
    const data = Buffer.from(printMembership(next));
    return { type: OpCode.reconfig, path: CONFIG_PATH, data, version: -1 };
  },
  respond(writer, { stat, data = null }) {
    if (stat !== null) GetDataResponse.write(writer, { data, stat });
  },
});

function membershipOf(request: Request, active: Membership): Membership | null {
  const { newMembers, joiningServers, leavingServers } = request;
  if (newMembers !== null) return wholeOf(newMembers);
  // Nobody says which groups a server joins, or how much it weighs.
  if (active.groups.length > 0) return null;
  const servers = new Map(active.servers.map((server) => [server.id, server]));
  for (const text of listOf(leavingServers)) {
    const id = parseServerNumber(text);
    if (id === null) return null;
    servers.delete(id);
  }
  for (const text of listOf(joiningServers)) {
    const joining = joiningOf(text);
    if (joining === null) return null;
    servers.set(joining.id, joining);
  }
  const ordered = [...servers.values()].sort((a, b) => a.id - b.id);
  return { ...active, servers: ordered };
}

/** Lines of a dynamic file, with commas or line ends between them. */
function wholeOf(text: string): Membership | null {
  try {
    return readMembership(text.replaceAll(',', '\n'));
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return null;
  }
}

const listOf = (text: string | null): string[] =>
  (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** `server.N=host:peerPort:electionPort[:role];[address:]clientPort`: who joins says all its ports. */
function joiningOf(text: string): Member | null {
  const [key = '', value = '', ...rest] = text.split('=');
  const id = parseServerNumber(key.slice(key.lastIndexOf('.') + 1));
  if (id === null || rest.length > 0) return null;
  const member = parseMember(id, value);
  return typeof member === 'string' || member.client === null ? null : member;
}

function isPossible({ servers, groups }: Membership, { leastVoters }: Reconfiguration): boolean {
  const voters = servers.filter(({ role }) => role === 'participant');
  if (voters.length < leastVoters || hasClash(servers)) return false;
  if (groups.length === 0) return true;
  const grouped = groups.flatMap(({ members }) => members);
  const isGrouped = new Set(grouped);
  return isGrouped.size === grouped.length && voters.every(({ id }) => isGrouped.has(id));
}

/**
 * Whether two servers claim one port of one host. Apache leaves out addresses of the loopback, which
 * every host has; two that are the same to the letter cannot both work.
 */
function hasClash(servers: readonly Member[]): boolean {
  const taken = new Set<string>();
  return servers.some(({ addresses, client }) => {
    const own = addresses.flatMap(({ host, peerPort, electionPort }) => [
      `${host}:${peerPort}`,
      `${host}:${electionPort}`,
    ]);
    const isAnywhere = client === null || ['0.0.0.0', '::'].includes(client.address);
    if (client !== null && !isAnywhere) own.push(`${client.address}:${client.port}`);
    const clashes = own.some((place) => taken.has(place));
    for (const place of own) taken.add(place);
    return clashes;
  });
}
