// Apache's recovery and its tools read the logs and snapshots that are written here.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { zxid } from '../../src/base/ids.ts';
import { openMemberDir } from '../../src/server/storage/memberDir.ts';
import type { State } from '../../src/state/state.ts';
import { byText } from '../support/goldenTxns.ts';
import {
  append,
  baseOf,
  newState,
  type Opened,
  openMember,
  pump,
  saveEpoch,
  withSession,
  zxidOf,
} from '../support/memberLife.ts';
import {
  classPath,
  compileJava,
  javaFlags,
  missingPeer,
  peersAreRequired,
} from '../support/peers.ts';
import { freePort, temporaryDirectory } from '../support/processes.ts';
import { startApache } from '../support/servers.ts';
import { SimDisk, seeded } from '../support/simDisk.ts';
import { Life, LOG_DIR, simOptions } from '../support/storageLife.ts';

const flags = [...javaFlags, '-Dzookeeper.snapshot.trust.empty=false'];

const java = (main: string, argument: string, more: string[] = []): string =>
  execFileSync('java', [...flags, '-cp', classPath(...more), main, argument], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });

/** The files of a simulated disk, put on the real one. */
function materialized(disk: SimDisk): string {
  const dir = temporaryDirectory('data');
  mkdirSync(join(dir, 'version-2'));
  for (const path of disk.paths().filter((each) => each.startsWith(`${LOG_DIR}/`))) {
    writeFileSync(join(dir, 'version-2', basename(path)), disk.contentOf(path));
  }
  return dir;
}

/** What RestoreDirectory prints for the same state. */
function described(state: State): string[] {
  const { tree } = state;
  const lines = [`zxid ${state.lastZxid}`, 'mismatches 0', `digest ${tree.digest}`];
  lines.push(`count ${tree.nodeCount}`);
  for (const [id, timeout] of state.sessions.entries()) lines.push(`session ${id} ${timeout}`);
  for (const [id, paths] of tree.ephemerals) {
    for (const path of paths) lines.push(`ephemeral ${id} ${path}`);
  }
  for (const [path, node] of tree.nodes) {
    const acl = node.acl.list.map(({ perms, id }) => ` ${perms}:${id.scheme}:${id.id}`).join('');
    lines.push(`acl ${path}${acl}`);
  }
  return lines.sort(byText);
}

const restored = (dir: string, classes: string): string[] =>
  java('RestoreDirectory', dir, [classes]).trim().split('\n').sort(byText);

const missing = missingPeer('apache');
const suite = missing === null || peersAreRequired ? describe : describe.skip;

suite('a data directory written here', () => {
  let classes: string;
  beforeAll(() => {
    classes = compileJava('RestoreDirectory');
  });

  it.each([1, 2, 3])('is recovered by Apache to the same state (run %i)', async (seed) => {
    const life = new Life(new SimDisk(), seeded(seed), new Map(), { snapCount: 80 });
    await life.run(300);
    expect(life.acked).toBe(300n);
    const dir = materialized(life.disk);
    expect(restored(dir, classes)).toEqual(described(life.live));
  });

  it('is recovered after a crash in the middle of a batch, once we have repaired it', async () => {
    for (const seed of [11, 12, 13, 14]) {
      const random = seeded(seed);
      const life = new Life(new SimDisk(), random, new Map(), { snapCount: 80 });
      life.disk.crashAt = life.disk.calls + 150 + seed;
      await life.run(300);
      expect(life.disk.isDead).toBe(true);
      const next = new Life(life.disk.crash('subset', random), random, life.history);
      expect(restored(materialized(next.disk), classes)).toEqual(described(next.live));
    }
  });

  it('is read by TxnLogToolkit and SnapshotFormatter without complaint', async () => {
    const life = new Life(new SimDisk(), seeded(4), new Map(), { snapCount: 80 });
    await life.run(200);
    const dir = join(materialized(life.disk), 'version-2');
    let entries = 0;
    for (const path of life.disk.paths()) {
      const name = basename(path);
      if (name.startsWith('log.')) {
        const text = java('org.apache.zookeeper.server.persistence.TxnLogToolkit', join(dir, name));
        expect(text).toContain('txnlog format version 2');
        expect(text).not.toMatch(/CRC|ERROR/);
        entries += text.split('\n').filter((line) => / zxid 0x/.test(line)).length;
      } else if (name.startsWith('snapshot.')) {
        const text = java('org.apache.zookeeper.server.SnapshotFormatter', join(dir, name));
        expect(text).toContain('ZNode Details (count=');
        expect(text).toContain('/zookeeper/config');
      }
    }
    expect(entries).toBe(200);
  });
});

