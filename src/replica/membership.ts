// An ensemble's membership as the election and the roles want it: who decides, who belongs to it.
import type { Membership as Known } from '../consensus/looking.ts';
import { hierarchical, majority } from '../consensus/quorum.ts';
import { type Membership, printMembership } from '../wire/membership.ts';

export function membershipOf(membership: Membership): Known {
  const { servers, groups, weights } = membership;
  const voters = servers.filter(({ role }) => role === 'participant').map(({ id }) => id);
  return {
    rule: groups.length === 0 ? majority(voters) : hierarchical(voters, groups, weights),
    members: servers.map(({ id }) => id),
    text: printMembership(membership),
  };
}
