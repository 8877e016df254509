// Crashes at every disk call of what a leader makes of a member's history: afterwards it is the old
// one or the new one, and the server goes on from it.
import { describe, expect, it } from 'vitest';
import { type Zxid, zxid } from '../../../../src/base/ids.ts';
import { State } from '../../../../src/state/state.ts';
import { applyTxn, decodeTxn } from '../../../../src/transactions/index.ts';
import {
  append,
  type Base,
  baseOf,
  newState,
  type Opened,
  openMember,
  pump,
  saveEpoch,
  withSession,
  zxidOf,
} from '../../../support/memberLife.ts';
import { type CrashMode, SimCrash, type SimDisk, seeded } from '../../../support/simDisk.ts';
import { dumpText, examine, textAt } from '../../../support/storageLife.ts';

const modes: CrashMode[] = ['process', 'none', 'prefix', 'subset', 'stale'];

interface Outcome {
  zxid: Zxid;
  text: string;
}

/**
 * Runs `change` with a crash at its n-th call, for all n, and sees that a server starts with one of
 * the two outcomes, also when its start crashes, too. Returns how often each was found.
 */
async function crashEverywhere(
  base: Base,
  mode: CrashMode,
  change: (opened: Opened) => Promise<unknown>,
  outcomes: { before: Outcome; after: Outcome },
): Promise<{ old: number; new: number }> {
  const found = { old: 0, new: 0 };
  for (let at = 0; ; at++) {
    const random = seeded(at);
    const opened = openMember(base.disk.copy());
    await saveEpoch(opened, 'accepted', 7);
    opened.disk.crashAt = opened.disk.calls + at;
    await ignoreCrash(() => pump(opened.disk, change(opened)));
    const wasHit = opened.disk.isDead;
    let disk = opened.disk.crash(mode, random);
    if (random() < 0.5) disk = await startThatCrashes(disk, random, mode);
    const next = openMember(disk);
    const { lastZxid, state, mayVote, acceptedEpoch } = next.start;
    expect([mayVote, acceptedEpoch, next.warnings.join().includes('damaged')], `${at}`).toEqual([
      true,
      7,
      false,
    ]);
    const isNew = lastZxid === outcomes.after.zxid;
    const expected = isNew ? outcomes.after : outcomes.before;
    expect(lastZxid, `crash at call ${at}`).toBe(expected.zxid);
    expect(dumpText(state) === expected.text, `the state after a crash at call ${at}`).toBe(true);
    found[isNew ? 'new' : 'old']++;
    await goesOn(next, at);
    if (!wasHit) {
      expect(isNew).toBe(true);
      return found;
    }
  }
}

async function startThatCrashes(disk: SimDisk, random: () => number, mode: CrashMode) {
  disk.crashAt = disk.calls + Math.floor(random() * 60);
  await ignoreCrash(async () => openMember(disk));
  return disk.crash(mode, random);
}

async function ignoreCrash(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof SimCrash)) throw error;
  }
}

/** A later epoch is logged on top, and is there after a power cut. */
async function goesOn(opened: Opened, at: number): Promise<void> {
  const id = zxidOf(9, 1);
  await append(opened, [id]);
  const state = new State();
  examine(opened.disk.crash('none', seeded(1)), state);
  expect(state.lastZxid).toBe(id);
  expect(
    dumpText(state) === withSession(opened.start.state, id),
    `a power cut after a crash at call ${at}`,
  ).toBe(true);
}

describe('cutting the history', { timeout: 120_000 }, () => {
  for (const cutOff of [1n, 13n, 45n, 80n]) {
    it.each(modes)(
      `by ${cutOff} entries leaves all or none of them after a crash (%s)`,
      async (mode) => {
        const base = await baseOf(5);
        const after = zxid(base.last - cutOff);
        const outcomes = {
          before: { zxid: base.last, text: textAt(base.history, base.last) },
          after: { zxid: after, text: textAt(base.history, after) },
        };
        const cut = async ({ member }: Opened) => {
          const state = await member.truncate(after, newState);
          expect(state !== null && dumpText(state) === outcomes.after.text).toBe(true);
        };
        const found = await crashEverywhere(base, mode, cut, outcomes);
        expect(Math.min(found.old, found.new)).toBeGreaterThan(3);
      },
    );
  }
});

describe('a restart from the state of a leader', { timeout: 120_000 }, () => {
  for (const [what, at] of [
    ['behind this server', 40],
    ['ahead of it', 120],
  ] as const) {
    it.each(modes)(`that is ${what} leaves one of the two after a crash (%s)`, async (mode) => {
      const base = await baseOf(5);
      const leader = await baseOf(6, 130);
      const upTo = zxid(BigInt(at));
      const state = stateAt(leader, upTo);
      const outcomes = {
        before: { zxid: base.last, text: textAt(base.history, base.last) },
        after: { zxid: upTo, text: textAt(leader.history, upTo) },
      };
      const restart = async ({ member }: Opened) => {
        expect(await member.restart(state, upTo)).toBe(true);
      };
      const found = await crashEverywhere(base, mode, restart, outcomes);
      expect(Math.min(found.old, found.new)).toBeGreaterThan(3);
    });
  }
});

/** The leader's state at one of its zxids. */
function stateAt(leader: Base, upTo: Zxid): State {
  const state = new State();
  for (let id = zxid(1n); id <= upTo; id = zxid(id + 1n)) {
    const { header, txn } = decodeTxn(leader.history.get(id) as Buffer);
    applyTxn(state, header, txn);
  }
  return state;
}
