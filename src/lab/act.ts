// The commands on a lab that is there: who is killed, started, paused or cut off.
import { usageError } from '../cli/cliError.ts';
import type { LabWorld } from '../cli/command.ts';
import { isStopped } from '../server/storage/processTable.ts';
import { emit } from './emit.ts';
import { failure } from './failure.ts';
import type { Lab } from './labFile.ts';
import { endAll, killAll, pidOf, send, startMember, startRelay } from './members.ts';
import { parsePartition } from './partition.ts';
import { askRelay } from './relayControl.ts';
import { leaderOf, survey } from './survey.ts';

const LEADER = 'leader';
const ALL = 'all';

/** Numbers of the servers that words stand for. */
export async function chosen(lab: Lab, words: readonly string[]): Promise<number[]> {
  const ids = lab.servers.map(({ id }) => id);
  if (words.length === 1 && words[0] === ALL) return ids;
  const leader = words.includes(LEADER) ? leaderOf(await survey(lab)) : null;
  return [...new Set(words.map((word) => idOf(word, ids, leader?.id ?? null)))];
}

function idOf(word: string, ids: readonly number[], leader: number | null): number {
  if (word === LEADER) {
    if (leader === null) throw failure('There is no leader now');
    return leader;
  }
  const id = /^\d{1,3}$/.test(word) ? Number(word) : Number.NaN;
  if (!ids.includes(id))
    throw usageError(`There is no server ${word}; there are ${ids.join(', ')}`);
  return id;
}

/** Those of the servers that run; with a failure for one that does not when it alone was named. */
function running(lab: Lab, ids: readonly number[]): [id: number, pid: number][] {
  const found = ids.flatMap((id): [number, number][] => {
    const pid = pidOf(lab, id);
    return pid === null ? [] : [[id, pid]];
  });
  if (found.length === 0) throw failure(`Server ${ids.join(', ')} is down already`);
  return found;
}

const isHeld = (lab: Lab, id: number): boolean => isStopped(pidOf(lab, id) ?? 0);

/** One line for one server. */
function told(world: LabWorld, what: string, [id, pid]: readonly [number, number]): void {
  emit(world, { id, pid, done: what.toLowerCase() }, `${what} server ${id} (pid ${pid})`);
}

export async function kill(lab: Lab, words: readonly string[], world: LabWorld): Promise<void> {
  const targets = running(lab, await chosen(lab, words));
  await killAll(targets.map(([, pid]) => pid));
  for (const target of targets) told(world, 'Killed', target);
}

export async function stop(lab: Lab, words: readonly string[], world: LabWorld): Promise<void> {
  const targets = running(lab, await chosen(lab, words));
  await endAll(targets.map(([, pid]) => pid));
  for (const target of targets) told(world, 'Stopped', target);
}

export async function start(lab: Lab, words: readonly string[], world: LabWorld): Promise<void> {
  const ids = await chosen(lab, words);
  const missing = ids.filter((id) => pidOf(lab, id) === null);
  if (missing.length === 0) throw failure(`Server ${ids.join(', ')} runs already`);
  await startRelay(lab);
  for (const id of missing) told(world, 'Started', [id, await startMember(lab, id)]);
}

export async function pause(lab: Lab, words: readonly string[], world: LabWorld): Promise<void> {
  const targets = running(lab, await chosen(lab, words));
  for (const [id, pid] of targets) {
    send(pid, 'SIGSTOP');
    told(world, 'Paused', [id, pid]);
  }
}

export async function resume(lab: Lab, words: readonly string[], world: LabWorld): Promise<void> {
  const targets = running(lab, await chosen(lab, words));
  const held = targets.filter(([id]) => isHeld(lab, id));
  if (held.length === 0)
    throw failure(`Server ${targets.map(([id]) => id).join(', ')} is not paused`);
  for (const [id, pid] of held) {
    send(pid, 'SIGCONT');
    told(world, 'Resumed', [id, pid]);
  }
}

export async function partition(
  lab: Lab,
  words: readonly string[],
  world: LabWorld,
): Promise<void> {
  const ids = lab.servers.map(({ id }) => id);
  const leader = words.includes(LEADER) ? leaderOf(await survey(lab)) : null;
  const wanted = parsePartition(words, ids, (word) => idOf(word, ids, leader?.id ?? null));
  await askRelay(lab, { partition: wanted });
  const { text } = wanted;
  emit(world, { partition: text }, `Cut: ${text}; clients still reach all servers`);
}

export async function heal(lab: Lab, world: LabWorld): Promise<void> {
  const { partition: before } = await askRelay(lab, {});
  await askRelay(lab, { partition: null });
  const healed = before?.text ?? null;
  emit(world, { healed }, healed === null ? 'Nothing was cut' : `Healed: ${healed}`);
}
