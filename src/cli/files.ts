// Files that a command line names: what the system says of them becomes one line and exit status 2.
import { readFile, writeFile } from 'node:fs/promises';
import { usageError } from './cliError.ts';

const reasonOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);

export async function readNamedFile(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw usageError(`Cannot read ${file}: ${reasonOf(error)}`);
  }
}

export async function writeNamedFile(file: string, data: Uint8Array): Promise<void> {
  try {
    await writeFile(file, data);
  } catch (error) {
    throw usageError(`Cannot write ${file}: ${reasonOf(error)}`);
  }
}
