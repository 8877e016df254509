// The members of an ensemble: the server.N, group.N and weight.N lines, rules as in QuorumPeerConfig.
import {
  type Group,
  type Member,
  type Membership,
  parseGroup,
  parseMember,
  parseServerNumber,
} from '../wire/membership.ts';
import type { Entry } from './properties.ts';
import type { Report } from './report.ts';

/** A member, and where its line is. */
export interface EnsembleServer extends Member {
  /** `file:line` of its line. */
  readonly at: string;
}

export interface Ensemble extends Membership {
  readonly servers: readonly EnsembleServer[];
}

/** Whether a line belongs to the membership, which a dynamic file may hold. */
export function isEnsembleKey(key: string): boolean {
  return /^(server\.|group|weight)/.test(key);
}

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
      const server = readServer(id, entry, severalAddresses, report);
      if (server !== null) servers.set(id, server);
    } else if (kind === 'group') {
      const members = readGroup(id, entry, groupOf, report);
      groups.set(id, { id, members });
    } else {
      const weight = parseServerNumber(entry.value);
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
  const id = parseServerNumber(match?.[2] ?? '');
  if (id === null) report.error(entry.at, `${entry.key} must have a number after the dot`);
  return [kind, id];
}

function readGroup(
  id: number,
  entry: Entry,
  groupOf: Map<number, number>,
  report: Report,
): number[] {
  const members = parseGroup(entry.value);
  if (members === null) {
    const form = 'must be server numbers with : between';
    report.error(entry.at, `${entry.key} ${form}, got "${entry.value}"`);
    return [];
  }
  for (const member of members) {
    const other = groupOf.get(member);
    if (other !== undefined) {
      report.error(entry.at, `server ${member} is in group ${other} and in group ${id}`);
    }
    groupOf.set(member, id);
  }
  return members;
}

/** One server line, `null` after an error. */
function readServer(
  id: number,
  entry: Entry,
  severalAddresses: boolean,
  report: Report,
): EnsembleServer | null {
  const fail = (message: string): null => {
    report.error(entry.at, `${entry.key} ${message}, got "${entry.value}"`);
    return null;
  };
  const member = parseMember(id, entry.value);
  if (typeof member === 'string') return fail(member);
  if (member.addresses.length > 1 && !severalAddresses) {
    return fail('has several addresses, which needs multiAddress.enabled=true');
  }
  return { ...member, at: entry.at };
}
