// `zk server check`: verifies a data directory while no server runs in it.
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { loadConfig } from '../config/index.ts';
import { State } from '../state/state.ts';
import { DEFAULT_TREE_OPTIONS, type TreeOptions } from '../state/tree.ts';
import { findConfig } from './configFile.ts';
import { treeOptions } from './rules.ts';
import { acceptLoss, checkDataDir } from './storage/check.ts';
import { VERSION_DIR } from './storage/fileNames.ts';
import { type Output, standardOutput, type VerbOptions } from './verbs.ts';

interface Checked {
  dataDir: string;
  dataLogDir: string;
  tree: TreeOptions;
  trustEmptySnapshot: boolean;
  isMember?: boolean;
}

const GOOD = 0;
const DAMAGED = 1;
const BAD_USE = 2;

/** Prints what each file holds and whether a server would start; 0 when nothing is lost. */
export function check(options: VerbOptions, output: Output = standardOutput): number {
  const checked = whatToCheck(options, output);
  if (checked === null) return BAD_USE;
  const { tree, ...place } = checked;
  for (const dir of [place.dataDir, place.dataLogDir]) {
    const missing = whyMissing(`${dir}/${VERSION_DIR}`);
    if (missing === null) continue;
    output.err(`${dir}: ${missing}\n`);
    return BAD_USE;
  }
  const work = options.acceptLoss ? acceptLoss : checkDataDir;
  const newState = () => new State(tree);
  const report = (line: string) => output.out(`${line}\n`);
  return work({ ...place, newState, report }) ? GOOD : DAMAGED;
}

/** What cannot be looked into may well be there. */
function whyMissing(path: string): string | null {
  try {
    statSync(path);
    return null;
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    const isAbsent = code === 'ENOENT' || code === 'ENOTDIR';
    return isAbsent ? `no data directory, it has no ${VERSION_DIR}` : `cannot be read (${code})`;
  }
}

/** A directory as it is, or those of a configuration; null when that is wrong (and said). */
function whatToCheck(options: VerbOptions, output: Output): Checked | null {
  const { cfg } = options;
  if (cfg !== undefined && statSync(cfg, { throwIfNoEntry: false })?.isDirectory()) {
    const dir = resolve(cfg);
    const tree = DEFAULT_TREE_OPTIONS;
    return { dataDir: dir, dataLogDir: dir, tree, trustEmptySnapshot: false };
  }
  const configDir = options.configDir ?? process.env['ZOOCFGDIR'];
  const file = findConfig(cfg, { cwd: process.cwd(), configDir });
  const result = loadConfig(file);
  if ('config' in result) {
    const { dataDir, dataLogDir, isDistributed: isMember } = result.config;
    const trustEmptySnapshot = result.config['snapshot.trust.empty'];
    return { dataDir, dataLogDir, tree: treeOptions(result.config), trustEmptySnapshot, isMember };
  }
  output.err([...result.warnings, ...result.errors].map((line) => `${line}\n`).join(''));
  return null;
}
