// What a server's disk holds, and what a crash, a loss or damage leaves of it. The log has the bytes
// of the real one, and is read by the real scan and replay.
import { epochOf, hex0x, NO_ZXID, type Zxid } from '../../src/base/ids.ts';
import { Replay } from '../../src/server/storage/replay.ts';
import { loadSnapshot, snapshotPieces } from '../../src/server/storage/snapshotFile.ts';
import { StorageError } from '../../src/server/storage/storageError.ts';
import type { State } from '../../src/state/state.ts';
import { bytesSource } from '../../src/wire/byteSource.ts';
import { LOG_HEADER_LENGTH, LogScanner, logHeader } from '../../src/wire/log.ts';
import type { Membership } from '../../src/wire/membership.ts';
import { newState } from './newState.ts';
import type { Random } from './random.ts';
import { demand } from './violation.ts';

export interface Snapshot {
  readonly zxid: Zxid;
  readonly bytes: Buffer;
}

/** Where an entry of the log stands. */
interface Placed {
  readonly zxid: Zxid;
  readonly start: number;
  readonly end: number;
}

export interface Loaded {
  readonly state: State;
  /** True when there was neither snapshot nor log. */
  readonly isEmpty: boolean;
}

const SECTOR = 512;
const bytesOf = (state: State): Buffer =>
  Buffer.concat([...snapshotPieces(state)].map((piece) => Buffer.from(piece)));
const FIRST_SNAPSHOT = bytesOf(newState());

export class Medium {
  accepted = 0;
  current = 0;
  /** Why this server must not vote; null when it may. */
  unhealed: string | null = null;
  /** What its configuration and the files beside that say; a disk that is lost is another one. */
  membership: Membership;
  pending: Membership | null = null;
  /** Newest last. */
  snapshots: Snapshot[] = [];
  /** The log's bytes; what is behind `written` is nothing yet. */
  #bytes: Buffer = Buffer.alloc(1024);
  #placed: Placed[] = [];
  #written = 0;
  #synced = 0;
  /** The highest zxid that is durable. */
  #durable: Zxid = NO_ZXID;
  /** The note of that beside the log, by which a lost tail is noticed, and what a power cut leaves of it. */
  #mark: Zxid = NO_ZXID;
  #markOnDisk: Zxid = NO_ZXID;

  /** @param startsAt the zxid of a first snapshot; 0: there is none */
  constructor(membership: Membership, startsAt: Zxid = NO_ZXID) {
    this.membership = membership;
    this.#begin();
    if (startsAt === NO_ZXID) return;
    const state = newState();
    state.lastZxid = startsAt;
    this.accepted = epochOf(startsAt);
    this.current = epochOf(startsAt);
    this.replace({ zxid: startsAt, bytes: bytesOf(state) });
  }

  #begin(): void {
    logHeader().copy(this.#bytes);
    this.#written = LOG_HEADER_LENGTH;
    this.#synced = LOG_HEADER_LENGTH;
    this.#placed = [];
  }

  /** All that is durable ends with this zxid. */
  get durable(): Zxid {
    return this.#durable;
  }

  get isEmpty(): boolean {
    return this.snapshots.length === 0 && this.#placed.length === 0;
  }

  /** The first zxid in the log; null when it holds none. */
  get logFrom(): Zxid | null {
    return this.#placed[0]?.zxid ?? null;
  }

