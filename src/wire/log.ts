// Transaction-log files as Apache's FileTxnLog writes them: framing of entries, and the scan of a
// file that may be torn or damaged.
//
//   file   = header entry* zeros        header = int magic, int version 2, long dbid
//   entry  = long adler32(bytes), int length, bytes, byte 'B'
//   bytes  = TxnHeader, transaction, digest (see transactions/), at least the 32 of the header
import { adler32 } from '../base/adler32.ts';
import { type Zxid, zxid } from '../base/ids.ts';
import { type ByteSource, SourceWindow } from './byteSource.ts';

/** `ZKLG` */
export const LOG_MAGIC = 0x5a4b4c47;
export const LOG_VERSION = 2;
export const LOG_HEADER_LENGTH = 16;
const END_OF_RECORD = 0x42;
/** Bytes of an entry before and after its own bytes. */
const PREFIX = 12;
const OVERHEAD = PREFIX + 1;
/** TxnHeader: long clientId, int cxid, long zxid, long time, int type. */
const TXN_HEADER_LENGTH = 32;
const ZXID_AT = 12;

/** The header of a new log. Apache writes dbid 0 and never looks at it. */
export function logHeader(dbId = 0n): Buffer {
  const header = Buffer.alloc(LOG_HEADER_LENGTH);
  header.writeInt32BE(LOG_MAGIC, 0);
  header.writeInt32BE(LOG_VERSION, 4);
  header.writeBigInt64BE(dbId, 8);
  return header;
}

const INITIAL_BATCH = 64 * 1024;
/** A batch buffer that grew beyond this is given back once it has been written. */
const KEPT_BATCH = 4 << 20;

const viewOf = (buffer: Buffer): DataView =>
  new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);

/** Framed entries that will be written with one call. */
export class LogBatch {
  #buffer: Buffer = Buffer.allocUnsafeSlow(INITIAL_BATCH);
  #view = viewOf(this.#buffer);
  #length = 0;
  entries = 0;

  get length(): number {
    return this.#length;
  }

  /** What has been added, as a view: valid until the next `add` or `clear`. */
  view(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Bytes that are no entry (the file header). */
  raw(bytes: Uint8Array): void {
    const at = this.#room(bytes.length);
    this.#buffer.set(bytes, at);
  }

  /** Copies and frames one entry. */
  add(entry: Uint8Array): void {
    const at = this.#room(OVERHEAD + entry.length);
    const view = this.#view;
    view.setInt32(at, 0);
    view.setUint32(at + 4, adler32(entry));
    view.setInt32(at + 8, entry.length);
    this.#buffer.set(entry, at + PREFIX);
    view.setUint8(at + PREFIX + entry.length, END_OF_RECORD);
    this.entries++;
  }

  clear(): void {
    this.#length = 0;
    this.entries = 0;
    if (this.#buffer.length > KEPT_BATCH) this.#adopt(Buffer.allocUnsafeSlow(INITIAL_BATCH));
  }

  #room(extra: number): number {
    const at = this.#length;
    const needed = at + extra;
    if (needed > this.#buffer.length) {
      const bigger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
      this.#buffer.copy(bigger, 0, 0, at);
      this.#adopt(bigger);
    }
    this.#length = needed;
    return at;
  }

  #adopt(buffer: Buffer): void {
    this.#buffer = buffer;
    this.#view = viewOf(buffer);
  }
}

/** One good entry of a log; `bytes` is a view that the next call of `next` overwrites. */
export interface LogEntry {
  zxid: Zxid;
  /** Of the first byte of its checksum. */
  offset: number;
  bytes: Buffer;
}

/** Where and why the good entries of a log end. */
export interface LogEnd {
  /** The first byte that is not part of a good entry; the header counts as good. */
  offset: number;
  /**
   * `end`: nothing but zeros follow. `torn`: something follows that is no entry.
   * `header`: the file header itself is missing or cut short. `foreign`: not a log at all.
   */
  kind: 'end' | 'torn' | 'header' | 'foreign';
  /** What is wrong there, in words; empty for `end`. */
  reason: string;
  /** The first valid entry after the bad place whose zxid is beyond the last good one. */
  following: { offset: number; zxid: Zxid } | null;
}

/** Reads a log from its start, entry by entry, and judges its end. */
export class LogScanner {
  readonly #window: SourceWindow;
  readonly #size: number;
  #offset = LOG_HEADER_LENGTH;
  #last: Zxid | null = null;
  #end: LogEnd | null = null;
  readonly #entry: LogEntry = { zxid: zxid(0n), offset: 0, bytes: Buffer.alloc(0) };

  /** @param windowSize bytes read at a time; only tests have a reason to choose it */
  constructor(source: ByteSource, windowSize?: number) {
    this.#window = new SourceWindow(source, windowSize);
    this.#size = source.size;
    const kind = this.#headerKind();
    if (kind !== null) this.#end = this.#judge(0, kind.kind, kind.reason);
  }

