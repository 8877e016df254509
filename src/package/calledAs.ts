// How this program can be called from here, for the commands that messages tell people to type.
import { basename, delimiter, dirname, relative } from 'node:path';

/** `zk` if the PATH has it, else its place relative to the current directory. */
export function calledAs(): string {
  const program = process.argv[1] ?? 'zk';
  const isOnPath = (process.env['PATH'] ?? '').split(delimiter).includes(dirname(program));
  return isOnPath && basename(program) === 'zk' ? 'zk' : relative('.', program);
}
