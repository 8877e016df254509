// A Map by path whose two faults at scale are mended: slow re-creation of a key, and slow growth.

/** V8 cleans smaller tables so often that their deleted entries cost nothing. */
const SMALL = 256;
/** With more entries than this a Map is cut up: to rehash it whole would stall the process. */
const LARGE = 16_384;
const SHARDS = 256;
/** Deleted keys whose places are kept, at most; and how many of them stay after a sweep. */
const VACATED = 1024;
const RECENT = 256;
/** Paths share their beginnings and differ at their ends. */
const HASHED = 16;

type Shard<V> = Map<string, V | undefined>;

function shardOf(path: string): number {
  const end = path.length;
  let hash = end;
  // FNV-1a, folded.
  for (let i = end > HASHED ? end - HASHED : 0; i < end; i++) {
    hash = Math.imul(hash ^ path.charCodeAt(i), 0x0100_0193);
  }
  return (hash ^ (hash >>> 15)) & (SHARDS - 1);
}

/**
 * A Map from path to value, without promise of order. V8 leaves a deleted entry in its hash chain
 * until the table is rebuilt, so that deleting and setting one key of a large Map makes that chain
 * ever longer; here the place of a key just deleted is kept for its return. And V8 rebuilds a
 * table that is full in one go, at millions of entries for tens of milliseconds; here a large map
 * is many.
 */
export class PathMap<V extends object | true> {
  /** The only one, or null: then there are shards. */
  #whole: Shard<V> | null = new Map();
  #shards: Shard<V>[] | null = null;
  #size = 0;
  /** Keys deleted whose places may be kept, oldest first, some more than once. */
  #vacated: string[] | null = null;

  get size(): number {
    return this.#size;
  }

  get(path: string): V | undefined {
    return this.#mapOf(path).get(path);
  }

  has(path: string): boolean {
    return this.#mapOf(path).get(path) !== undefined;
  }

  set(path: string, value: V): void {
    const map = this.#mapOf(path);
    if (this.#vacated === null) {
      const before = map.size;
      map.set(path, value);
      this.#size += map.size - before;
    } else {
      if (map.get(path) === undefined) this.#size++;
      map.set(path, value);
    }
    if (map.size > LARGE && map === this.#whole) this.#split(map);
  }

  /** Sets what is not there; false, and nothing done, for a path that is. */
  add(path: string, value: V): boolean {
    const map = this.#mapOf(path);
    if (map.get(path) !== undefined) return false;
    this.#size++;
    map.set(path, value);
    if (map.size > LARGE && map === this.#whole) this.#split(map);
    return true;
  }

  delete(path: string): boolean {
    const map = this.#mapOf(path);
    if (map.get(path) === undefined) return false;
    this.#size--;
    if (this.#size < SMALL) {
      map.delete(path);
      if (this.#vacated !== null) this.#sweep(this.#vacated, []);
      return true;
    }
    map.set(path, undefined);
    if (this.#vacated === null) this.#vacated = [];
    this.#vacated.push(path);
    if (this.#vacated.length >= VACATED) {
      this.#sweep(this.#vacated, this.#vacated.slice(-RECENT));
    }
    return true;
  }

  clear(): void {
    this.#whole = new Map();
    this.#shards = null;
    this.#size = 0;
    this.#vacated = null;
  }

  /** What is set meanwhile may or may not be met. */
  *entries(): Generator<[string, V], void, void> {
    for (const map of this.parts()) {
      for (const [path, value] of map) if (value !== undefined) yield [path, value];
    }
  }

  *keys(): Generator<string, void, void> {
    for (const [path] of this.entries()) yield path;
  }

  /** The Maps that make up this one; they stay as they are when it is cut up. A value may be gone. */
  parts(): readonly ReadonlyMap<string, V | undefined>[] {
    return this.#shards ?? (this.#whole === null ? [] : [this.#whole]);
  }

  /** `visit` must not change this map. */
  forEach(visit: (value: V, path: string) => void): void {
    const one = (value: V | undefined, path: string): void => {
      if (value !== undefined) visit(value, path);
    };
    if (this.#whole !== null) this.#whole.forEach(one);
    else if (this.#shards !== null) for (const map of this.#shards) map.forEach(one);
  }

  *values(): Generator<V, void, void> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): Generator<[string, V], void, void> {
    return this.entries();
  }

  #mapOf(path: string): Shard<V> {
    const whole = this.#whole;
    return whole !== null ? whole : ((this.#shards as Shard<V>[])[shardOf(path)] as Shard<V>);
  }

  #split(whole: Shard<V>): void {
    this.#shards = Array.from({ length: SHARDS }, () => new Map());
    this.#whole = null;
    this.#vacated = null;
    for (const [path, value] of whole) {
      if (value !== undefined) this.#mapOf(path).set(path, value);
    }
  }

  /** Gives up the places of keys that did not return, except of `kept`, those deleted last. */
  #sweep(vacated: string[], kept: string[]): void {
    const recent = new Set(kept);
    for (const path of vacated) {
      if (recent.has(path)) continue;
      const map = this.#mapOf(path);
      if (map.get(path) === undefined) map.delete(path);
    }
    this.#vacated = recent.size === 0 ? null : [...recent];
  }
}
