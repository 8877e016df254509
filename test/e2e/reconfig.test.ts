// Real servers whose ensemble changes: it grows from one to three, loses its leader, and changes roles, under load.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { waitFor } from '../support/processes.ts';
import { ReconfigStory } from '../support/reconfigStory.ts';

const isRefused = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(!socket.destroy()));
    socket.once('error', () => resolve(true));
  });

describe('reconfig', () => {
  let story = new ReconfigStory();
  afterEach(() => story.end());

  async function begun(ids: readonly number[]): Promise<ReconfigStory> {
    story = new ReconfigStory();
    for (const id of ids) await story.add(id, 'ours');
    return story;
  }

  async function three(): Promise<ReconfigStory> {
    await begun([1, 2, 3]);
    for (const id of [1, 2, 3]) story.launch(id, [1, 2, 3]);
    await story.whole();
    return story;
  }

  test('one server grows to three under load, and loses nothing with its first one', async () => {
    await begun([1, 2, 3]);
    story.launch(1, [1]);
    await story.modes({ 1: 'leader' });
    const client = await story.client(1);
    story.load(client);
    story.launch(2, [1, 2]);
    story.launch(3, [1, 3]);
    await story.modes({ 2: 'follower', 3: 'follower' });
    const { data } = await client.reconfig({ joining: `${story.line(2)},${story.line(3)}` });
    expect(data?.toString().split('\n')).toEqual([
      story.line(1),
      story.line(2),
      story.line(3),
      expect.stringMatching(/^version=1[0-9a-f]{8}$/),
    ]);
    await waitFor('some writes', () => story.acked.length > 50);
    await story.rest();
    await story.member(1).end('SIGKILL');
    await waitFor('another leader', async () => (await story.leader()) !== 1);
    expect(await story.lost(2, 3)).toEqual([]);
    story.member(1).spawn();
    await story.modes({ 1: 'follower' });
    expect(await story.config(1)).toEqual(data?.toString().split('\n'));
  });

  test('a leader that is removed hands over, and no write is lost', async () => {
    await three();
    const old = await story.leader();
    const others = [1, 2, 3].filter((id) => id !== old);
    story.load(await story.client(...others));
    const admin = await story.client(old);
    await waitFor('some writes', () => story.acked.length > 20);
    await admin.reconfig({ leaving: String(old) });
    const next = await waitFor('the next leader', async () => {
      const leader = await story.leader();
      return leader !== old && leader;
    });
    expect(others).toContain(next);
    const before = story.acked.length;
    await waitFor('more writes', () => story.acked.length > before + 20);
    await story.rest();
    expect(await story.lost(...others)).toEqual([]);
    // It follows still, without a vote, as Apache's do.
    await story.modes({ [old]: 'follower' });
  });

  test('a follower becomes an observer and a follower again, and its clients stay', async () => {
    await three();
    const leader = await story.leader();
    const follower = leader === 1 ? 2 : 1;
    const client = await story.client(follower);
    const events: string[] = [];
    await client.config({ watch: (event) => events.push(`${event.type} ${event.path}`) });
    const { sessionId } = client;
    await client.reconfig({ joining: story.line(follower, 'observer') });
    await story.modes({ [follower]: 'observer' });
    await waitFor('the event', () => events.length > 0);
    expect(events).toEqual(['NodeDataChanged /zookeeper/config']);
    await client.reconfig({ joining: story.line(follower) });
    await story.modes({ [follower]: 'follower' });
    await client.create('/after', 'x');
    expect(client.sessionId).toBe(sessionId);
  });

  test('a server that gets other ports moves at once, and its clients stay', async () => {
    await three();
    const leader = await story.leader();
    const [moved = 0, third = 0] = [1, 2, 3].filter((id) => id !== leader);
    const staying = await story.client(moved);
    const admin = await story.client(third);
    for (const id of [moved, leader]) {
      const old = await story.moveToOtherPorts(id);
      await admin.reconfig({ joining: story.line(id) });
      for (const port of Object.values(old)) await waitFor(`port ${port}`, () => isRefused(port));
      await (await story.client(id)).create(`/moved-${id}`);
      // It could not connect again: its server is not where it was.
      if (id === moved) await staying.create('/stayed');
    }
    // The two that have moved find each other.
    await story.member(third).end('SIGKILL');
    await (await story.client(moved, leader)).create('/found');
  }, 60_000);

  test('servers start with what they have left after kill -9 of all', async () => {
    await three();
    const leader = await story.leader();
    const gone = leader === 3 ? 1 : 3;
    const stay = [1, 2, 3].filter((id) => id !== gone);
    const admin = await story.client(leader);
    await admin.reconfig({ leaving: String(gone) });
    const config = await story.config(leader);
    await Promise.all([1, 2, 3].map((id) => story.member(id).end('SIGKILL')));
    for (const id of stay) story.member(id).spawn();
    await waitFor('a leader', async () => stay.includes(await story.leader()));
    for (const id of stay) {
      expect(await story.config(id)).toEqual(config);
      expect(readFileSync(story.member(id).configFile, 'utf8')).toContain('dynamicConfigFile=');
    }
  });

  test('what cannot be is refused, and changes nothing', async () => {
    await three();
    const client = await story.client(await story.leader());
    const before = await story.config(1);
    const absent = 'server.9=127.0.0.1:1:2;3,server.8=127.0.0.1:4:5;6,server.7=127.0.0.1:7:8;9';
    const more = `${absent},server.6=127.0.0.1:10:11;12`;
    await expect(client.reconfig({ joining: more })).rejects.toThrow('NewConfigNoQuorum');
    await expect(client.reconfig({ leaving: '1,2,3' })).rejects.toThrow('BadArguments');
    await expect(client.reconfig({ joining: 'server.4=nonsense' })).rejects.toThrow('BadArguments');
    await expect(client.reconfig({ leaving: '1', fromConfig: 5n })).rejects.toThrow('BadVersion');
    expect(await story.config(1)).toEqual(before);
    const leader = await story.leader();
    for (const at of [leader, leader === 1 ? 2 : 1]) {
      expect(await story.twoAtOnce(at)).toEqual(['done', 'ReconfigInProgress']);
    }
  });
});
