// Histories put together by hand: what recovery takes, what it skips and what it refuses.
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { sessionId, type Zxid, zxid } from '../../../../src/base/ids.ts';
import { silentLogger } from '../../../../src/base/logger.ts';
import { Marks } from '../../../../src/server/storage/marks.ts';
import { openDataDir } from '../../../../src/server/storage/openDataDir.ts';
import { recover } from '../../../../src/server/storage/recovery.ts';
import { snapshotPieces } from '../../../../src/server/storage/snapshotFile.ts';
import { StorageError } from '../../../../src/server/storage/storageError.ts';
import { State } from '../../../../src/state/state.ts';
import { encodeTxn } from '../../../../src/transactions/index.ts';
import { Writer } from '../../../../src/wire/bytes.ts';
import { LogBatch, logHeader } from '../../../../src/wire/log.ts';
import { OpCode } from '../../../../src/wire/opcodes.ts';
import { SnapshotEncoder } from '../../../../src/wire/snapshot.ts';
import { SimDisk } from '../../../support/simDisk.ts';
import { examine, LOG_DIR, simOptions } from '../../../support/storageLife.ts';

const zxidOf = (epoch: number, counter: number): Zxid =>
  zxid((BigInt(epoch) << 32n) | BigInt(counter));

/** A transaction that says its zxid: session `id` with a timeout of its counter. */
function entry(id: Zxid, digest: bigint | null = null, type: number = OpCode.createSession) {
  const writer = new Writer();
  const header = { clientId: sessionId(id), cxid: 0, zxid: id, time: 1, type };
  const txn = { type: OpCode.createSession, timeOut: Number(id & 0xffffn) };
  encodeTxn(writer, header, txn, digest === null ? null : { version: 2, treeDigest: digest });
  return writer.copy();
}

function log(...entries: Buffer[]): Buffer {
  const batch = new LogBatch();
  batch.raw(logHeader());
  for (const one of entries) batch.add(one);
  return Buffer.concat([batch.view(), Buffer.alloc(100)]);
}

const run = (epoch: number, from: number, to: number): Buffer[] =>
  Array.from({ length: to - from + 1 }, (_, i) => entry(zxidOf(epoch, from + i)));

function snapshot(at: Zxid): Buffer {
  const state = new State();
  state.lastZxid = at;
  for (let id = 1n; id <= at && id < 100n; id++) state.sessions.add(sessionId(id), Number(id));
  return Buffer.concat([...snapshotPieces(state)].map((piece) => Buffer.from(piece)));
}

function diskOf(files: Record<string, Buffer>): SimDisk {
  const disk = new SimDisk();
  for (const [name, bytes] of Object.entries(files)) disk.put(`${LOG_DIR}/${name}`, bytes);
  return disk;
}

const load = (disk: SimDisk): State => {
  const state = new State();
  examine(disk, state);
  return state;
};

function refusal(disk: SimDisk): StorageError {
  try {
    load(disk);
  } catch (error) {
    if (error instanceof StorageError) return error;
    throw error;
  }
  throw new Error('it loaded');
}

