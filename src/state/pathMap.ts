// A Map by path, or by name, that stays fast with millions of entries.
import { NameTable } from './nameTable.ts';

/** With more entries than this a NameTable takes the Map's place. */
const SMALL = 256;

/**
 * A Map from path to value, without promise of order. V8's own, when it is large, leaves a deleted
 * entry in its hash chain until it is rebuilt, so that deleting and setting one key makes that chain
 * ever longer; it is rebuilt in one go, at millions of entries for tens of milliseconds; and to find
 * that a key is not there it looks at strings that are in no cache.
 */
export class PathMap<V extends object | true> {
  /** Null while there is a table. */
  #map: Map<string, V> | null = new Map();
  #table: NameTable<V> | null = null;
  /** The keys are such that a table is no good for them. */
  #isCrowded = false;

  get size(): number {
    return this.#map !== null ? this.#map.size : (this.#table as NameTable<V>).size;
  }

  /** The value of what stands in `path` from the character at `from` on. */
  get(path: string, from = 0): V | undefined {
    const map = this.#map;
    if (map !== null) return map.get(from === 0 ? path : path.substring(from));
    return (this.#table as NameTable<V>).get(path, from);
  }

  has(path: string): boolean {
    return this.get(path) !== undefined;
  }

  set(path: string, value: V): void {
    const map = this.#map;
    if (map !== null) {
      map.set(path, value);
      if (map.size > SMALL && !this.#isCrowded) this.#toTable(map);
      return;
    }
    if (!(this.#table as NameTable<V>).set(path, value)) {
      this.#toMap();
      this.set(path, value);
    }
  }

  delete(path: string): boolean {
    return this.#map !== null ? this.#map.delete(path) : (this.#table as NameTable<V>).delete(path);
  }

  clear(): void {
    this.#map = new Map();
    this.#table = null;
    this.#isCrowded = false;
  }

  /** What is set meanwhile may or may not be met. */
  *entries(): Generator<[string, V], void, void> {
    const cursor = this.cursor();
    for (let value = cursor.next(); value !== undefined; value = cursor.next()) {
      const { key } = cursor;
      if (this.get(key) === value) yield [key, value];
    }
  }

  *keys(): Generator<string, void, void> {
    for (const [path] of this.entries()) yield path;
  }

  *values(): Generator<V, void, void> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): Generator<[string, V], void, void> {
    return this.entries();
  }

  /** `visit` must not change this map. */
  forEach(visit: (value: V, path: string) => void): void {
    if (this.#map !== null) this.#map.forEach(visit);
    else {
      const cursor = this.cursor();
      for (let value = cursor.next(); value !== undefined; value = cursor.next()) {
        visit(value, cursor.key);
      }
    }
  }

  /**
   * A way through the entries that may rest while they change: each that is there all the time is
   * met once. One that has been deleted may be met still, one that is new may be met or not.
   */
  cursor(): Cursor<V> {
    return this.#map !== null
      ? new MapCursor(this.#map)
      : new TableCursor(this.#table as NameTable<V>);
  }

  #toTable(map: Map<string, V>): void {
    const table = new NameTable<V>();
    for (const [path, value] of map) {
      if (table.set(path, value)) continue;
      this.#isCrowded = true;
      return;
    }
    this.#table = table;
    // The old one stays as it is for who is on the way through it.
    this.#map = null;
  }

  #toMap(): void {
    const map = new Map<string, V>();
    this.forEach((value, path) => {
      map.set(path, value);
    });
    this.#isCrowded = true;
    this.#map = map;
    this.#table = null;
  }
}

/** See `PathMap.cursor`. */
export interface Cursor<V> {
  /** Of the value that the last `next` gave. */
  key: string;
  /** Undefined at the end. */
  next(): V | undefined;
}

class MapCursor<V> implements Cursor<V> {
  key = '';
  readonly #entries: IterableIterator<[string, V]>;

  constructor(map: ReadonlyMap<string, V>) {
    this.#entries = map.entries();
  }

  next(): V | undefined {
    const { done, value } = this.#entries.next();
    if (done === true) return undefined;
    const [key, found]: [string, V] = value;
    this.key = key;
    return found;
  }
}

class TableCursor<V extends object | true> implements Cursor<V> {
  key = '';
  readonly #keys: readonly (string | undefined)[];
  readonly #values: readonly (V | undefined)[];
  #next = 0;

  constructor({ keys, values }: NameTable<V>) {
    this.#keys = keys;
    this.#values = values;
  }

  next(): V | undefined {
    while (this.#next < this.#keys.length) {
      const at = this.#next++;
      const key = this.#keys[at];
      if (key === undefined) continue;
      this.key = key;
      return this.#values[at];
    }
    return undefined;
  }
}
