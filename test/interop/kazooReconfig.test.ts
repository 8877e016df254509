// kazoo's reconfig() changes an ensemble of ours, and is told why when it cannot.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { describeWithPeers } from '../support/foreign.ts';
import { python } from '../support/peers.ts';
import { ReconfigStory } from '../support/reconfigStory.ts';
import { superUser } from '../support/servers.ts';

const program = join(import.meta.dirname, 'python', 'kazooReconfig.py');

describeWithPeers("kazoo's reconfig", ['kazoo'], () => {
  const story = new ReconfigStory();
  afterEach(() => story.end());

  test('adds, removes and replaces servers, and names what is refused', async () => {
    for (const id of [1, 2, 9]) await story.add(id, 'ours');
    story.launch(1, [1]);
    await story.modes({ 1: 'leader' });
    story.launch(2, [1, 2]);
    await story.modes({ 2: 'follower' });
    const [own, newcomer, absent] = [story.line(1), story.line(2), story.line(9)];
    const args = ['-B', program, story.member(1).address, superUser, newcomer, absent];
    const { stdout } = await promisify(execFile)(python, args, { timeout: 60_000 });
    expect(stdout.trim().split('\n')).toEqual([
      `joins -1 ${own},${newcomer}`,
      `observes -1 ${own},${newcomer},${story.line(9, 'observer')}`,
      `leaves -1 ${own},${newcomer}`,
      // A server that is none is not missed: the membership gets another version, as with Apache.
      `unknown -1 ${own},${newcomer}`,
      'stale BadVersionError',
      'nonsense BadArgumentsError',
      'absent NewConfigNoQuorumError',
      `whole -1 ${own},${newcomer}`,
      'config True',
      `conditional -1 ${own},${story.line(2, 'observer')}`,
    ]);
    await story.modes({ 2: 'observer' });
  }, 60_000);
});
