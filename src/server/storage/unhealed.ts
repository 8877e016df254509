// The mark of a server that must not vote: what it acknowledged may be missing, until it has a leader's history.
import type { Logger } from '../../base/logger.ts';
import { syncAside } from './aside.ts';
import type { Disk } from './disk.ts';
import type { Place } from './recovery.ts';
import { done, readText, writeFileNow } from './sideFile.ts';

export const UNHEALED_NAME = 'unhealed';

/** Lets an empty server vote at its next start; Apache's. */
export const INITIALIZE_NAME = 'initialize';

export interface UnhealedOptions {
  /** As it is configured. */
  readonly dataDir: string;
  readonly logger: Logger;
  /** It has had no directory for data before this start: nothing hints at a loss. */
  readonly isNew: boolean;
}

export class Unhealed {
  readonly #disk: Disk;
  readonly #place: Place;
  readonly #options: UnhealedOptions;
  #isSet = false;

  constructor(disk: Disk, place: Place, options: UnhealedOptions) {
    this.#disk = disk;
    this.#place = place;
    this.#options = options;
  }

  get #dir(): string {
    return this.#place.snapDir;
  }

  get isSet(): boolean {
    return this.#isSet;
  }

  /** Reads the mark of an earlier start; what was set aside then may not have been synced. */
  load(): void {
    const { snapDir, logDir } = this.#place;
    const reason = readText(this.#disk, this.#dir, UNHEALED_NAME);
    this.#isSet = reason !== null;
    if (reason === null) return;
    this.#options.logger.warn(`Not yet healed, no vote (${reason.trimEnd()})`);
    for (const dir of new Set([snapDir, logDir])) syncAside(this.#disk, dir, 'damaged');
  }

  /** The others have data, and there is none here. */
  missing(reason: string): void {
    if (!this.#options.isNew) this.lost(reason);
    if (this.#isSet) return;
    this.#set(reason);
    this.#options.logger.info(
      "This server is new: it joins without a vote, and votes once it has the ensemble's data",
    );
  }

  /** There was data, or may have been. */
  lost(reason: string): void {
    if (this.#isSet) return;
    this.#set(reason);
    const { dataDir, logger } = this.#options;
    logger.warn(
      `${reason}; this server does not vote until it has synced with a leader. If no other server ` +
        `has more, a file ${dataDir}/${INITIALIZE_NAME} lets it vote at its next start`,
    );
  }

  #set(reason: string): void {
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