describe('a history', () => {
  it('goes on from the snapshot through log after log', () => {
    const disk = diskOf({
      'snapshot.5': snapshot(zxid(5n)),
      'log.1': log(...run(0, 1, 8)),
      'log.9': log(...run(0, 9, 12)),
    });
    const state = load(disk);
    expect(state.lastZxid).toBe(12n);
    expect([...state.sessions.entries()].length).toBe(12);
  });

  it('begins an epoch with 1', () => {
    const epoch2 = `log.${zxidOf(2, 1).toString(16)}`;
    const before = { 'snapshot.0': snapshot(zxid(0n)), 'log.1': log(...run(0, 1, 3)) };
    const good = diskOf({ ...before, [epoch2]: log(...run(2, 1, 2)) });
    expect(load(good).lastZxid).toBe(zxidOf(2, 2));
    const bad = diskOf({ ...before, [epoch2]: log(...run(2, 2, 3)) });
    expect(refusal(bad)).toMatchObject({ file: `${LOG_DIR}/${epoch2}`, lastGoodZxid: 3n });
  });

  it('goes over the end of the counter, with the next 1 or, in logs of a lone Apache, 0', () => {
    const before = {
      'snapshot.fffffffd': snapshot(zxid(0xfffffffdn)),
      'log.fffffffe': log(...run(0, 0xfffffffe, 0xffffffff)),
    };
    for (const first of [0, 1]) {
      const name = `log.10000000${first}`;
      const disk = diskOf({ ...before, [name]: log(...run(1, first, 3)) });
      expect(load(disk).lastZxid).toBe(zxidOf(1, 3));
    }
    const holed = diskOf({ ...before, 'log.100000002': log(...run(1, 2, 3)) });
    expect(refusal(holed)).toMatchObject({ lastGoodZxid: 0xffffffffn });
  });

  it('may have a hole that a snapshot covers, damaged or not', () => {
    const log1 = log(...run(0, 1, 8));
    log1.fill(0, 100, 180);
    const covered = { 'snapshot.6': snapshot(zxid(6n)), 'log.1': log1 };
    expect(load(diskOf(covered)).lastZxid).toBe(8n);
    const gap = {
      'snapshot.6': snapshot(zxid(6n)),
      'log.1': log(...run(0, 1, 2), ...run(0, 7, 8)),
    };
    expect(load(diskOf(gap)).lastZxid).toBe(8n);
    const hole = { 'snapshot.1': snapshot(zxid(1n)), 'log.1': log1 };
    expect(refusal(diskOf(hole)).message).toContain('valid entries go on at offset');
  });

  it('may repeat entries, in one log or in the next', () => {
    const disk = diskOf({
      'snapshot.0': snapshot(zxid(0n)),
      'log.1': log(...run(0, 1, 4), ...run(0, 3, 5)),
      'log.4': log(...run(0, 4, 7)),
    });
    expect(load(disk).lastZxid).toBe(7n);
  });

  it('is refused when entries are missing within a log', () => {
    const disk = diskOf({
      'snapshot.0': snapshot(zxid(0n)),
      'log.1': log(...run(0, 1, 2), ...run(0, 4, 5)),
    });
    const error = refusal(disk);
    expect(error.lastGoodZxid).toBe(2n);
    expect(error.offset).toBe(16 + 2 * (13 + 36));
    expect(error.message).toContain('entries are missing: zxid 0x4');
  });

  it('is refused when an older log ends torn and a new epoch follows', () => {
    const torn = Buffer.concat([
      log(...run(0, 1, 3)).subarray(0, 16 + 3 * 49),
      Buffer.from('junk'),
    ]);
    const next = `log.${zxidOf(1, 1).toString(16)}`;
    const before = { 'snapshot.0': snapshot(zxid(0n)), 'log.1': torn };
    expect(load(diskOf({ ...before, 'log.4': log(...run(0, 4, 5)) })).lastZxid).toBe(5n);
    const error = refusal(diskOf({ ...before, [next]: log(...run(1, 1, 2)) }));
    expect(error).toMatchObject({ file: `${LOG_DIR}/log.1`, offset: 163, lastGoodZxid: 3n });
  });

  it('is refused for a transaction of an unknown type, naming it', () => {
    const disk = diskOf({
      'snapshot.0': snapshot(zxid(0n)),
      'log.1': log(entry(zxid(1n)), entry(zxid(2n), null, 77)),
    });
    const error = refusal(disk);
    expect(error).toMatchObject({ file: `${LOG_DIR}/log.1`, offset: 65, lastGoodZxid: 1n });
    expect(error.message).toContain('unknown transaction type 77');
  });

  it('tells digests of the tree from where it is no more ahead of its zxid', () => {
    const snapshots = { whole: zxid(200n), fuzzy: zxid(300n) };
    const told = Object.values(snapshots).map((end) => {
      const state = new State();
      state.lastZxid = zxid(200n);
      const pieces = snapshotPieces(state, 1);
      const bytes = [Buffer.from(pieces.next().value as Buffer)];
      state.lastZxid = end;
      for (const piece of pieces) bytes.push(Buffer.from(piece));
      const files = { 'snapshot.c8': Buffer.concat(bytes), 'log.c9': log(...run(0, 201, 400)) };
      return load(diskOf(files)).digestLog.entries.map((at) => at.zxid);
    });
    expect(told).toEqual([[256n, 384n], [384n]]);
  });

  it('is refused when the tree differs from the digest of an entry, or of the snapshot', () => {
    const right = new State().tree.digest;
    const files = (digest: bigint) => ({
      'snapshot.0': snapshot(zxid(0n)),
      'log.1': log(entry(zxid(1n), right), entry(zxid(2n), digest), entry(zxid(3n), right)),
    });
    expect(load(diskOf(files(right))).lastZxid).toBe(3n);
    const error = refusal(diskOf(files(right + 1n)));
    expect(error).toMatchObject({ lastGoodZxid: 1n, offset: 16 + 13 + 48 });
    expect(error.message).toContain('the digest of the tree after zxid 0x2 differs');
    const state = new State({ digest: false, extendedTypes: false, emulate353: false });
    expect(examine(diskOf(files(right + 1n)), state).lastZxid).toBe(3n);
  });
});

