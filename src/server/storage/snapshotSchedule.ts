// When the next snapshot is due: after so many entries or bytes, less a random part of up to a half.
// Not all servers of an ensemble shall take theirs at once (SyncRequestProcessor).

export interface ScheduleOptions {
  snapCount: number;
  snapSizeLimit: number;
  random?: () => number;
}

export class SnapshotSchedule {
  /** Logged since the last snapshot became due. */
  entries = 0;
  #bytes = 0;
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
    if (this.entries <= this.#dueEntries && this.#bytes <= this.#dueBytes) return false;
    this.entries = 0;
    this.#bytes = 0;
    this.#draw();
    return true;
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