  /** Appends framed entries. */
  write(framed: Buffer, entries: readonly { zxid: Zxid; length: number }[]): void {
    const needed = this.#written + framed.length;
    if (needed > this.#bytes.length) {
      const bigger = Buffer.alloc(Math.max(needed, this.#bytes.length * 2));
      this.#bytes.copy(bigger, 0, 0, this.#written);
      this.#bytes = bigger;
    }
    framed.copy(this.#bytes, this.#written);
    let start = this.#written;
    for (const { zxid: id, length } of entries) {
      this.#placed.push({ zxid: id, start, end: start + length });
      start += length;
    }
    this.#written = needed;
  }

  /** Everything up to this zxid is durable. */
  sync(upTo: Zxid): void {
    for (let i = this.#placed.length - 1; i >= 0; i--) {
      const placed = this.#placed[i] as Placed;
      if (placed.zxid > upTo) continue;
      if (placed.zxid > this.#durable) this.#durable = placed.zxid;
      this.#mark = this.#durable;
      if (placed.end > this.#synced) this.#synced = placed.end;
      break;
    }
  }

  /** An empty server gets a snapshot of nothing with the first that it learns. */
  writeFirstSnapshot(): void {
    if (this.isEmpty) this.snapshots.push({ zxid: NO_ZXID, bytes: FIRST_SNAPSHOT });
  }

  /** All that is left is a snapshot of `state`, which is on disk. */
  keepOnly(state: State): void {
    this.snapshots.push({ zxid: state.lastZxid, bytes: bytesOf(state) });
    this.purge(1);
  }

  /** Keeps the newest `retain` snapshots, and of the log what they need. */
  purge(retain: number): void {
    this.snapshots = this.snapshots.slice(-retain);
    const oldest = this.snapshots[0]?.zxid ?? NO_ZXID;
    const first = this.#placed.find(({ zxid: id }) => id > oldest);
    const from = first?.start ?? this.#written;
    const shift = from - LOG_HEADER_LENGTH;
    if (shift <= 0 || this.#synced < from) return;
    this.#bytes.copy(this.#bytes, LOG_HEADER_LENGTH, from, this.#written);
    this.#placed = this.#placed
      .filter(({ start }) => start >= from)
      .map(({ zxid: id, start, end }) => ({ zxid: id, start: start - shift, end: end - shift }));
    this.#written -= shift;
    this.#synced -= shift;
  }

  /** The entries after `after` up to `upTo`; null when they are not all there. */
  history(after: Zxid, upTo: Zxid): { zxid: Zxid; entry: Buffer }[] | null {
    const from = this.#placed.findIndex(({ zxid: id }) => id > after);
    if (upTo > this.#durable || from < 0) return null;
    const before = this.#placed[from - 1];
    if (before?.zxid !== after && this.#placed[from]?.zxid !== after + 1n) return null;
    const found: { zxid: Zxid; entry: Buffer }[] = [];
    for (const { zxid: id, start, end } of this.#placed.slice(from)) {
      if (id > upTo) break;
      found.push({ zxid: id, entry: Buffer.from(this.#bytes.subarray(start + 12, end - 1)) });
    }
    return found;
  }

  // -- what befalls it -------------------------------------------------------------------------

  /**
   * The power goes: of what was written and not synced there is left any beginning with its end torn,
   * or any sectors of it, or older bytes of the file where sectors are lost.
   * The note of what was synced may be late, as that of the real directory.
   */
  cutPower(random: Random): void {
    const tail = this.#written - this.#synced;
    const how = random.pick(['prefix', 'sectors', 'stale'] as const);
    if (tail > 0) {
      if (how === 'prefix') this.#tear(random, tail);
      else this.#loseSectors(random, how === 'stale');
    }
    if (random.chance(0.5)) this.#mark = this.#markOnDisk;
  }

  #tear(random: Random, tail: number): void {
    const kept = this.#synced + random.int(0, tail);
    const torn = Math.min(random.int(0, 40), kept - this.#synced);
    for (let at = kept - torn; at < kept; at++) this.#bytes[at] = random.int(0, 255);
    this.#bytes.fill(0, kept, this.#written);
  }

  #loseSectors(random: Random, isStale: boolean): void {
    const share = random.next();
    let end: number;
    for (let at = this.#synced; at < this.#written; at = end) {
      end = Math.min(at - (at % SECTOR) + SECTOR, this.#written);
      if (!random.chance(share)) continue;
      const from = random.int(0, Math.max(0, at - SECTOR));
      if (isStale) this.#bytes.copyWithin(at, from, from + end - at);
      else this.#bytes.fill(0, at, end);
    }
    // The last one that is left may have been half written.
    if (random.chance(0.5))
      this.#bytes.fill(0, random.int(this.#synced, this.#written), this.#written);
  }

  /** One byte of the durable log changes; false when there is none. */
  damage(random: Random): boolean {
    if (this.#synced <= LOG_HEADER_LENGTH) return false;
    const at = random.int(LOG_HEADER_LENGTH, this.#synced - 1);
    this.#bytes[at] = (this.#bytes[at] as number) ^ (1 << random.int(0, 7));
    // One thing at a time: damage to what no note tells of looks like a write that was cut off.
    this.#mark = this.#durable;
    return true;
  }

  /** Everything is gone. */
  lose(): void {
    this.accepted = 0;
    this.current = 0;
    this.unhealed = null;
    this.snapshots = [];
    this.#end(NO_ZXID);
    this.#begin();
  }

  /** The history is kept aside; what is left is an empty server without a vote. */
  distrust(reason: string): void {
    this.unhealed = reason;
    this.snapshots = [];
    this.#end(NO_ZXID);
    this.#begin();
  }

  #end(last: Zxid): void {
    this.#durable = last;
    this.#mark = last;
    this.#markOnDisk = last;
  }

  // -- reading ---------------------------------------------------------------------------------

  /** What a server starts with; damage makes it start empty and without a vote. */
  open(): Loaded {
    const isEmpty = this.isEmpty;
    try {
      const state = isEmpty ? newState() : this.#load(null)?.state;
      if (state === undefined) throw new Error('no snapshot, though there are entries');
      return { state, isEmpty };
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      this.distrust(error.message);
      return { state: newState(), isEmpty: true };
    }
  }

  /** The state on disk as it is, for comparison. */
  peek(): State {
    const copy = new Medium(this.membership);
    copy.snapshots = this.snapshots;
    copy.#bytes = Buffer.from(this.#bytes);
    copy.#placed = [...this.#placed];
    copy.#written = this.#written;
    copy.#synced = this.#synced;
    copy.#durable = this.#durable;
    copy.#mark = this.#mark;
    const { state } = copy.open();
    demand(copy.unhealed === null, 'P13', () => `the disk cannot be read: ${copy.unhealed}`);
    return state;
  }

  /** Cuts the history after `after`; null, with nothing changed, when it is not there. */
  truncate(after: Zxid): State | null {
    const found = this.#load(after);
    if (found === null) return null;
    // Newer ones may have seen what is cut (ZOOKEEPER-4837).
    this.snapshots = this.snapshots.filter(({ zxid: id }) => id <= found.base);
    const kept = this.#placed.filter(({ zxid: id }) => id <= after);
    const end = kept.at(-1)?.end ?? LOG_HEADER_LENGTH;
    this.#bytes.fill(0, end, this.#written);
    this.#placed = kept;
    this.#written = end;
    this.#synced = end;
    this.#end(after);
    return found.state;
  }

  /** One snapshot takes the place of everything. */
  replace(snapshot: Snapshot): void {
    this.snapshots = [snapshot];
    this.#end(snapshot.zxid);
    this.#bytes.fill(0, LOG_HEADER_LENGTH, this.#written);
    this.#begin();
  }

  /** @param limit only the history up to here, which must end exactly there */
  #load(limit: Zxid | null): { state: State; base: Zxid } | null {
    for (const snapshot of [...this.snapshots].reverse()) {
      if (limit !== null && snapshot.zxid > limit) continue;
      const state = newState();
      try {
        const last = this.#replay(snapshot, state, limit);
        if (limit === null) return { state, base: snapshot.zxid };
        if (last !== limit) return null;
        if (!seesBeyond(state, limit)) return { state, base: snapshot.zxid };
      } catch (error) {
        // A fuzzy snapshot may have seen what is to be cut: an older one may do.
        if (limit === null || !(error instanceof StorageError)) throw error;
      }
    }
    return null;
  }

  #replay({ zxid: base, bytes }: Snapshot, state: State, limit: Zxid | null): Zxid {
    const file = 'log';
    const digest = loadSnapshot(state, bytesSource(bytes), 'snapshot', base);
    const replay = new Replay(state, { zxid: base, file, digest, trustEmpty: false });
    const scanner = new LogScanner(bytesSource(this.#bytes.subarray(0, this.#written)), 1 << 14);
    for (let entry = scanner.next(); entry !== null; entry = scanner.next()) {
      if (limit !== null && entry.zxid > limit) break;
      replay.take(entry, file);
    }
    if (limit === null) this.#judgeEnd(scanner, replay.last);
    replay.finish();
    state.lastZxid = replay.last;
    return replay.last;
  }

  #judgeEnd({ end }: LogScanner, last: Zxid): void {
    const offset = end?.offset ?? 0;
    if (last < this.#mark) {
      throw new StorageError({ file: 'log', reason: 'damaged', offset, advice: '' });
    }
    demand(last >= this.#durable, 'P9', () => {
      return `the disk ends with ${hex0x(last)}, though all to ${hex0x(this.#durable)} was synced`;
    });
    this.#bytes.fill(0, offset, this.#written);
    this.#placed = this.#placed.filter((placed) => placed.end <= offset);
    this.#written = offset;
    this.#synced = offset;
    this.#end(last);
  }
}

/** A fuzzy snapshot may hold znodes of what is to be cut (ZOOKEEPER-4837). */
function seesBeyond({ tree }: State, after: Zxid): boolean {
  for (const { czxid, mzxid, pzxid } of tree.nodes.values()) {
    if (czxid > after || mzxid > after || pzxid > after) return true;
  }
  return false;
}
