// The configuration of a server: zoo.cfg, its dynamic file and myid, checked and frozen.
import { readFileSync } from 'node:fs';
import { basename, isAbsolute, join, resolve } from 'node:path';
import { WireError } from '../wire/bytes.ts';
import { type Membership, readMembership } from '../wire/membership.ts';
import { type Ensemble, isEnsembleKey, parseEnsemble } from './ensemble.ts';
import type { KeyName, Values } from './keys.ts';
import { checkEnsemble, participantsOf } from './membership.ts';
import { type Entry, parseProperties } from './properties.ts';
import { Report } from './report.ts';
import { checkSelf, clientAddress, readMyId } from './self.ts';
import { type GivenValues, readValues } from './values.ts';

/** Behind the name of the configuration: a membership that is not in force yet (QuorumPeerConfig). */
export const NEXT_SUFFIX = '.dynamic.next';

/** Every key by its own name (see `keys.ts` for unit and meaning), and what follows from them. */
export interface Config extends Values {
  /** The file as it was named. */
  readonly file: string;
  /** `file:line` of every key that the file gives. */
  readonly at: ReadonlyMap<KeyName, string>;
  /** Absolute. */
  readonly dataDir: string;
  /** Absolute; equals dataDir when not given. */
  readonly dataLogDir: string;
  readonly minSessionTimeout: number;
  readonly maxSessionTimeout: number;
  /** Number of this server, `null` when it has none (standalone). */
  readonly myid: number | null;
  readonly ensemble: Ensemble;
  /** A membership that was proposed when the server ended; null when there is none. */
  readonly nextEnsemble: Membership | null;
  /** Several servers, or one that may grow; a standalone server otherwise. */
  readonly isDistributed: boolean;
}

export type ParsedConfig =
  | { readonly config: Config; readonly warnings: readonly string[] }
  /** The warnings too: `clientPort is not set` is explained by `unknown key clientPrt`. */
  | { readonly errors: readonly string[]; readonly warnings: readonly string[] };

export interface ParseOptions {
  /** Directory that relative paths start from. */
  readonly cwd: string;
  /** Text of the myid file, `null` when there is none; absent: not looked for. */
  readonly myid?: string | null;
  /** The file that dynamicConfigFile names. */
  readonly dynamic?: { readonly text: string; readonly fileName: string };
  /** The file beside the configuration that holds a membership not yet in force. */
  readonly next?: string;
}

/**
 * Reads a configuration without touching the disk.
 *
 * All messages start with `fileName` and the line. Nothing is decided halfway: with any error
 * there is no configuration, and every error of the file is listed.
 */
export function parseConfig(text: string, fileName: string, options: ParseOptions): ParsedConfig {
  const report = new Report();
  const entries = parseProperties(text, fileName);
  const given = readValues(entries, report);
  const { values } = given;
  const mistakes = report.errors.length;
  const ensemble = readEnsemble(entries, given, options, fileName, report);
  // While a line of the membership cannot be read, what is said about all of them would mislead.
  const isReadable = report.errors.length === mistakes;
  if (isReadable) checkEnsemble(ensemble, values, fileName, report);
  const isDistributed =
    participantsOf(ensemble).length > 1 ||
    (!values.standaloneEnabled && ensemble.servers.length > 0);
  const myid = readMyId(given, options, fileName, report);
  const self = ensemble.servers.find((server) => server.id === myid) ?? null;
  if (isDistributed && isReadable) checkSelf(myid, self, given, options, fileName, report);
  const listening = clientAddress(self, given, fileName, isReadable, report);
  warnDefaults(given, isDistributed, fileName, report);
  const timeouts = sessionTimeouts(given, fileName, report);
  const directories = dataDirectories(given, options.cwd, fileName, report);
  if (report.errors.length > 0) return { errors: report.errors, warnings: report.warnings };
  const config: Config = Object.freeze({
    ...values,
    ...timeouts,
    ...directories,
    ...listening,
    peerType: isDistributed && self !== null ? self.role : values.peerType,
    file: fileName,
    at: self?.client ? new Map(given.at).set('clientPort', self.at) : given.at,
    myid,
    ensemble,
    nextEnsemble: nextOf(options.next),
    isDistributed,
  });
  return { config, warnings: report.warnings };
}

/** Reads a configuration file, the dynamic file that it names, and myid in its dataDir. */
export function loadConfig(path: string, cwd: string = process.cwd()): ParsedConfig {
  const main = readFile(cwd, path);
  if ('error' in main) return refused(main.error);
  const { values, at } = readValues(parseProperties(main.text, path), new Report());
  const myidFile = readFile(cwd, join(values.dataDir ?? '.', 'myid'));
  if ('error' in myidFile && !myidFile.isMissing) {
    return refused(`${at.get('dataDir') ?? path}: dataDir: ${myidFile.error}`);
  }
  const myid = 'text' in myidFile ? myidFile.text : null;
  const fileName = values.dynamicConfigFile;
  const nextFile = readFile(cwd, `${path}${NEXT_SUFFIX}`);
  if ('error' in nextFile && !nextFile.isMissing) return refused(nextFile.error);
  const next = 'text' in nextFile ? { next: nextFile.text } : {};
  if (fileName === null) return parseConfig(main.text, path, { cwd, myid, ...next });
  const dynamic = readFile(cwd, fileName);
  if ('error' in dynamic) return refused(dynamic.error);
  const found = { text: dynamic.text, fileName };
  return parseConfig(main.text, path, { cwd, myid, dynamic: found, ...next });
}

