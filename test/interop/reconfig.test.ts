// Ensembles of ours and Apache's servers that change: by Apache's shell and by ours, each side leading in turn.
import { execFile } from 'node:child_process';
import { afterEach, describe, expect, test } from 'vitest';
import { classPath, javaFlags, missingPeer, peersAreRequired } from '../support/peers.ts';
import { waitFor } from '../support/processes.ts';
import { ReconfigStory } from '../support/reconfigStory.ts';
import { fourLetterWord, type ServerKind, superUser } from '../support/servers.ts';
import { zkProgram } from '../support/zkProgram.ts';

type Shell = (address: string, line: string) => Promise<string>;

function piped(command: string, args: string[], lines: string[]): Promise<string> {
  return new Promise((resolve) => {
    const child = execFile(command, args, { timeout: 60_000 }, (_error, out, err) =>
      resolve(`${out}${err}`),
    );
    child.stdin?.end(`${lines.join('\n')}\n`);
  });
}

const login = `addauth digest ${superUser}`;

const shells: Readonly<Record<ServerKind, Shell>> = {
  apache: (address, line) => {
    const main = ['org.apache.zookeeper.ZooKeeperMain', '-server', address];
    return piped('java', [...javaFlags, '-cp', classPath(), ...main], [login, line]);
  },
  ours: (address, line) =>
    piped(process.execPath, [zkProgram, 'cli', '-server', address], [login, line]),
};

describe('reconfig among ours and Apache (servers: both)', () => {
  const missing = missingPeer('apache');
  if (missing !== null) {
    if (peersAreRequired) test(`${missing} is installed`, () => expect.fail('it is not'));
    else test.skip(`needs ${missing}, which is not installed`, () => undefined);
    return;
  }

  let story = new ReconfigStory();
  afterEach(() => story.end());

  /** Three servers of these kinds, of which the third leads. */
  async function begun(kinds: readonly ServerKind[]): Promise<void> {
    story = new ReconfigStory();
    for (const [index, kind] of kinds.entries()) await story.add(index + 1, kind);
    story.launch(3, [1, 2, 3]);
    const port = story.member(3).ports.client;
    await waitFor('server 3 to look for others', () => fourLetterWord(port, 'srvr'));
    story.launch(2, [1, 2, 3]);
    await story.modes({ 2: 'follower', 3: 'leader' });
    story.launch(1, [1, 2, 3]);
    await story.modes({ 1: 'follower' });
  }

  /** A server that has just lost its leader serves nobody, and a new leader waits for its followers. */
  const EARLY = /NoQuorum|No quorum|ConnectionLoss|Connection lost|Connection is lost/i;

  async function reconfigured(shell: ServerKind, at: number, line: string): Promise<void> {
    const out = await waitFor(`reconfig ${line}`, async () => {
      const said = await shells[shell](story.member(at).address, `reconfig ${line}`);
      return EARLY.test(said) ? null : said;
    });
    expect(out).toContain('Committed new configuration:');
  }

  async function agree(...ids: number[]): Promise<void> {
    const [first, ...others] = await Promise.all(ids.map((id) => story.config(id)));
    for (const other of others) expect(other).toEqual(first);
  }

  test.each<[string, ServerKind[], ServerKind]>([
    ['two of ours and an Apache leader', ['ours', 'ours', 'apache'], 'ours'],
    ['an Apache server under a leader of ours', ['ours', 'apache', 'ours'], 'apache'],
    ['three of Apache', ['apache', 'apache', 'apache'], 'apache'],
    ['three of ours', ['ours', 'ours', 'ours'], 'apache'],
  ])('%s: one joins, the leader goes, one observes', async (_name, kinds, joiner) => {
    await begun(kinds);
    await story.add(4, joiner);
    story.launch(4, [1, 2, 3, 4]);
    await story.modes({ 4: 'follower' });
    story.load(await story.client(1, 2));
    await reconfigured('apache', 1, `-add ${story.line(4)}`);
    await agree(1, 2, 3, 4);
    expect(await story.twoAtOnce(1)).toEqual(['done', 'ReconfigInProgress']);
    const before77 = await story.config(2);
    // Nobody misses a server that is none: the same servers get another version.
    await reconfigured('ours', 2, '-remove 77');
    const after77 = await story.config(2);
    expect(after77.slice(0, -1)).toEqual(before77.slice(0, -1));
    expect(after77.at(-1)).not.toBe(before77.at(-1));
    await reconfigured('ours', 2, '-remove 3');
    await waitFor('the next leader', async () => (await story.leader()) !== 3);
    await agree(1, 2, 4);
    const rest = [1, 2, 4].filter((id) => id !== 1);
    await reconfigured('ours', 4, `-add ${story.line(1, 'observer')}`);
    await story.modes({ 1: 'observer' });
    await reconfigured('apache', 2, `-add ${story.line(1)}`);
    await waitFor('its vote', async () => (await story.member(1).mode()) !== 'observer');
    const before = story.acked.length;
    await waitFor('more writes', () => story.acked.length > before + 20);
    await story.rest();
    await agree(1, 2, 4);
    expect(await story.lost(1, ...rest)).toEqual([]);
  });
});
