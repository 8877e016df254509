// A hash table for the many entries of a large PathMap: no string is touched that is not asked for.

/** At most half of the slots are taken, so that a look-up for what is not there ends at once. */
const INITIAL_SLOTS = 1024;
/** A longer way than chance would make it: the names have been chosen to collide. */
const MAX_PROBES = 512;

/** FNV-1a, with its upper bits mixed into those that choose the slot. */
export function hashOf(path: string, from: number): number {
  let hash = 0x811c_9dc5 | 0;
  for (let i = from; i < path.length; i++) {
    hash = Math.imul(hash ^ path.charCodeAt(i), 0x0100_0193);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b_3c6d);
  return hash ^ (hash >>> 13);
}

/**
 * Entries in the order in which they came, and where to find them: pairs of a key's hash and the
 * number of its entry, from 1 on, by open addressing. V8's Map compares a key with each in its
 * chain, and so fetches strings from all over memory, to say that it has no such key.
 * Of a deleted entry the pair stays, so that its key finds it when it returns.
 */
export class NameTable<V extends object | true> {
  /** Undefined where an entry was deleted. Replaced, not compacted in place, so that a walk over them may go on. */
  keys: (string | undefined)[] = [];
  values: (V | undefined)[] = [];
  size = 0;
  #slots = new Int32Array(2 * INITIAL_SLOTS);

  /** The value of `path` from the character at `from` on. */
  get(path: string, from: number): V | undefined {
    const slots = this.#slots;
    const hash = hashOf(path, from);
    const last = slots.length - 2;
    for (let at = (hash << 1) & last; ; at = (at + 2) & last) {
      const entry = slots[at + 1] as number;
      if (entry === 0) return undefined;
      if (slots[at] !== hash) continue;
      const key = this.keys[entry - 1];
      if (key === undefined || key.length !== path.length - from) continue;
      if (from === 0 ? key === path : path.endsWith(key)) return this.values[entry - 1];
    }
  }

  /** False when the table has become too slow for it, and nothing was done. */
  set(key: string, value: V): boolean {
    const slots = this.#slots;
    const hash = hashOf(key, 0);
    const last = slots.length - 2;
    /** The first deleted entry with this hash: nothing is found beyond it that was not before it. */
    let free = 0;
    let at = (hash << 1) & last;
    for (let probes = 0; slots[at + 1] !== 0; probes++, at = (at + 2) & last) {
      if (probes > MAX_PROBES) return false;
      if (slots[at] !== hash) continue;
      const entry = slots[at + 1] as number;
      const present = this.keys[entry - 1];
      if (present === undefined) {
        if (free === 0) free = entry;
      } else if (present === key) {
        this.values[entry - 1] = value;
        return true;
      }
    }
    this.size++;
    if (free !== 0) {
      this.keys[free - 1] = key;
      this.values[free - 1] = value;
      return true;
    }
    this.keys.push(key);
    this.values.push(value);
    slots[at] = hash;
    slots[at + 1] = this.keys.length;
    if (this.keys.length * 4 > slots.length) this.#rebuild();
    return true;
  }

  delete(key: string): boolean {
    const slots = this.#slots;
    const hash = hashOf(key, 0);
    const last = slots.length - 2;
    for (let at = (hash << 1) & last; ; at = (at + 2) & last) {
      const entry = slots[at + 1] as number;
      if (entry === 0) return false;
      if (slots[at] !== hash || this.keys[entry - 1] !== key) continue;
      this.keys[entry - 1] = undefined;
      this.values[entry - 1] = undefined;
      this.size--;
      if (this.size * 8 < this.keys.length && slots.length > 2 * INITIAL_SLOTS) this.#rebuild();
      return true;
    }
  }

  /** Makes room, and leaves out what was deleted when there is much of it. */
  #rebuild(): void {
    const old = this.#slots;
    let slots = 2 * INITIAL_SLOTS;
    while (this.size * 6 > slots) slots *= 2;
    const numbers = this.size * 2 < this.keys.length ? this.#compact() : null;
    this.#slots = new Int32Array(Math.max(slots, numbers === null ? old.length * 2 : 0));
    const last = this.#slots.length - 2;
    for (let from = 0; from < old.length; from += 2) {
      const before = old[from + 1] as number;
      const entry = numbers === null ? before : (numbers[before] as number);
      if (entry === 0) continue;
      const hash = old[from] as number;
      let at = (hash << 1) & last;
      while (this.#slots[at + 1] !== 0) at = (at + 2) & last;
      this.#slots[at] = hash;
      this.#slots[at + 1] = entry;
    }
  }

  /** Gives the number that each entry has afterwards, by the one it had; 0 for those deleted. */
  #compact(): Int32Array {
    const { keys, values } = this;
    const numbers = new Int32Array(keys.length + 1);
    this.keys = [];
    this.values = [];
    for (let i = 0; i < keys.length; i++) {
      if (keys[i] === undefined) continue;
      this.keys.push(keys[i]);
      this.values.push(values[i]);
      numbers[i + 1] = this.keys.length;
    }
    return numbers;
  }
}
