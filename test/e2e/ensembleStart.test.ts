// What a member of an ensemble says when it cannot start, and the addresses that it can have.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connect } from '../../src/client/index.ts';
import { Ensemble, three } from '../support/ensemble.ts';
import { memberThatIs } from '../support/member.ts';
import { endProcess, startProcess, temporaryDirectory, waitFor } from '../support/processes.ts';
import { ourCommand } from '../support/servers.ts';
import { freePorts } from '../support/zkProgram.ts';

let home: string;
let ports: number[];
const occupied: Server[] = [];
const started: ReturnType<typeof startProcess>[] = [];

beforeEach(async () => {
  home = temporaryDirectory('member');
  ports = await freePorts(7);
  mkdirSync(join(home, 'data'));
});
afterEach(async () => {
  for (const server of occupied.splice(0)) server.close();
  for (const child of started.splice(0)) await endProcess(child);
});

function occupy(port: number): Promise<void> {
  const server = createServer();
  occupied.push(server);
  return new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
}

interface Member {
  readonly hosts?: readonly string[];
  readonly myid?: number;
  readonly more?: string;
}

/** Writes the files of one of three members. */
function write({ hosts = [], myid = 1, more = '' }: Member): string {
  const [client, ...peers] = ports as [number, ...number[]];
  const lines = [1, 2, 3].map(
    (id) =>
      `server.${id}=${hosts[id - 1] ?? '127.0.0.1'}:${peers[2 * id - 2]}:${peers[2 * id - 1]}\n`,
  );
  const file = join(home, 'zoo.cfg');
  const head = `tickTime=500\ninitLimit=5\nsyncLimit=5\ndataDir=${home}/data\nclientPort=${client}\n`;
  writeFileSync(file, `${head}${lines.join('')}${more}`);
  writeFileSync(join(home, 'data/myid'), `${myid}\n`);
  return file;
}

/** Starts a member that is expected to end, and gives what it said last. */
async function refused(member: Member): Promise<{ code: number | null; said: string }> {
  const [command, args] = ourCommand(write(member));
  const child = startProcess(command, args, { cwd: home, stdio: 'pipe' });
  started.push(child);
  let said = '';
  child.stdout?.on('data', (chunk) => (said += chunk));
  child.stderr?.on('data', (chunk) => (said += chunk));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  expect(said).not.toMatch(/^\s+at /m);
  const lines = said.trimEnd().split('\n');
  return { code, said: (lines.at(-1) ?? '').replace(/^.*? - (ERROR|INFO) +\[\w+\] - /, '') };
}

/** Starts a member that goes on, and gives its log. */
function running(member: Member): () => string {
  const [command, args] = ourCommand(write(member));
  const child = startProcess(command, args, { cwd: home, stdio: 'pipe' });
  started.push(child);
  let said = '';
  child.stdout?.on('data', (chunk) => (said += chunk));
  child.stderr?.on('data', (chunk) => (said += chunk));
  return () => said;
}

