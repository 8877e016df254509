// The rules of the code base that no compiler knows: layers, purity, sizes, dependencies.
import { readdirSync, readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

interface Layer {
  /** Layers whose files it may import; it may import what those may, too. */
  readonly below: readonly string[];
  /** Packages that it may use. */
  readonly packages?: readonly string[];
  /** No clock, chance, socket, file, or promise: the same events always give the same effects. */
  readonly isPure?: boolean;
}

/** From the bottom up. A layer is a folder of src; `main` are the files beside the folders. */
const layers: Readonly<Record<string, Layer>> = {
  base: { below: [], isPure: true },
  wire: { below: ['base'], isPure: true },
  consensus: { below: ['wire'], isPure: true },
  state: { below: ['wire'], isPure: true },
  transactions: { below: ['state'], isPure: true },
  operations: { below: ['transactions'], isPure: true },
  replica: { below: ['operations', 'consensus'], isPure: true },
  config: { below: ['wire'], packages: ['dot-properties'] },
  'server/storage': { below: ['transactions'] },
  'server/network': { below: ['replica'] },
  'server/admin': { below: ['replica'] },
  server: {
    below: ['server/storage', 'server/network', 'server/admin', 'config', 'package'],
    packages: ['commander', 'prompts', 'winston'],
  },
  package: { below: [] },
  client: { below: ['wire'] },
  cli: { below: ['client', 'package'], packages: ['chalk', 'cli-table3', 'commander', 'prompts'] },
  bench: { below: ['client'], packages: ['cli-progress', 'commander', 'hdr-histogram-js'] },
  lab: { below: ['server', 'cli'], packages: ['commander'] },
  main: { below: ['lab', 'bench'], packages: ['commander'] },
};

/** What pure layers may use of Node: name -> what of it. */
const PURE_NODE: Readonly<Record<string, RegExp>> = {
  'node:buffer': /^Buffer$/,
  'node:zlib': /^crc32$/,
  'node:crypto': /^(createHash|timingSafeEqual|type Hash)$/,
};

const IMPURE =
  /\b(Date|Math\.random|performance|process|console|fetch|Promise|queueMicrotask|async|await|set(?:Timeout|Interval|Immediate)|crypto\.|globalThis|require)\b/;

/** Lines that a file may have; those above it may only shrink. */
const MAX_LINES = 300;
const longer: Readonly<Record<string, number>> = {
  // A table: one row per key.
  'src/config/keys.ts': 800,
  'src/state/tree.ts': 430,
  'src/client/api.ts': 340,
  'src/client/session.ts': 405,
  'src/client/zookeeper.ts': 340,
};

interface Import {
  readonly from: string;
  readonly names: readonly string[];
  readonly isDynamic: boolean;
}

/** The code without comments; strings stay, as imports are strings. */
const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\/|(^|[^:'"`\\/])\/\/[^\n]*/g, '$1');

/** The code without comments and without the text of strings. */
const bare = (text: string): string =>
  withoutComments(text)
    .replace(/'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g, "''")
    // Of a template only what it computes is code.
    .replace(/`(?:\\.|[^`\\])*`/g, (all) => [...all.matchAll(/\$\{([^}]*)\}/g)].join(' '));

const IMPORT = /^(?:import|export)\s+(?:(type\s+)?([\w*\s{},$]+?)\s+from\s+)?'([^']+)'/gm;

function importsOf(text: string): Import[] {
  const code = withoutComments(text);
  const found: Import[] = [];
  for (const [, , names = '', from = ''] of code.matchAll(IMPORT)) {
    const list = names.replace(/[{}]/g, '').split(',');
    found.push({ from, names: list.map((n) => n.trim()).filter(Boolean), isDynamic: false });
  }
  for (const [, from = ''] of code.matchAll(/\bimport\s*\(\s*([^)]*?)\s*\)/g)) {
    found.push({ from: from.replace(/^'|'$/g, ''), names: [], isDynamic: true });
  }
  return found;
}

/** Every file below a folder, as a path from the root. */
const filesIn = (folder: string, ending = '.ts'): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => path.endsWith(ending))
    .sort();

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The layer of a path such as src/server/network/clientPort.ts. */
function layerOf(path: string): string {
  const [, first = '', second = '', third] = path.split('/');
  if (second === '') return 'main';
  const inner = `${first}/${second}`;
  return third !== undefined && inner in layers ? inner : first;
}

/** A layer with all that it may import. */
function reach(layer: string): Set<string> {
  const all = new Set([layer]);
  for (const below of layers[layer]?.below ?? []) for (const name of reach(below)) all.add(name);
  return all;
}

const PURE_GLOBALS =
  'Date performance process console fetch Promise queueMicrotask setTimeout setInterval setImmediate';

/** The same rules in biome's words, so that an editor shows a slip at once. */
function biomeOverrides(): unknown[] {
  const folders = Object.keys(layers).filter((name) => name !== 'main');
  const bans = folders.map((name) => {
    const allowed = reach(name);
    const group = folders
      .filter((other) => !allowed.has(other))
      .map((other) => `**/${other.replace('server/', '')}/**`);
    const message = `${name} may import ${[...allowed].slice(1).join(', ') || 'nothing'}`;
    const noRestrictedImports = { level: 'error', options: { patterns: [{ group, message }] } };
    return { includes: [`src/${name}/**`], linter: { rules: { style: { noRestrictedImports } } } };
  });
  const why = 'pure layers get time and chance as arguments';
  const deniedGlobals = Object.fromEntries(PURE_GLOBALS.split(' ').map((name) => [name, why]));
  const noRestrictedGlobals = { level: 'error', options: { deniedGlobals } };
  const pure = folders.filter((name) => layers[name]?.isPure).map((name) => `src/${name}/**`);
  return [...bans, { includes: pure, linter: { rules: { style: { noRestrictedGlobals } } } }];
}

/** What is wrong with one import, null when nothing is. */
function complaint(path: string, { from, names, isDynamic }: Import): string | null {
  const layer = layerOf(path);
  if (from.startsWith('.')) {
    if (!from.endsWith('.ts') && !from.endsWith('.json')) return `${path}: ${from} lacks .ts`;
    const target = layerOf(normalize(join(path, '..', from)));
    return reach(layer).has(target) ? null : `${path}: ${layer} may not import ${target} (${from})`;
  }
  if (isDynamic && !/^[@\w:/.-]+$/.test(from)) return `${path}: import(${from}) cannot be checked`;
  const { isPure = false, packages = [] } = layers[layer] ?? {};
  if (!from.startsWith('node:')) {
    return packages.includes(from) ? null : `${path}: ${layer} may not use the package ${from}`;
  }
  if (!isPure) return null;
  const allowed = PURE_NODE[from];
  const others = names.filter((name) => !allowed?.test(name));
  if (allowed !== undefined && others.length === 0) return null;
  return `${path}: pure layers may not use ${others.join(', ')} of ${from}`;
}

const sources = filesIn('src').map((path) => ({ path, text: read(path) }));

describe('layers', () => {
  test('every folder of src is in the table', () => {
    const unknown = sources.filter(({ path }) => layers[layerOf(path)] === undefined);
    expect(unknown.map(({ path }) => path)).toEqual([]);
  });

  test('imports point down only, and packages stay where they belong', () => {
    const found = sources.flatMap(({ path, text }) =>
      importsOf(text).flatMap((one) => complaint(path, one) ?? []),
    );
    expect(found).toEqual([]);
    expect(sources.flatMap(({ text }) => importsOf(text)).length).toBeGreaterThan(500);
  });

  test('an import that points up or sideways is found, a dynamic one too', () => {
    const lines = [
      "import { Tree } from '../state/tree.ts';",
      "import type { Replica } from '../replica/replica.ts';",
      "const half = await import('../cli/run.ts');",
      "import { readFileSync } from 'node:fs';",
      "import { createHash, randomBytes } from 'node:crypto';",
      "export { x } from '../consensus/x.ts';",
      "import chalk from 'chalk';",
      "import {\n  a,\n  b,\n} from '../operations/a.ts';",
    ];
    const found = importsOf(lines.join('\n')).map((one) => complaint('src/transactions/a.ts', one));
    expect(found.filter((line) => line !== null)).toHaveLength(7);
    expect(
      complaint('src/server/admin/a.ts', { from: '../network/b.ts', names: [], isDynamic: false }),
    ).not.toBeNull();
  });

  test('biome.json shows the same rules to the editor', () => {
    const { overrides } = JSON.parse(read('biome.json')) as { overrides: unknown[] };
    for (const expected of biomeOverrides()) expect(overrides).toContainEqual(expected);
  });

  test('the program loads its halves on demand', () => {
    const main = importsOf(read('src/main.ts')).filter(({ from }) => from.startsWith('.'));
    expect(main.filter(({ isDynamic }) => !isDynamic)).toEqual([]);
    expect(main.length).toBeGreaterThan(1);
  });
});

describe('pure layers', () => {
  const pure = sources.filter(({ path }) => layers[layerOf(path)]?.isPure);

  test('know no clock, chance, console, process or promise', () => {
    const found = pure.flatMap(({ path, text }) =>
      bare(text)
        .split('\n')
        .filter((line) => IMPURE.test(line))
        .map((line) => `${path}: ${line.trim()}`),
    );
    expect(found).toEqual([]);
    expect(pure.length).toBeGreaterThan(50);
  });

  test('a forbidden global is found, in a string or a comment it is none', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: code in a string
    const code = ['const t = Date.now();', '`${process.pid}`', 'await x;', 'Math.random()'];
    for (const line of code) expect(bare(line)).toMatch(IMPURE);
    for (const line of ["'Date'", '// Date', '/* await */', '`the process`', 'updateDates()']) {
      expect(bare(line)).not.toMatch(IMPURE);
    }
  });
});

describe('files', () => {
  test('begin with a sentence on what they are for', () => {
    const silent = [...sources, ...filesIn('test').map((path) => ({ path, text: read(path) }))]
      .filter(({ path }) => !/\btest\/(unit|golden|interop|e2e)\//.test(path))
      .filter(({ text }) => !/^(?:#!.*\n)?\/\/ \S.{15,}/.test(text));
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  test(`have at most ${MAX_LINES} lines; longer ones only shrink`, () => {
    const lines = (text: string) => text.split('\n').length - 1;
    const found = sources
      .filter(({ path, text }) => lines(text) > (longer[path] ?? MAX_LINES))
      .map(({ path, text }) => `${path}: ${lines(text)}`);
    expect(found).toEqual([]);
    const short = Object.keys(longer).filter((path) => lines(read(path)) <= MAX_LINES);
    expect(short, 'no longer needs its exception').toEqual([]);
  });

  test('tests do not sleep: they wait for conditions, or turn a clock of their own', () => {
    const found = filesIn('test')
      .filter((path) => !path.startsWith('test/support/') && path !== 'test/tidy.test.ts')
      .filter((path) => /\bsetTimeout\s*\(|timers\/promises|\bsleep\s*\(/.test(bare(read(path))));
    expect(found).toEqual([]);
  });

  test('the code names no directory of this machine and no registry', () => {
    const found = [...filesIn('src'), ...filesIn('bin', ''), 'package.json', 'package-lock.json']
      .filter((path) => !path.endsWith('bin'))
      .filter((path) => /"resolved"|registry\.npmjs|\/home\/|\/Users\//.test(read(path)));
    expect(found).toEqual([]);
  });
});

describe('dependencies', () => {
  const manifest = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
  const direct = { ...manifest['dependencies'], ...manifest['devDependencies'] };

  test.each(Object.entries(direct))(
    '%s has an exact version, and it is installed',
    (name, wanted) => {
      expect(wanted).toMatch(/^\d+\.\d+\.\d+$/);
      const installed = JSON.parse(read(`node_modules/${name}/package.json`)) as {
        version: string;
      };
      expect(installed.version).toBe(wanted);
    },
  );

  test.each(Object.keys(direct))('%s runs on the oldest Node that we support', (name) => {
    const { engines } = JSON.parse(read(`node_modules/${name}/package.json`)) as {
      engines?: { node?: string };
    };
    expect(admits(engines?.node ?? '*', [20, 19, 0]), engines?.node).toBe(true);
  });

  test('ranges of versions are understood', () => {
    const oldest: Version = [20, 19, 0];
    for (const range of ['>=20', '^20.19.0 || >=22.12.0', '10.* || >= 12.*', '>= 6', '20.x', '*']) {
      expect(admits(range, oldest), range).toBe(true);
    }
    for (const range of ['>=22', '^20.20.0 || >=22', '^18', '>=20 <20.5', '19.*', '~20.18.0']) {
      expect(admits(range, oldest), range).toBe(false);
    }
  });
});

type Version = readonly [number, number, number];

const compare = (a: Version, b: Version): number => a[0] - b[0] || a[1] - b[1] || a[2] - b[2];

/** Whether a range of `engines` holds a version: alternatives of comparators, as npm reads them. */
function admits(range: string, version: Version): boolean {
  return range.split('||').some((part) =>
    part
      .trim()
      .replace(/(>=|<=|>|<|\^|~)\s+/g, '$1')
      .split(/\s+/)
      .every((comparator) => holds(comparator, version)),
  );
}

function holds(comparator: string, version: Version): boolean {
  if (comparator === '' || comparator === '*') return true;
  const match = /^(>=|<=|>|<|\^|~)?v?(\d+)(?:\.(\d+|x|\*))?(?:\.(\d+|x|\*))?$/.exec(comparator);
  if (match === null) throw new Error(`${comparator} is a comparator that this test does not know`);
  const [, operator = '', major = '', minor = '*', patch = '*'] = match;
  const numbers = [major, minor, patch].map(Number);
  const [first = 0, second = 0, third = 0] = numbers.map((n) => (Number.isNaN(n) ? 0 : n));
  const low: Version = [first, second, third];
  const isAtLeast = compare(version, low) >= 0;
  switch (operator) {
    case '>=':
      return isAtLeast;
    case '>':
      return compare(version, low) > 0;
    case '<':
      return !isAtLeast;
    case '<=':
      return compare(version, low) <= 0;
    case '^':
      return isAtLeast && version[0] === first;
    default:
      if (version[0] !== first || !isAtLeast) return false;
      return Number.isNaN(Number(minor)) || version[1] === second;
  }
}
