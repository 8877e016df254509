// Where a proposal gets its zxid, and when it is committed: an ensemble of one does it alone.
import type { Zxid } from '../base/ids.ts';
import type { Leader } from '../consensus/leader.ts';
import { Leading } from '../consensus/leading.ts';
import { majority, type ServerId } from '../consensus/quorum.ts';
import type { Effect } from './events.ts';

export interface Order {
  readonly lastProposed: Zxid;
  /** Takes the next zxid: `proposed` must follow. */
  propose(): Zxid;
  /** Sends the entry on its way to being committed; its bytes are lent. */
  proposed(zxid: Zxid, entry: Buffer): void;
  /** True when this server is known to be the leader still; false: `confirmed` tells later. */
  confirm(token: number): boolean;
}

/** A server without peers. */
export class Alone implements Order {
  readonly #id: ServerId;
  readonly #leading: Leading;
  readonly #effect: (effect: Effect) => void;

  constructor(id: ServerId, last: Zxid, effect: (effect: Effect) => void) {
    this.#id = id;
    this.#leading = new Leading(majority([id]), last);
    this.#effect = effect;
  }

  get lastProposed(): Zxid {
    return this.#leading.lastProposed;
  }

  propose(): Zxid {
    return this.#leading.propose();
  }

  proposed(zxid: Zxid, entry: Buffer): void {
    this.#effect({ kind: 'log', zxid, entry });
  }

  confirm(): boolean {
    return true;
  }

  /** Returns up to where all is committed, if that is further than before. */
  logged(upTo: Zxid): Zxid | null {
    return this.#leading.logged(this.#id, upTo);
  }
}

/** A leader with its quorum. */
export class Led implements Order {
  readonly #leader: Leader;

  constructor(leader: Leader) {
    this.#leader = leader;
  }

  get lastProposed(): Zxid {
    return this.#leader.lastProposed;
  }

  propose(): Zxid {
    return this.#leader.propose();
  }

  proposed(zxid: Zxid, entry: Buffer): void {
    this.#leader.proposed(zxid, entry);
  }

  confirm(token: number): boolean {
    this.#leader.confirm(token);
    return false;
  }
}
