// The log under load and when the disk fails: what is told to be logged, and when.
import { describe, expect, it } from 'vitest';
import { type Zxid, zxid } from '../../../../src/base/ids.ts';
import { type Logger, silentLogger } from '../../../../src/base/logger.ts';
import type { DataDir } from '../../../../src/server/storage/dataDir.ts';
import { openDataDir } from '../../../../src/server/storage/openDataDir.ts';
import { StorageError } from '../../../../src/server/storage/storageError.ts';
import { State } from '../../../../src/state/state.ts';
import { bytesSource } from '../../../../src/wire/byteSource.ts';
import { LogScanner } from '../../../../src/wire/log.ts';
import { SimDisk, seeded } from '../../../support/simDisk.ts';
import { dumpText, Life, LOG_DIR, simOptions, textAt } from '../../../support/storageLife.ts';

/** An entry with the zxid where a TxnHeader has it; never replayed here. */
function entry(id: bigint, size = 40): Buffer {
  const bytes = Buffer.alloc(size, 1);
  bytes.writeBigInt64BE(id, 12);
  return bytes;
}

interface Opened {
  disk: SimDisk;
  dataDir: DataDir;
  logged: Zxid[];
  failures: Error[];
  append(id: bigint, size?: number): void;
  turn(): Promise<void>;
}

function open(more: Partial<Parameters<typeof openDataDir>[0]> = {}): Opened {
  const disk = new SimDisk();
  const dataDir = openDataDir(simOptions(disk, { snapCount: 1000, ...more }));
  const logged: Zxid[] = [];
  const failures: Error[] = [];
  dataDir.onLogged = (upTo) => logged.push(upTo);
  dataDir.onFailed = (error) => failures.push(error);
  dataDir.recover(new State());
  disk.trace.length = 0;
  return {
    disk,
    dataDir,
    logged,
    failures,
    append: (id, size) => dataDir.append(zxid(id), entry(id, size)),
    async turn() {
      dataDir.flush();
      disk.turn();
      await new Promise(setImmediate);
    },
  };
}

/** Gets the first log open and its first entry durable. */
async function begun(more = {}): Promise<Opened> {
  const opened = open(more);
  opened.append(1n);
  while (opened.logged.length === 0) await opened.turn();
  opened.disk.trace.length = 0;
  return opened;
}

const logEntries = (disk: SimDisk, name: string): Zxid[] => {
  const scanner = new LogScanner(bytesSource(disk.contentOf(`${LOG_DIR}/${name}`)));
  const ids: Zxid[] = [];
  for (let one = scanner.next(); one !== null; one = scanner.next()) ids.push(one.zxid);
  return ids;
};

