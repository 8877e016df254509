// What a member of an ensemble does with its data directory: epochs, a cut or replaced history,
// reading it back, damage and emptiness.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Zxid, zxid } from '../../../../src/base/ids.ts';
import type { History } from '../../../../src/server/storage/history.ts';
import { type MemberDir, openMemberDir } from '../../../../src/server/storage/memberDir.ts';
import { State } from '../../../../src/state/state.ts';
import {
  append,
  baseOf,
  newState,
  type Opened,
  openMember,
  pump,
  saveEpoch,
  sessionEntry,
  zxidOf,
} from '../../../support/memberLife.ts';
import { type CrashMode, SimCrash, SimDisk, seeded } from '../../../support/simDisk.ts';
import { dumpText, Life, LOG_DIR, simOptions, textAt } from '../../../support/storageLife.ts';

const put = (disk: SimDisk, name: string, text: string): void =>
  disk.put(`${LOG_DIR}/${name}`, Buffer.from(text));
const textOf = (disk: SimDisk, name: string): string =>
  disk.contentOf(`${LOG_DIR}/${name}`).toString();
const modes: CrashMode[] = ['process', 'none', 'prefix', 'subset', 'stale'];

/** A member that was in epoch 3 and logged two entries there. */
async function inEpoch3(): Promise<SimDisk> {
  const opened = openMember(new SimDisk());
  await saveEpoch(opened, 'accepted', 3);
  await saveEpoch(opened, 'current', 3);
  await append(opened, [zxidOf(3, 1), zxidOf(3, 2)]);
  await pump(opened.disk, opened.member.close());
  return opened.disk;
}

