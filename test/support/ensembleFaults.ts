// What may happen to an ensemble of real processes; each fault ends with all servers running again.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Ensemble } from './ensemble.ts';
import type { UnderLoad } from './underLoad.ts';

type Fault = (shared: UnderLoad) => Promise<void>;

const othersThan = (ensemble: Ensemble, id: number): number[] =>
  ensemble.ids.filter((other) => other !== id);

const followerOf = (ensemble: Ensemble, leader: number): number =>
  othersThan(ensemble, leader).find((id) => !ensemble.member(id).isObserver) as number;

export const killLeader: Fault = async ({ ensemble, load }) => {
  const leader = await ensemble.whole();
  await ensemble.kill(leader);
  await load.carriedOn();
  await ensemble.startAgain(leader);
};

export const killFollower: Fault = async ({ ensemble, load }) => {
  const follower = followerOf(ensemble, await ensemble.whole());
  await ensemble.kill(follower);
  await load.carriedOn();
  await ensemble.startAgain(follower);
};

export const killAll: Fault = async ({ ensemble }) => {
  await ensemble.kill(...ensemble.ids);
  await ensemble.startAgain(...ensemble.ids);
};

/** The new leader goes, too, as soon as it is one. */
export const killTwice: Fault = async ({ ensemble }) => {
  const first = await ensemble.whole();
  await ensemble.kill(first);
  const second = await ensemble.leader(othersThan(ensemble, first));
  await ensemble.kill(second);
  await ensemble.startAgain(first, second);
};

/** Longer than syncLimit allows: the others elect. */
export const stopLeader: Fault = async ({ ensemble, load }) => {
  const leader = await ensemble.whole();
  const others = othersThan(ensemble, leader);
  ensemble.member(leader).signal('SIGSTOP');
  await ensemble.leader(others);
  await load.carriedOn();
  ensemble.member(leader).signal('SIGCONT');
  await ensemble.whole();
};

/** Until the leader has given it up. */
export const stopFollower: Fault = async ({ ensemble, load }) => {
  const leader = await ensemble.whole();
  const follower = followerOf(ensemble, leader);
  const gone = /is closed: |Closing connection to peer|has gone: |GOODBYE/g;
  const count = () => ensemble.member(leader).log().match(gone)?.length ?? 0;
  const before = count();
  ensemble.member(follower).signal('SIGSTOP');
  await ensemble.until('the leader to give up its follower', () => count() > before);
  await load.carriedOn();
  ensemble.member(follower).signal('SIGCONT');
  await ensemble.whole();
};

const isolate = async ({ ensemble, load }: UnderLoad, cut: (leader: number) => void) => {
  const leader = await ensemble.whole();
  cut(leader);
  await ensemble.leader(othersThan(ensemble, leader));
  await load.carriedOn();
  ensemble.network.heal();
  await ensemble.whole();
};

/** Nothing arrives either way, and nobody is told. */
export const isolateLeader: Fault = (shared) =>
  isolate(shared, (leader) => shared.ensemble.network.partition([[leader]]));

export const resetLeader: Fault = (shared) =>
  isolate(shared, (leader) => shared.ensemble.network.partition([[leader]], 'reset'));

/** It hears the others, but they do not hear it. */
export const muteLeader: Fault = (shared) =>
  isolate(shared, (leader) => {
    const { ensemble } = shared;
    for (const other of othersThan(ensemble, leader)) ensemble.network.cut(leader, other);
  });

/** They hear it, but it does not hear them. */
export const deafLeader: Fault = (shared) =>
  isolate(shared, (leader) => {
    const { ensemble } = shared;
    for (const other of othersThan(ensemble, leader)) ensemble.network.cut(other, leader);
  });

/** As an operator does it, one after the other; the leader last. */
export const rollingRestart: Fault = async ({ ensemble, load }) => {
  const leader = await ensemble.whole();
  for (const id of [...othersThan(ensemble, leader), leader]) {
    await ensemble.stop(id);
    await load.carriedOn();
    await ensemble.startAgain(id);
    await ensemble.whole();
  }
};

/** A server comes back without data, and counts again once it has them from the others. */
export const loseDisk: Fault = async ({ ensemble, load }) => {
  const leader = await ensemble.whole();
  const victim = followerOf(ensemble, leader);
  await ensemble.kill(victim);
  ensemble.member(victim).loseDisk();
  await load.carriedOn();
  await ensemble.startAgain(victim);
  await ensemble.whole();
  await load.carriedOn();
  // Now it is needed.
  await killLeader({ ensemble, load } as UnderLoad);
};

/** Bits change in the middle of a follower's newest log: it keeps that aside, and heals. */
export const damageLog: Fault = async ({ ensemble, load }) => {
  const leader = await ensemble.whole();
  const victim = followerOf(ensemble, leader);
  const member = ensemble.member(victim);
  await load.more(50);
  await ensemble.kill(victim);
  const logs = member.files().filter((name) => /^log\.[0-9a-f]+$/.test(name));
  const byZxid = (name: string) => Number.parseInt(name.slice(4), 16);
  const newest = logs.sort((a, b) => byZxid(a) - byZxid(b)).at(-1);
  if (newest === undefined) throw new Error(`server ${victim} has no log`);
  const file = join(member.versionDir, newest);
  copyFileSync(file, join(member.home, 'undamaged'));
  const bytes = readFileSync(file);
  const end = bytes.findLastIndex((byte) => byte !== 0);
  bytes.fill(0xa5, end >> 1, (end >> 1) + 40);
  writeFileSync(file, bytes);
  await load.carriedOn();
  await ensemble.startAgain(victim);
  await ensemble.whole();
  await load.carriedOn();
  await killLeader({ ensemble, load } as UnderLoad);
};

/** All that can happen to servers of either kind. */
export const faults: Readonly<Record<string, Fault>> = {
  killLeader,
  killFollower,
  killAll,
  killTwice,
  stopLeader,
  stopFollower,
  isolateLeader,
  resetLeader,
  muteLeader,
  deafLeader,
  rollingRestart,
  loseDisk,
  damageLog,
};
