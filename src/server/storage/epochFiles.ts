// The two epochs that a server in an ensemble must not forget, in the files that Apache keeps them
// in (QuorumPeer), and once more with a checksum so that a lost or older file is noticed.
//
//   acceptedEpoch   decimal text: the newest epoch whose leader this server promised to follow
//   currentEpoch    decimal text: the newest epoch whose leader's history this server has taken over
//   epochs.marks    one line: accepted 7 current 6 <check>; Apache ignores it
import { assert } from '../../base/assert.ts';
import { epochOf, hex0x, type Zxid } from '../../base/ids.ts';
import type { Disk, Done } from './disk.ts';
import { checked, checkedText, done, readText, writeFileLater, writeFileNow } from './sideFile.ts';
import { StorageError } from './storageError.ts';

export const EPOCH_NAMES = { accepted: 'acceptedEpoch', current: 'currentEpoch' } as const;
export const EPOCH_MARKS_NAME = 'epochs.marks';
export type EpochKind = keyof typeof EPOCH_NAMES;

export interface Epochs {
  accepted: number;
  current: number;
}

export interface EpochReading extends Epochs {
  /** Why the epochs may be lower than what this server once said; it must not vote by them. */
  problem: StorageError | null;
  /** What an operator may want to know all the same. */
  notes: string[];
}

/** What one file says: an epoch, nothing (null), or something else. */
type Found = number | null | StorageError;

/** As Apache's AtomicFileOutputStream names it, so that each server finishes what the other began. */
const temporaryOf = (name: string): string => `${name}.tmp`;

/**
 * What the files say about a server whose history ends with `lastZxid`. Epochs never fall, so the
 * higher one of a file and the marks is the right one.
 */
export function readEpochs(disk: Disk, dir: string, lastZxid: Zxid): EpochReading {
  const marks = readMarks(disk, dir);
  const found = {
    accepted: readEpoch(disk, dir, EPOCH_NAMES.accepted),
    current: readEpoch(disk, dir, EPOCH_NAMES.current),
  };
  const notes: string[] = [];
  const byZxid = epochOf(lastZxid);
  const known = (kind: EpochKind): number => {
    const epoch = found[kind];
    const marked = marks?.[kind] ?? 0;
    if (typeof epoch !== 'number') return Math.max(marked, marks === null ? byZxid : 0);
    if (epoch < marked) {
      notes.push(`${dir}/${EPOCH_NAMES[kind]}: ${epoch} is outdated, this server had ${marked}`);
    }
    return Math.max(epoch, marked);
  };
  const epochs = { current: known('current'), accepted: known('accepted') };
  if (epochs.current < byZxid) finishUpdate(disk, dir, byZxid, epochs);
  const problem = problemOf(dir, found, marks, epochs, lastZxid);
  return { ...epochs, problem, notes };
}

/** An update of currentEpoch that a crash caught before its rename (QuorumPeer.loadDataBase). */
function finishUpdate(disk: Disk, dir: string, needed: number, epochs: Epochs): void {
  const epoch = readEpoch(disk, dir, temporaryOf(EPOCH_NAMES.current));
  if (typeof epoch !== 'number' || epoch < needed || epoch > epochs.accepted) return;
  epochs.current = epoch;
}

function problemOf(
  dir: string,
  found: Record<EpochKind, Found>,
  marks: Epochs | null,
  { accepted, current }: Epochs,
  lastZxid: Zxid,
): StorageError | null {
  const byZxid = epochOf(lastZxid);
  const refusal = (kind: EpochKind, reason: string): StorageError =>
    new StorageError({ file: `${dir}/${EPOCH_NAMES[kind]}`, reason, advice: ADVICE });
  for (const kind of ['current', 'accepted'] as const) {
    const epoch = found[kind];
    if (epoch instanceof StorageError) return epoch;
    if (epoch !== null) continue;
    if (marks !== null) return refusal(kind, `the file is missing; it had ${marks[kind]}`);
    // Both are missing where no ensemble was before; a crash at that start leaves one.
    const other = found[kind === 'current' ? 'accepted' : 'current'];
    if (typeof other === 'number' && other > byZxid) {
      return refusal(kind, `the file is missing, and the other epoch is ${other}`);
    }
  }
  const isTooLow = current < byZxid && (marks === null || accepted < byZxid);
  if (isTooLow) {
    return refusal('current', `epoch ${current} is older than the last zxid, ${hex0x(lastZxid)}`);
  }
  if (accepted < current) {
    return refusal('accepted', `epoch ${accepted} is less than the current epoch, ${current}`);
  }
  return null;
}

