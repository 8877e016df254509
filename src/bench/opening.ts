// Opens many connections, a few at a time, so that no server's accept queue overflows.
import type { Connection } from './connection.ts';
import type { Servers, Target } from './targets.ts';

const AT_A_TIME = 64;

/** Calls `ready` once: with null when the session is made, else with what was wrong. */
type Open = (target: Target, index: number, ready: (error: Error | null) => void) => Connection;

/** Rejects with the first failure; then all of them are dropped. */
export async function openAll(
  { targets }: Servers,
  count: number,
  open: Open,
): Promise<Connection[]> {
  const connections: Connection[] = [];
  const openOne = (index: number) =>
    new Promise<void>((resolve, reject) => {
      const target = targets[index % targets.length];
      if (target === undefined) throw new Error('no server');
      const connection = open(target, index, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
      connections.push(connection);
    });
  try {
    for (let from = 0; from < count; from += AT_A_TIME) {
      const length = Math.min(AT_A_TIME, count - from);
      await Promise.all(Array.from({ length }, (_, i) => openOne(from + i)));
    }
  } catch (error) {
    for (const connection of connections) connection.destroy();
    throw error;
  }
  return connections;
}
