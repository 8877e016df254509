// Why a server cannot start, in one line that names the line of the configuration to look at.
import { statSync } from 'node:fs';
import type { Config } from '../config/index.ts';
import { StorageError } from './storage/storageError.ts';

/** What of a configuration a start can fail on. */
type StartKeys = Pick<
  Config,
  'file' | 'at' | 'clientPort' | 'clientPortAddress' | 'dataDir' | 'dataLogDir'
>;
type Key = Exclude<keyof StartKeys, 'file' | 'at'>;

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

/** Throws when something that is no directory stands where one of the configuration should be. */
export function checkDirectories(config: StartKeys): void {
  for (const key of ['dataDir', 'dataLogDir'] as const) {
    const path = config[key];
    if (!isOther(path)) continue;
    const error = new Error(`${keyAt(config, key)} ${path} is not a directory`);
    throw Object.assign(error, { exitCode: NO_DATA_DIR });
  }
}

/** What cannot be looked at is found out by opening it. */
function isOther(path: string): boolean {
  try {
    return !statSync(path).isDirectory();
  } catch {
    return false;
  }
}
