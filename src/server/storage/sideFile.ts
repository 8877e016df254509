// Small text files beside the logs: written whole or not at all, each line with its checksum.
import { adler32 } from '../../base/adler32.ts';
import type { Disk, DiskFile, Done } from './disk.ts';
import { temporaryName } from './fileNames.ts';

const checkOf = (text: string): string =>
  adler32(Buffer.from(text, 'latin1')).toString(16).padStart(8, '0');

/** `text` and its checksum as the last word. */
export const checked = (text: string): string => `${text} ${checkOf(text)}`;

/** What `checked` was made of; null when the checksum says that it is something else. */
export function checkedText(line: string): string | null {
  const space = line.lastIndexOf(' ');
  const text = line.slice(0, Math.max(space, 0));
  return space >= 0 && checkOf(text) === line.slice(space + 1) ? text : null;
}

/** The text of a small file; null when there is none. */
export function readText(disk: Disk, dir: string, name: string): string | null {
  if (!disk.list(dir).includes(name)) return null;
  const file = disk.open(`${dir}/${name}`, 'read');
  try {
    const bytes = Buffer.alloc(file.size);
    return bytes.toString('latin1', 0, file.read(bytes, 0));
  } finally {
    file.close();
  }
}

/**
 * Puts a file there, or another in its place, with durable contents; the caller syncs the
 * directory before it relies on the name.
 */
export function writeFileNow(
  disk: Disk,
  dir: string,
  name: string,
  text: string,
  temporary = temporaryName(name),
): void {
  const file = begin(disk, dir, text, temporary);
  try {
    file.sync();
  } finally {
    file.close();
  }
  disk.rename(`${dir}/${temporary}`, `${dir}/${name}`);
}

/** As `writeFileNow`, off the event loop. */
export async function writeFileLater(
  disk: Disk,
  dir: string,
  name: string,
  text: string,
  temporary = temporaryName(name),
): Promise<void> {
  const file = begin(disk, dir, text, temporary);
  try {
    await done((told) => file.syncLater(told));
  } finally {
    file.close();
  }
  disk.rename(`${dir}/${temporary}`, `${dir}/${name}`);
}

/** A call that tells its end, as a promise. */
export const done = (call: (told: Done) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    call((error) => (error === null ? resolve() : reject(error)));
  });

function begin(disk: Disk, dir: string, text: string, temporary: string): DiskFile {
  // Left there by a crash.
  if (disk.list(dir).includes(temporary)) disk.remove(`${dir}/${temporary}`);
  const file = disk.open(`${dir}/${temporary}`, 'create');
  try {
    file.write(Buffer.from(text, 'latin1'), 0);
  } catch (error) {
    file.close();
    throw error;
  }
  return file;
}