describe('group commit', () => {
  it('makes file, marks and directory durable before the first entry counts', async () => {
    const { disk, append, turn, logged } = open();
    append(1n);
    for (let i = 0; logged.length === 0 && i < 20; i++) await turn();
    expect(logged).toEqual([1n]);
    const calls = disk.trace.map((call) => call.replace(`${LOG_DIR}`, '').replace('/', ''));
    const order = ['sync log.1', 'rename writing-synced.marks', 'syncDir ', 'truncate log.1'];
    const at = order.map((call) => calls.indexOf(call));
    expect(at).toEqual([...at].sort((a, b) => a - b));
    expect(at[0]).toBeGreaterThan(-1);
    // The marks keep the descriptor of the file that was renamed.
    expect(calls.slice(-3)).toEqual(['write log.1', 'sync log.1', 'write writing-synced.marks']);
  });

  it('writes what gathers during a sync with one write into the next', async () => {
    const { disk, dataDir, append, turn, logged } = await begun();
    append(2n);
    dataDir.flush();
    for (let id = 3n; id < 20n; id++) append(id);
    dataDir.flush();
    expect(disk.trace).toEqual([`write ${LOG_DIR}/log.1`, `sync ${LOG_DIR}/log.1`]);
    await turn();
    expect(logged).toEqual([1n, 2n]);
    expect(disk.trace.filter((call) => call === `write ${LOG_DIR}/log.1`).length).toBe(2);
    await turn();
    expect(logged).toEqual([1n, 2n, 19n]);
    expect(logEntries(disk, 'log.1').length).toBe(19);
  });

  it('never says logged before the sync is done', async () => {
    const { dataDir, append, logged } = await begun();
    append(2n);
    dataDir.flush();
    await new Promise(setImmediate);
    expect(logged).toEqual([1n]);
  });

  it('says logged after the write where forceSync is off, and syncs nothing', async () => {
    const { disk, append, turn, logged } = open({ forceSync: false });
    append(1n);
    await turn();
    expect(logged).toEqual([1n]);
    expect(disk.trace.filter((call) => call.startsWith('sync'))).toEqual([]);
  });

  it('grows the file ahead by whole steps, zero-filled, before it is full', async () => {
    const { disk, append, turn } = await begun({ preAllocSize: 65536 });
    const sizes = new Set<number>();
    for (let id = 2n; id < 30n; id++) {
      append(id, 9000);
      await turn();
      const bytes = disk.contentOf(`${LOG_DIR}/log.1`);
      sizes.add(bytes.length);
      const used = Number(id - 1n) * 9013 + 16 + 53;
      expect(bytes.length % 65536).toBe(0);
      expect(bytes.length).toBeGreaterThan(used + 4096);
      expect(bytes.subarray(used).every((byte) => byte === 0)).toBe(true);
    }
    expect(sizes.size).toBe(4);
  });

  it('writes a batch larger than the step', async () => {
    const { disk, append, turn, logged } = await begun({ preAllocSize: 8192 });
    append(2n, 500_000);
    append(3n, 500_000);
    await turn();
    await turn();
    expect(logged.at(-1)).toBe(3n);
    expect(logEntries(disk, 'log.1')).toEqual([1n, 2n, 3n]);
  });

  it('begins a new file when the size limit is passed, named by its first zxid', async () => {
    const { disk, append, turn, logged } = await begun({ txnLogSizeLimit: 500 });
    for (let id = 2n; id <= 30n; id++) {
      append(id);
      while (logged.at(-1) !== id) await turn();
    }
    expect(disk.list(LOG_DIR).filter((name) => name.startsWith('log.'))).toEqual([
      'log.1',
      'log.b',
      'log.15',
    ]);
    expect(logEntries(disk, 'log.b')[0]).toBe(11n);
  });

  it('asks for a snapshot between half and all of snapCount, and begins a new file', async () => {
    for (const [drawn, expected] of [
      [0, 51],
      [0.999, 100],
    ] as const) {
      const { dataDir, append } = open({ snapCount: 100, random: () => drawn });
      let id = 0n;
      let dueAt = 0n;
      dataDir.onSnapshotDue = () => {
        dueAt = id;
      };
      while (dueAt === 0n) append(++id);
      expect(Number(dueAt)).toBe(expected);
    }
  });

  it('refuses a zxid that leaves a hole: nothing is logged that cannot be read back', () => {
    const { dataDir } = open();
    expect(() => dataDir.append(zxid(2n), entry(2n))).toThrow('0x2 cannot be logged after 0x0');
    const later = zxid((1n << 32n) | 1n);
    dataDir.append(later, entry(later));
    expect(() => dataDir.append(later, entry(later))).toThrow('cannot be logged');
  });

  it('writes and syncs what is left when it is closed', async () => {
    const { disk, dataDir, append, logged } = await begun();
    append(2n);
    append(3n);
    const closed = dataDir.close();
    disk.turn();
    await closed;
    expect(logged.at(-1)).toBe(3n);
    expect(
      logEntries(
        disk.crash('none', () => 0),
        'log.1',
      ),
    ).toEqual([1n, 2n, 3n]);
  });
});

