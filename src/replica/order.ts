// Where a proposal gets its zxid, and when it is committed: an ensemble of one does it alone.
import { assert } from '../base/assert.ts';
import { counterOf, type Zxid } from '../base/ids.ts';
import type { Leader } from '../consensus/leader.ts';
import type { Effect } from './events.ts';
import type { ServerStats } from './stats.ts';

export interface Order {
  readonly lastProposed: Zxid;
  /** Takes the next zxid: `proposed` must follow. */
  propose(): Zxid;
  /** Sends the entry on its way to being committed; its bytes are lent. */
  proposed(zxid: Zxid, entry: Buffer): void;
  /** True when this server is known to be the leader still; false: `confirmed` tells later. */
  confirm(token: number): boolean;
}

/** The last counter of an epoch. */
const LAST = 0xffffffff;

/** A server without peers: what it has logged is committed. */
export class Alone implements Order {
  lastProposed: Zxid;
  #lastCommitted: Zxid;
  readonly #effect: (effect: Effect) => void;

  constructor(last: Zxid, effect: (effect: Effect) => void) {
    this.lastProposed = last;
    this.#lastCommitted = last;
    this.#effect = effect;
  }

  /** At the end of the counter begins an epoch; a leader would be elected for it (ZOOKEEPER-1277). */
  propose(): Zxid {
    const last = this.lastProposed;
    this.lastProposed = (counterOf(last) === LAST ? last + 2n : last + 1n) as Zxid;
    return this.lastProposed;
  }

  proposed(zxid: Zxid, entry: Buffer): void {
    this.#effect({ kind: 'log', zxid, entry });
  }

  confirm(): boolean {
    return true;
  }

  /** Returns up to where all is committed, if that is further than before. */
  logged(upTo: Zxid): Zxid | null {
    assert(upTo <= this.lastProposed, 'logged what was never proposed');
    if (upTo <= this.#lastCommitted) return null;
    this.#lastCommitted = upTo;
    return upTo;
  }
}

/** A leader with its quorum. */
export class Led implements Order {
  readonly #leader: Leader;
  readonly #stats: ServerStats;

  constructor(leader: Leader, stats: ServerStats) {
    this.#leader = leader;
    this.#stats = stats;
  }

  get lastProposed(): Zxid {
    return this.#leader.lastProposed;
  }

  propose(): Zxid {
    return this.#leader.propose();
  }

  proposed(zxid: Zxid, entry: Buffer): void {
    this.#stats.proposal(entry.length);
    this.#leader.proposed(zxid, entry);
  }

  confirm(token: number): boolean {
    this.#leader.confirm(token);
    return false;
  }
}
