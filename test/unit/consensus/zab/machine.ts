// One server of the simulated ensemble: a disk that loses what it has not synced, and the role it plays.
import { type Zxid, zxid } from '../../../../src/base/ids.ts';
import { CommittedLog } from '../../../../src/consensus/committedLog.ts';
import type { EpochKind } from '../../../../src/consensus/events.ts';
import type { Leader } from '../../../../src/consensus/leader.ts';
import type { Learner } from '../../../../src/consensus/learner.ts';
import type { ServerId } from '../../../../src/consensus/quorum.ts';

export interface Item {
  readonly zxid: Zxid;
  readonly value: number;
}

export type DiskWrite =
  | { kind: 'log'; item: Item }
  | { kind: 'epoch'; which: EpochKind; epoch: number }
  | { kind: 'truncate'; after: Zxid }
  | { kind: 'restart'; items: readonly Item[]; at: Zxid };

/** What survives a crash. Items are kept from the beginning; the log proper begins after the snapshot. */
export interface Image {
  items: Item[];
  /** How many of the items are in the snapshot, and its zxid. */
  inSnapshot: number;
  snapshotAt: Zxid;
  accepted: number;
  current: number;
}

export const START = zxid(0n);
export const lastOf = (items: readonly Item[], otherwise: Zxid): Zxid =>
  items.at(-1)?.zxid ?? otherwise;

export class Machine {
  readonly id: ServerId;
  readonly isObserver: boolean;
  readonly image: Image = {
    items: [],
    inSnapshot: 0,
    snapshotAt: START,
    accepted: 0,
    current: 0,
  };
  /** Asked for and not yet synced, in order. */
  writes: DiskWrite[] = [];
  isUp = true;
  /** Counts starts, so that what was meant for an earlier life is dropped. */
  life = 0;
  role: Leader | Learner | null = null;
  /** The epoch in which it was established, null while it is not. */
  establishedIn: number | null = null;
  /** How many entries it had when it became leader. */
  foundedWith = 0;
  /** As asked for; the disk follows. */
  accepted = 0;
  current = 0;
  history = new CommittedLog();
  applied: Item[] = [];
  /** Logged and not applied. */
  proposed: Item[] = [];
  /** Its disk was cut or replaced for a role that had ended: memory is not what replay gives. */
  isStale = false;
  /** It could not cut its log: it comes back with nothing to its name. */
  isHealing = false;
  readonly #keep: number;

  constructor(id: ServerId, isObserver: boolean, keep: number) {
    this.id = id;
    this.isObserver = isObserver;
    this.#keep = keep;
    this.load();
  }

  /** Memory becomes what replay of the disk gives. */
  load(): void {
    const { image } = this;
    this.isStale = false;
    this.accepted = image.accepted;
    this.current = image.current;
    this.applied = [...image.items];
    this.proposed = [];
    this.history = new CommittedLog({ count: this.#keep });
    this.history.reset(image.snapshotAt);
    for (const { zxid: id, value } of image.items.slice(image.inSnapshot)) {
      this.history.add(id, bytesOf(value));
    }
    if (this.isHealing) this.history.reset(START);
  }

  /** The first zxid of the log on disk; null when there is none. */
  get logFrom(): Zxid | null {
    return this.image.items[this.image.inSnapshot]?.zxid ?? null;
  }

  get lastZxid(): Zxid {
    return this.history.last;
  }

  /** Everything that is in its log, on disk or on the way there. */
  get all(): Item[] {
    return [...this.applied, ...this.proposed];
  }
}

export const bytesOf = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
