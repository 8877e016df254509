// The end of a server's log in memory: what a leader sends to learners that lag behind by little.
import { assert } from '../base/assert.ts';
import { counterOf, epochOf, follows, hex0x, NO_ZXID, type Zxid } from '../base/ids.ts';

export interface LogEntry {
  readonly zxid: Zxid;
  readonly entry: Buffer;
}

/** Entries of Apache's zookeeper.commitLogCount. */
const DEFAULT_COUNT = 500;
const DEFAULT_BYTES = 16 << 20;
/** Copies of entries below a quarter of this share blocks of memory. */
const BLOCK = 64 << 10;

/**
 * The last entries of the log, in order and without a hole (ZOOKEEPER-4925); those not yet committed
 * are always there, of the others as many as the bounds allow. It also knows where each epoch ended,
 * so that it can tell for any zxid whether the log on disk holds it.
 *
 * One per server, and it outlives the roles: the replica fills it from the disk with `reset` and
 * `add`, roles go on with `append` and `commitNext`.
 */
export class CommittedLog {
  readonly #maxCount: number;
  readonly #maxBytes: number;
  #entries: (LogEntry | undefined)[] = [];
  /** Where the oldest entry and the first uncommitted one stand. */
  #head = 0;
  #next = 0;
  #bytes = 0;
  /** Where each epoch ended, ascending; first the zxid that all that is known begins after. */
  #ends: Zxid[] = [NO_ZXID];
  #base: Zxid = NO_ZXID;
  #committed: Zxid = NO_ZXID;
  #last: Zxid = NO_ZXID;
  #block: Buffer = Buffer.alloc(0);
  #used = 0;

  constructor(bounds: { readonly count?: number; readonly bytes?: number } = {}) {
    this.#maxCount = bounds.count ?? DEFAULT_COUNT;
    this.#maxBytes = bounds.bytes ?? DEFAULT_BYTES;
  }

  /** The zxid that the history ends with, committed or not. */
  get last(): Zxid {
    return this.#last;
  }

  get committed(): Zxid {
    return this.#committed;
  }

  /** Who has everything up to here can be brought up to date from memory. */
  get base(): Zxid {
    return this.#base;
  }

  /** For no zxid below this it is known whether the log holds it. */
  get root(): Zxid {
    return this.#ends[0] ?? NO_ZXID;
  }