describe('epochs', () => {
  it('come from the last zxid where there are no files, and are Apache’s decimal text then', async () => {
    const opened = openMember(await inEpoch3());
    for (const name of ['currentEpoch', 'acceptedEpoch', 'epochs.marks']) {
      opened.disk.remove(`${LOG_DIR}/${name}`);
    }
    const { start, disk } = openMember(opened.disk);
    expect(start).toMatchObject({ acceptedEpoch: 3, currentEpoch: 3, mayVote: true });
    expect([textOf(disk, 'acceptedEpoch'), textOf(disk, 'currentEpoch')]).toEqual(['3', '3']);
  });

  it('are told in order, each once it is durable; what falls is refused', async () => {
    const opened = openMember(await inEpoch3());
    const told: string[] = [];
    const save = (kind: 'accepted' | 'current', epoch: number) =>
      opened.member.saveEpoch(kind, epoch, (error) => {
        const cut = openMember(opened.disk.crash('none', seeded(1))).start;
        const durable = kind === 'accepted' ? cut.acceptedEpoch : cut.currentEpoch;
        told.push(`${kind} ${epoch} ${durable >= epoch} ${error}`);
      });
    save('accepted', 4);
    save('accepted', 6);
    save('current', 6);
    await saveEpoch(opened, 'current', 6);
    expect(told).toEqual(['accepted 4 true null', 'accepted 6 true null', 'current 6 true null']);
    await expect(saveEpoch(opened, 'current', 5)).rejects.toThrow('falls');
    await expect(saveEpoch(opened, 'current', 7)).rejects.toThrow('not accepted');
  });

  it.each(modes)('never fall, whenever the server crashes (%s)', async (mode) => {
    const base = await inEpoch3();
    for (let at = 0, wasHit = true; wasHit; at++) {
      const opened = openMember(base.copy());
      const told = { accepted: 3, current: 3 };
      opened.disk.crashAt = opened.disk.calls + at;
      for (const [kind, epoch] of [
        ['accepted', 5],
        ['current', 5],
        ['accepted', 6],
      ] as const) {
        if (opened.disk.isDead) break;
        await saveEpoch(opened, kind, epoch).catch((error: unknown) => {
          if (!(error instanceof SimCrash)) throw error;
        });
        if (!opened.disk.isDead) told[kind] = epoch;
      }
      wasHit = opened.disk.isDead;
      const { start } = openMember(opened.disk.crash(mode, seeded(at)));
      expect(start.mayVote, `${at}`).toBe(true);
      expect(start.acceptedEpoch).toBeGreaterThanOrEqual(told.accepted);
      expect(start.currentEpoch).toBeGreaterThanOrEqual(told.current);
      expect(start.acceptedEpoch).toBeGreaterThanOrEqual(start.currentEpoch);
    }
  });

  it.each([
    ['garbage', 'currentEpoch', 'x7', '"x7" instead of an epoch'],
    ['empty', 'currentEpoch', '', 'nothing instead of an epoch'],
    ['too large', 'acceptedEpoch', '99999999999', '"99999999999" instead of an epoch'],
    ['gone', 'currentEpoch', null, 'the file is missing; it had 3'],
    ['gone', 'acceptedEpoch', null, 'the file is missing; it had 3'],
    ['higher than the other', 'currentEpoch', '9', 'is less than the current epoch, 9'],
  ])('that are %s (%s) leave a server without a vote, and say why', async (_, name, text, line) => {
    const disk = await inEpoch3();
    if (text === null) disk.remove(`${LOG_DIR}/${name}`);
    else put(disk, name, text);
    const opened = openMember(disk);
    const { mayVote, lastZxid, acceptedEpoch, currentEpoch } = opened.start;
    expect({ mayVote, lastZxid }).toEqual({ mayVote: false, lastZxid: zxidOf(3, 2) });
    expect([acceptedEpoch >= 3, currentEpoch]).toEqual([true, 0]);
    expect(opened.warnings.join('\n')).toContain(`${LOG_DIR}/`);
    expect(opened.warnings.join('\n')).toContain(line);
    expect(openMember(disk).start.mayVote).toBe(false);
    const next = Math.max(10, acceptedEpoch);
    await saveEpoch(opened, 'accepted', next);
    expect(opened.member.mayVote).toBe(false);
    await saveEpoch(opened, 'current', next);
    expect(opened.member.mayVote).toBe(true);
    const again = openMember(disk.crash('none', seeded(1))).start;
    expect(again).toMatchObject({ mayVote: true, acceptedEpoch: next, currentEpoch: next });
  });

  it('in a file that is older than the marks are those of the marks', async () => {
    const disk = await inEpoch3();
    put(disk, 'currentEpoch', '2');
    put(disk, 'acceptedEpoch', '1');
    const { start, warnings } = openMember(disk);
    expect(start).toMatchObject({ mayVote: true, acceptedEpoch: 3, currentEpoch: 3 });
    expect(warnings.join()).toContain('is outdated');
    expect(textOf(disk, 'currentEpoch')).toBe('3');
  });

  it('of Apache are taken over: higher ones, an update before its rename, and one too low', async () => {
    const higher = await inEpoch3();
    put(higher, 'acceptedEpoch', '5');
    put(higher, 'currentEpoch', '4\n');
    expect(openMember(higher).start).toMatchObject({ acceptedEpoch: 5, currentEpoch: 4 });
    const updating = await inEpoch3();
    updating.remove(`${LOG_DIR}/epochs.marks`);
    put(updating, 'currentEpoch', '2');
    const low = updating.copy();
    put(updating, 'currentEpoch.tmp', '3');
    expect(openMember(updating).start).toMatchObject({ mayVote: true, currentEpoch: 3 });
    const { start, warnings } = openMember(low);
    expect(start.mayVote).toBe(false);
    expect(warnings.join()).toContain('epoch 2 is older than the last zxid, 0x300000002');
  });

  it('below the last zxid are what a crash amid a synchronisation leaves: the server votes', async () => {
    const opened = openMember(await inEpoch3());
    await saveEpoch(opened, 'accepted', 5);
    await append(opened, [zxidOf(4, 1)]);
    const { start } = openMember(opened.disk.crash('none', seeded(1)));
    expect(start).toMatchObject({ mayVote: true, acceptedEpoch: 5, currentEpoch: 3 });
    expect(start.lastZxid).toBe(zxidOf(4, 1));
  });
});

