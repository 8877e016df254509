// Data directories written by Apache 3.8.0 load here to the tree its clients saw, and what is read
// from them encodes to the same bytes again.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/base/logger.ts';
import { openDataDir } from '../../src/server/storage/openDataDir.ts';
import { DIGEST_VERSION } from '../../src/state/digest.ts';
import { State } from '../../src/state/state.ts';
import { decodeTxn, encodeTxn } from '../../src/transactions/index.ts';
import { bytesSource } from '../../src/wire/byteSource.ts';
import { Writer } from '../../src/wire/bytes.ts';
import type { Acl } from '../../src/wire/data.ts';
import { LogBatch, LogScanner, logHeader } from '../../src/wire/log.ts';
import { readSnapshot, SnapshotEncoder, snapshotProblem } from '../../src/wire/snapshot.ts';
import type { SnapshotNode } from '../../src/wire/snapshotTree.ts';

const here = join(import.meta.dirname, 'data');
const scratch = mkdtempSync(join(tmpdir(), 'zk-golden-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

interface Expected {
  settings: string[];
  sessions: { id: string; timeout: number }[];
  tree: {
    path: string;
    data: { hex: string } | null;
    stat: Record<string, string | number>;
    acl: Acl[];
  }[];
  restored: {
    lastZxid: string;
    nodeCount: number;
    treeDigest: string;
    approximateDataSize: number;
    aclCount: number;
    sessions: Record<string, number>;
    ephemerals: Record<string, string[]>;
  };
  files: Record<string, { entries?: { offset: number; length: number; crc: string }[] }>;
}

const directories = readdirSync(here);

const load = (name: string): Expected =>
  JSON.parse(readFileSync(join(here, name, 'expected.json'), 'utf8')) as Expected;

const optionsOf = (expected: Expected) => ({
  digest: true,
  extendedTypes: expected.settings.includes('extendedTypesEnabled=true'),
  emulate353: false,
});

const open = (dir: string) =>
  openDataDir({
    dataDir: dir,
    dataLogDir: dir,
    preAllocSize: 65536,
    snapCount: 100_000,
    snapSizeLimit: 0,
    txnLogSizeLimit: 0,
    forceSync: true,
    fsyncWarningMs: 1000,
    logger: silentLogger,
  });

async function restore(name: string, expected: Expected): Promise<State> {
  const dir = join(scratch, name);
  cpSync(join(here, name), dir, { recursive: true });
  const dataDir = open(dir);
  const state = new State(optionsOf(expected));
  dataDir.recover(state);
  await dataDir.close();
  return state;
}

const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? v.toString() : v)));

describe.each(directories)('the directory %s of Apache', (name) => {
  const expected = load(name);

  it('loads to what a client saw before the server died', async () => {
    const { tree } = await restore(name, expected);
    for (const { path, data, stat, acl } of expected.tree) {
      const node = tree.get(path);
      expect(node, path).toBeDefined();
      if (node === undefined) continue;
      expect(node.data === null ? null : node.data.toString('hex'), path).toBe(data?.hex ?? null);
      const seen = plain(tree.statOf(node)) as Record<string, unknown>;
      for (const [key, value] of Object.entries(stat)) {
        expect(`${key} ${String(seen[key])}`, path).toBe(`${key} ${value}`);
      }
      expect(node.acl.list, path).toEqual(acl);
    }
    expect(tree.nodes.size).toBe(expected.tree.length);
  });

  it("loads to the zxid, digest, counts, sessions and ephemerals of Apache's recovery", async () => {
    const state = await restore(name, expected);
    const { tree, sessions } = state;
    const { restored } = expected;
    expect(state.lastZxid.toString()).toBe(restored.lastZxid);
    expect(tree.digest.toString()).toBe(restored.treeDigest);
    expect(tree.nodeCount).toBe(restored.nodeCount);
    expect(tree.acls.size).toBe(restored.aclCount);
    const alive = [...sessions.entries()].map(([id, timeout]) => [id.toString(), timeout]);
    expect(Object.fromEntries(alive)).toEqual(restored.sessions);
    const owned = [...tree.ephemerals].map(([id, paths]) => [id.toString(), [...paths].sort()]);
    expect(Object.fromEntries(owned)).toEqual(restored.ephemerals);
  });

  const files = readdirSync(join(here, name, 'version-2'));

  it.each(files.filter((file) => file.startsWith('log.')))('%s encodes the same again', (file) => {
    const bytes = readFileSync(join(here, name, 'version-2', file));
    const scanner = new LogScanner(bytesSource(bytes));
    const batch = new LogBatch();
    batch.raw(logHeader());
    const offsets: number[] = [];
    for (let entry = scanner.next(); entry !== null; entry = scanner.next()) {
      offsets.push(entry.offset);
      const { header, txn, digest } = decodeTxn(entry.bytes);
      expect(header.zxid).toBe(entry.zxid);
      const writer = new Writer();
      encodeTxn(writer, header, txn, digest);
      batch.add(writer.view());
    }
    const entries = expected.files[file]?.entries ?? [];
    expect(offsets).toEqual(entries.map(({ offset }) => offset));
    expect(scanner.end).toEqual({ offset: batch.length, kind: 'end', reason: '', following: null });
    expect(batch.view().equals(bytes.subarray(0, batch.length))).toBe(true);
    expect(bytes.subarray(batch.length).every((byte) => byte === 0)).toBe(true);
  });

  it.each(files.filter((file) => file.startsWith('snapshot.')))(
    '%s encodes the same again',
    (file) => {
      const stored = readFileSync(join(here, name, 'version-2', file));
      const bytes = file.endsWith('.gz') ? gunzipSync(stored) : stored;
      const sessions: [never, number][] = [];
      const acls: [bigint, Acl[]][] = [];
      const nodes: [string, SnapshotNode][] = [];
      expect(snapshotProblem(bytesSource(bytes))).toBeNull();
      const digest = readSnapshot(bytesSource(bytes), {
        session: (id, timeout) => sessions.push([id as never, timeout]),
        acl: (index, list) => acls.push([index, list]),
        node: (path, node) =>
          nodes.push([path, { ...node, data: node.data === null ? null : Buffer.from(node.data) }]),
      });
      const encoder = new SnapshotEncoder();
      const pieces: Buffer[] = [];
      encoder.sessions(sessions, sessions.length);
      pieces.push(Buffer.from(encoder.take()));
      encoder.acls(acls, acls.length);
      for (const [path, node] of nodes) {
        encoder.node(path, node, node.data, node.acl);
        if (encoder.pending > 500) pieces.push(Buffer.from(encoder.take()));
      }
      encoder.endOfNodes();
      if (digest !== null) encoder.digest(digest);
      pieces.push(Buffer.from(encoder.take()));
      expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
      if (name !== 'noDigest') expect(digest?.version).toBe(DIGEST_VERSION);
    },
  );
});
