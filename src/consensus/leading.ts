// The leader's part of broadcast: numbers proposals and commits them once a quorum has them on disk.
import { assert } from '../base/assert.ts';
import type { Zxid } from '../base/ids.ts';
import { type QuorumRule, quorumPosition, type ServerId } from './quorum.ts';

/**
 * Order of opaque proposals within one epoch. It knows zxids and who has logged up to where;
 * what a proposal means, and how it travels, is not its business.
 */
export class Leading {
  readonly #rule: QuorumRule;
  readonly #logged = new Map<ServerId, Zxid>();
  #lastProposed: Zxid;
  #lastCommitted: Zxid;

  /** @param last the zxid that this server's history ends with */
  constructor(rule: QuorumRule, last: Zxid) {
    this.#rule = rule;
    this.#lastProposed = last;
    this.#lastCommitted = last;
  }

  get lastProposed(): Zxid {
    return this.#lastProposed;
  }

  get lastCommitted(): Zxid {
    return this.#lastCommitted;
  }

  /** Takes the next zxid: the caller logs and sends a proposal under it, always. */
  propose(): Zxid {
    this.#lastProposed = (this.#lastProposed + 1n) as Zxid;
    return this.#lastProposed;
  }

  /** `server` has everything up to `upTo` on its disk. Returns the new commit point, null if unchanged. */
  logged(server: ServerId, upTo: Zxid): Zxid | null {
    assert(upTo <= this.#lastProposed, `server ${server} logged what was never proposed`);
    this.#logged.set(server, upTo);
    const position = quorumPosition(this.#rule, this.#logged);
    if (position === null || position <= this.#lastCommitted) return null;
    this.#lastCommitted = position;
    return position;
  }
}
