// Which ports a lab takes: the ones of the examples where they are free, others where they are not.
import { createServer } from 'node:net';
import { failure } from './failure.ts';
import type { LabServer, Route } from './labFile.ts';

export type IsFree = (port: number) => Promise<boolean>;

export const isFree: IsFree = (port) =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      probe.close(() => resolve(true));
    });
  });

const FIRST_CLIENT_PORT = 2181;
const NEXT_RUN = 100;
/** Below the range from which systems take the ports of clients. */
const FIRST_RELAY_PORT = 20_000;
const LAST_PORT = 65_535;

interface Ports {
  readonly servers: readonly LabServer[];
  readonly routes: readonly Route[];
}

/**
 * @param base the first client port, with all others behind it; null: chosen
 * @throws CliError when a port that was asked for is taken
 */
export async function choosePorts(
  { voters, observers, base }: { voters: number; observers: number; base: number | null },
  free: IsFree = isFree,
): Promise<Ports> {
  const ids = Array.from({ length: voters + observers }, (_, i) => i + 1);
  const first = base ?? (await freeRun(ids.length, free));
  const taken = new Set<number>();
  for (const id of ids) {
    const port = first + id - 1;
    if (base !== null && !(await free(port))) throw failure(`Port ${port} is in use`);
    taken.add(port);
  }
  const next = finder(base === null ? FIRST_RELAY_PORT : base + ids.length, taken, free);
  const wanted = async (port: number) => {
    if (base !== null || taken.has(port) || !(await free(port))) return await next();
    taken.add(port);
    return port;
  };
  const servers: LabServer[] = [];
  for (const id of ids) {
    const [peerPort, electionPort] = [
      await wanted(1111 * (id + 1)),
      await wanted(1111 * (id + 1) + 1),
    ];
    servers.push({
      id,
      isObserver: id > voters,
      clientPort: first + id - 1,
      peerPort,
      electionPort,
    });
  }
  const routes: Route[] = [];
  for (const from of ids) {
    for (const to of ids.filter((id) => id !== from)) {
      routes.push({ from, to, kind: 'peer', port: await next() });
      routes.push({ from, to, kind: 'election', port: await next() });
    }
  }
  return { servers, routes };
}

/** The first port of so many in a row. */
async function freeRun(count: number, free: IsFree): Promise<number> {
  for (let first = FIRST_CLIENT_PORT; first + count < FIRST_RELAY_PORT; first += NEXT_RUN) {
    const run = Array.from({ length: count }, (_, i) => free(first + i));
    if ((await Promise.all(run)).every(Boolean)) return first;
  }
  throw failure(`There are no ${count} free ports in a row; name the first with --port`);
}

/** Gives one free port after the other. */
function finder(first: number, taken: Set<number>, free: IsFree): () => Promise<number> {
  let port = first;
  return async () => {
    while (taken.has(port) || !(await free(port))) {
      port++;
      if (port > LAST_PORT) throw failure(`There are not enough free ports above ${first}`);
    }
    taken.add(port);
    return port;
  };
}
