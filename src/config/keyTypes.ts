// The kinds of value that a zoo.cfg key can have: how each is parsed, bounded and shown.

/**
 * What the server makes of a key.
 * - `supported`: honoured.
 * - `ensemble`: says nothing to a standalone server, as in Apache's.
 * - `later`: known, has no effect yet; a value other than the default warns.
 * - `refused`: ignoring it would make the server less safe than asked for, so it is an error.
 * - `unneeded`: tunes a part of the Java server that does not exist here; warns.
 */
type Status = 'supported' | 'ensemble' | 'later' | 'refused' | 'unneeded';

/** Outcome of parsing one value; the texts follow the key's name ("must be ..., got ..."). */
type Parsed<T> = { value: T; warning?: string } | { error: string };

/** One row of the table. `T` is the type of the value in `Config`. */
export interface Key<T> {
  readonly default: T;
  readonly help: string;
  readonly status: Status;
  readonly unit: string | null;
  /** The Java system property when it is not `zookeeper.<key>`; its name works in zoo.cfg too. */
  readonly property: string | null;
  /** Default as a multiple of tickTime; then `null` in the table stands for "not given". */
  readonly ticks: number | null;
  parse(text: string): Parsed<T>;
}

interface Common {
  help: string;
  unit?: string;
  property?: string;
  status?: Status;
}

function key<T>(common: Common, fallback: T, parse: (text: string) => Parsed<T>): Key<T> {
  return {
    default: fallback,
    help: common.help,
    status: common.status ?? 'supported',
    unit: common.unit ?? null,
    property: common.property ?? null,
    ticks: null,
    parse,
  };
}

const MAX_INT = 0x7fffffff;

interface Bounds {
  min?: number;
  max?: number;
  /** Below `min` the minimum is taken with a warning, as Apache does for a few keys. */
  clamp?: boolean;
  /** Java reads some properties with Integer.getInteger, which takes 0x too. */
  hex?: boolean;
}

function parseInteger(text: string, bounds: Bounds): Parsed<number> {
  const { min = -MAX_INT - 1, max = MAX_INT } = bounds;
  const isHex = bounds.hex === true && /^0x[0-9a-f]+$/i.test(text);
  if (!isHex && !/^[+-]?\d+$/.test(text)) return { error: `must be an integer, got "${text}"` };
  const value = Number(text);
  if (value < min) {
    if (bounds.clamp) return { value: min, warning: `must be at least ${min}, taking ${min}` };
    return { error: `must be at least ${min}, got ${text}` };
  }
  return value > max ? { error: `must be at most ${max}, got ${text}` } : { value };
}

export function int(row: Common & Bounds & { default: number }): Key<number> {
  return key(row, row.default, (text) => parseInteger(text, row));
}

/** A 64-bit count in Java; exact here up to 2^53. */
export function long(row: Common & Bounds & { default: number }): Key<number> {
  return int({ max: Number.MAX_SAFE_INTEGER, ...row });
}

/** An integer that may be absent. */
export function optionalInt(row: Common & Bounds): Key<number | null> {
  return key<number | null>(row, null, (text) => parseInteger(text, row));
}

/** Milliseconds that default to a number of ticks; -1 means the default, as in Apache. */
export function inTicks(row: Common & { ticks: number }): Key<number | null> {
  const parse = (text: string): Parsed<number | null> => {
    const parsed = parseInteger(text, { min: -1 });
    return 'value' in parsed && parsed.value === -1 ? { value: null } : parsed;
  };
  return { ...key<number | null>({ unit: 'ms', ...row }, null, parse), ticks: row.ticks };
}

export function port(row: Common & { default: number }): Key<number> {
  return int({ min: 0, max: 65535, ...row });
}

export function fraction(row: Common & { default: number }): Key<number> {
  return key(row, row.default, (text) => {
    const value = Number(text);
    if (text === '' || Number.isNaN(value)) return { error: `must be a number, got "${text}"` };
    if (value < 0 || value > 1) return { error: `must be between 0 and 1, got ${text}` };
    return { value };
  });
}

export function bool(row: Common & { default: boolean }): Key<boolean> {
  return key<boolean>(row, row.default, (text) => {
    const word = text.toLowerCase();
    if (word === 'true' || word === 'false') return { value: word === 'true' };
    return { error: `must be true or false, got "${text}"` };
  });
}

/**
 * The older switches say yes and no; true and false mean the same here. `risk` is what another value
 * than the default gives up: it warns.
 */
export function yesNo(row: Common & { default: boolean; risk?: string }): Key<boolean> {
  return key<boolean>(row, row.default, (text) => {
    const word = text.toLowerCase();
    const value = word === 'yes' || word === 'true';
    if (!value && word !== 'no' && word !== 'false') {
      return { error: `must be yes or no, got "${text}"` };
    }
    if (value === row.default || row.risk === undefined) return { value };
    return { value, warning: `is ${word}: ${row.risk}` };
  });
}

/** Any text; empty is the same as absent. */
export function text(row: Common & { default?: string }): Key<string | null> {
  return key<string | null>(row, row.default ?? null, (value) => ({
    value: value === '' ? null : value,
  }));
}

/** One of a few words, in any case; `values` maps what is written to what it means. */
export function choice<T extends string>(
  row: Common & { default: T; values: Readonly<Record<string, T>> },
): Key<T> {
  return key(row, row.default, (given) => {
    const value = row.values[given.toLowerCase()];
    if (value !== undefined) return { value };
    const known = Object.keys(row.values).filter((word) => word !== '');
    return { error: `must be one of ${known.join(', ')}, got "${given}"` };
  });
}

/** Comma separated words. */
export function words(row: Common & { default: readonly string[] }): Key<readonly string[]> {
  return key(row, row.default, (given) => ({
    value: given
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== ''),
  }));
}

/** Says nothing to a standalone server. */
export function ensemble<T>(row: Key<T>): Key<T> {
  return { ...row, status: 'ensemble' };
}

/** Known and accepted, without effect yet. */
export function later<T>(row: Key<T>): Key<T> {
  return { ...row, status: 'later' };
}

/** Ignoring it would be unsafe: an error when it asks for more than the default. */
export function refused<T>(row: Key<T>): Key<T> {
  return { ...row, status: 'refused' };
}

/** Tunes something that only the Java server has. */
export function unneeded(row: Common): Key<string | null> {
  return text({ ...row, status: 'unneeded' });
}
