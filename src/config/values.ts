// From the lines of a file to typed values: looks every key up in the table and says what is odd.
import { nearest } from '../base/suggest.ts';
import { isEnsembleKey } from './ensemble.ts';
import { type KeyName, keyNamed, keys, knownNames, type Values } from './keys.ts';
import type { Key } from './keyTypes.ts';
import type { Entry } from './properties.ts';
import type { Report } from './report.ts';

export interface GivenValues {
  readonly values: Values;
  /** `file:line` of every key that the file gives. */
  readonly at: ReadonlyMap<KeyName, string>;
}

/** Values of all keys, defaults filled in; `entries` in file order, the last of a key wins. */
export function readValues(entries: readonly Entry[], report: Report): GivenValues {
  const values: Record<string, unknown> = {};
  for (const [name, row] of Object.entries(keys)) values[name] = row.default;
  const at = new Map<KeyName, string>();
  const firstLines = new Map<string, string>();
  for (const entry of entries) {
    warnComment(entry, report);
    const earlier = firstLines.get(entry.key);
    if (earlier !== undefined) {
      report.warn(
        entry.at,
        `${shownKey(entry)} was already given at ${earlier}; this line is taken`,
      );
    }
    firstLines.set(entry.key, entry.at);
    if (isEnsembleKey(entry.key)) continue;
    const name = keyNamed(entry.key);
    if (name === null) {
      warnUnknown(entry, report);
      continue;
    }
    at.set(name, entry.at);
    readValue(entry, name, keys[name], values, report);
  }
  return { values: values as unknown as Values, at };
}

function readValue(
  entry: Entry,
  name: KeyName,
  row: Key<unknown>,
  values: Record<string, unknown>,
  report: Report,
): void {
  const parsed = row.parse(entry.value);
  if ('error' in parsed) {
    report.error(entry.at, `${entry.key} ${parsed.error}`);
    return;
  }
  if (parsed.warning !== undefined) report.warn(entry.at, `${entry.key} ${parsed.warning}`);
  values[name] = parsed.value;
  if (row.status === 'unneeded') {
    report.warn(entry.at, `${entry.key} has no meaning in this server and is ignored`);
  } else if (parsed.value !== row.default && row.status === 'later') {
    report.warn(entry.at, `${entry.key} is known but not supported yet; it has no effect`);
  } else if (parsed.value !== row.default && row.status === 'refused') {
    const why = 'starting without it would be less safe than the file asks for';
    report.error(entry.at, `${entry.key} is not supported yet; ${why}`);
  }
}

/** To Java, too, a # is a comment only where a line begins. The value may be a password. */
function warnComment(entry: Entry, report: Report): void {
  if (!/\s#/.test(entry.value)) return;
  const why = 'a comment needs a line of its own';
  report.warn(entry.at, `the value of ${shownKey(entry)} goes on after the #; ${why}`);
}

function warnUnknown(entry: Entry, report: Report): void {
  const guess = nearest(entry.key.replace(/^zookeeper\./, ''), knownNames);
  const hint = guess === null ? '' : `; did you mean ${guess}?`;
  report.warn(entry.at, `unknown key ${shownKey(entry)} is ignored${hint}`);
}

const LONGEST_KEY = 60;

/** What is no configuration at all may have keys of any length, and bytes that upset a terminal. */
function shownKey({ key }: Entry): string {
  const start = key.slice(0, LONGEST_KEY);
  const shown = /^[^\s\p{C}]+$/u.test(start) ? start : JSON.stringify(start);
  return key.length > LONGEST_KEY ? `${shown}...` : shown;
}
