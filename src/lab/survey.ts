// How the servers of a lab are: what their processes, their files and they themselves say.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { askWord } from '../server/askWord.ts';
import { isStopped } from '../server/storage/processTable.ts';
import { dataDirOf, type Lab, type LabServer } from './labFile.ts';
import { pidOf } from './members.ts';

export interface Surveyed {
  readonly id: number;
  /** leader, follower, observer, looking; paused, down, or `silent` when it gives no answer. */
  readonly mode: string;
  /** Of its last leader, as its disk has it; null before the first. */
  readonly epoch: number | null;
  /** As `srvr` shows it: its last transaction, `0x100000002`; null when it cannot be asked. */
  readonly zxid: string | null;
  /** Sessions that are connected to it; null when it serves nobody. */
  readonly clients: number | null;
  readonly pid: number | null;
  /** host:port for clients. */
  readonly address: string;
  /** What it waits for when it has no leader. */
  readonly election: string | null;
}

const HOST = '127.0.0.1';
const ANSWER_MS = 2000;

/** All servers at once; none is waited for longer than a moment. */
export const survey = (lab: Lab): Promise<Surveyed[]> =>
  Promise.all(lab.servers.map((server) => surveyOne(lab, server)));

async function surveyOne(lab: Lab, { id, clientPort }: LabServer): Promise<Surveyed> {
  const pid = pidOf(lab, id);
  const known = {
    id,
    epoch: epochOf(lab, id),
    zxid: null,
    clients: null,
    pid,
    address: `${HOST}:${clientPort}`,
    election: null,
  };
  if (pid === null) return { ...known, mode: 'down' };
  if (isStopped(pid)) return { ...known, mode: 'paused' };
  const ask = (word: string) => askWord(HOST, clientPort, word, ANSWER_MS).catch(() => '');
  const [state, connections] = await Promise.all([ask('srvr'), ask('cons')]);
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(state)?.[1] ?? null;
  const zxid = field('Zxid');
  return {
    ...known,
    // A server that went down or was paused while it was asked is told so the next time.
    mode: field('Mode') ?? 'silent',
    zxid,
    clients: zxid === null ? null : (connections.match(/,sid=/g)?.length ?? 0),
    election: field('Election'),
  };
}

/** The file that a server saves before it serves an epoch. */
function epochOf(lab: Lab, id: number): number | null {
  try {
    const text = readFileSync(join(dataDirOf(lab, id), 'version-2/currentEpoch'), 'utf8');
    return Number.parseInt(text, 10);
  } catch {
    // It has not followed anybody yet.
    return null;
  }
}

/** The leader that counts: a cut-off one may not know yet that there is a newer one. */
export function leaderOf(servers: readonly Surveyed[]): Surveyed | null {
  const leaders = servers.filter(({ mode }) => mode === 'leader');
  return leaders.sort((a, b) => (b.epoch ?? 0) - (a.epoch ?? 0))[0] ?? null;
}

const SERVING = ['leader', 'follower', 'observer'];

/** Whether every server of the lab serves clients, in the role that it is meant to have. */
export function isWhole(lab: Lab, servers: readonly Surveyed[]): boolean {
  return lab.servers.every(({ id, isObserver }) => {
    const found = servers.find((server) => server.id === id);
    if (found === undefined || found.zxid === null || !SERVING.includes(found.mode)) return false;
    return isObserver === (found.mode === 'observer');
  });
}