describe('a snapshot whose seal fits', () => {
  it('is refused when it ends before the zxid in its name: the logs up to there would be skipped', () => {
    const logged = log(...run(0, 1, 5));
    const files = { 'snapshot.0': snapshot(zxid(0n)), 'log.1': logged };
    const error = refusal(diskOf({ ...files, 'snapshot.4': snapshot(zxid(2n)) }));
    expect(error).toMatchObject({ file: `${LOG_DIR}/snapshot.4`, lastGoodZxid: 2n });
    expect(error.message).toContain('--accept-loss');
    expect(load(diskOf({ ...files, 'snapshot.2': snapshot(zxid(2n)) })).lastZxid).toBe(5n);
  });

  it('may begin an epoch, whose first zxid is no transaction', () => {
    const epoch = zxidOf(1, 0);
    const name = `snapshot.${epoch.toString(16)}`;
    expect(load(diskOf({ [name]: snapshot(zxid(2n)) })).lastZxid).toBe(epoch);
  });

  it('is refused when it makes no sense', () => {
    const encoder = new SnapshotEncoder();
    encoder.sessions([], 5); // and there are none
    encoder.acls([], 0);
    encoder.endOfNodes();
    const error = refusal(diskOf({ 'snapshot.3': Buffer.from(encoder.take()) }));
    expect(error.file).toBe(`${LOG_DIR}/snapshot.3`);
    expect(error.message).toContain('the snapshot cannot be read (');
    expect(error.message).toContain('--accept-loss');
  });
});

describe('marks', () => {
  const marksOf = async (disk: SimDisk): Promise<Buffer> => {
    const marks = new Marks(disk, LOG_DIR);
    marks.synced = zxid(9n);
    marks.writing = 'log.5';
    marks.closed.set('log.1', { name: 'log.1', first: zxid(1n), last: zxid(4n), end: 260 });
    const rewritten = new Promise((resolve) => marks.rewrite(new Set(['log.1']), resolve));
    disk.turn();
    await rewritten;
    return disk.contentOf(marks.path);
  };

  it('are known to be damaged for every flipped byte but those of the slots, and every cut', async () => {
    const disk = new SimDisk();
    const whole = Buffer.from(await marksOf(disk));
    const isDamaged = (bytes: Buffer): boolean => {
      disk.put(`${LOG_DIR}/synced.marks`, bytes);
      const marks = new Marks(disk, LOG_DIR);
      marks.load();
      return marks.problem !== null;
    };
    expect(isDamaged(whole)).toBe(false);
    for (let at = 128; at < whole.length; at++) {
      const flipped = Buffer.from(whole);
      flipped[at] = (whole[at] ?? 0) ^ 4;
      expect(isDamaged(flipped), `flipped at ${at}`).toBe(true);
    }
    for (let at = 0; at < whole.length; at++) {
      const isLineEnd = at > 128 && whole[at - 1] === 0x0a;
      expect(isDamaged(whole.subarray(0, at)), `cut at ${at}`).toBe(!isLineEnd);
    }
  });
});

