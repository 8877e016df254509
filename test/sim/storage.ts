// A running server's use of its disk: group commit, epochs, cuts and snapshots, each taking its time
// in the order of the real data directory of a member. What is under way when the server dies is lost.
import type { Zxid } from '../../src/base/ids.ts';
import type { EpochKind } from '../../src/consensus/events.ts';
import type { MemberEvent } from '../../src/replica/events.ts';
import { snapshotPieces } from '../../src/server/storage/snapshotFile.ts';
import type { State } from '../../src/state/state.ts';
import { LogBatch } from '../../src/wire/log.ts';
import type { Medium } from './medium.ts';
import type { Random } from './random.ts';
import type { Timer, Timers } from './timers.ts';

export interface StorageParts {
  readonly medium: Medium;
  readonly timers: Timers;
  readonly random: Random;
  /** Mean ms of a sync; it changes while the disk is slow. */
  readonly syncTime: () => number;
  /** The share of syncs that fail now. */
  readonly failing: () => number;
  readonly snapCount: number;
  readonly pieceSize: number;
  readonly isEven: boolean;
  readonly dispatch: (event: MemberEvent) => void;
  /** The server cannot go on. */
  readonly die: (reason: string) => void;
  readonly state: () => State;
  /** Something changed on disk: for the checkers. */
  readonly onChanged: (what: string) => void;
}

interface Gathered {
  readonly batch: LogBatch;
  entries: { zxid: Zxid; length: number }[];
}

/** A sync, or a piece of a snapshot, that is under way. */
interface Wait {
  timer: Timer | null;
  run: () => void;
}

const OVERHEAD = 13;
/** Neither takes longer, in ms. */
const SLOWEST = 30_000;
const gathering = (): Gathered => ({ batch: new LogBatch(), entries: [] });
/** Batches are large: servers that are gone leave theirs to others. */
const spares: Gathered[] = [];

export class Storage {
  readonly #parts: StorageParts;
  #gathered: Gathered = spares.pop() ?? gathering();
  /** Entries behind a change of the history that is under way wait here. */
  #held: Gathered | null = null;
  #isBusy = false;
  #isClosed = false;
  /** Changes of history and epochs, one after the other. */
  readonly #changes: (() => void)[] = [];
  #isChanging = false;
  #isSnapshotting = false;
  #onIdle: (() => void) | null = null;
  readonly #waits = new Set<Wait>();
  #sinceSnapshot: number;

