// Which configuration file a verb means: a path, a name in ZOOCFGDIR, or zoo.cfg where it usually is.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface Place {
  readonly cwd: string;
  /** Where a bare name is looked for first. */
  readonly configDir: string | undefined;
}

/**
 * The path as the user would write it, relative to `cwd`; it need not exist.
 *
 * As in zkServer.sh a word with a slash is a path and a bare word a name in ZOOCFGDIR; here a bare
 * word may also be a file of the current directory or of its conf.
 */
export function findConfig(
  given: string | undefined,
  place: Place,
  exists: (path: string) => boolean = existsSync,
): string {
  if (given !== undefined && dirname(given) !== '.') return given;
  if (given?.startsWith('./')) return given;
  const name = given ?? 'zoo.cfg';
  const { configDir, cwd } = place;
  const near = given === undefined ? [join('conf', name), name] : [name, join('conf', name)];
  const candidates = configDir ? [join(configDir, name), ...near] : near;
  const found = candidates.find((path) => exists(path.startsWith('/') ? path : join(cwd, path)));
  return found ?? candidates[0] ?? name;
}
