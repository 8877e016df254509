// What logging costs: encoding an entry, adding it to a batch, and a group commit on a real disk.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, bench, describe } from 'vitest';
import { type Zxid, zxid } from '../src/base/ids.ts';
import { silentLogger } from '../src/base/logger.ts';
import type { DataDir } from '../src/server/storage/dataDir.ts';
import { openDataDir } from '../src/server/storage/openDataDir.ts';
import { DIGEST_VERSION } from '../src/state/digest.ts';
import { State } from '../src/state/state.ts';
import { encodeTxn } from '../src/transactions/index.ts';
import { Writer } from '../src/wire/bytes.ts';
import { LogBatch } from '../src/wire/log.ts';
import { OpCode } from '../src/wire/opcodes.ts';

const data = Buffer.alloc(100, 'x');
const digest = { version: DIGEST_VERSION, treeDigest: 0x1234_5678_9abcn };

function encode(out: Writer, id: Zxid): void {
  const clientId = 0x100n as never;
  const header = { clientId, cxid: 1, zxid: id, time: 1_700_000_000_000, type: OpCode.setData };
  const txn = { type: OpCode.setData, path: '/application/config/17', data, version: 2 } as const;
  encodeTxn(out.reset(), header, txn, digest);
}

describe('one entry, a set of 100 bytes', () => {
  const out = new Writer(4096);
  const batch = new LogBatch();
  encode(out, zxid(1n));
  const entry = out.copy();

  bench('encode', () => {
    encode(out, zxid(1n));
  });

  bench('add to a batch, with its checksum', () => {
    if (batch.entries === 1000) batch.clear();
    batch.add(entry);
  });
});

const folder = mkdtempSync(join(tmpdir(), 'zookeeper-ts-bench-'));
const opened: DataDir[] = [];
afterAll(async () => {
  for (const dataDir of opened) await dataDir.close();
  rmSync(folder, { recursive: true, force: true });
});

function newDataDir(name: string, forceSync: boolean): DataDir {
  const dir = join(folder, name);
  const dataDir = openDataDir({
    dataDir: dir,
    dataLogDir: dir,
    preAllocSize: 64 << 20,
    snapCount: Number.MAX_SAFE_INTEGER,
    snapSizeLimit: 0,
    txnLogSizeLimit: 1 << 30,
    forceSync,
    fsyncWarningMs: 10_000,
    logger: silentLogger,
  });
  dataDir.recover(new State());
  opened.push(dataDir);
  return dataDir;
}

describe('group commit', () => {
  for (const forceSync of [true, false]) {
    for (const size of [1, 64, 1000]) {
      const how = forceSync ? 'with' : 'without';
      let dataDir: DataDir | null = null;
      let last = 0n;
      const out = new Writer(4096);

      bench(`of ${size}, ${how} fdatasync`, async () => {
        dataDir ??= newDataDir(`${how}-${size}`, forceSync);
        const log = dataDir;
        for (let i = 0; i < size; i++) {
          last++;
          encode(out, zxid(last));
          log.append(zxid(last), out.view());
        }
        const upTo = last;
        await new Promise<void>((resolve, reject) => {
          log.onLogged = (logged) => {
            if (logged >= upTo) resolve();
          };
          log.onFailed = reject;
          log.flush();
        });
      });
    }
  }
});