describe('a member that cannot start says why in one line', () => {
  test('when its quorum or its election port is taken', async () => {
    await occupy(ports[1] as number);
    const more = 'electionPortBindRetry=1\n';
    expect(await refused({ more })).toEqual({
      code: 14,
      said: `Cannot listen for the quorum on 127.0.0.1:${ports[1]}: Address already in use`,
    });
    occupied.splice(0)[0]?.close();
    await occupy(ports[2] as number);
    expect(await refused({ more })).toEqual({
      code: 14,
      said: `Cannot listen for the election on 127.0.0.1:${ports[2]}: Address already in use`,
    });
  });

  test('when its line names another host, or none that there is', async () => {
    const more = 'electionPortBindRetry=1\n';
    expect(await refused({ hosts: ['192.0.2.1'], more })).toEqual({
      code: 14,
      said: `Cannot listen for the quorum on 192.0.2.1:${ports[1]}: Cannot assign requested address`,
    });
    expect(await refused({ hosts: ['no-such-host.invalid'], more })).toEqual({
      code: 14,
      said: `Cannot listen for the quorum on no-such-host.invalid:${ports[1]}: Unknown host no-such-host.invalid`,
    });
  });

  test('but with 0 and at once when it is told to end while it waits for its name', async () => {
    const hosts = ['no-such-host.invalid'];
    const [command, args] = ourCommand(write({ hosts, more: 'electionPortBindRetry=0\n' }));
    const child = startProcess(command, args, { cwd: home, stdio: 'pipe' });
    started.push(child);
    let said = '';
    child.stdout?.on('data', (chunk) => (said += chunk));
    await waitFor('its first try', () => said.includes('Unknown host'));
    child.kill();
    expect(await new Promise((resolve) => child.once('close', resolve)), said).toBe(0);
    expect(said).toMatch(/SIGTERM: closing\n.*exiting with code 0, before it served\n$/);
    expect(existsSync(join(home, 'data/zk.lock'))).toBe(false);
  });

  test('when its number is not in the list', async () => {
    const { code, said } = await refused({ myid: 9 });
    expect([code, said]).toEqual([
      2,
      expect.stringContaining('My id 9 not in the peer list: there is no server.9 line'),
    ]);
  });

  test('when it may not make directories, and there are none', async () => {
    const { code, said } = await refused({ more: 'datadir.autocreate=false\n' });
    expect([code, said]).toEqual([
      3,
      expect.stringContaining(
        `dataDir ${home}/data has no directory version-2, and datadir.autocreate is false`,
      ),
    ]);
  });
});

describe('a member', () => {
  test('names a peer that cannot be resolved, once, and goes on', async () => {
    const log = running({ hosts: ['127.0.0.1', 'no-such-host.invalid'] });
    const words = 'Cannot open channel to 2 at election address no-such-host.invalid/<unresolved>';
    await waitFor('a complaint', () => log().includes(`${words}:${ports[4]}: Unknown host`));
    await waitFor('another', () => log().includes('Cannot open channel to 3'));
    expect(log().split(words)).toHaveLength(2);
  });

  test('that begins empty may not vote when db.autocreate=false', async () => {
    const servers = [{}, {}, { config: { 'db.autocreate': false } }];
    const ensemble = await Ensemble.start({ servers });
    // The one with the largest number would win among three that are empty.
    expect(await ensemble.leader()).toBe(2);
    await ensemble.close();
  });

  test('that is new beside others with data tells that once, and is no cause for a warning', async () => {
    const ensemble = await Ensemble.create({ servers: three('ours') });
    await ensemble.startAgain(1, 2);
    await ensemble.startAgain(3);
    const third = ensemble.member(3);
    await ensemble.until('its vote', async () => (await third.mode()) === 'follower');
    const log = third.log();
    expect(log.match(/\b(?:INFO|WARN) .*\bvotes?\b.*$/gm)).toEqual([
      expect.stringMatching(/^INFO .*This server is new: it joins without a vote, and votes once/),
      expect.stringMatching(/^INFO .*Synced with a leader: this server votes from now on$/),
    ]);
    expect(log).not.toContain('WARN');
    await ensemble.close();
  });
});

describe('an ensemble on IPv6', () => {
  test('elects, writes, and reads at every server', async () => {
    const ensemble = await Ensemble.start({ servers: three('ours'), peerHost: '[::1]' });
    const leader = await memberThatIs('leader', ensemble.members);
    expect(leader.log()).toContain('[::1]:');
    const writer = await connect(ensemble.hosts(), { sessionTimeout: 10_000 });
    await writer.create('/six', 'x');
    for (const { address } of ensemble.members) {
      const reader = await connect(address, { sessionTimeout: 10_000 });
      await reader.sync('/six');
      expect(await reader.getString('/six')).toBe('x');
      await reader.close();
    }
    await writer.close();
    await ensemble.close();
    expect(readFileSync(join(leader.dataDir, 'version-2/currentEpoch'), 'utf8').trim()).toBe('1');
  });
});
