// Apache's recovery and its tools read the logs and snapshots that are written here.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { State } from '../../src/state/state.ts';
import { byText } from '../support/goldenTxns.ts';
import {
  classPath,
  compileJava,
  javaFlags,
  missingPeer,
  peersAreRequired,
} from '../support/peers.ts';
import { temporaryDirectory } from '../support/processes.ts';
import { SimDisk, seeded } from '../support/simDisk.ts';
import { Life } from '../support/storageLife.ts';

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
  for (const path of disk.paths()) {
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