describe('a cut', () => {
  it('is impossible where the files do not have exactly that history, and changes nothing', async () => {
    const base = await baseOf(5);
    const opened = openMember(base.disk.copy());
    const before = opened.disk.list(LOG_DIR).sort();
    for (const after of [zxid(base.last + 5n), zxidOf(2, 0)]) {
      expect(await pump(opened.disk, opened.member.truncate(after, newState))).toBeNull();
    }
    await pump(opened.disk, opened.member.data.purge(1));
    const purged = opened.disk.list(LOG_DIR).sort();
    expect(purged.length).toBeLessThan(before.length);
    expect(await pump(opened.disk, opened.member.truncate(zxid(2n), newState))).toBeNull();
    expect(opened.disk.list(LOG_DIR).sort()).toEqual(purged);
    const next = zxid(base.last + 1n);
    await append(opened, [next]);
    expect(openMember(opened.disk.crash('none', seeded(1))).start.lastZxid).toBe(next);
  });

  it('takes entries that come meanwhile after it, and again and again', async () => {
    const base = await baseOf(5);
    const opened = openMember(base.disk.copy());
    for (const [after, next] of [
      [70n, 71n],
      [71n, 72n],
      [30n, 31n],
    ] as const) {
      const cut = opened.member.truncate(zxid(after), newState);
      opened.member.data.append(zxid(next), sessionEntry(zxid(next)));
      opened.member.data.flush();
      expect((await pump(opened.disk, cut))?.lastZxid).toBe(after);
      await append(opened, [zxid(next + 1n)]);
      const { start } = openMember(opened.disk.crash('none', seeded(1)));
      expect([start.lastZxid, start.mayVote]).toEqual([next + 1n, true]);
    }
  });

  it('drops a snapshot that saw what is cut, though its name is older', async () => {
    const life = new Life(new SimDisk(), seeded(2));
    await life.run(20);
    // Fuzzy: it is begun at 20 and sees later entries.
    const fuzzy = life.dataDir.snapshot(life.live);
    for (let i = 0; i < 8; i++) {
      life.propose({
        type: 1,
        path: `/late${i}`,
        data: null,
        acl: [],
        ephemeral: false,
        parentCVersion: 100 + i,
      });
      await life.turn();
    }
    await pump(life.disk, fuzzy);
    await life.run(5);
    expect(life.disk.list(LOG_DIR)).toContain('snapshot.14');
    await pump(life.disk, life.dataDir.close());
    const opened = openMember(life.disk);
    const cut = await pump(opened.disk, opened.member.truncate(zxid(21n), newState));
    expect(dumpText(cut as State)).toBe(textAt(life.history, zxid(21n)));
    expect(life.disk.list(LOG_DIR)).not.toContain('snapshot.14');
    expect(openMember(life.disk).start).toMatchObject({ lastZxid: 21n, mayVote: true });
  });
});

describe('a restart from the state of a leader', () => {
  const leaderState = (at: Zxid): State => {
    const state = new State();
    state.lastZxid = at;
    return state;
  };

  it('lets go of a history that it covers, and keeps one that went further', async () => {
    const base = await baseOf(5);
    const covered = openMember(base.disk.copy());
    const at = zxidOf(4, 9);
    expect(await pump(covered.disk, covered.member.restart(leaderState(at), at))).toBe(true);
    expect(covered.disk.list('/data').filter((name) => name.includes('replaced'))).toEqual([]);
    expect(covered.disk.list(LOG_DIR).filter((name) => /^(log|snapshot)/.test(name))).toEqual([
      'snapshot.400000009',
    ]);
    const further = openMember(base.disk.copy());
    await pump(further.disk, further.member.restart(leaderState(zxid(7n)), zxid(7n)));
    const kept = further.disk.list('/data').filter((name) => name.includes('replaced-1/log.'));
    expect(kept.length).toBeGreaterThan(2);
    expect(further.warnings.join()).toContain('its files are kept in /data/version-2.replaced-1');
    expect(openMember(further.disk.crash('none', seeded(1))).start.lastZxid).toBe(7n);
  });

  it('takes entries that come meanwhile after it', async () => {
    const base = await baseOf(5);
    const opened = openMember(base.disk.copy());
    await saveEpoch(opened, 'accepted', 4);
    const at = zxidOf(4, 9);
    const restarted = opened.member.restart(leaderState(at), at);
    opened.member.data.append(zxidOf(4, 10), sessionEntry(zxidOf(4, 10)));
    opened.member.data.flush();
    await pump(opened.disk, restarted);
    await append(opened, [zxidOf(4, 11)]);
    expect(opened.member.logFrom).toBe(zxidOf(4, 10));
    const { start } = openMember(opened.disk.crash('none', seeded(1)));
    expect(start).toMatchObject({ lastZxid: zxidOf(4, 11), entries: 2, mayVote: true });
  });

  it('that Apache has gone on from elsewhere is not finished', async () => {
    const base = await baseOf(5);
    const disk = base.disk.copy();
    put(disk, 'restart.3.7', 'of another time');
    put(disk, 'acceptedEpoch', '8');
    put(disk, 'currentEpoch', '8');
    const { start, warnings } = openMember(disk);
    expect([start.lastZxid, start.mayVote]).toEqual([base.last, true]);
    expect(warnings.join()).toContain('set aside as lost-restart.3.7');
  });
});

