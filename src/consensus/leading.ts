// The leader's part of broadcast: numbers proposals and commits them once a quorum has them on disk.
import { assert } from '../base/assert.ts';
import type { Zxid } from '../base/ids.ts';
import type { QuorumRule, ServerId } from './quorum.ts';

/**
 * Order of opaque proposals within one epoch. It knows zxids and who has logged up to where;
 * what a proposal means, and how it travels, is not its business.
 */
export class Leading {
  #rule: QuorumRule;
  readonly #start: Zxid;
  /** How far each voter has come, as a count of proposals: numbers are cheaper than zxids. */
  readonly #reached = new Map<ServerId, number>();
  #lastProposed: Zxid;
  #lastCommitted: Zxid;
  #proposed = 0;
  #committed = 0;
  #candidate = 0;
  /** Made once: a closure for each acknowledgement would be garbage on the hottest path. */
  readonly #hasCandidate = (voter: ServerId): boolean =>
    (this.#reached.get(voter) ?? 0) >= this.#candidate;

  /** @param last the zxid that this server's history ends with, or that its epoch starts with */
  constructor(rule: QuorumRule, last: Zxid) {
    this.#rule = rule;
    this.#start = last;
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
    this.#proposed++;
    return this.#lastProposed;
  }

  /** `server` has everything up to `upTo` on its disk. Returns the new commit point, null if unchanged. */
  logged(server: ServerId, upTo: Zxid): Zxid | null {
    const reached = Number(upTo - this.#start);
    assert(reached <= this.#proposed, () => `server ${server} logged what was never proposed`);
    this.#reached.set(server, reached);
    if (reached <= this.#committed) return null;
    const best = this.#best(reached);
    if (best === this.#committed) return null;
    this.#committed = best;
    this.#lastCommitted = (this.#start + BigInt(best)) as Zxid;
    return this.#lastCommitted;
  }

  /** Another rule holds for all that is not committed. Returns as `logged` does. */
  changeRule(rule: QuorumRule): Zxid | null {
    this.#rule = rule;
    const best = this.#best(this.#proposed);
    if (best <= this.#committed) return null;
    this.#committed = best;
    this.#lastCommitted = (this.#start + BigInt(best)) as Zxid;
    return this.#lastCommitted;
  }

  /** Of `servers` one that has come furthest; undefined when there are none. */
  furthest(servers: readonly ServerId[]): ServerId | undefined {
    const reached = (server: ServerId): number => this.#reached.get(server) ?? -1;
    return [...servers].sort((a, b) => reached(b) - reached(a) || b - a)[0];
  }

  /** What `server` has logged counts no longer: it may cut its log when it comes back. */
  forget(server: ServerId): void {
    this.#reached.delete(server);
  }

  /** The furthest that a quorum has come, which is no further than who came forward just now. */
  #best(reached: number): number {
    this.#candidate = reached;
    if (this.#rule.isQuorum(this.#hasCandidate)) return reached;
    let best = this.#committed;
    for (const voter of this.#rule.voters) {
      const at = this.#reached.get(voter) ?? 0;
      if (at <= best || at >= reached) continue;
      this.#candidate = at;
      if (this.#rule.isQuorum(this.#hasCandidate)) best = at;
    }
    return best;
  }
}
