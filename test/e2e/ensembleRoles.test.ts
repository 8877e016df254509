// What members do besides voting: a leader that takes no clients, and observers.
import { afterEach, describe, expect, test } from 'vitest';
import { type ConnectOptions, connect, type ZooKeeper } from '../../src/client/index.ts';
import {
  type EnsembleOptions,
  modeOf,
  serverThatIs,
  startEnsemble,
  type TestEnsemble,
} from '../support/ensembles.ts';
import { waitFor } from '../support/processes.ts';
import { fourLetterWord, type TestServer } from '../support/servers.ts';
import { runZk } from '../support/zkProgram.ts';

let ensemble: TestEnsemble | null = null;
const clients: ZooKeeper[] = [];

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await ensemble?.stop();
  ensemble = null;
});

async function start(options: Partial<EnsembleOptions>): Promise<TestEnsemble> {
  ensemble = await startEnsemble({ kinds: ['ours', 'ours', 'ours'], ...options });
  return ensemble;
}

async function client(servers: string, options: ConnectOptions = {}): Promise<ZooKeeper> {
  const made = await connect(servers, {
    sessionTimeout: 10_000,
    connectTimeout: 20_000,
    ...options,
  });
  clients.push(made);
  return made;
}

describe('with leaderServes=no', () => {
  test('the leader takes no clients and says that it leads; the followers serve', async () => {
    // A leader that does not serve answers no other word, by which its start could be awaited.
    const { servers, addresses } = await start({
      config: { leaderServes: 'no', '4lw.commands.whitelist': 'srvr,isro' },
    });
    const leader = await serverThatIs('leader', servers);
    expect(await fourLetterWord(leader.port, 'isro')).toBe('null');
    const status = await runZk('/', 'server', 'status', leader.configFile);
    expect(status).toMatchObject({ code: 0, out: expect.stringContaining('Mode: leader\n') });
    const refused = connect(leader.address, { sessionTimeout: 5000, connectTimeout: 1000 });
    expect(await refused.then(() => 'connected', String)).not.toBe('connected');

    const writer = await client(addresses);
    expect(writer.server).not.toBe(leader.address);
    await writer.create('/served', 'x', { mode: 'ephemeral' });
    await writer.sync('/');
    expect(await writer.getString('/served')).toBe('x');
    // The clients of the next leader go elsewhere, with their sessions.
    const { sessionId } = writer;
    await leader.kill();
    const rest = servers.filter((server) => server !== leader);
    const next = await serverThatIs('leader', rest);
    await waitFor(
      'a follower',
      () => writer.state === 'connected' && writer.server !== next.address,
    );
    await waitFor('a write', () =>
      writer.set('/served', 'y').then(
        () => true,
        () => false,
      ),
    );
    expect(writer.sessionId).toBe(sessionId);
  });
});

describe('an observer', () => {
  const threeAndOne = {
    kinds: ['ours', 'ours', 'ours', 'ours'] as const,
    suffixOf: (id: number) => (id === 4 ? ':observer' : ''),
    configOf: (id: number) => (id === 4 ? { peerType: 'observer' } : {}),
  };

  test('serves reads and writes, and catches up when it comes back', async () => {
    const { servers, addresses } = await start(threeAndOne);
    const observer = servers[3] as TestServer;
    expect(await modeOf(observer)).toBe('observer');
    const near = await client(observer.address);
    await near.create('/o', 'x');
    expect(await near.getString('/o')).toBe('x');

    await observer.kill();
    const far = await client(addresses.split(',').slice(0, 3).join(','));
    for (let i = 0; i < 50; i++) await far.create(`/o/${i}`, '');
    await observer.restart();
    expect(await modeOf(observer)).toBe('observer');
    await near.sync('/');
    expect((await near.children('/o')).names).toHaveLength(50);
    expect(observer.log()).toMatch(/OBSERVING - LEADER ELECTION TOOK - \d+/);
  });

  test('makes no quorum with one voter, and serves nobody without one', async () => {
    const { servers } = await start(threeAndOne);
    const observer = servers[3] as TestServer;
    const voters = servers.slice(0, 3);
    const leader = await serverThatIs('leader', voters);
    const follower = voters.find((server) => server !== leader) as TestServer;
    await Promise.all([leader.kill(), follower.kill()]);
    await waitFor('looking', async () => (await modeOf(observer)) === 'looking');
    const last = voters.find((s) => s !== leader && s !== follower) as TestServer;
    await waitFor('looking', async () => (await modeOf(last)) === 'looking');
    expect(await fourLetterWord(observer.port, 'isro')).toBe('null');
    await leader.restart();
    await waitFor('the observer', async () => (await modeOf(observer)) === 'observer');
  });

  test('is what its server line says, with a warning when peerType says otherwise', async () => {
    const { servers } = await start({ ...threeAndOne, configOf: () => ({ peerType: 'observer' }) });
    const modes = await Promise.all(servers.map(modeOf));
    expect(modes.slice(0, 3).sort()).toEqual(['follower', 'follower', 'leader']);
    expect(servers[0]?.log()).toContain(
      'peerType is observer, this line says participant and wins',
    );
    expect(servers[3]?.log()).not.toContain('peerType is');
  });
});
