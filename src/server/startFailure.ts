// Why a server cannot start, in one line that names the key of the configuration to look at.
import { statSync } from 'node:fs';
import type { Config } from '../config/index.ts';

/** What of a configuration a start can fail on. */
export type StartKeys = Pick<
  Config,
  'file' | 'clientPort' | 'clientPortAddress' | 'dataDir' | 'dataLogDir'
>;

/** Apache's ExitCode.UNABLE_TO_ACCESS_DATADIR. */
const NO_DATA_DIR = 3;

/** The words for an error of the network; null for any other error. */
export function networkFailure(error: Error, config: StartKeys): string | null {
  const { code, syscall } = error as NodeJS.ErrnoException;
  const { file, clientPort: port, clientPortAddress: address } = config;
  if (code === 'EADDRINUSE') {
    // Apache's words, which people and scripts search the log for.
    const words = 'Address already in use';
    const where = address === null ? words : `${words}: ${address}:${port}`;
    return `${file}: clientPort ${port} is in use (${where})`;
  }
  if (code === 'EADDRNOTAVAIL') {
    return `${file}: clientPortAddress ${address} is not an address of this host (${code})`;
  }
  if (syscall === 'getaddrinfo') {
    return `${file}: clientPortAddress ${address} cannot be resolved (${code})`;
  }
  if (code === 'EACCES' && syscall === 'listen') {
    return `${file}: clientPort ${port} may not be used by this user (${code})`;
  }
  return null;
}

/** Throws when something that is no directory stands where one of the configuration should be. */
export function checkDirectories(config: StartKeys): void {
  for (const key of ['dataDir', 'dataLogDir'] as const) {
    const path = config[key];
    if (!isOther(path)) continue;
    const error = new Error(`${config.file}: ${key} ${path} is not a directory`);
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
