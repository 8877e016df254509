// The mark of a server that must not vote: what it acknowledged may be missing, until it has a leader's history.
import type { Logger } from '../../base/logger.ts';
import { syncAside } from './aside.ts';
import type { Disk } from './disk.ts';
import type { Place } from './recovery.ts';
import { done, readText, writeFileNow } from './sideFile.ts';

export const UNHEALED_NAME = 'unhealed';

export class Unhealed {
  readonly #disk: Disk;
  readonly #dir: string;
  #isSet = false;

  constructor(disk: Disk, dir: string) {
    this.#disk = disk;
    this.#dir = dir;
  }

  get isSet(): boolean {
    return this.#isSet;
  }

  /** Reads the mark of an earlier start; what was set aside then may not have been synced. */
  load({ snapDir, logDir }: Place, logger: Logger): void {
    const reason = readText(this.#disk, this.#dir, UNHEALED_NAME);
    this.#isSet = reason !== null;
    if (reason === null) return;
    logger.warn(`Not yet healed, no vote (${reason.trimEnd()})`);
    for (const dir of new Set([snapDir, logDir])) syncAside(this.#disk, dir, 'damaged');
  }

  set(reason: string): void {
    writeFileNow(this.#disk, this.#dir, UNHEALED_NAME, `${reason}\n`);
    this.#disk.syncDir(this.#dir);
    this.#isSet = true;
  }

  clear(): void {
    this.#disk.remove(`${this.#dir}/${UNHEALED_NAME}`);
    this.#disk.syncDir(this.#dir);
    this.#isSet = false;
  }

  async clearLater(): Promise<void> {
    this.#disk.remove(`${this.#dir}/${UNHEALED_NAME}`);
    await done((synced) => this.#disk.syncDirLater(this.#dir, synced));
    this.#isSet = false;
  }
}
