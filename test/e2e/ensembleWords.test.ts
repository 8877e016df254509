// What an operator asks the members of an ensemble, held against Apache's servers in the same roles.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Ensemble, three } from '../support/ensemble.ts';
import { type Mode, memberThatIs } from '../support/member.ts';
import { waitFor } from '../support/processes.ts';
import { fourLetterWord } from '../support/servers.ts';

interface State {
  readonly state: string;
  readonly words: Record<string, string>;
}

const file = new URL('../golden/words.json', import.meta.url);
const states = JSON.parse(readFileSync(file, 'utf8')) as State[];
const roles = ['leader', 'follower', 'observer'] as const;

/** Values that another machine, moment, port or setting changes. */
const masks: [RegExp, string][] = [
  [/3\.8\.0-.*/g, 'VERSION'],
  [/127\.0\.0\.1(:\d+)+/g, 'ADDRESS'],
  [/max: \d+\/\d+\.\d+\/\d+$/gm, 'max: N/N/N'],
  [/^(Received|Sent|Connections): \d+$/gm, '$1: N'],
  [/^ \/ADDRESS.*\n/gm, ''],
  [/^(\w*(Port|Size|Timeout|Limit|tickTime)|serverId)=\d+$/gm, '$1=N'],
  [/^(dataDir|dataLogDir)=.*(\/version-2)$/gm, '$1=DIR$2'],
];
const shape = (text: string): string =>
  masks.reduce((shown, [pattern, by]) => shown.replace(pattern, by), text);

const theirs = (role: string, word: string): string =>
  states.find(({ state }) => state.startsWith(`${role} of three`))?.words[word] ?? 'not captured';

const values = (text: string): Map<string, string> =>
  new Map(text.split('\n').map((line) => line.split('\t') as [string, string]));

/** What only a member says, and what is the same in both runs. */
const memberValues =
  /^zk_(peer_state|quorum_size|learners|synced_.*|pending_syncs|(min|max|last)_proposal_size|proposal_count|learner_.*_received_count)$/;

let ensemble: Ensemble;

const ask = async (role: Mode, word: string): Promise<string> => {
  const member = await memberThatIs(role, ensemble.members);
  return (await fourLetterWord(member.port, word)) ?? 'no answer';
};

/** What each role shows in srvr before anybody has written. */
const firstZxids = new Map<string, string | undefined>();

beforeAll(async () => {
  const observer = { kind: 'ours', isObserver: true } as const;
  ensemble = await Ensemble.start({ servers: [...three('ours'), observer] });
  for (const role of roles) {
    firstZxids.set(role, /^Zxid: (.*)$/m.exec(await ask(role, 'srvr'))?.[1]);
  }
  const leader = await memberThatIs('leader', ensemble.members);
  const client = await ensemble.client([leader.id], { sessionTimeout: 30_000 });
  await client.create('/app', 'data');
  await client.create('/app/e1', '', { mode: 'ephemeral' });
  const hasAll = async (port: number) =>
    (await fourLetterWord(port, 'srvr'))?.includes('Node count: 7') === true;
  await waitFor('all to have it', async () =>
    (await Promise.all(ensemble.members.map(({ port }) => hasAll(port)))).every(Boolean),
  );
});

afterAll(() => ensemble.close());

describe.each(roles)('the four-letter words of a %s', (role) => {
  test('have the lines of Apache in srvr, stat and isro', async () => {
    for (const word of ['srvr', 'stat', 'isro']) {
      expect(shape(await ask(role, word))).toBe(shape(theirs(role, word)));
    }
  });

  test('show the ensemble in conf, and who this server is', async () => {
    const ours = await ask(role, 'conf');
    expect(shape(ours)).toBe(shape(theirs(role, 'conf')));
    const { id } = await memberThatIs(role, ensemble.members);
    expect(ours).toContain(`\nserverId=${id}\n`);
    const [, ports] = new RegExp(`^server.${id}=127.0.0.1:(.*):`, 'm').exec(ours) ?? [];
    const port = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(ours)?.[1];
    expect(`${port('quorumPort')}:${port('electionPort')}`).toBe(ports);
  });

  test('tell the same of the ensemble in mntr', async () => {
    const [ours, wanted] = [values(await ask(role, 'mntr')), values(theirs(role, 'mntr'))];
    const names = [...wanted.keys()].filter((name) => memberValues.test(name));
    expect(names.length).toBeGreaterThan(4);
    for (const name of names)
      expect(`${name} ${ours.get(name)}`).toBe(`${name} ${wanted.get(name)}`);
    expect([...ours.keys()].filter((name) => !wanted.has(name))).toEqual([]);
    const leader = await memberThatIs('leader', ensemble.members);
    if (role === 'observer') expect(ours.get('zk_observer_master_id')).toBe(String(leader.id));
    if (role === 'leader') expect(Number(ours.get('zk_leader_uptime'))).toBeGreaterThanOrEqual(0);
  });
});

test("before the first write srvr shows the start of the epoch at the leader, as Apache's", () => {
  // Captured from servers of Apache 3.8.0: 0x100000000 and 0x0 after their first election, and
  // 0x200000000 and 0x100000003 after a second one.
  expect(firstZxids.get('leader')).toMatch(/^0x[1-9a-f]00000000$/);
  expect(firstZxids.get('follower')).toBe('0x0');
  expect(firstZxids.get('observer')).toBe('0x0');
});

test('the log of each says whom it follows, from which epoch and zxid on', async () => {
  const { id } = await memberThatIs('leader', ensemble.members);
  for (const role of roles) {
    const whom = role === 'leader' ? 'leader' : `${role} of leader ${id}`;
    const member = await memberThatIs(role, ensemble.members);
    expect(member.log()).toMatch(new RegExp(`Serving as ${whom}: epoch 1, last zxid 0x[01]`));
  }
});

test('srst begins the sizes of proposals anew', async () => {
  expect(await ask('leader', 'srst')).toBe('Server stats reset.\n');
  expect(await ask('leader', 'srvr')).toContain('\nProposal sizes last/min/max: -1/-1/-1\n');
});
