// How many clients a server may have so that descriptors are left for its log and its snapshots.
import { readFileSync } from 'node:fs';

/** For logs, snapshots, the marks, directories being synced, and what Node itself has open. */
const RESERVED = 64;

/**
 * Connections that may be open at once, 0 for no limit: `wanted` (0 for any number), but never so
 * many that a new log could not be opened (EMFILE), which would end the server.
 */
export function connectionLimit(wanted: number): number {
  const files = openFileLimit();
  if (files === null) return wanted;
  const room = Math.max(files - RESERVED, 1);
  return wanted > 0 ? Math.min(wanted, room) : room;
}

/** The limit of this process, which Node has raised as far as it may; null where nobody says. */
function openFileLimit(): number | null {
  try {
    const limits = readFileSync('/proc/self/limits', 'latin1');
    const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
    return soft === undefined ? null : Number(soft);
  } catch {
    // No /proc on this system: the limit is not known.
    return null;
  }
}
