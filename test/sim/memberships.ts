// The memberships of a simulated ensemble: its first one, lines of members, and short names for traces.
import {
  type Member,
  type Membership,
  type PeerRole,
  printMember,
} from '../../src/wire/membership.ts';
import type { SimOptions } from './options.ts';

export function memberOf(id: number, role: PeerRole): Member {
  const addresses = [{ host: `10.0.0.${id}`, peerPort: 2888, electionPort: 3888 }];
  return { id, role, addresses, client: { address: '0.0.0.0', port: 2181 } };
}

/** `server.N=...` as a dynamic file or a reconfig has it. */
export const lineOf = (id: number, role: PeerRole): string =>
  `server.${id}=${printMember(memberOf(id, role))}`;

export function firstMembership({ voters, observers, changes }: SimOptions): Membership {
  const servers = Array.from({ length: voters + observers }, (_, i) => {
    const member = memberOf(i + 1, i < voters ? 'participant' : 'observer');
    return changes === null ? { ...member, client: null } : member;
  });
  return { servers, groups: [], weights: new Map(), version: 0n };
}

/** `100000003 [1 2 3 (4)]`: observers are in brackets. */
export function nameOfMembership({ servers, version }: Membership): string {
  const names = servers.map(({ id, role }) => (role === 'observer' ? `(${id})` : `${id}`));
  return `${version.toString(16)} [${names.join(' ')}]`;
}
