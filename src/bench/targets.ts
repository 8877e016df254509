// The servers of a connect string as addresses; connections are spread over them in turn.
import { parseConnectString } from '../client/connectString.ts';
import { realWorld } from '../client/world.ts';
import { BenchFailure, Exit } from './failure.ts';

export interface Target {
  readonly address: string;
  readonly port: number;
  /** host:port as it was given. */
  readonly name: string;
}

/** One server or ensemble under test. */
export interface Servers {
  readonly connectString: string;
  /** '' when there is none. */
  readonly chroot: string;
  readonly targets: readonly Target[];
}

/** The first address of each name: a run must not change its servers. */
export async function resolveServers(connectString: string): Promise<Servers> {
  const { hosts, chroot } = parseConnectString(connectString);
  const targets = await Promise.all(
    hosts.map(
      ({ host, port, name }) =>
        new Promise<Target>((resolve, reject) => {
          realWorld.resolve(host, (found) => {
            const address = found instanceof Error ? undefined : found[0];
            if (address !== undefined) resolve({ address, port, name });
            else {
              const why = found instanceof Error ? found.message : 'it has no address';
              reject(new BenchFailure(`cannot connect to ${name}: ${why}`, Exit.noConnection));
            }
          });
        }),
    ),
  );
  return { connectString, chroot, targets };
}
