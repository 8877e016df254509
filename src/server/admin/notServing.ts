// What a server says that has no leader: Apache's sentence, and whom it waits for.
import type { Election } from '../../consensus/election.ts';
import type { Replica } from '../../replica/replica.ts';

/** Apache's sentence, which monitors look for. */
export const NOT_SERVING = 'This ZooKeeper instance is not currently serving requests\n';

/** Lines of `srvr` and `stat` in Apache's place of the counters. */
export function modeWithoutService({ member }: Replica): string {
  if (member === null) return '';
  const lines = [`Mode: ${member.mode}`];
  if (member.mode === 'looking')
    lines.push(`Election: ${electionLine(member.election, member.isGrouped)}`);
  return `${lines.join('\n')}\n`;
}

/** `needs 2 of 3 voters, has 1: missing 2 and 3`. */
function electionLine({ missing, abstaining, voters }: Election, isGrouped: boolean): string {
  const needed = isGrouped ? 'a quorum' : String(Math.floor(voters.length / 2) + 1);
  const silent = new Set([...missing, ...abstaining]);
  const parts = [`needs ${needed} of ${voters.length} voters, has ${voters.length - silent.size}`];
  if (missing.length > 0) parts.push(`not heard of: ${missing.join(', ')}`);
  if (abstaining.length > 0) parts.push(`without a vote: ${abstaining.join(', ')}`);
  return parts.join('; ');
}
