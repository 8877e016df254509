// Makes a directory and those above it.
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Like `mkdirSync(path, { recursive: true })`, which on Node 20 never returns where a file system
 * refuses to make directories with ENOENT (seen under /proc). Returns the first that was made,
 * undefined if all were there.
 */
export function makeDirs(path: string): string | undefined {
  try {
    mkdirSync(path);
    return path;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(path).isDirectory()) return undefined;
    const parent = dirname(path);
    if (code !== 'ENOENT' || parent === path) throw error;
    const first = makeDirs(parent);
    mkdirSync(path);
    return first ?? path;
  }
}