describe('a failing disk', () => {
  const cases = [
    ['sync', 'EIO', 'input/output error (EIO); look for the state of the disk in'],
    ['write', 'ENOSPC', 'no space left on device (ENOSPC); make room there, then start'],
    ['write', 'EROFS', 'read-only file system (EROFS); mount the file system for writing, then'],
  ] as const;

  it.each(cases)('%s with %s is told once, and nothing is logged after it', async (...one) => {
    const [call, code, words] = one;
    const { disk, append, turn, logged, failures } = await begun();
    disk.fault = (name, path) => (name === call && path.endsWith('log.1') ? code : null);
    append(2n);
    await turn();
    disk.fault = () => null;
    append(3n);
    await turn();
    await turn();
    expect(logged).toEqual([1n]);
    expect(failures.length).toBe(1);
    expect(failures[0]).toBeInstanceOf(StorageError);
    expect(failures[0]?.message).toContain(`${LOG_DIR}/log.1: cannot ${call}: ${words}`);
  });

  it.each([true, false])(
    'counts nothing as logged whose file is gone (forceSync: %s)',
    async (forceSync) => {
      // It is looked for now and then, not at each commit.
      let time = 0;
      const now = (): number => (time += 20);
      for (const goes of ['removed', 'replaced'] as const) {
        const { disk, append, turn, logged, failures } = await begun({ forceSync, now });
        const path = `${LOG_DIR}/log.1`;
        if (goes === 'removed') disk.remove(path);
        else disk.put(path, disk.contentOf(path));
        append(2n);
        await turn();
        await turn();
        expect(logged).toEqual([1n]);
        expect(failures.map(({ message }) => message)).toEqual([
          `${path}: the file is not there any more, the log cannot go on; ` +
            'look whether it was removed or moved away, or its disk unmounted',
        ]);
      }
    },
  );

  it.each([
    ['open create', 'log.2'],
    ['sync', 'log.2'],
    ['open create', 'writing-synced.marks'],
    ['sync', 'writing-synced.marks'],
    ['rename', 'writing-synced.marks'],
    ['syncDir', 'version-2'],
    ['write', 'synced.marks'],
  ])('%s of %s during the change to a new log is told too', async (call, name) => {
    const { disk, append, turn, logged, failures } = await begun({ txnLogSizeLimit: 1 });
    disk.fault = (made, path) => (made === call && path.endsWith(name) ? 'EIO' : null);
    append(2n);
    for (let i = 0; i < 10; i++) await turn();
    expect(logged).toEqual([1n]);
    expect(failures.length).toBe(1);
  });

  it('loses nothing that was acknowledged before, whatever fails', async () => {
    for (let seed = 0; seed < 60; seed++) {
      const random = seeded(seed);
      const life = new Life(new SimDisk(), random);
      let left = Math.floor(random() * 120);
      const code = random() < 0.5 ? 'EIO' : 'ENOSPC';
      life.disk.fault = (call) => (/write|sync/.test(call) && left-- <= 0 ? code : null);
      await life.run(60);
      const next = new Life(life.disk.crash('subset', random), random, life.history);
      expect(next.recovered.lastZxid).toBeGreaterThanOrEqual(life.acked);
      expect(dumpText(next.live)).toBe(textAt(life.history, next.recovered.lastZxid));
    }
  });

  it('writes again what a failed sync left readable, before anybody counts on it', async () => {
    const rare = { snapCount: 1000, txnLogSizeLimit: 2000 }; // a snapshot would cover what is lost
    for (let seed = 0; seed < 40; seed++) {
      const random = seeded(seed);
      const life = new Life(new SimDisk(), random, new Map(), rare);
      let left = Math.floor(random() * 60);
      life.disk.fault = (call) => (call === 'sync' && left-- <= 0 ? 'EIO' : null);
      await life.run(60);
      // The process ends, the next one finds what is in memory; then the power fails.
      const next = new Life(life.disk.crash('process', random), random, life.history, rare);
      expect(next.recovered.lastZxid).toBeGreaterThanOrEqual(life.acked);
      await next.run(20);
      expect(next.failure).toBeNull();
      const last = new Life(next.disk.crash('none', random), random, life.history, rare);
      expect(last.recovered.lastZxid).toBeGreaterThanOrEqual(next.acked);
      expect(dumpText(last.live)).toBe(textAt(life.history, last.recovered.lastZxid));
    }
  });

  it('leaves no file of a snapshot that failed, and the next one works', async () => {
    const life = new Life(new SimDisk(), seeded(1), new Map(), { snapCount: 100_000 });
    await life.run(20);
    const before = life.disk.list(LOG_DIR);
    life.disk.fault = (call, path) => (call === 'write' && /snapshot/.test(path) ? 'ENOSPC' : null);
    const failed = expect(life.dataDir.snapshot(life.live)).rejects.toThrow('no space left');
    await life.turn();
    await failed;
    expect(life.disk.list(LOG_DIR)).toEqual(before);
    life.disk.fault = () => null;
    life.snapshot();
    await life.run(5);
    expect(life.failure).toBeNull();
    expect(life.disk.list(LOG_DIR)).toContain('snapshot.14');
  });

  it('warns of a slow sync in the words that operators know', async () => {
    const warnings: string[] = [];
    let time = 0;
    const logger: Logger = { ...silentLogger, warn: (line) => warnings.push(line) };
    const { dataDir, append, turn } = await begun({ now: () => time, logger });
    append(2n);
    dataDir.flush();
    time += 1201;
    await turn();
    expect(warnings).toEqual([
      'fsync-ing the write ahead log in SyncThread:0 took 1201ms which will adversely effect ' +
        'operation latency.File size is 8192 bytes. See the ZooKeeper troubleshooting guide',
    ]);
    expect(dataDir.log?.slowSyncs).toBe(1);
  });
});