describe('without a snapshot', () => {
  it('an empty directory is a fresh one, and gets its first snapshot before anything else', () => {
    const disk = new SimDisk();
    const dataDir = openDataDir(simOptions(disk));
    const { lastZxid, snapshotZxid } = dataDir.recover(new State());
    expect([lastZxid, snapshotZxid]).toEqual([0n, null]);
    expect(disk.crash('none', () => 0).list(LOG_DIR)).toEqual(['snapshot.0']);
  });

  it.each([
    ['empty', Buffer.alloc(0)],
    ['half a header', logHeader().subarray(0, 9)],
    ['a header alone', logHeader()],
    ['half an entry', log(...run(0, 1, 1)).subarray(0, 40)],
    ['zeros', Buffer.alloc(65536)],
  ])('a first log that is %s is a crash at the start: it is removed', (_, bytes) => {
    const disk = diskOf({ 'log.1': bytes });
    const dataDir = openDataDir(simOptions(disk));
    expect(dataDir.recover(new State()).lastZxid).toBe(0n);
    expect(disk.list(LOG_DIR)).toEqual(['snapshot.0']);
  });

  it('logs that begin later are refused as Apache does, unless they are trusted', () => {
    const disk = diskOf({ 'log.5': log(...run(0, 5, 7)) });
    const error = refusal(disk);
    expect(error.message).toContain('No snapshot found, but there are log entries.');
    expect(error.message).toContain('snapshot.trust.empty=true');
    const state = new State();
    const place = { disk, snapDir: LOG_DIR, logDir: LOG_DIR };
    recover(place, new Marks(disk, LOG_DIR), state, silentLogger, true);
    expect(state.lastZxid).toBe(7n);
  });

  it('marks that know of more are not forgotten', async () => {
    const disk = new SimDisk();
    const marks = new Marks(disk, LOG_DIR);
    marks.synced = zxid(9n);
    const rewritten = new Promise((resolve) => marks.rewrite(new Set(), resolve));
    disk.turn();
    await rewritten;
    expect(refusal(disk).message).toContain('the logs end before zxid 0x9, which was synced');
  });
});

describe('on a real disk', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'zk-recovery-'));
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));
  const { disk: _, lock: __, ...options } = simOptions(new SimDisk());
  const open = (dataDir: string, dataLogDir: string) =>
    openDataDir({ ...options, dataDir, dataLogDir });

  it('logs, closes, and finds everything again; two directories', async () => {
    const [data, logs] = [join(scratch, 'a/data'), join(scratch, 'a/logs')];
    const state = new State();
    const first = open(data, logs);
    first.recover(state);
    expect(() => open(join(scratch, 'other'), logs)).toThrow(`pid ${process.pid}`);
    for (let id = 1n; id <= 500n; id++) {
      first.append(zxid(id), entry(zxid(id)));
      if (id % 50n === 0n) {
        const logged = new Promise((resolve) => {
          first.onLogged = (upTo) => upTo === id && resolve(upTo);
        });
        first.flush();
        await logged;
      }
    }
    await first.close();
    expect(readdirSync(join(data, 'version-2'))).toEqual(['snapshot.0']);
    const second = open(data, logs);
    const found = second.recover(new State());
    expect(found).toMatchObject({ lastZxid: 500n, entries: 500 });
    await second.close();
    expect(readdirSync(data)).toEqual(['version-2']);
  });

  it('refuses directories that have been swapped', async () => {
    const [data, logs] = [join(scratch, 'b/data'), join(scratch, 'b/logs')];
    const dataDir = open(data, logs);
    dataDir.recover(new State());
    await dataDir.close();
    expect(() => open(logs, data)).toThrow(
      `${data}/version-2/snapshot.0: a snapshot in the log directory`,
    );
  });

  it('lets go of its locks when it does not start', () => {
    const dir = join(scratch, 'c');
    cpSync(join(import.meta.dirname, '../../../golden/data/log/version-2'), `${dir}/version-2`, {
      recursive: true,
    });
    rmSync(`${dir}/version-2/snapshot.0`);
    rmSync(`${dir}/version-2/log.1`);
    cpSync(`${scratch}/a/logs/version-2/log.33`, `${dir}/version-2/log.33`);
    const dataDir = open(dir, dir);
    expect(() => dataDir.recover(new State())).toThrow('No snapshot found');
    return dataDir.close().then(() => expect(readdirSync(dir)).toEqual(['version-2']));
  });
});
