// The data directory of a server in an ensemble: a DataDir with epochs, whose history a leader may
// cut or replace, and whose damage or emptiness keeps the server from voting, not from starting.
//
//   <dataDir>/version-2/unhealed   says why this server must not vote; Apache ignores it
//   <dataDir>/initialize           lets an empty server vote, once (Apache's)
import { hex0x, NO_ZXID, type Zxid } from '../../base/ids.ts';
import type { Logger } from '../../base/logger.ts';
import type { State } from '../../state/state.ts';
import { damagedFiles, moveAside } from './aside.ts';
import { beginCut, finishCut, planCut } from './cut.ts';
import type { DataDir } from './dataDir.ts';
import type { DataDirOptions } from './dataDirOptions.ts';
import { type Disk, type Done, realDisk } from './disk.ts';
import { EPOCH_NAMES, EpochFiles, type EpochKind, readEpochs } from './epochFiles.ts';
import { snapshotsAmong, VERSION_DIR } from './fileNames.ts';
import { type History, type HistorySource, logFrom, readHistory } from './history.ts';
import { openDataDir } from './openDataDir.ts';
import type { Recovered } from './recovery.ts';
import { finishReplacement, replacementName } from './replacement.ts';
import { done, readText } from './sideFile.ts';
import { writeSnapshot } from './snapshotFile.ts';
import { StorageError } from './storageError.ts';
import { INITIALIZE_NAME, Unhealed } from './unhealed.ts';

export interface MemberDirOptions extends DataDirOptions {
  /**
   * Apache's `db.autocreate`: without a history and without `initialize` the server may vote. When
   * false an empty server waits until it has taken over a leader's history.
   */
  autoCreate: boolean;
}

/** What a server starts with. */
export interface InitialState {
  state: State;
  lastZxid: Zxid;
  acceptedEpoch: number;
  /** 0 while the history is not known to be whole: it stands for nothing then. */
  currentEpoch: number;
  /** No snapshot and no log: a new server, or one that has lost everything. */
  isEmpty: boolean;
  /** False when what this server acknowledged may be missing here: no vote, no acknowledgement. */
  mayVote: boolean;
  /** First zxid from which on all entries are in the logs; null when there is none. */
  logFrom: Zxid | null;
  /** Log entries applied on top of the snapshot. */
  entries: number;
}

/** Locks and prepares the directories; throws StorageError when they cannot be used. */
export function openMemberDir(options: MemberDirOptions): MemberDir {
  const { dataDir, dataLogDir, disk = realDisk } = options;
  // Before it is made: one that is there, and empty, may have lost what was in it.
  const isNew = [dataDir, dataLogDir].every(
    (dir) => !disk.list(dir).some((name) => name.startsWith(VERSION_DIR)),
  );
  return new MemberDir(openDataDir(options), options, isNew);
}

export class MemberDir {
  /** For appending, flushing, snapshots, purging and what happens to them; recovered by `recover`. */
  readonly data: DataDir;
  readonly #options: MemberDirOptions;
  readonly #disk: Disk;
  readonly #logger: Logger;
  readonly #epochs: EpochFiles;
  readonly #unhealed: Unhealed;
  /** When the changes and epochs that were asked for are done, or have failed. */
  #ended: Promise<void> = Promise.resolve();

  constructor(data: DataDir, options: MemberDirOptions, isNew: boolean) {
    this.data = data;
    this.#options = options;
    this.#disk = options.disk ?? realDisk;
    this.#logger = options.logger;
    this.#epochs = new EpochFiles(this.#disk, data.place.snapDir);
    const { dataDir, logger } = options;
    this.#unhealed = new Unhealed(this.#disk, data.place, { dataDir, logger, isNew });
  }

