// What members do besides voting: a leader that takes no clients, and observers.
import { afterEach, describe, expect, test } from 'vitest';
import { type ConnectOptions, connect, type ZooKeeper } from '../../src/client/index.ts';
import { Ensemble, type EnsembleOptions, three } from '../support/ensemble.ts';
import { type Member, memberThatIs } from '../support/member.ts';
import { waitFor } from '../support/processes.ts';
import { fourLetterWord } from '../support/servers.ts';
import { runZk } from '../support/zkProgram.ts';

let ensemble: Ensemble | null = null;
const clients: ZooKeeper[] = [];

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await ensemble?.close();
  ensemble = null;
});

async function start(options: Partial<EnsembleOptions>): Promise<Ensemble> {
  ensemble = await Ensemble.start({ servers: three('ours'), ...options });
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
    const all = await start({
      config: { leaderServes: 'no', '4lw.commands.whitelist': 'srvr,isro' },
    });
    const leader = await memberThatIs('leader', all.members);
    expect(await fourLetterWord(leader.port, 'isro')).toBe('null');
    const status = await runZk('/', 'server', 'status', leader.configFile);
    expect(status).toMatchObject({ code: 0, out: expect.stringContaining('Mode: leader\n') });
    const refused = connect(leader.address, { sessionTimeout: 5000, connectTimeout: 1000 });
    expect(await refused.then(() => 'connected', String)).not.toBe('connected');

    const writer = await client(all.hosts());
    expect(writer.server).not.toBe(leader.address);
    await writer.create('/served', 'x', { mode: 'ephemeral' });
    await writer.sync('/');
    expect(await writer.getString('/served')).toBe('x');
    // The clients of the next leader go elsewhere, with their sessions.
    const { sessionId } = writer;
    await leader.kill();
    const rest = all.members.filter((server) => server !== leader);
    const next = await memberThatIs('leader', rest);
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
    servers: [...three('ours'), { isObserver: true }],
  };

  test('serves reads and writes, and catches up when it comes back', async () => {
    const all = await start(threeAndOne);
    const observer = all.member(4);
    expect(await observer.mode()).toBe('observer');
    const near = await client(observer.address);
    await near.create('/o', 'x');
    expect(await near.getString('/o')).toBe('x');

    await observer.kill();
    const far = await client(all.hosts(1, 2, 3));
    for (let i = 0; i < 50; i++) await far.create(`/o/${i}`, '');
    await observer.restart();
    expect(await observer.mode()).toBe('observer');
    await near.sync('/');
    expect((await near.children('/o')).names).toHaveLength(50);
    expect(observer.log()).toMatch(/OBSERVING - LEADER ELECTION TOOK - \d+/);
  });

  test('makes no quorum with one voter, and serves nobody without one', async () => {
    const { members } = await start(threeAndOne);
    const observer = members[3] as Member;
    const voters = members.slice(0, 3);
    const leader = await memberThatIs('leader', voters);
    const follower = voters.find((server) => server !== leader) as Member;
    await Promise.all([leader.kill(), follower.kill()]);
    await waitFor('looking', async () => (await observer.mode()) === 'looking');
    const last = voters.find((s) => s !== leader && s !== follower) as Member;
    await waitFor('looking', async () => (await last.mode()) === 'looking');
    expect(await fourLetterWord(observer.port, 'isro')).toBe('null');
    await leader.restart();
    await waitFor('the observer', async () => (await observer.mode()) === 'observer');
  });

  test('is what its server line says, with a warning when peerType says otherwise', async () => {
    const { members } = await start({ ...threeAndOne, config: { peerType: 'observer' } });
    const modes = await Promise.all(members.map((member) => member.mode()));
    expect(modes.slice(0, 3).sort()).toEqual(['follower', 'follower', 'leader']);
    expect(members[0]?.log()).toContain(
      'peerType is observer, this line says participant and wins',
    );
    expect(members[3]?.log()).not.toContain('peerType is');
  });
});
