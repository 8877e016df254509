// What a server says that has no leader: Apache's sentence, and whom it waits for.
import type { Member } from '../../replica/member.ts';
import { printHostPort } from '../../wire/election.ts';
import type { Surveyed } from './surveyed.ts';

/** Apache's sentence, which monitors look for. */
export const NOT_SERVING = 'This ZooKeeper instance is not currently serving requests\n';

/** Lines of `srvr` and `stat` in Apache's place of the counters. */
export function modeWithoutService(server: Surveyed): string {
  const { member } = server.replica;
  if (member === null) return '';
  return `Mode: ${member.mode}\n${waitsFor(server)}`;
}

/** The line that says what an election needs; empty for who has a leader, or is one. */
export function waitsFor(server: Surveyed): string {
  const { member } = server.replica;
  const isLooking = member?.mode === 'looking' || member?.mode === 'read-only';
  return isLooking ? `Election: ${electionLine(member)}\n` : '';
}

/** `needs 2 of 3 voters, has 1; not heard of: 2 at 127.0.0.1:3334, 3 at 127.0.0.1:4445`. */
function electionLine({ election, membership }: Member): string {
  const { missing, abstaining, voters } = election;
  const isGrouped = membership.groups.length > 0;
  const needed = isGrouped ? 'a quorum' : String(Math.floor(voters.length / 2) + 1);
  const silent = new Set([...missing, ...abstaining]);
  const named = missing.map((id) => {
    const [address] = membership.servers.find((one) => one.id === id)?.addresses ?? [];
    if (address === undefined) return String(id);
    return `${id} at ${printHostPort({ host: address.host, port: address.electionPort })}`;
  });
  const parts = [`needs ${needed} of ${voters.length} voters, has ${voters.length - silent.size}`];
  if (missing.length > 0) parts.push(`not heard of: ${named.join(', ')}`);
  if (abstaining.length > 0) parts.push(`without a vote: ${abstaining.join(', ')}`);
  return parts.join('; ');
}