  constructor(parts: StorageParts) {
    this.#parts = parts;
    this.#sinceSnapshot = parts.random.int(0, parts.snapCount);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const one of [this.#gathered, this.#held]) {
      if (one === null) continue;
      one.batch.clear();
      one.entries = [];
      spares.push(one);
    }
  }

  append(zxid: Zxid, entry: Buffer): void {
    this.#parts.medium.writeFirstSnapshot();
    const into = this.#held ?? this.#gathered;
    into.batch.add(entry);
    into.entries.push({ zxid, length: entry.length + OVERHEAD });
    if (++this.#sinceSnapshot < this.#parts.snapCount) return;
    this.#sinceSnapshot = 0;
    this.#later(0, () => this.#snapshot());
  }

  /** Begins a group commit, unless one is running: then it follows. */
  flush(): void {
    const { batch, entries } = this.#gathered;
    if (this.#isBusy || entries.length === 0) {
      if (!this.#isBusy) this.#idle();
      return;
    }
    const { medium } = this.#parts;
    medium.write(batch.view(), entries);
    const upTo = (entries.at(-1) as { zxid: Zxid }).zxid;
    batch.clear();
    this.#gathered.entries = [];
    this.#isBusy = true;
    this.#sync(() => {
      medium.sync(upTo);
      this.#parts.onChanged('synced');
      // It is on disk a moment before anybody hears of it.
      this.#later(this.#parts.random.next() * 0.1, () => {
        this.#isBusy = false;
        this.#parts.dispatch({ kind: 'logged', upTo });
        this.flush();
      });
    });
  }

  saveEpoch(which: EpochKind, epoch: number): void {
    this.#change((done) => {
      const { medium } = this.#parts;
      if (which === 'current') medium.writeFirstSnapshot();
      this.#sync(() => {
        medium[which] = epoch;
        this.#parts.onChanged('epoch');
        this.#sync(() => {
          if (which === 'current') medium.unhealed = null;
          this.#parts.dispatch({ kind: 'epochSaved', which, epoch });
          done();
        });
      });
    });
  }

  truncate(after: Zxid): void {
    this.#suspended((done) => {
      this.#sync(() => {
        const { medium } = this.#parts;
        const state = medium.truncate(after);
        if (state !== null) this.#parts.onChanged('truncated');
        this.#sync(() => {
          this.#release();
          if (state === null) this.#parts.dispatch({ kind: 'notTruncated' });
          else this.#parts.dispatch({ kind: 'truncated', state });
          done();
        });
      });
    });
  }

  /** Makes `state` all that there is; `told` when it is durable and the server knows. */
  restart(state: State, told: () => void): void {
    const zxid = state.lastZxid;
    this.#suspended((done) => {
      this.#write(state, (bytes) => {
        if (state.lastZxid !== zxid) {
          throw new Error(`${state.lastZxid} was applied before the state of ${zxid} is safe`);
        }
        this.#parts.medium.replace({ zxid, bytes });
        this.#parts.onChanged('restarted');
        this.#sync(() => {
          this.#release();
          this.#parts.dispatch({ kind: 'restarted', zxid });
          told();
          done();
        });
      });
    });
  }

  distrust(reason: string): void {
    this.#parts.medium.unhealed ??= reason;
  }

  // -- snapshots -------------------------------------------------------------------------------

  /** A fuzzy one; it counts only once all is durable that it saw. */
  #snapshot(): void {
    if (this.#isSnapshotting || this.#held !== null) return;
    const { medium, random } = this.#parts;
    const state = this.#parts.state();
    const zxid = state.lastZxid;
    if (medium.snapshots.at(-1)?.zxid === zxid) return;
    this.#isSnapshotting = true;
    this.#write(state, (bytes) => {
      const seen = state.lastZxid;
      const finish = (): void => {
        // A history that was replaced meanwhile has no use for it.
        if (this.#held !== null || this.#parts.state() !== state) {
          this.#isSnapshotting = false;
        } else if (medium.durable < seen) this.#later(1 + this.#parts.syncTime(), finish);
        else {
          this.#isSnapshotting = false;
          medium.snapshots.push({ zxid, bytes });
          if (random.chance(0.5)) medium.purge(random.int(1, 3));
          this.#parts.onChanged('snapshot');
        }
      };
      finish();
    });
  }

  #write(state: State, written: (bytes: Buffer) => void): void {
    const pieces = snapshotPieces(state, this.#parts.pieceSize);
    const kept: Buffer[] = [];
    const next = (): void => {
      // The turn of the event loop may bring requests between any two pieces.
      const piece = pieces.next();
      if (piece.done !== true) {
        kept.push(Buffer.from(piece.value));
        this.#slowly(next);
      } else this.#sync(() => written(Buffer.concat(kept)));
    };
    next();
  }

  // -- order -----------------------------------------------------------------------------------

  #later(delay: number, run: () => void): Timer {
    return this.#parts.timers.after(delay, () => {
      if (!this.#isClosed) run();
    });
  }

  /** Runs `then` after a sync, unless that fails: then the server ends. */
  #sync(then: () => void): void {
    const { random, failing, die } = this.#parts;
    this.#slowly(() => {
      if (failing() > 0 && random.chance(failing())) die('EIO on sync');
      else then();
    });
  }

  /** Runs `then` when the disk has done something. */
  #slowly(then: () => void): void {
    const { random, syncTime, isEven } = this.#parts;
    const wait: Wait = { timer: null, run: () => {} };
    wait.run = () => {
      this.#waits.delete(wait);
      then();
    };
    this.#waits.add(wait);
    wait.timer = this.#later(Math.min(random.around(syncTime(), isEven), SLOWEST), wait.run);
  }

  /** The disk is as fast as ever again, also for what was asked before. */
  hurry(): void {
    const { timers, random, syncTime, isEven } = this.#parts;
    for (const wait of this.#waits) {
      if (wait.timer !== null) timers.cancel(wait.timer);
      wait.timer = this.#later(random.around(syncTime(), isEven), wait.run);
    }
  }

  #change(work: (done: () => void) => void): void {
    const done = (): void => {
      this.#isChanging = false;
      const next = this.#changes.shift();
      if (next !== undefined) next();
    };
    const run = (): void => {
      this.#isChanging = true;
      work(done);
    };
    if (this.#isChanging) this.#changes.push(run);
    else run();
  }

  /** The log is held from now on; `work` begins once all before is on disk. */
  #suspended(work: (done: () => void) => void): void {
    this.#held ??= spares.pop() ?? gathering();
    this.#change((done) => {
      this.#onIdle = () => work(done);
      this.flush();
    });
  }

  #idle(): void {
    const onIdle = this.#onIdle;
    if (onIdle === null) return;
    this.#onIdle = null;
    onIdle();
  }

  #release(): void {
    const held = this.#held;
    this.#held = null;
    if (held === null) return;
    spares.push(this.#gathered);
    this.#gathered = held;
    this.#later(0, () => this.flush());
  }
}
