// When the next snapshot is due: after so many entries or bytes, less a random part of up to a half.
// Not all servers of an ensemble shall take theirs at once (SyncRequestProcessor).

export interface ScheduleOptions {
  snapCount: number;
  snapSizeLimit: number;
  random?: () => number;
}

/**
 * A snapshot costs as much as its tree is large, however little has changed. So the log must have
 * grown by this share of the last one, too: snapshots of a tree that grows then cost a few times
 * what the tree costs, not its square. The price is a restart that replays up to half the bytes it
 * loads, a create in the log taking two to three times as long as a znode in the snapshot.
 */
const SHARE = 0.5;

export class SnapshotSchedule {
  /** Logged since the last snapshot became due. */
  entries = 0;
  #bytes = 0;
  /** Of the last snapshot of this process; 0: none yet. */
  #snapshotBytes = 0;
  #dueEntries = 0;
  #dueBytes = 0;
  readonly #options: ScheduleOptions;

  constructor(options: ScheduleOptions) {
    this.#options = options;
    this.#draw();
  }

  /** Counts an entry of so many bytes; true when it makes a snapshot due, which starts all over. */
  noteAndIsDue(bytes: number): boolean {
    this.entries++;
    this.#bytes += bytes;
    const isWorthIt = this.#bytes >= SHARE * this.#snapshotBytes;
    const isDue = this.entries > this.#dueEntries && isWorthIt;
    if (!isDue && this.#bytes <= this.#dueBytes) return false;
    this.entries = 0;
    this.#bytes = 0;
    this.#draw();
    return true;
  }

  /** Passes on a snapshot that is being written, and notes its size. */
  *weigh(pieces: Iterable<Buffer>): Generator<Buffer, void, void> {
    let bytes = 0;
    for (const piece of pieces) {
      bytes += piece.length;
      yield piece;
    }
    this.#snapshotBytes = bytes;
  }

  #draw(): void {
    const { snapCount, snapSizeLimit, random = Math.random } = this.#options;
    const half = Math.floor(snapCount / 2);
    this.#dueEntries = half + Math.floor(random() * half);
    const halfBytes = snapSizeLimit / 2;
    this.#dueBytes =
      snapSizeLimit > 0 ? halfBytes + random() * halfBytes : Number.POSITIVE_INFINITY;
  }
}