  get count(): number {
    return this.#entries.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Begins anew after a snapshot: its zxid. */
  reset(at: Zxid): void {
    this.#entries = [];
    this.#head = 0;
    this.#next = 0;
    this.#bytes = 0;
    this.#ends = [at];
    this.#base = at;
    this.#committed = at;
    this.#last = at;
  }

  /**
   * Adds what was read from the disk. An entry that is there already is skipped (Apache logs some
   * twice); behind a gap everything begins anew, as nobody may get a history with a hole.
   */
  add(zxid: Zxid, entry: Buffer): void {
    assert(this.#next === this.#entries.length, 'entries from the disk come before proposals');
    if (zxid <= this.#last) return;
    if (!follows(this.#last, zxid)) {
      this.reset(zxid);
      return;
    }
    this.append(zxid, entry);
    this.commitNext();
  }

  /** Adds a proposal, copied; it must follow the last one. */
  append(zxid: Zxid, entry: Buffer): void {
    const last = this.#last;
    if (zxid !== last + 1n || counterOf(zxid) === 0) {
      assert(follows(last, zxid), () => `${hex0x(zxid)} does not follow ${hex0x(last)}`);
      if (last !== this.#ends[this.#ends.length - 1]) this.#ends.push(last);
    }
    this.#entries.push({ zxid, entry: this.#copy(entry) });
    this.#bytes += entry.length;
    this.#last = zxid;
  }

  /** The oldest proposal that is not committed. */
  get nextUncommitted(): LogEntry | undefined {
    return this.#entries[this.#next];
  }

  /** Commits the oldest proposal, which must be there. */
  commitNext(): LogEntry {
    const entry = this.#entries[this.#next];
    assert(entry !== undefined, 'nothing to commit');
    this.#next++;
    this.#committed = entry.zxid;
    while (this.#next - this.#head > this.#maxCount || this.#bytes > this.#maxBytes) {
      if (this.#head === this.#next) break;
      this.#dropOldest();
    }
    return entry;
  }

  /** All that was logged counts as committed: how a role that looked for a leader starts out. */
  commitAll(): void {
    while (this.#next < this.#entries.length) this.commitNext();
  }

  /** The log was cut: nothing after `after` is left, and the history ends with it. */
  truncate(after: Zxid): void {
    if (after >= this.#last) return;
    if (after < this.#base) {
      const ends = this.#ends.filter((end) => end < after);
      this.reset(after);
      if (ends.length > 0) this.#ends = [...ends, after];
      return;
    }
    let kept = this.#entries.length;
    while (kept > this.#head && this.#at(kept - 1).zxid > after) {
      kept--;
      this.#bytes -= this.#at(kept).entry.length;
    }
    this.#entries.length = kept;
    this.#next = Math.min(this.#next, kept);
    this.#last = after;
    if (this.#committed > after) this.#committed = after;
    while (this.#ends.length > 1 && (this.#ends.at(-1) ?? after) >= after) this.#ends.pop();
  }

  /** The latest zxid of this history that is not after `zxid`; null when that is not known. */
  floor(zxid: Zxid): Zxid | null {
    if (zxid >= this.#last) return this.#last;
    const at = this.#segment(zxid);
    if (at === 0) return zxid === this.root ? zxid : null;
    const [before, end] = [this.#end(at - 1), this.#end(at)];
    const isHere = epochOf(zxid) === epochOf(end) && counterOf(zxid) !== 0;
    return isHere ? zxid : before;
  }

  /** How many entries there are after `after` and up to `upTo`, both in this history. */
  countBetween(after: Zxid, upTo: Zxid): number {
    let count = 0;
    for (let at = this.#segment(after); at <= this.#ends.length; at++) {
      const end = this.#end(at) < upTo ? this.#end(at) : upTo;
      const from = after > this.#end(at - 1) ? after : this.#end(at - 1);
      if (end > from) {
        count += epochOf(from) === epochOf(end) ? Number(end - from) : counterOf(end);
      }
    }
    return count;
  }

  /** The committed entries after `after`, which is not before `base`. */
  committedAfter(after: Zxid): readonly LogEntry[] {
    assert(after >= this.#base, 'older than what is kept');
    let low = this.#head;
    let high = this.#next;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#at(middle).zxid <= after) low = middle + 1;
      else high = middle;
    }
    return this.#entries.slice(low, this.#next) as LogEntry[];
  }

  /** What is proposed and not committed. */
  uncommitted(): readonly LogEntry[] {
    return this.#entries.slice(this.#next) as LogEntry[];
  }

  #at(index: number): LogEntry {
    const entry = this.#entries[index];
    assert(entry !== undefined, 'an entry that is not there');
    return entry;
  }

  /** The index-th end; the last one is where the history ends now. */
  #end(index: number): Zxid {
    return this.#ends[index] ?? (index < 0 ? NO_ZXID : this.#last);
  }

  /** Which end is the first that is not before `zxid`. */
  #segment(zxid: Zxid): number {
    let low = 0;
    let high = this.#ends.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#end(middle) < zxid) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #dropOldest(): void {
    const { zxid, entry } = this.#at(this.#head);
    this.#entries[this.#head++] = undefined;
    this.#bytes -= entry.length;
    this.#base = zxid;
    if (this.#head > 1024 && this.#head * 2 > this.#entries.length) {
      this.#entries.splice(0, this.#head);
      this.#next -= this.#head;
      this.#head = 0;
    }
  }

  #copy(entry: Buffer): Buffer {
    const { length } = entry;
    if (length > BLOCK >> 2) return Buffer.from(entry);
    if (this.#used + length > this.#block.length) {
      this.#block = Buffer.allocUnsafeSlow(BLOCK);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += length;
    entry.copy(this.#block, start);
    return this.#block.subarray(start, this.#used);
  }
}
