// The file by which every terminal finds the lab of a directory, and the places of its other files.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { failure } from './failure.ts';

export const DEFAULT_DIR = 'zk-lab';
const VERSION = 1;

export interface LabServer {
  readonly id: number;
  readonly isObserver: boolean;
  readonly clientPort: number;
  readonly peerPort: number;
  readonly electionPort: number;
}

/** A port of the relay: `from` is told that a port of `to` is there. */
export interface Route {
  readonly from: number;
  readonly to: number;
  readonly kind: 'peer' | 'election';
  readonly port: number;
}

interface LabFile {
  readonly servers: readonly LabServer[];
  readonly routes: readonly Route[];
  /** ms */
  readonly tickTime: number;
}

export interface Lab extends LabFile {
  /** Absolute. */
  readonly dir: string;
}

const fileOf = (dir: string): string => join(dir, 'lab.json');

export const cfgOf = ({ dir }: { dir: string }, id: number): string =>
  join(dir, 'conf', `z${id}.cfg`);
export const dataDirOf = ({ dir }: { dir: string }, id: number): string =>
  join(dir, 'data', `z${id}`);
export const logOf = ({ dir }: { dir: string }, name: string): string =>
  join(dir, 'logs', `${name}.log`);
/** Holds the lock of the relay. */
export const relayDirOf = ({ dir }: { dir: string }): string => join(dir, 'relay');

export const hasLab = (dir: string): boolean => existsSync(fileOf(dir));

/** The directory as people would type it here; what is further up than beside, from the root. */
export function shown(dir: string): string {
  const near = relative('.', dir);
  return near.startsWith(join('..', '..')) ? resolve(dir) : near || '.';
}

/** @throws CliError when there is none, or its file is spoiled */
export function readLab(given: string): Lab {
  const lab = findLab(given);
  if (lab === null) throw failure(`${spoiled(given)}; down --purge ends and removes the lab`);
  return lab;
}

export const spoiled = (dir: string): string =>
  `${shown(fileOf(dir))} is not a file of this version's lab`;

/**
 * Null when its file is spoiled.
 *
 * @throws CliError when there is none
 */
export function findLab(given: string): Lab | null {
  const dir = resolve(given);
  let text: string;
  try {
    text = readFileSync(fileOf(dir), 'utf8');
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    if (code === 'EISDIR') throw failure(`${shown(fileOf(dir))} is a directory`);
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw failure(message);
    throw failure(
      `There is no lab in ${shown(dir)}; up 3 makes one, --dir names another directory`,
    );
  }
  const lab = parseLabFile(text);
  return lab === null ? null : { ...lab, dir };
}

/** Null for what no version like this one wrote. */
export function parseLabFile(text: string): LabFile | null {
  try {
    const { version, servers, routes, tickTime } = JSON.parse(text) as Record<string, unknown>;
    if (version !== VERSION || !isNumber(tickTime)) return null;
    if (!Array.isArray(servers) || !servers.every(isServer)) return null;
    if (!Array.isArray(routes) || !routes.every(isRoute)) return null;
    return { servers, routes, tickTime };
  } catch {
    return null;
  }
}

const isNumber = (value: unknown): value is number => Number.isSafeInteger(value);

function isServer(value: unknown): value is LabServer {
  const { id, isObserver, clientPort, peerPort, electionPort } = value as Partial<LabServer>;
  return (
    [id, clientPort, peerPort, electionPort].every(isNumber) && typeof isObserver === 'boolean'
  );
}

function isRoute(value: unknown): value is Route {
  const { from, to, kind, port } = value as Partial<Route>;
  return [from, to, port].every(isNumber) && (kind === 'peer' || kind === 'election');
}

/** Whole or not at all. */
export function writeLab({ dir, servers, routes, tickTime }: Lab): void {
  const path = fileOf(dir);
  const text = JSON.stringify({ version: VERSION, tickTime, servers, routes }, null, 1);
  writeFileSync(`${path}.new`, `${text}\n`);
  renameSync(`${path}.new`, path);
}

/** Names of what a lab keeps in its directory, the data included. */
export const LAB_FILES = ['conf', 'data', 'logs', 'relay', 'lab.json', 'relay.sock'] as const;

export const connectString = ({ servers }: LabFile): string =>
  servers.map(({ clientPort }) => `127.0.0.1:${clientPort}`).join(',');