suite('a data directory of a member', () => {
  let classes: string;
  beforeAll(() => {
    classes = compileJava('RestoreDirectory');
  });

  /** Logs one more entry in a later epoch, and compares what Apache makes of the files. */
  const comparedAfter = async (opened: Opened, state: State): Promise<void> => {
    const id = zxidOf(9, 1);
    await append(opened, [id]);
    withSession(state, id);
    const dir = materialized(opened.disk.crash('none', seeded(1)));
    expect(restored(dir, classes)).toEqual(described(state));
  };

  it.each([1n, 13n, 45n, 89n])('cut by %i entries is recovered by Apache', async (cutOff) => {
    const base = await baseOf(5);
    const opened = openMember(base.disk.copy());
    const cut = opened.member.truncate(zxid(base.last - cutOff), newState);
    await comparedAfter(opened, (await pump(opened.disk, cut)) as State);
  });

  it('restarted from the state of a leader is recovered by Apache', async () => {
    const [base, leader] = [await baseOf(5), await baseOf(6)];
    const opened = openMember(base.disk.copy());
    const state = openMember(leader.disk.copy()).start.state;
    expect(await pump(opened.disk, opened.member.restart(state, state.lastZxid))).toBe(true);
    await comparedAfter(opened, state);
  });

  it('has a history without a hole for Apache, wherever a cut was interrupted', async () => {
    const base = await baseOf(5);
    const after = zxid(base.last - 60n);
    for (const at of [14, 24, 34, 38, 40]) {
      const opened = openMember(base.disk.copy());
      opened.disk.crashAt = opened.disk.calls + at;
      await pump(opened.disk, opened.member.truncate(after, newState)).catch(() => {});
      expect(opened.disk.isDead).toBe(true);
      const disk = opened.disk.crash('process', seeded(at));
      const lines = restored(materialized(disk), classes);
      const last = zxid(BigInt(lines.find((line) => line.startsWith('zxid '))?.slice(5) ?? 0));
      expect(last).toBeGreaterThanOrEqual(after);
      const whole = openMember(base.disk.copy());
      const prefix = await pump(whole.disk, whole.member.truncate(last, newState));
      expect(lines).toEqual(described(prefix as State));
    }
  });

  it('hands its epochs to Apache, and takes those of Apache', async () => {
    const base = await baseOf(5);
    const opened = openMember(base.disk.copy());
    await saveEpoch(opened, 'accepted', 7);
    await saveEpoch(opened, 'current', 7);
    const dataDirs = [materialized(opened.disk), temporaryDirectory('empty')];
    const ports = await Promise.all(Array.from({ length: 4 }, freePort));
    const config = {
      initLimit: 20,
      syncLimit: 10,
      'server.1': `127.0.0.1:${ports[0]}:${ports[1]}`,
      'server.2': `127.0.0.1:${ports[2]}:${ports[3]}`,
    };
    const servers = await Promise.all(
      dataDirs.map((dataDir, i) => {
        writeFileSync(join(dataDir, 'myid'), `${i + 1}\n`);
        return startApache({ dataDir, config });
      }),
    );
    await Promise.all(servers.map((server) => server.stop()));
    for (const dataDir of dataDirs) {
      const read = (name: string) => readFileSync(join(dataDir, 'version-2', name), 'utf8');
      expect([read('acceptedEpoch'), read('currentEpoch')]).toEqual(['8', '8']);
      const { disk: _, lock: __, ...options } = simOptions(new SimDisk());
      const member = openMemberDir({ ...options, dataDir, dataLogDir: dataDir, autoCreate: true });
      const start = member.recover(newState);
      expect(start).toMatchObject({ acceptedEpoch: 8, currentEpoch: 8, mayVote: true });
      expect(start.state.tree.nodeCount).toBe(opened.start.state.tree.nodeCount);
      await member.close();
    }
  });
});