const ADVICE =
  'restore the file from a backup, or let this server take everything from the others: ' +
  'empty its version-2 directories';

function readEpoch(disk: Disk, dir: string, name: string): Found {
  const text = readText(disk, dir, name);
  if (text === null) return null;
  const line = text.split('\n', 1)[0]?.trim() ?? '';
  // Apache has -1 where there was no history yet.
  if (line === '-1') return 0;
  const epoch = /^[0-9]{1,10}$/.test(line) ? Number(line) : Number.POSITIVE_INFINITY;
  if (epoch <= LAST_EPOCH) return epoch;
  const shown = line === '' ? 'nothing' : JSON.stringify(line.slice(0, 40));
  const reason = `${shown} instead of an epoch`;
  return new StorageError({ file: `${dir}/${name}`, reason, advice: ADVICE });
}

/** Of a zxid: 32 bits, and Apache's are signed. */
const LAST_EPOCH = 0x7fffffff;

/** Marks that fail their check say nothing. */
function readMarks(disk: Disk, dir: string): Epochs | null {
  const text = readText(disk, dir, EPOCH_MARKS_NAME);
  const line = text === null ? null : checkedText(text.trimEnd());
  const [, accepted, current] = /^accepted (\d+) current (\d+)$/.exec(line ?? '') ?? [];
  return accepted === undefined ? null : { accepted: Number(accepted), current: Number(current) };
}

const marksText = ({ accepted, current }: Epochs): string =>
  `${checked(`accepted ${accepted} current ${current}`)}\n`;

/** The epochs in use; never told back before they are durable, and never falling. */
export class EpochFiles {
  readonly #disk: Disk;
  readonly #dir: string;
  readonly #epochs: Epochs = { accepted: 0, current: 0 };
  /** Of the last save; rejected for ever after a failure: nothing is tried again. */
  #saved: Promise<void> = Promise.resolve();

  constructor(disk: Disk, dir: string) {
    this.#disk = disk;
    this.#dir = dir;
  }

  get accepted(): number {
    return this.#epochs.accepted;
  }

  get current(): number {
    return this.#epochs.current;
  }

  /**
   * Takes up what was read, and makes the files say so, durably. The marks come last: with them
   * a missing file is a lost one.
   */
  begin({ accepted, current }: Epochs): void {
    Object.assign(this.#epochs, { accepted, current });
    const disk = this.#disk;
    const dir = this.#dir;
    const marked = readMarks(disk, dir);
    for (const kind of ['current', 'accepted'] as const) {
      const name = EPOCH_NAMES[kind];
      if (readEpoch(disk, dir, name) !== this.#epochs[kind]) {
        writeFileNow(disk, dir, name, String(this.#epochs[kind]), temporaryOf(name));
        disk.syncDir(dir);
      }
      const left = temporaryOf(name);
      if (disk.list(dir).includes(left)) disk.remove(`${dir}/${left}`);
    }
    if (marked?.accepted === accepted && marked.current === current) return;
    writeFileNow(disk, dir, EPOCH_MARKS_NAME, marksText(this.#epochs));
    disk.syncDir(dir);
  }

  /** Saves an epoch; `told` when it is durable, in the order of the calls. */
  save(kind: EpochKind, epoch: number, told: Done): void {
    const epochs = this.#epochs;
    assert(epoch >= epochs[kind] && epoch <= LAST_EPOCH, () => `${kind} epoch ${epoch} falls`);
    assert(kind === 'accepted' || epoch <= epochs.accepted, 'an epoch that was not accepted');
    epochs[kind] = epoch;
    const text = marksText(epochs);
    this.#saved = this.#saved.then(() => this.#write(EPOCH_NAMES[kind], String(epoch), text));
    this.#saved.then(() => told(null), told);
  }

  async #write(name: string, epoch: string, marks: string): Promise<void> {
    const disk = this.#disk;
    const dir = this.#dir;
    await writeFileLater(disk, dir, name, epoch, temporaryOf(name));
    await writeFileLater(disk, dir, EPOCH_MARKS_NAME, marks);
    await done((synced) => disk.syncDirLater(dir, synced));
  }
}