describe('reading the history back', () => {
  const idsOf = async (opened: Opened, history: History | null | undefined) => {
    const ids: Zxid[] = [];
    let bytes = 0;
    for await (const { zxid: id, entry } of history?.entries() ?? []) {
      ids.push(id);
      bytes += entry.length;
      expect(opened.start.lastZxid >= id).toBe(true);
    }
    return { ids, bytes };
  };
  const range = (from: bigint, to: bigint): bigint[] =>
    Array.from({ length: Number(to - from) + 1 }, (_, i) => from + BigInt(i));

  it('gives every entry after a zxid, across logs, byte for byte', async () => {
    const base = await baseOf(5);
    const opened = openMember(base.disk.copy());
    expect(opened.start.logFrom).toBe(1n);
    for (const [after, upTo] of [
      [0n, base.last],
      [20n, 60n],
      [base.last - 1n, base.last],
      [base.last, base.last],
    ] as const) {
      const history = await opened.member.readHistory(zxid(after), zxid(upTo));
      const bound = history?.bytes ?? 0;
      const { ids, bytes } = await idsOf(opened, history);
      expect(ids).toEqual(range(after + 1n, upTo));
      expect(bytes).toBeLessThanOrEqual(bound);
    }
    const history = await opened.member.readHistory(zxid(40n), zxid(41n));
    for await (const { entry } of history?.entries() ?? []) {
      expect(entry.equals(base.history.get(zxid(41n)) as Buffer)).toBe(true);
    }
  });

  it('is refused where entries are missing, are not logged yet, or went another way', async () => {
    const base = await baseOf(5);
    const opened = openMember(base.disk.copy());
    const { member, disk } = opened;
    expect(await member.readHistory(zxid(3n), zxid(base.last + 1n))).toBeNull();
    await append(opened, [zxidOf(2, 1), zxidOf(2, 2)]);
    expect(await member.readHistory(zxid(base.last + 3n), zxidOf(2, 2))).toBeNull();
    expect(await member.readHistory(zxidOf(1, 4), zxidOf(2, 2))).toBeNull();
    const across = await member.readHistory(base.last, zxidOf(2, 2));
    const ids: Zxid[] = [];
    for await (const { zxid: id } of across?.entries() ?? []) ids.push(id);
    expect(ids).toEqual([zxidOf(2, 1), zxidOf(2, 2)]);
    const reading = await member.readHistory(zxid(2n), base.last);
    await pump(disk, member.data.purge(1));
    const from = member.logFrom as Zxid;
    expect(from).toBeGreaterThan(1n);
    expect(await member.readHistory(zxid(2n), base.last)).toBeNull();
    const rest = await member.readHistory(zxid(from - 1n), base.last);
    expect((await idsOf(opened, rest)).ids).toEqual(range(from, base.last));
    reading?.close();
  });

  it('starts after the snapshot where the logs end before it', async () => {
    const base = await baseOf(5);
    const disk = base.disk.copy();
    const at = zxidOf(3, 0);
    const opened = openMember(disk);
    const state = newState();
    state.lastZxid = at;
    await pump(disk, opened.member.restart(state, at));
    expect(opened.member.logFrom).toBeNull();
    expect(openMember(disk).start.logFrom).toBeNull();
  });
});