  /** The next good entry; null at the end, which `end` then describes. */
  next(): LogEntry | null {
    if (this.#end !== null) return null;
    const offset = this.#offset;
    const problem = this.#problemAt(offset);
    if (problem !== null) {
      this.#end = this.#judge(offset, 'torn', problem);
      return null;
    }
    const length = this.#lengthAt(offset);
    const at = this.#window.at(offset, OVERHEAD + length);
    const bytes = this.#window.buffer.subarray(at + PREFIX, at + PREFIX + length);
    const entry = this.#entry;
    entry.zxid = zxid(bytes.readBigInt64BE(ZXID_AT));
    entry.offset = offset;
    entry.bytes = bytes;
    this.#offset = offset + OVERHEAD + length;
    if (this.#last === null || entry.zxid > this.#last) this.#last = entry.zxid;
    return entry;
  }

  /** Set once `next` has returned null. */
  get end(): LogEnd | null {
    return this.#end;
  }

  /** Goes on with the valid entry that follows the damage in `end`. */
  resume(): void {
    const following = this.#end?.following;
    if (following === undefined || following === null) return;
    this.#offset = following.offset;
    this.#end = null;
  }

  #headerKind(): { kind: 'header' | 'foreign'; reason: string } | null {
    const at = this.#window.at(0, LOG_HEADER_LENGTH);
    if (at < 0) {
      const reason = this.#size === 0 ? 'the file is empty' : 'the file header is cut short';
      return { kind: 'header', reason };
    }
    const buffer = this.#window.buffer;
    const magic = buffer.readInt32BE(at);
    if (magic === 0) return { kind: 'header', reason: 'the file header is zeros' };
    if (magic !== LOG_MAGIC) return { kind: 'foreign', reason: 'the file is no transaction log' };
    const version = buffer.readInt32BE(at + 4);
    if (version !== LOG_VERSION) {
      return { kind: 'foreign', reason: `log version ${version} instead of ${LOG_VERSION}` };
    }
    return null;
  }

  #lengthAt(offset: number): number {
    return this.#window.buffer.readInt32BE(this.#window.at(offset + 8, 4));
  }

  /** What is wrong with the entry at `offset`; null when it is good. */
  #problemAt(offset: number): string | null {
    const at = this.#window.at(offset, PREFIX);
    if (at < 0) return 'the entry is cut short';
    const buffer = this.#window.buffer;
    const length = buffer.readInt32BE(at + 8);
    if (length < TXN_HEADER_LENGTH) return `entry length ${length}`;
    const whole = this.#window.at(offset, OVERHEAD + length);
    if (whole < 0) return `the entry of ${length} bytes is cut short`;
    return entryProblem(this.#window.buffer, whole, length);
  }

  #judge(offset: number, kind: LogEnd['kind'], reason: string): LogEnd {
    if (this.#isZeroFrom(offset)) {
      const empty = kind === 'torn';
      return { offset, kind: empty ? 'end' : kind, reason: empty ? '' : reason, following: null };
    }
    return { offset, kind, reason, following: this.#findAfter(offset) };
  }

  #isZeroFrom(offset: number): boolean {
    for (let at = offset; at < this.#size; ) {
      const length = Math.min(ZEROS.length, this.#size - at);
      const index = this.#window.at(at, length);
      if (index < 0) return true;
      if (ZEROS.compare(this.#window.buffer, index, index + length, 0, length) !== 0) return false;
      at += length;
    }
    return true;
  }

  /** Tries every byte: a bad length leaves no other way to find where entries go on. */
  #findAfter(offset: number): LogEnd['following'] {
    let at = offset + 1;
    while (at + OVERHEAD + TXN_HEADER_LENGTH <= this.#size) {
      if (this.#skipsZeros(at)) {
        at += ZEROS.length - PREFIX;
        continue;
      }
      const found = this.#zxidIfEntry(at);
      if (found !== null && (this.#last === null || found > this.#last)) {
        return { offset: at, zxid: found };
      }
      at++;
    }
    return null;
  }

  #skipsZeros(at: number): boolean {
    const index = this.#window.at(at, ZEROS.length);
    const buffer = this.#window.buffer;
    if (index < 0 || buffer[index + 4] !== 0 || buffer[index + 11] !== 0) return false;
    return ZEROS.compare(buffer, index, index + ZEROS.length) === 0;
  }

  #zxidIfEntry(offset: number): Zxid | null {
    const at = this.#window.at(offset, PREFIX + TXN_HEADER_LENGTH);
    const buffer = this.#window.buffer;
    if (at < 0 || buffer.readInt32BE(at) !== 0) return null;
    const length = buffer.readInt32BE(at + 8);
    if (length < TXN_HEADER_LENGTH || offset + OVERHEAD + length > this.#size) return null;
    const whole = this.#window.at(offset, OVERHEAD + length);
    if (whole < 0 || entryProblem(this.#window.buffer, whole, length) !== null) return null;
    return zxid(this.#window.buffer.readBigInt64BE(whole + PREFIX + ZXID_AT));
  }
}

const ZEROS = Buffer.alloc(4096);

function entryProblem(buffer: Buffer, at: number, length: number): string | null {
  if (buffer[at + PREFIX + length] !== END_OF_RECORD) return 'the end byte is missing';
  const stored = buffer.readInt32BE(at) === 0 ? buffer.readUInt32BE(at + 4) : -1;
  const from = at + PREFIX;
  return adler32(buffer, from, from + length) === stored ? null : 'the checksum does not match';
}
