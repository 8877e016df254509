// Starts several servers that are one ensemble, ours or Apache's, each with a directory and ports of its own.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory, waitFor } from './processes.ts';
import { fourLetterWord, type ServerKind, startServer, type TestServer } from './servers.ts';
import { freePorts } from './zkProgram.ts';

export interface EnsembleOptions {
  /** One server for each. */
  readonly kinds: readonly ServerKind[];
  /** More lines for all servers. */
  readonly config?: Record<string, string | number | boolean>;
  /** And for each, by id from 1. */
  readonly configOf?: (id: number) => Record<string, string | number | boolean>;
  /** What stands behind the ports of a server line, such as `:observer`. */
  readonly suffixOf?: (id: number) => string;
  readonly env?: Record<string, string>;
  /** Where peers reach each other, as written in a server line. */
  readonly host?: string;
}

export interface TestEnsemble {
  /** In the order of their ids, which count from 1. */
  readonly servers: readonly TestServer[];
  /** host:port of all, separated by commas. */
  readonly addresses: string;
  stop(): Promise<void>;
}

/** What `srvr` calls the server, or null. */
export async function modeOf({ port }: TestServer): Promise<string | null> {
  const answer = await fourLetterWord(port, 'srvr');
  return /^Mode: (.*)$/m.exec(answer ?? '')?.[1] ?? null;
}

/** The server that has this mode, once there is one. */
export const serverThatIs = (mode: string, servers: readonly TestServer[]): Promise<TestServer> =>
  waitFor(`a server that is ${mode}`, async () => {
    for (const server of servers) if ((await modeOf(server)) === mode) return server;
    return null;
  });

export async function startEnsemble(options: EnsembleOptions): Promise<TestEnsemble> {
  const { kinds, host = '127.0.0.1' } = options;
  const ports = await freePorts(2 * kinds.length);
  const lines = kinds.map((_kind, i) => [
    `server.${i + 1}`,
    `${host}:${ports[2 * i]}:${ports[2 * i + 1]}${options.suffixOf?.(i + 1) ?? ''}`,
  ]);
  const members = { ...Object.fromEntries(lines), initLimit: 20, syncLimit: 10 };
  const servers = await Promise.all(
    kinds.map((kind, i) => {
      const id = i + 1;
      const dataDir = temporaryDirectory(`member${id}`);
      writeFileSync(join(dataDir, 'myid'), `${id}\n`);
      const config = { ...members, ...options.config, ...options.configOf?.(id) };
      return startServer(kind, { dataDir, config, env: options.env ?? {} });
    }),
  );
  return {
    servers,
    addresses: servers.map(({ address }) => address).join(','),
    async stop() {
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}