describe('damage', () => {
  it('is kept aside: the server starts empty, without a vote until it has synced', async () => {
    const base = await baseOf(5);
    const disk = base.disk.copy();
    // All but the second log, and what could do without it.
    const victim = disk.list(LOG_DIR).filter((name) => name.startsWith('log.'))[1] as string;
    for (const name of [victim, ...disk.list(LOG_DIR)]) {
      if (name !== victim && !name.startsWith('snapshot.')) continue;
      const bytes = Buffer.from(disk.contentOf(`${LOG_DIR}/${name}`));
      disk.put(`${LOG_DIR}/${name}`, bytes.fill(0, 60, 90));
    }
    const opened = openMember(disk);
    const { start, warnings } = opened;
    expect(start).toMatchObject({ lastZxid: 0n, mayVote: false, isEmpty: true, currentEpoch: 0 });
    expect(warnings.at(-1)).toBe('The files are kept in /data/version-2.damaged-1');
    expect(disk.list('/data/version-2.damaged-1')).toContain(victim);
    expect(openMember(disk.copy()).start.mayVote).toBe(false);
    await saveEpoch(opened, 'accepted', 2);
    const state = newState();
    state.lastZxid = zxid(50n);
    await pump(disk, opened.member.restart(state, zxid(50n)));
    expect(openMember(disk.copy()).start).toMatchObject({ lastZxid: 50n, mayVote: false });
    await saveEpoch(opened, 'current', 2);
    const healed = openMember(disk.crash('none', seeded(1))).start;
    expect(healed).toMatchObject({ lastZxid: 50n, mayVote: true, currentEpoch: 2 });
    expect(disk.list('/data/version-2.damaged-1')).toContain(victim);
  });

  it.each(modes)('is found again, or is aside, when the start crashes (%s)', async (mode) => {
    const base = await baseOf(5);
    const clean = base.disk.crash('none', seeded(1));
    const newest = clean
      .list(LOG_DIR)
      .filter((name) => name.startsWith('log.'))
      .at(-1);
    clean.remove(`${LOG_DIR}/${newest}`);
    clean.syncDir(LOG_DIR);
    for (let at = 0, wasHit = true; wasHit; at++) {
      const disk = clean.copy();
      disk.crashAt = disk.calls + at;
      try {
        openMember(disk);
      } catch (error) {
        if (!(error instanceof SimCrash)) throw error;
      }
      wasHit = disk.isDead;
      const { start } = openMember(disk.crash(mode, seeded(at)));
      expect(start.mayVote, `${at}`).toBe(false);
    }
  });

  it('that is trouble with the disk itself stops the start', async () => {
    const base = await baseOf(5);
    const disk = base.disk.copy();
    disk.fault = (call, path) => (call === 'read' && path.includes('/log.') ? 'EIO' : null);
    expect(() => openMember(disk)).toThrow('input/output error (EIO)');
    expect(disk.list(LOG_DIR)).not.toContain('unhealed');
  });
});

