// What is left of a lab whose file is spoiled: found by its other files, so that `down --purge` can end it.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { myidText } from '../config/memberFile.ts';
import { holderOf } from '../server/storage/lock.ts';
import { failure } from './failure.ts';
import * as files from './labFile.ts';
import { relayPid } from './relayControl.ts';

/** All that a lab keeps in these; anything else there is somebody else's. */
const NAMES = {
  conf: /^z\d{1,3}\.cfg/,
  data: /^z\d{1,3}$/,
  logs: /^(z\d{1,3}|relay)\.log$/,
} as const;

/**
 * The lab of the directory, with its servers but neither ports nor routes when its file is spoiled.
 *
 * @throws CliError when there is none, or not all that a purge would remove is surely a lab's
 */
export function labToPurge(given: string): files.Lab {
  const found = files.findLab(given);
  if (found !== null) return found;
  const dir = resolve(given);
  const ids = namesIn(dir, 'data').map((name) => Number(name.slice(1)));
  const folders = ['conf', 'data', 'logs'] as const;
  const isAllOurs = folders.every((folder) =>
    namesIn(dir, folder).every((name) => NAMES[folder].test(name)),
  );
  if (ids.length === 0 || !isAllOurs || !ids.every((id) => isMade(dir, id))) throw notOurs(dir);
  const ports = { clientPort: 0, peerPort: 0, electionPort: 0 };
  const servers = ids.map((id) => ({ id, isObserver: false, ...ports }));
  return { dir, servers, routes: [], tickTime: 0 };
}

function namesIn(dir: string, folder: string): string[] {
  const path = join(dir, folder);
  return existsSync(path) ? readdirSync(path) : [];
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
  const holders = namesIn(dir, 'data').map((name) => holderOf(join(dir, 'data', name)));
  const pids = [...holders, relayPid({ dir })].filter((pid) => pid !== null && pid !== 0);
  const running = pids.length === 0 ? '' : `end process ${pids.join(', ')} and `;
  const what = `${files.spoiled(dir)}, and not all beside it is surely a lab's`;
  return failure(`${what}; ${running}remove it by hand`);
}
