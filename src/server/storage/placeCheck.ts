// Looks now and then whether the log is still where it was created, and the directory still ours.
import type { DiskFile } from './disk.ts';
import { REMOVED, StorageError, TAKEN } from './storageError.ts';

/**
 * How long a file that was seen in its place, under our lock, is taken to be there. The two look-ups
 * of a check cost 12 us each: at every commit sessions took a fifth more CPU, and came a third slower.
 */
const CHECK_MS = 20;

export class PlaceCheck {
  readonly #dir: string;
  readonly #isLocked: () => boolean;
  readonly #now: () => number;
  #seen: DiskFile | null = null;
  #seenAt = Number.NEGATIVE_INFINITY;

  constructor(options: { dir: string; isLocked: () => boolean; now: () => number }) {
    this.#dir = options.dir;
    this.#isLocked = options.isLocked;
    this.#now = options.now;
  }

  /**
   * Into a file that was removed everything goes as well as ever, and the next start finds nothing.
   *
   * @param file null before there is one
   */
  demand(file: DiskFile | null): void {
    const now = this.#now();
    if (this.#seen === file && now - this.#seenAt < CHECK_MS) return;
    if (file !== null && !file.isInPlace()) throw new StorageError({ file: file.path, ...REMOVED });
    if (!this.#isLocked()) throw new StorageError({ file: this.#dir, ...TAKEN });
    this.#seen = file;
    this.#seenAt = now;
  }
}
