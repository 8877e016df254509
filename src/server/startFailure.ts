// Why a server cannot start, in one line that names the line of the configuration to look at.
import { type Stats, statSync } from 'node:fs';
import type { Config } from '../config/index.ts';
import { StorageError } from './storage/storageError.ts';

/** What of a configuration a start can fail on. */
type StartKeys = Pick<
  Config,
  | 'file'
  | 'at'
  | 'clientPort'
  | 'clientPortAddress'
  | 'dataDir'
  | 'dataLogDir'
  | 'datadir.autocreate'
>;
type Key = Exclude<keyof StartKeys, 'file' | 'at' | 'datadir.autocreate'>;

/** Apache's ExitCode.UNABLE_TO_ACCESS_DATADIR. */
const NO_DATA_DIR = 3;

/** The words for an error that has to do with a key of the configuration; null for any other. */
export function startFailure(error: unknown, config: StartKeys): string | null {
  if (error instanceof StorageError) return storageFailure(error, config);
  return error instanceof Error ? networkFailure(error, config) : null;
}

const keyAt = ({ at, file }: StartKeys, key: Key): string => `${at.get(key) ?? file}: ${key}`;

function networkFailure(error: Error, config: StartKeys): string | null {
  const { code, syscall } = error as NodeJS.ErrnoException;
  const { clientPort: port, clientPortAddress: address } = config;
  if (code === 'EADDRINUSE') {
    // Apache's words, which people and scripts search the log for.
    const words = 'Address already in use';
    const where = address === null ? words : `${words}: ${address}:${port}`;
    return `${keyAt(config, 'clientPort')} ${port} is in use (${where})`;
  }
  if (code === 'EADDRNOTAVAIL') {
    return `${keyAt(config, 'clientPortAddress')} ${address} is not an address of this host (${code})`;
  }
  if (syscall === 'getaddrinfo') {
    return `${keyAt(config, 'clientPortAddress')} ${address} cannot be resolved (${code})`;
  }
  if (code === 'EACCES' && syscall === 'listen') {
    return `${keyAt(config, 'clientPort')} ${port} may not be used by this user (${code})`;
  }
  return null;
}

/** A directory that cannot be used is named as it was configured; damage by its file alone. */
function storageFailure(error: StorageError, config: StartKeys): string | null {
  const { dataDir, dataLogDir } = config;
  const isDirectory = error.file === dataDir || error.file === dataLogDir;
  if (error.code === null && !isDirectory) return null;
  const isLog = dataLogDir !== dataDir && `${error.file}/`.startsWith(`${dataLogDir}/`);
  return `${keyAt(config, isLog ? 'dataLogDir' : 'dataDir')} cannot be used: ${error.message}`;
}

/** Throws when what stands where a directory of the configuration should be cannot be it. */
export function checkDirectories(config: StartKeys): void {
  const { dataDir, dataLogDir } = config;
  const found = statOf(dataDir);
  const foundLog = statOf(dataLogDir);
  for (const [key, stats] of [
    ['dataDir', found],
    ['dataLogDir', foundLog],
  ] as const) {
    if (stats?.isDirectory() === false) refuse(config, key, 'is not a directory');
  }
  if (!config['datadir.autocreate']) {
    for (const key of ['dataDir', 'dataLogDir'] as const) {
      // Where the files are, as FileTxnSnapLog has it.
      if (statOf(`${config[key]}/version-2`) !== null) continue;
      refuse(config, key, 'has no directory version-2, and datadir.autocreate is false');
    }
  }
  if (dataDir === dataLogDir || found === null || foundLog === null) return;
  if (found.ino === foundLog.ino && found.dev === foundLog.dev) {
    refuse(config, 'dataLogDir', 'is dataDir under another name; leave dataLogDir out');
  }
}

function refuse(config: StartKeys, key: 'dataDir' | 'dataLogDir', why: string): never {
  const error = new Error(`${keyAt(config, key)} ${config[key]} ${why}`);
  throw Object.assign(error, { exitCode: NO_DATA_DIR });
}

/** Null for what cannot be looked at: that is found out by opening it. */
function statOf(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}
