// Ensembles of our servers and Apache's: either may lead, any history passes either way, and each can
// take the other's place, under load and with nothing lost.
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { beforeAll, describe, expect, test } from 'vitest';
import { silentLogger } from '../../src/base/logger.ts';
import { ZkError, type ZooKeeper } from '../../src/client/index.ts';
import { openMemberDir } from '../../src/server/storage/memberDir.ts';
import { State } from '../../src/state/state.ts';
import type { Ensemble } from '../support/ensemble.ts';
import * as faults from '../support/ensembleFaults.ts';
import { describeWithPeers } from '../support/foreign.ts';
import { classPath, compileJava, javaFlags, python } from '../support/peers.ts';
import { startProcess } from '../support/processes.ts';
import type { ServerKind } from '../support/servers.ts';
import { type UnderLoad, underLoad } from '../support/underLoad.ts';

/** Server 3 leads: nobody has seen more, and its id is the largest. */
async function letThirdLead({ ensemble, load }: UnderLoad): Promise<void> {
  await load.stop();
  await ensemble.sameTrees();
  for (let leader = await ensemble.whole(); leader !== 3; leader = await ensemble.whole()) {
    await ensemble.kill(leader);
    await ensemble.leader(ensemble.ids.filter((id) => id !== leader));
    await ensemble.startAgain(leader);
  }
  load.resume();
}

const loggedSince = (ensemble: Ensemble, id: number) => {
  const before = ensemble.member(id).log().length;
  return () => ensemble.member(id).log().slice(before);
};

/**
 * Writes of a leader that nobody else has: it has to forget them. Only while the others have not
 * written: across epochs Apache's leaders send a snapshot instead.
 */
async function truncateLeader(
  { ensemble, load }: UnderLoad,
  meanwhile: (leader: number) => Promise<void> = async () => {},
): Promise<void> {
  await load.stop();
  const leader = await ensemble.whole();
  const client = await ensemble.client([leader]);
  const log = loggedSince(ensemble, leader);
  ensemble.network.partition([[leader]]);
  const lost = await Promise.allSettled(
    Array.from({ length: 5 }, () => client.set('/load/s0', 'never decided')),
  );
  expect(lost.map(({ status }) => status)).not.toContain('fulfilled');
  client.abandon();
  await ensemble.leader(ensemble.ids.filter((id) => id !== leader));
  // Not while it steps down: see causeOfDeafness.
  await ensemble.until('it to look, too', () => /New election|- LOOKING$/m.test(log()));
  await meanwhile(leader);
  ensemble.network.heal();
  await ensemble.whole();
}

/** A server of ours that is down has nothing but a snapshot of all that it has logged. */
async function keepSnapshotOnly({ dataDir }: { readonly dataDir: string }): Promise<void> {
  const member = openMemberDir({
    dataDir,
    dataLogDir: dataDir,
    preAllocSize: 65_536,
    snapCount: 100_000,
    snapSizeLimit: 0,
    txnLogSizeLimit: 0,
    forceSync: true,
    fsyncWarningMs: 60_000,
    logger: silentLogger,
    autoCreate: true,
  });
  const { state } = member.recover(() => new State());
  expect(await member.restart(state, state.lastZxid)).toBe(true);
  await member.close();
}

/** What a program has left behind: the next one takes the same names. Containers may go by themselves. */
async function removeAll(client: ZooKeeper): Promise<void> {
  const remove = async (path: string): Promise<void> => {
    try {
      const { names } = await client.children(path);
      for (const name of names) await remove(`${path}/${name}`);
      await client.delete(path);
    } catch (error) {
      if (!(error instanceof ZkError) || error.code !== 'NoNode') throw error;
    }
  };
  for (const name of (await client.children('/')).names) {
    if (name !== 'zookeeper' && name !== 'load') await remove(`/${name}`);
  }
  await client.close();
}

/** Programs of other clients, which print PASS or FAIL and the name of each of their tests. */
const programs: Readonly<Record<string, () => string[]>> = {
  "kazoo's recipes": () => [python, '-B', join(import.meta.dirname, 'python', 'kazooRecipes.py')],
  "Curator's recipes": () => [
    'java',
    ...javaFlags,
    '-cp',
    classPath(compileJava('CuratorRecipes')),
    'CuratorRecipes',
  ],
};

/**
 * What it prints. It knows one server, a follower of another kind than its leader; when it asks for a
 * crash, that one is killed.
 */
async function runProgram([command = '', ...args]: string[], ensemble: Ensemble): Promise<string> {
  const leader = ensemble.member(await ensemble.whole());
  const { id, address } = ensemble.members.find(({ kind }) => kind !== leader.kind) ?? leader;
  const child = startProcess(command, [...args, address], { stdio: ['pipe', 'pipe', 'ignore'] });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('no pipes');
  let output = '';
  for await (const line of createInterface({ input: stdout })) {
    output += `${line}\n`;
    if (!line.startsWith('ASK ')) continue;
    await ensemble.kill(id);
    await ensemble.startAgain(id);
    stdin.write('DONE\n');
  }
  return output;
}

const opposite: Readonly<Record<ServerKind, ServerKind>> = { ours: 'apache', apache: 'ours' };

const names: Readonly<Record<ServerKind, string>> = { ours: 'ours', apache: "Apache's" };

