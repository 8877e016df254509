import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/base/logger.ts';
import { loadConfig } from '../../../src/config/index.ts';
import { MembershipFiles } from '../../../src/server/membershipFiles.ts';
import { type Disk, realDisk } from '../../../src/server/storage/disk.ts';
import { readMembership } from '../../../src/wire/membership.ts';
import { temporaryDirectory } from '../../support/processes.ts';

const first = readMembership('server.1=127.0.0.1:1001:2001\nserver.2=127.0.0.1:1002:2002');
const next = readMembership(
  'server.1=127.0.0.1:1001:2001;127.0.0.1:3001\nserver.2=127.0.0.1:1002:2002\n' +
    'server.3=127.0.0.1:1003:2003:observer\nversion=100000007',
);

function begun(disk: Disk = realDisk) {
  const dir = temporaryDirectory('membership');
  const file = join(dir, 'zoo.cfg');
  writeFileSync(join(dir, 'myid'), '1\n');
  writeFileSync(
    file,
    `# mine\ndataDir=${dir}\ntickTime=100\ninitLimit=5\nsyncLimit=5\nclientPort=3001\n` +
      'reconfigEnabled=true\nserver.1=127.0.0.1:1001:2001\nserver.2=127.0.0.1:1002:2002\n',
  );
  const options = { file, id: 1, active: first, pending: null, logger: silentLogger, disk };
  return { dir, file, files: new MembershipFiles(options) };
}

function loaded(file: string) {
  const parsed = loadConfig(file);
  if ('errors' in parsed) throw new Error(parsed.errors.join('\n'));
  return parsed.config;
}

describe('the files of the membership', () => {
  it('hold a proposed one beside the configuration, which stays as it is', () => {
    const { file, files } = begun();
    files.keep(first, next);
    const config = loaded(file);
    expect(config.ensemble.version).toBe(0n);
    expect(config.nextEnsemble?.version).toBe(0x100000007n);
    expect(config.nextEnsemble?.servers).toHaveLength(3);
  });

  it('hold the one in force as Apache does, and the next start reads it', () => {
    const { dir, file, files } = begun();
    files.backUp();
    files.keep(first, next);
    files.keep(next, null);
    expect(readFileSync(join(dir, 'zoo.cfg.dynamic.100000007'), 'utf8')).toBe(
      'server.1=127.0.0.1:1001:2001:participant;127.0.0.1:3001\n' +
        'server.2=127.0.0.1:1002:2002:participant\n' +
        'server.3=127.0.0.1:1003:2003:observer',
    );
    expect(readdirSync(dir).sort()).toEqual([
      'myid',
      'zoo.cfg',
      'zoo.cfg.bak',
      'zoo.cfg.dynamic.100000007',
    ]);
    const config = loaded(file);
    expect(config.ensemble.version).toBe(0x100000007n);
    expect(config.ensemble.servers).toHaveLength(3);
    expect(config.clientPort).toBe(3001);
    expect(readFileSync(file, 'utf8')).toMatch(/^# mine\n/);
    expect(readFileSync(join(dir, 'zoo.cfg.bak'), 'utf8')).toContain('server.2=');
  });

  it('forget a proposed one that came to nothing', () => {
    const { file, files } = begun();
    files.keep(first, next);
    files.keep(first, null);
    expect(loaded(file).nextEnsemble).toBe(null);
  });

  it('leave one membership or the other wherever a change is interrupted', () => {
    // Every call that changes the disk may be the last one.
    for (let last = 0; ; last++) {
      let calls = 0;
      const unlessCrashed = <T>(action: () => T): T => {
        if (calls++ >= last) throw new Error('crash');
        return action();
      };
      const { dir, file, files } = begun({
        ...realDisk,
        open: (path, mode) => unlessCrashed(() => realDisk.open(path, mode)),
        rename: (from, to) => unlessCrashed(() => realDisk.rename(from, to)),
        syncDir: (path) => unlessCrashed(() => realDisk.syncDir(path)),
      });
      files.keep(next, null);
      const { version, servers } = loaded(file).ensemble;
      expect([dir, version, servers.length]).toEqual(
        version === 0n ? [dir, 0n, 2] : [dir, 0x100000007n, 3],
      );
      if (calls < last) {
        expect(version).toBe(0x100000007n);
        return;
      }
    }
  });
});
