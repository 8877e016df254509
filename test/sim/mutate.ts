// Runs seeds with a bug planted, until a checker notices.
import { readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import type { Mutant } from './mutants.ts';

type Planted = typeof import('./planted.ts');

export interface Caught {
  readonly mutant: Mutant;
  /** Seeds that were run, the one that noticed included; null when none did. */
  readonly after: number | null;
  readonly by: string;
}

/** Where the bundle of a mutant goes. */
const CACHE = 'node_modules/.cache/sim';

const editsOf = (mutant: Mutant) => [mutant, ...(mutant.also ?? [])];

/** Throws when a text to change is not there exactly once: the source has moved on. */
export function demandPlace(mutant: Mutant, root: string): void {
  const edits = editsOf(mutant);
  for (const { file, from } of edits) {
    const text = readFileSync(join(root, file), 'utf8');
    if (text.split(from).length !== 2)
      throw new Error(`${file} does not have exactly once: ${from}`);
  }
}

/** The simulator with the bug in it. */
export async function plant(mutant: Mutant, root: string): Promise<Planted> {
  demandPlace(mutant, root);
  const edits = editsOf(mutant);
  const bundle = await rolldown({
    input: join(root, 'test/sim/planted.ts'),
    platform: 'node',
    external: [/^node:/],
    plugins: [
      {
        name: 'plant',
        transform(code, id) {
          const file = relative(root, id).split(sep).join('/');
          const here = edits.filter((one) => one.file === file);
          if (here.length === 0) return null;
          return here.reduce((text, { from, to }) => text.replace(from, () => to), code);
        },
      },
    ],
  });
  const name = mutant.name.replaceAll(/[^a-z]+/gi, '-');
  const file = join(root, CACHE, `mutant-${name}.mjs`);
  await bundle.write({ file, format: 'esm' });
  return (await import(pathToFileURL(file).href)) as Planted;
}

/** Runs seeds 1, 2, ... with the bug. */
export async function hunt(mutant: Mutant, root: string, seeds: number): Promise<Caught> {
  const { runSeed } = await plant(mutant, root);
  for (let seed = 1; seed <= seeds; seed++) {
    const { error } = runSeed(seed, mutant.fixed ?? {});
    if (error !== null) return { mutant, after: seed, by: error.message.slice(0, 100) };
  }
  return { mutant, after: null, by: '' };
}
