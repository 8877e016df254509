// What importing the library loads: nothing but itself, the wire, and Node's own modules.
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../../..');

/** Every specifier that a file may load at run time, `import type` left out. */
function loaded(text: string): string[] {
  const code = text
    .replace(/^\s*(?:\/\/|\/?\*).*$/gm, '')
    .replace(/^(?:import|export) type .*?;$/gms, '');
  const found = code.matchAll(/(?:\bfrom|\bimport|\brequire\s*\(|\bimport\s*\()\s*'([^']+)'/g);
  return [...found].map(([, specifier = '']) => specifier);
}

test('the library loads no package and no layer but wire and base', () => {
  const files = new Set([join(root, 'src/client/index.ts')]);
  const outside = new Set<string>();
  for (const file of files) {
    for (const specifier of loaded(readFileSync(file, 'utf8'))) {
      if (specifier.startsWith('.')) files.add(join(dirname(file), specifier));
      else outside.add(specifier);
    }
  }
  expect([...outside].filter((specifier) => !specifier.startsWith('node:'))).toEqual([]);
  const folders = new Set([...files].map((file) => relative(root, dirname(file))));
  expect(folders).toEqual(new Set(['src/client', 'src/wire', 'src/base']));
});