/** By what a server that runs is found; null for what its file does not name. */
export type Places = Pick<Values, 'dataDir' | 'clientPortAddress'> & { clientPort: number | null };

/** Of a file that may have any other error; dataDir is absolute. */
export function loadPlaces(path: string, cwd: string = process.cwd()): Places {
  const main = readFile(cwd, path);
  const text = 'text' in main ? main.text : '';
  const { values, at } = readValues(parseProperties(text, path), new Report());
  const { dataDir, clientPort, clientPortAddress } = values;
  return {
    dataDir: dataDir === null ? null : resolve(cwd, dataDir),
    clientPort: at.has('clientPort') ? clientPort : null,
    clientPortAddress,
  };
}

const refused = (error: string): ParsedConfig => ({ errors: [error], warnings: [] });

function readFile(
  cwd: string,
  path: string,
): { text: string } | { error: string; isMissing: boolean } {
  try {
    return { text: readFileSync(resolve(cwd, path), 'utf8') };
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
    const reason = isMissing ? 'file is missing' : `cannot be read (${code})`;
    return { error: `${path}: ${reason}`, isMissing };
  }
}

function readEnsemble(
  entries: readonly Entry[],
  { values, at }: GivenValues,
  { dynamic }: ParseOptions,
  fileName: string,
  report: Report,
): Ensemble {
  const several = values['multiAddress.enabled'];
  if (!at.has('dynamicConfigFile')) return parseEnsemble(entries, 0n, several, report);
  for (const entry of entries) {
    if (isEnsembleKey(entry.key)) {
      report.error(entry.at, `${entry.key} must be in the dynamic file, not in ${fileName}`);
    }
  }
  const lines = dynamic === undefined ? [] : parseProperties(dynamic.text, dynamic.fileName);
  for (const line of lines) {
    if (line.key === 'version') {
      report.error(line.at, 'version belongs into the name of the file, not into it');
    } else if (!isEnsembleKey(line.key)) {
      report.error(line.at, `${line.key} cannot be in a dynamic file`);
    }
  }
  return parseEnsemble(lines, versionOf(dynamic?.fileName ?? ''), several, report);
}

/** One that cannot be read was never acknowledged, and counts for nothing. */
function nextOf(text: string | undefined): Membership | null {
  if (text === undefined) return null;
  try {
    return readMembership(text);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return null;
  }
}

/** `zoo.cfg.dynamic.100000002` is version 0x100000002; without such an end it is 0. */
function versionOf(fileName: string): bigint {
  const suffix = /\.([0-9a-f]{1,16})$/i.exec(basename(fileName))?.[1];
  return suffix === undefined ? 0n : BigInt(`0x${suffix}`);
}

/** Apache refuses a quorum without these three; the defaults are those of its sample file. */
function warnDefaults(
  { values, at }: GivenValues,
  isDistributed: boolean,
  fileName: string,
  report: Report,
): void {
  const needed = isDistributed
    ? (['tickTime', 'initLimit', 'syncLimit'] as const)
    : ['tickTime' as const];
  for (const name of needed) {
    if (!at.has(name)) report.warn(fileName, `${name} is not set, taking ${values[name]}`);
  }
}

function sessionTimeouts(
  { values, at }: GivenValues,
  fileName: string,
  report: Report,
): Pick<Config, 'minSessionTimeout' | 'maxSessionTimeout'> {
  const minSessionTimeout = values.minSessionTimeout ?? 2 * values.tickTime;
  const maxSessionTimeout = values.maxSessionTimeout ?? 20 * values.tickTime;
  if (minSessionTimeout > maxSessionTimeout) {
    const where = at.get('minSessionTimeout') ?? at.get('maxSessionTimeout') ?? fileName;
    const got = `got ${minSessionTimeout} and ${maxSessionTimeout}`;
    report.error(where, `minSessionTimeout must not be larger than maxSessionTimeout, ${got}`);
  }
  return { minSessionTimeout, maxSessionTimeout };
}

function dataDirectories(
  { values, at }: GivenValues,
  cwd: string,
  fileName: string,
  report: Report,
): Pick<Config, 'dataDir' | 'dataLogDir'> {
  for (const name of ['dataDir', 'dataLogDir'] as const) {
    const path = values[name];
    // VerifyingFileFactory says so too: a leading dot is how to say that it is meant.
    if (path !== null && !isAbsolute(path) && !path.startsWith('.')) {
      report.warn(at.get(name) ?? fileName, `${name} is relative: ${resolve(cwd, path)} is used`);
    }
  }
  if (values.dataDir === null) report.error(at.get('dataDir') ?? fileName, 'dataDir is not set');
  const dataDir = resolve(cwd, values.dataDir ?? '.');
  return { dataDir, dataLogDir: values.dataLogDir ? resolve(cwd, values.dataLogDir) : dataDir };
}
