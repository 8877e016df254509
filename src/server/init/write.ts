// Writes the files of a plan: all of them or none, and over nothing that is there unless told to.
import { existsSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeDirs } from '../storage/makeDirs.ts';
import type { InitPlan } from './plan.ts';

/** Files that the plan would overwrite, and data that a server would find. */
export function inTheWay({ servers, files }: InitPlan): string[] {
  const data = servers.map(({ dataDir }) => join(dataDir, 'version-2'));
  return [...files.map(({ path }) => path), ...data].filter((path) => existsSync(path));
}

/** Throws the error of the file system, having taken back what was made. */
export function writePlan({ files }: InitPlan): void {
  const madeDirs: string[] = [];
  const fresh: string[] = [];
  try {
    for (const { path, text } of files) {
      madeDirs.push(...makeDirsAbove(path));
      fresh.push(`${path}.new`);
      writeFileSync(`${path}.new`, text);
    }
    for (const { path } of files) renameSync(`${path}.new`, path);
  } catch (error) {
    for (const path of fresh) rmSync(path, { force: true });
    for (const dir of madeDirs.reverse()) removeIfEmpty(dir);
    throw error;
  }
}

/** The directories that were made, the highest first. */
function makeDirsAbove(path: string): string[] {
  const missing: string[] = [];
  for (let dir = dirname(path); !existsSync(dir); dir = dirname(dir)) missing.unshift(dir);
  makeDirs(dirname(path));
  return missing;
}

/** A directory that somebody else has put something into meanwhile stays. */
function removeIfEmpty(dir: string): void {
  try {
    rmdirSync(dir);
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'ENOENT') throw thrown;
  }
}
