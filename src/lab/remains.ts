// What is left of a lab whose file is spoiled: found by its other files, so that `down --purge` can end it.
import { type Dirent, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { myidText } from '../config/memberFile.ts';
import { holderOf } from '../server/storage/lock.ts';
import { codeOf } from '../server/storage/storageError.ts';
import { failure } from './failure.ts';
import * as files from './labFile.ts';
import { relayPid } from './relayControl.ts';

/** All that a lab keeps in these; anything else there is somebody else's. */
const FILES = {
  conf: /^z[1-9]\d{0,2}\.cfg(\.dynamic\.(next|[0-9a-f]+))?$/,
  logs: /^(z[1-9]\d{0,2}|relay)\.log$/,
  relay: /^zk\.lock/,
  'relay/up': /^zk\.lock/,
} as const;
const DATA = /^z[1-9]\d{0,2}$/;

/**
 * The lab of the directory, with its servers but neither ports nor routes when its file is spoiled.
 *
 * @throws CliError when there is none, or not all that a purge would remove is surely a lab's
 */
export function labToPurge(given: string): files.Lab {
  const found = files.findLab(given);
  if (found !== null) return found;
  const dir = resolve(given);
  const ids = serversIn(dir);
  if (ids.length === 0 || !ids.every((id) => isMade(dir, id)) || !areOurs(dir, ids)) {
    throw notOurs(dir);
  }
  const ports = { clientPort: 0, peerPort: 0, electionPort: 0 };
  const servers = ids.map((id) => ({ id, isObserver: false, ...ports }));
  return { dir, servers, routes: [], tickTime: 0 };
}

/** Ids of those that have data; empty when something else is among them. */
function serversIn(dir: string): number[] {
  const entries = entriesIn(dir, 'data');
  const isAll = entries?.every((entry) => entry.isDirectory() && DATA.test(entry.name));
  return isAll === true ? (entries ?? []).map(({ name }) => Number(name.slice(1))) : [];
}

function areOurs(dir: string, ids: readonly number[]): boolean {
  const known = new Set(ids);
  return Object.entries(FILES).every(([folder, names]) =>
    entriesIn(dir, folder)?.every((entry) => {
      if (folder === 'relay' && entry.name === 'up') return entry.isDirectory();
      const id = /^z(\d+)\./.exec(entry.name)?.[1];
      const isKnown = id === undefined || known.has(Number(id));
      return entry.isFile() && names.test(entry.name) && isKnown;
    }),
  );
}

/** Null for what is no folder. */
function entriesIn(dir: string, folder: string): Dirent[] | null {
  const path = join(dir, folder);
  try {
    return existsSync(path) ? readdirSync(path, { withFileTypes: true }) : [];
  } catch (error) {
    if (codeOf(error) === 'ENOTDIR') return null;
    throw error;
  }
}

/** Whether `up` has written the files of the server; the directory may have been moved since. */
function isMade(dir: string, id: number): boolean {
  const lab = { dir };
  try {
    const cfg = readFileSync(files.cfgOf(lab, id), 'utf8');
    const myid = readFileSync(join(files.dataDirOf(lab, id), 'myid'), 'utf8');
    return new RegExp(`^dataDir=.*/data/z${id}$`, 'm').test(cfg) && myid === myidText(id);
  } catch {
    // Missing, or no file: nothing that `up` has made.
    return false;
  }
}

/** What runs on data there is named: nobody will find it by the lab any more. */
function notOurs(dir: string): Error {
  const data = entriesIn(dir, 'data') ?? [];
  const holders = data.map(({ name }) => holderOf(join(dir, 'data', name)));
  const pids = [...holders, relayPid({ dir })].filter((pid) => pid !== null && pid !== 0);
  const running = pids.length === 0 ? '' : `end process ${pids.join(', ')} and `;
  const what = `${files.spoiled(dir)}, and not all beside it is surely a lab's`;
  return failure(`${what}; ${running}remove it by hand`);
}
