// The client library with three of Apache's servers: it moves when one dies, and reads from one that is alone.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  type ConnectOptions,
  connect,
  type StateEvent,
  ZkError,
  type ZooKeeper,
} from '../../src/client/index.ts';
import { missingPeer, peersAreRequired } from '../support/peers.ts';
import { freePort, temporaryDirectory, waitFor } from '../support/processes.ts';
import { fourLetterWord, startApache, type TestServer } from '../support/servers.ts';

describe('the client library with an ensemble (servers: apache)', () => {
  const missing = missingPeer('apache');
  if (missing !== null) {
    if (peersAreRequired) test(`${missing} is installed`, () => expect.fail('it is not'));
    else test.skip(`needs ${missing}, which is not installed`, () => undefined);
    return;
  }

  let servers: TestServer[] = [];
  let all = '';
  const clients: ZooKeeper[] = [];

  beforeAll(async () => {
    // Only a system property in the reference, without the prefix that keys of zoo.cfg get.
    vi.stubEnv('JAVA_TOOL_OPTIONS', '-Dreadonlymode.enabled=true');
    const ports = await Promise.all(Array.from({ length: 6 }, freePort));
    const lines = [1, 2, 3].map((id) => [
      `server.${id}`,
      `127.0.0.1:${ports[id - 1]}:${ports[id + 2]}`,
    ]);
    servers = await Promise.all(
      [1, 2, 3].map((id) => {
        const dataDir = temporaryDirectory(`ensemble${id}`);
        writeFileSync(join(dataDir, 'myid'), `${id}\n`);
        const config = {
          ...Object.fromEntries(lines),
          initLimit: 20,
          syncLimit: 10,
          // A read-only server can make no other sessions; an ephemeral makes one global.
          localSessionsEnabled: true,
          localSessionsUpgradingEnabled: true,
        };
        return startApache({ dataDir, config });
      }),
    );
    all = servers.map(({ address }) => address).join(',');
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await Promise.all(servers.map((server) => server.stop()));
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });

  async function aClient(options: ConnectOptions = {}) {
    const client = await connect(all, {
      sessionTimeout: 20_000,
      connectTimeout: 60_000,
      ...options,
    });
    clients.push(client);
    const states: StateEvent[] = [];
    client.on('state', (event) => states.push(event));
    return { client, states };
  }

  /** Retries what a lost connection made fail. */
  const through = <T>(what: string, call: () => Promise<T>) =>
    waitFor(
      what,
      () =>
        call().catch((error: unknown) => {
          if (error instanceof ZkError && error.code === 'ConnectionLoss') return null;
          throw error;
        }),
      60_000,
    );

  test('a session survives its server, with its ephemerals and watches', async () => {
    const { client, states } = await aClient();
    const { sessionId } = client;
    await client.create('/alive', 'x', { mode: 'ephemeral' });
    const told: string[] = [];
    await client.get('/alive', { watch: ({ type }) => told.push(type) });
    const mine = servers.find(({ address }) => address === client.server)!;
    await mine.kill();
    const stat = await through('another server', () => client.exists('/alive'));
    expect(stat).toMatchObject({ ephemeralOwner: sessionId });
    expect(client.sessionId).toBe(sessionId);
    expect(client.server).not.toBe(mine.address);
    expect(states.map(({ state }) => state)).not.toContain('expired');
    await through('a write', () => client.set('/alive', 'y'));
    expect(told.filter((type) => type !== 'None')).toEqual(['NodeDataChanged']);
    await mine.restart();
  });

  test('who accepts it reads from a server without quorum, and writes when there is one again', async () => {
    const [first, second, third] = servers as [TestServer, TestServer, TestServer];
    const before = await aClient();
    await through('a write', () => before.client.create('/before', 'x'));
    await before.client.close();
    await Promise.all([second.kill(), third.kill()]);
    await waitFor(
      'read-only mode',
      async () => (await fourLetterWord(first.port, 'isro')) === 'ro',
    );
    // A new session: the reference lets none from before go on there.
    const { client } = await aClient({ readOnly: true });
    expect(client.state).toBe('connectedReadOnly');
    expect(client.server).toBe(first.address);
    expect(await client.getString('/before')).toBe('x');
    expect(await client.set('/before', 'y').catch((error) => error.code)).toBe('NotReadOnly');
    await Promise.all([second.restart(), third.restart()]);
    await waitFor('a server that takes writes', () => client.state === 'connected', 60_000);
    await through('a write', () => client.set('/before', 'z'));
    expect(await client.getString('/before')).toBe('z');
  });
});