/** Two of one kind, and as server 3 one of the other. */
function mixed(pair: ServerKind): void {
  const single = opposite[pair];
  describe(`two of ${names[pair]} and one of ${names[single]}`, () => {
    const shared = underLoad({
      servers: [{ kind: pair }, { kind: pair }, { kind: single }],
      isRelayed: true,
    });

    beforeAll(() => letThirdLead(shared));

    test.runIf(single === 'ours')(
      'a leader of ours that cannot cut its log gets all of it',
      async () => {
        shared.watched();
        const { ensemble, load } = shared;
        await truncateLeader(shared, async (leader) => {
          await ensemble.kill(leader);
          await keepSnapshotOnly(ensemble.member(leader));
          ensemble.launch(leader);
        });
        expect(ensemble.member(3).log()).toMatch(
          /Not able to truncate the log to 0x.*: asking for/,
        );
        load.resume();
        await shared.allIsWell();
        await letThirdLead(shared);
      },
    );

    test(`a leader of ${names[single]} that is cut off truncates its log`, async () => {
      shared.watched();
      const { ensemble, load } = shared;
      const log = loggedSince(ensemble, 3);
      await truncateLeader(shared);
      expect(await ensemble.whole()).not.toBe(3);
      expect(log()).toMatch(/Truncating log to get in sync with the leader 0x/);
      load.resume();
      await shared.allIsWell();
    });

    test(`a follower of ${names[single]} gets what it missed, and without its disk all`, async () => {
      shared.watched();
      const { ensemble, load } = shared;
      expect(await ensemble.whole()).not.toBe(3);
      await ensemble.kill(3);
      await load.carriedOn();
      let log = loggedSince(ensemble, 3);
      await ensemble.startAgain(3);
      await shared.allIsWell();
      expect(log()).not.toMatch(/Getting a snapshot from leader/);
      await ensemble.kill(3);
      ensemble.member(3).loseDisk();
      log = loggedSince(ensemble, 3);
      await ensemble.startAgain(3);
      await shared.allIsWell();
      expect(log()).toMatch(/Getting a snapshot from leader/);
    });

    test(`followers of ${names[pair]} get from a leader of ${names[single]} what they lack`, async () => {
      shared.watched();
      const { ensemble, load } = shared;
      await letThirdLead(shared);
      await load.carriedOn();
      await ensemble.kill(1);
      await load.carriedOn();
      await ensemble.startAgain(1);
      await shared.allIsWell();
      await ensemble.kill(2);
      ensemble.member(2).loseDisk();
      const log = loggedSince(ensemble, 2);
      await ensemble.startAgain(2);
      expect(await ensemble.whole()).toBe(3);
      await shared.allIsWell();
      expect(log()).toMatch(/Getting a snapshot from leader/);
    });

    test(`a leader of ${names[pair]} that is cut off follows again`, async () => {
      shared.watched();
      await faults.killLeader(shared);
      await faults.isolateLeader(shared);
      await shared.allIsWell();
    });

    test('whoever leads may be killed, stopped, or all with it', async () => {
      shared.watched();
      await faults.killLeader(shared);
      await shared.allIsWell();
      await faults.stopLeader(shared);
      await shared.allIsWell();
      await faults.stopFollower(shared);
      await shared.allIsWell();
      await faults.killAll(shared);
      await shared.allIsWell();
    });

    for (const [title, command] of Object.entries(programs)) {
      test(`${title} work with a follower of another kind than its leader`, async () => {
        shared.watched();
        const output = await runProgram(command(), shared.ensemble);
        expect(output.match(/^FAIL .*$/gm)).toBeNull();
        expect(output.match(/^PASS /gm)?.length).toBeGreaterThan(3);
        await removeAll(await shared.ensemble.client());
        await shared.allIsWell();
      });
    }
  });
}

function observed(kind: ServerKind): void {
  const voters = opposite[kind];
  describe(`three of ${names[voters]} and an observer of ${names[kind]}`, () => {
    const shared = underLoad({
      servers: [{ kind: voters }, { kind: voters }, { kind: voters }, { kind, isObserver: true }],
    });

    test('the observer serves, and follows whoever leads', async () => {
      shared.watched();
      const { ensemble } = shared;
      expect(await ensemble.serving(4)).toBe('observer');
      await shared.allIsWell();
      await faults.killLeader(shared);
      await shared.allIsWell();
      await ensemble.kill(4);
      await shared.load.carriedOn();
      await ensemble.startAgain(4);
      await shared.allIsWell();
    });
  });
}

describeWithPeers('servers of two kinds in one ensemble', ['apache', 'curator', 'kazoo'], () => {
  mixed('ours');
  mixed('apache');
  observed('ours');
  observed('apache');

  describe('three servers under load', () => {
    const shared = underLoad({ servers: Array.from({ length: 3 }, () => ({ kind: 'apache' })) });

    /** One after the other, on its own data; the sessions go on. */
    async function replaceAll(kind: ServerKind): Promise<void> {
      const { ensemble, load } = shared;
      for (const member of ensemble.members) {
        await member.end('SIGTERM');
        member.kind = kind;
        await ensemble.startAgain(member.id);
        await ensemble.whole();
        await load.carriedOn();
      }
      await shared.allIsWell();
    }

    test("ours take the places of Apache's one by one, and Apache's theirs", async () => {
      shared.watched();
      await replaceAll('ours');
      await replaceAll('apache');
    });
  });
});