describe('an empty directory', () => {
  it('is told to be empty until something was learnt', async () => {
    const disk = new SimDisk();
    expect(openMember(disk).start).toMatchObject({ isEmpty: true, mayVote: true, lastZxid: 0n });
    const opened = openMember(disk);
    await saveEpoch(opened, 'accepted', 1);
    expect(openMember(disk.copy()).start.isEmpty).toBe(true);
    await saveEpoch(opened, 'current', 1);
    expect(openMember(disk).start).toMatchObject({ isEmpty: false, currentEpoch: 1 });
    expect(disk.list(LOG_DIR)).toContain('snapshot.0');
  });

  it('does not vote without autocreate, until it has synced or `initialize` says so', async () => {
    const disk = new SimDisk();
    const opened = openMember(disk, { autoCreate: false });
    expect(opened.start).toMatchObject({ isEmpty: true, mayVote: false });
    await append(opened, [zxidOf(1, 1)]);
    expect(openMember(disk.copy()).start).toMatchObject({ isEmpty: false, mayVote: false });
    const fresh = new SimDisk();
    openMember(fresh, { autoCreate: false });
    fresh.put('/data/initialize', Buffer.from('now'));
    const { start } = openMember(fresh, { autoCreate: false });
    expect(start).toMatchObject({ isEmpty: true, mayVote: true });
    expect(fresh.paths()).not.toContain('/data/initialize');
    const next = openMember(fresh.crash('none', seeded(1)), { autoCreate: false }).start;
    expect(next).toMatchObject({ isEmpty: false, mayVote: true });
  });

  it('of a new server is no cause for a warning, of one that was there before it is', () => {
    const fresh = openMember(new SimDisk());
    fresh.member.distrust('the others have data');
    fresh.member.distrust('the others have data');
    expect(fresh.member.mayVote).toBe(false);
    expect(fresh.warnings).toEqual([]);
    expect(fresh.infos.filter((line) => line.includes('without a vote'))).toEqual([
      "This server is new: it joins without a vote, and votes once it has the ensemble's data",
    ]);
    const disk = new SimDisk();
    disk.put(`${LOG_DIR}/acceptedEpoch`, Buffer.from('0'));
    const emptied = openMember(disk);
    emptied.member.distrust('the others have data');
    emptied.member.distrust('the others have data');
    expect(emptied.warnings).toEqual([
      expect.stringMatching(/^the others have data; this server does not vote until/),
    ]);
  });

  it('can be distrusted later, beside servers that have a history', async () => {
    const opened = openMember(new SimDisk());
    opened.member.distrust('server 2 has a history');
    expect(opened.member.mayVote).toBe(false);
    const { start, warnings } = openMember(opened.disk.crash('none', seeded(1)));
    expect(start.mayVote).toBe(false);
    expect(warnings.join()).toContain('server 2 has a history');
  });
});

describe('on a real disk, with a directory of its own for the logs', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'zk-member-'));
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  it('cuts, keeps damage aside, restarts and heals', async () => {
    const { disk: _, lock: __, ...options } = simOptions(new SimDisk());
    const dirs = { dataDir: join(scratch, 'data'), dataLogDir: join(scratch, 'logs') };
    const open = () => openMemberDir({ ...options, ...dirs, autoCreate: true });
    const save = (member: MemberDir, kind: 'accepted' | 'current', epoch: number) =>
      new Promise((resolve) => member.saveEpoch(kind, epoch, resolve));
    let member = open();
    member.recover(newState);
    expect(await save(member, 'accepted', 1)).toBeNull();
    expect(await save(member, 'current', 1)).toBeNull();
    for (let i = 1; i <= 20; i++) member.data.append(zxidOf(1, i), sessionEntry(zxidOf(1, i)));
    member.data.flush();
    const cut = await member.truncate(zxidOf(1, 12), newState);
    expect(cut?.lastZxid).toBe(zxidOf(1, 12));
    await member.close();
    const log = join(dirs.dataLogDir, 'version-2/log.100000001');
    writeFileSync(log, readFileSync(log).fill(0, 100, 160));
    member = open();
    expect(member.recover(newState)).toMatchObject({ lastZxid: 0n, mayVote: false });
    expect(readdirSync(join(dirs.dataLogDir, 'version-2.damaged-1')).sort()).toEqual([
      'log.100000001',
      'synced.marks',
    ]);
    expect(readdirSync(join(dirs.dataDir, 'version-2.damaged-1'))).toEqual(['snapshot.0']);
    const state = newState();
    state.lastZxid = zxidOf(2, 7);
    await save(member, 'accepted', 3);
    expect(await member.restart(state, zxidOf(2, 7))).toBe(true);
    expect(await save(member, 'current', 3)).toBeNull();
    await member.close();
    member = open();
    expect(member.recover(newState)).toMatchObject({ lastZxid: zxidOf(2, 7), mayVote: true });
    await member.close();
  });
});
