// The text of `dump`: sessions, ephemerals and connections, with the times at which they expire.
import { hex0x } from '../../base/ids.ts';
import type { Replica } from '../../replica/replica.ts';
import type { Surveyed } from './surveyed.ts';

/** Java's Date.toString, in UTC. */
function javaDate(ms: number): string {
  const [day, date, month, year, time] = new Date(ms).toUTCString().replace(',', '').split(' ');
  return `${day} ${month} ${date} ${time} UTC ${year}`;
}

/** What expires when, soonest first (Apache's ExpiryQueue.dump). `items` are [monotonic ms, line]. */
function expiryLines(items: Iterable<readonly [number, string]>, replica: Replica): string[] {
  const groups = new Map<number, string[]>();
  let count = 0;
  for (const [at, line] of items) {
    const group = groups.get(at);
    if (group === undefined) groups.set(at, [line]);
    else group.push(line);
    count++;
  }
  const { wall, monotonic } = replica.now;
  const lines = [`Sets (${groups.size})/(${count}):`];
  for (const [at, group] of [...groups].sort(([a], [b]) => a - b)) {
    lines.push(`${group.length} expire at ${javaDate(wall - monotonic + at)}:`);
    for (const line of group) lines.push(`\t${line}`);
  }
  return lines;
}

export function dump({ replica, connections, greetingMs }: Surveyed): string {
  const sessions = [...replica.pipeline.tracker.values()].map(
    ({ id, expiresAt }) => [expiresAt, hex0x(id)] as const,
  );
  const clients = [...connections].map((connection) => {
    const { expiresAt } = replica.pipeline.tracker.get(connection.session) ?? {};
    const expires = expiresAt ?? connection.opened + greetingMs;
    const line = `ip: /${connection.peer} sessionId: ${hex0x(connection.session)}`;
    return [expires, line] as const;
  });
  const { ephemerals } = replica.state.tree;
  const lines = ['SessionTracker dump:', `Session ${expiryLines(sessions, replica).join('\n')}`];
  lines.push('ephemeral nodes dump:', `Sessions with Ephemerals (${ephemerals.size}):`);
  for (const [session, paths] of ephemerals) {
    lines.push(`${hex0x(session)}:`, ...[...paths].map((path) => `\t${path}`));
  }
  lines.push('Connections dump:', `Connections ${expiryLines(clients, replica).join('\n')}`);
  return `${lines.join('\n')}\n`;
}
