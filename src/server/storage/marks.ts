// A small side file that says what must be in the logs, so that a lost tail or file is noticed.
// Apache ignores it: the name matches neither `log.` nor `snapshot.`.
//
//   two slots of 64 bytes, written in turn     synced 0x00000000000000ff <check>
//   a line with what it was at the last roll   synced 0x000000000000007f <check>
//   one line                                   writing log.80 <check>
//   a line per log that is no longer written   closed log.1 first 0x1 last 0x7f end 9042 <check>
//
// The synced zxid only ever follows the fsync of the log, so it may be late but is never ahead.
import { hex, NO_ZXID, type Zxid, zxid } from '../../base/ids.ts';
import type { Disk, DiskFile, Done } from './disk.ts';
import { temporaryName } from './fileNames.ts';
import { checked, checkedText, writeFileNow } from './sideFile.ts';

export const MARKS_NAME = 'synced.marks';
const SLOT = 64;

/** What a log held when the server went on to the next one. */
export interface ClosedLog {
  name: string;
  first: Zxid;
  last: Zxid;
  /** Offset of the first byte after the last entry. */
  end: number;
}

export class Marks {
  /** The highest transaction that is known to have been synced. */
  synced: Zxid = NO_ZXID;
  /** Name of the log that was being written, each batch synced before the next; else null. */
  writing: string | null = null;
  readonly closed = new Map<string, ClosedLog>();
  /** True when a line failed its check: what it said is not known, nor whether all it told of is there. */
  isDamaged = false;
  readonly #disk: Disk;
  readonly #dir: string;
  #file: DiskFile | null = null;
  #syncing: DiskFile | null = null;
  #slot = 0;
  readonly #slotBytes = Buffer.alloc(SLOT, 0x20);

  constructor(disk: Disk, dir: string) {
    this.#disk = disk;
    this.#dir = dir;
  }

  get path(): string {
    return `${this.#dir}/${MARKS_NAME}`;
  }

  /** Reads what the file says; without a file nothing is known. Lines that fail their check don't count. */
  load(): void {
    if (!this.#disk.list(this.#dir).includes(MARKS_NAME)) return;
    const file = this.#disk.open(this.path, 'read');
    const bytes = Buffer.alloc(file.size);
    const length = file.read(bytes, 0);
    file.close();
    const text = bytes.toString('latin1', 0, length);
    // The slots by their place: one that was torn must not take the line after it along.
    this.#take(text.slice(0, SLOT).trimEnd());
    this.#take(text.slice(SLOT, 2 * SLOT).trimEnd());
    const lines = text.slice(2 * SLOT).split('\n');
    // A slot may be torn by a crash; the lines came with the file's name, the last one with its end.
    this.isDamaged = lines.pop() !== '' || lines.length === 0;
    for (const line of lines) if (!this.#take(line)) this.isDamaged = true;
  }

  #take(line: string): boolean {
    const words = checkedText(line)?.split(' ');
    if (words === undefined) return false;
    if (words[0] === 'synced') {
      const synced = zxidIn(words[1]);
      if (synced > this.synced) this.synced = synced;
    } else if (words[0] === 'writing') this.writing = words[1] ?? null;
    else if (words[0] === 'closed' && words.length === 8) {
      const name = words[1] as string;
      const end = Number(words[7]);
      this.closed.set(name, { name, first: zxidIn(words[3]), last: zxidIn(words[5]), end });
    }
    return true;
  }

  /** What an operator should know about the file itself; null when there is nothing. */
  get problem(): string | null {
    if (!this.isDamaged) return null;
    return `${this.path}: damaged; it cannot be told whether newer logs than those here are missing`;
  }

  /**
   * Writes the file anew, durably but for the directory: the caller syncs that before it relies on
   * the marks. Only logs that still exist are kept.
   */
  rewrite(existing: ReadonlySet<string>, done: Done): void {
    for (const name of this.closed.keys()) if (!existing.has(name)) this.closed.delete(name);
    const temporary = `${this.#dir}/${temporaryName(MARKS_NAME)}`;
    let file: DiskFile;
    try {
      this.close();
      file = this.#disk.open(temporary, 'create');
      file.write(Buffer.from(this.#text(), 'latin1'), 0);
    } catch (error) {
      done(error as Error);
      return;
    }
    file.syncLater((error) => {
      if (error !== null) return done(error);
      try {
        this.#disk.rename(temporary, this.path);
      } catch (renameError) {
        return done(renameError as Error);
      }
      this.#file = file;
      done(null);
    });
  }

  /** Writes the file anew at once, for logs that nobody writes; the directory is synced later. */
  rewriteNow(): void {
    this.close();
    writeFileNow(this.#disk, this.#dir, MARKS_NAME, this.#text());
  }

  /** Notes that all up to `synced` has been synced. Kept by the kernel if only the process dies. */
  advance(synced: Zxid): void {
    this.synced = synced;
    if (this.#file === null) return;
    this.#slotBytes.fill(0x20);
    this.#slotBytes.write(this.#syncedLine(), 'latin1');
    this.#slotBytes[SLOT - 1] = 0x0a;
    this.#file.write(this.#slotBytes, this.#slot * SLOT);
    this.#slot = 1 - this.#slot;
  }

  /** Makes the last `advance` survive a power cut too; one at a time. */
  syncLater(done: Done): void {
    const file = this.#file;
    if (file === null) {
      done(null);
      return;
    }
    this.#syncing = file;
    file.syncLater((error) => {
      this.#syncing = null;
      // Replaced meanwhile: its descriptor had to stay open until now.
      if (file !== this.#file) file.close();
      done(error);
    });
  }

  close(): void {
    if (this.#file !== this.#syncing) this.#file?.close();
    this.#file = null;
  }

  #syncedLine(): string {
    return checked(`synced 0x${hex(this.synced).padStart(16, '0')}`);
  }

  #text(): string {
    const slot = `${this.#syncedLine().padEnd(SLOT - 1)}\n`;
    const lines = [slot, slot, `${this.#syncedLine()}\n`];
    if (this.writing !== null) lines.push(`${checked(`writing ${this.writing}`)}\n`);
    for (const { name, first, last, end } of this.closed.values()) {
      const text = `closed ${name} first 0x${hex(first)} last 0x${hex(last)} end ${end}`;
      lines.push(`${checked(text)}\n`);
    }
    return lines.join('');
  }
}

const zxidIn = (word: string | undefined): Zxid =>
  zxid(
    BigInt.asIntN(64, word !== undefined && /^0x[0-9a-f]{1,16}$/.test(word) ? BigInt(word) : 0n),
  );
