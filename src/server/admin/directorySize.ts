// Bytes of all files below a directory, as `dirs` and `conf` show them.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

export function directorySize(directory: string): number {
  let bytes = 0;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    // A purge may take a file away between the list and the look.
    if (entry.isDirectory()) bytes += directorySize(path);
    else bytes += statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}