  /**
   * Loads what there is. Damage does not stop it: the files are kept aside, and the server starts
   * empty and without a vote. Throws StorageError when the disk itself fails.
   */
  recover(newState: () => State): InitialState {
    this.#unhealed.load();
    let state = newState();
    let found: Recovered;
    try {
      found = this.data.recover(state, true);
    } catch (error) {
      this.#keepAside(error);
      state = newState();
      found = this.data.recover(state, true);
    }
    const { lastZxid, snapshotZxid, entries } = found;
    this.#beginEpochs(lastZxid);
    const isEmpty = snapshotZxid === null && lastZxid === NO_ZXID;
    this.#judgeEmptiness(isEmpty);
    return {
      state,
      lastZxid,
      acceptedEpoch: this.#epochs.accepted,
      currentEpoch: this.#unhealed.isSet ? 0 : this.#epochs.current,
      isEmpty,
      mayVote: this.mayVote,
      logFrom: this.logFrom,
      entries,
    };
  }

  get mayVote(): boolean {
    return !this.#unhealed.isSet;
  }

  get logFrom(): Zxid | null {
    return logFrom(this.#source());
  }

  /** Bytes of the newest snapshot; 0 without one. To weigh a stretch of log against it. */
  get snapshotBytes(): number {
    const { snapDir } = this.data.place;
    const [newest] = snapshotsAmong(this.#disk.list(snapDir));
    if (newest === undefined) return 0;
    const file = this.#disk.open(`${snapDir}/${newest.name}`, 'read');
    const { size } = file;
    file.close();
    return size;
  }

  /** Entries after `after` up to `upTo`, from the logs; null when they do not have them all. */
  readHistory(after: Zxid, upTo: Zxid): Promise<History | null> {
    return readHistory(this.#source(), after, upTo);
  }

  /**
   * Saves an epoch; `done` once it is durable, in the order of the calls. They never fall. The
   * current one is saved after all that it stands for is durable: then a server is healed, too.
   */
  saveEpoch(kind: EpochKind, epoch: number, told: Done): void {
    this.#next(() => this.#saveEpoch(kind, epoch)).then(() => told(null), told);
  }

  async #saveEpoch(kind: EpochKind, epoch: number): Promise<void> {
    if (kind === 'current') this.data.writeFirstSnapshot();
    await done((saved) => this.#epochs.save(kind, epoch, saved));
    if (kind === 'current' && this.#unhealed.isSet) await this.#heal();
  }

  /**
   * Says durably that this server must not vote until it has taken over a leader's history: for
   * one that finds itself empty beside others that are not.
   */
  distrust(reason: string): void {
    this.#unhealed.missing(reason);
  }

  /**
   * Cuts the history after `after`, durably, and gives the state as it was then; null, with nothing
   * changed, when the files do not have exactly that. Entries appended meanwhile follow `after`.
   */
  truncate(after: Zxid, newState: () => State): Promise<State | null> {
    return this.#change(after, async (last) => {
      const { place, marks } = this.data;
      const plan = planCut(place, after, newState);
      if (plan !== null) {
        const cut = { after, base: plan.base, epoch: this.#epochs.accepted };
        beginCut(place, cut);
        finishCut(place, cut, marks, this.#logger);
      }
      this.data.resume(plan?.found ?? null, plan === null ? last : after);
      return plan?.state ?? null;
    });
  }

  /**
   * Makes `state`, which came from the leader, the only history. Resolves when it is durable; false
   * when the server was closed meanwhile. Entries appended meanwhile follow `zxid`, and are written
   * after that; none of them may be applied to `state` before.
   */
  restart(state: State, zxid: Zxid): Promise<boolean> {
    return this.#change(zxid, async () => {
      const { data } = this;
      const { place, marks } = data;
      const epoch = this.#epochs.accepted;
      const name = replacementName(zxid, epoch);
      const job = { disk: this.#disk, dir: place.snapDir, zxid, name, pieces: data.pieces(state) };
      this.#logger.info(`Snapshotting: ${hex0x(zxid)} to ${place.snapDir}, from the leader`);
      const isStopped = (): boolean => data.isClosing;
      if (!(await writeSnapshot(job, isStopped, () => demandStill(state, zxid)))) return false;
      finishReplacement(place, { name, zxid, epoch }, marks, this.#logger);
      const logFloor = (zxid + 1n) as Zxid;
      data.resume({ snapshotZxid: zxid, entries: 0, logFloor }, zxid);
      return true;
    });
  }

  /** Waits for a change of the history that is under way, or lets it be given up. */
  async close(): Promise<void> {
    this.data.giveUp();
    await this.#ended;
    await this.data.close();
  }

  /** The log is held from now on; `work` gets the last zxid that was logged in it. */
  #change<T>(lastZxid: Zxid, work: (last: Zxid) => Promise<T>): Promise<T> {
    const suspended = this.data.suspend(lastZxid);
    suspended.catch(() => {}); // told below
    return this.#next(async () => {
      const last = await suspended;
      try {
        return await work(last);
      } catch (error) {
        this.data.onFailed(error as Error);
        throw error;
      }
    });
  }

  /** One after the other: a start that finishes a change goes by the epoch under which it was begun. */
  #next<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#ended.then(work);
    this.#ended = result.then(
      () => {},
      () => {}, // whoever asked for it is told
    );
    return result;
  }

  #source(): HistorySource {
    const { place, marks, log, logFloor: floor } = this.data;
    if (log === null) throw new Error('recover() comes first');
    return { place, marks, log, floor };
  }

  /** Anything but trouble with the disk itself is damage. */
  #keepAside(error: unknown): void {
    if (!(error instanceof StorageError) || error.code !== null) throw error;
    const place = this.data.place;
    this.#unhealed.lost(error.message);
    const kept = damagedFiles(place).map(([dir, names]) =>
      moveAside(this.#disk, dir, 'damaged', names),
    );
    const dirs = [...new Set(kept)].filter((dir) => dir !== null);
    this.#logger.warn(`The files are kept in ${dirs.join(' and ')}`);
  }

  #beginEpochs(lastZxid: Zxid): void {
    const { snapDir } = this.data.place;
    const disk = this.#disk;
    const read = readEpochs(disk, snapDir, lastZxid);
    for (const note of read.notes) this.#logger.warn(note);
    if (read.problem !== null) {
      this.#unhealed.lost(read.problem.message);
      const present = disk.list(snapDir);
      const names = Object.values(EPOCH_NAMES).filter((name) => present.includes(name));
      moveAside(disk, snapDir, 'damaged', names);
    }
    const current = read.current;
    this.#epochs.begin({ current, accepted: Math.max(read.accepted, current) });
  }

  #judgeEmptiness(isEmpty: boolean): void {
    const { dataDir, dataLogDir, autoCreate } = this.#options;
    const disk = this.#disk;
    let isInitialized = false;
    for (const dir of new Set([dataDir, dataLogDir])) {
      if (readText(disk, dir, INITIALIZE_NAME) === null) continue;
      if (isEmpty || this.#unhealed.isSet) {
        this.#logger.info(
          `${dir}/${INITIALIZE_NAME}: found, what is not here will not block voting participation`,
        );
        this.data.writeFirstSnapshot();
        if (this.#unhealed.isSet) this.#unhealed.clear();
      }
      isInitialized = true;
      disk.remove(`${dir}/${INITIALIZE_NAME}`);
      disk.syncDir(dir);
    }
    if (isEmpty && !isInitialized && !autoCreate) {
      this.#unhealed.lost(
        `${this.data.place.snapDir}: no snapshot and no log, data may be missing`,
      );
    }
  }

  async #heal(): Promise<void> {
    await this.#unhealed.clearLater();
    this.#logger.info('Synced with a leader: this server votes from now on');
  }
}

async function demandStill(state: State, zxid: Zxid): Promise<void> {
  if (state.lastZxid === zxid) return;
  throw new Error(
    `${hex0x(state.lastZxid)} was applied before the state of ${hex0x(zxid)} is safe`,
  );
}
