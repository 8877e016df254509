// A member's history: what is in its log, how much of that is on disk, what waits to be committed, its epochs.
import { Fifo } from '../base/fifo.ts';
import type { Zxid } from '../base/ids.ts';
import { CommittedLog } from '../consensus/committedLog.ts';
import type { EpochKind } from '../consensus/events.ts';
import { DIGEST_VERSION } from '../state/digest.ts';
import { decodeTxn } from '../transactions/index.ts';
import type { Effect } from './events.ts';
import type { Proposal } from './proposals.ts';

export class History {
  /** The end of the log, for learners that lag; it outlives the roles. */
  readonly recent: CommittedLog;
  accepted: number;
  current: number;
  /** A learner's proposals that are not committed yet. */
  readonly #backlog = new Fifo<Proposal>();
  #lastAppended: Zxid;
  #lastLogged: Zxid;
  /** Effects to the disk that are not answered yet, besides entries. */
  #pending = 0;

  /** @param count of entries that are kept for learners that lag */
  constructor(
    last: Zxid,
    epochs: { readonly accepted: number; readonly current: number },
    count?: number,
  ) {
    this.recent = new CommittedLog(count === undefined ? {} : { count });
    this.accepted = epochs.accepted;
    this.current = epochs.current;
    this.#lastAppended = last;
    this.#lastLogged = last;
    this.recent.reset(last);
  }

  /** A role begins with a history that ends here; it may have been cut or replaced behind the last one. */
  begin(last: Zxid): void {
    if (this.recent.last !== last) this.recent.reset(last);
  }

  /** True when the disk has answered everything. */
  get isQuiet(): boolean {
    return this.#pending === 0 && this.#lastLogged >= this.#lastAppended;
  }

  /** An effect goes out: some are answered. */
  asked(effect: Effect): void {
    if (effect.kind === 'log') this.#lastAppended = effect.zxid;
    else if (effect.kind === 'saveEpoch' || effect.kind === 'truncate') this.#pending++;
    else if (effect.kind === 'restart') this.#pending++;
  }

  logged(upTo: Zxid): void {
    this.#lastLogged = upTo;
  }

  epochSaved(which: EpochKind, epoch: number): void {
    this.#pending--;
    this[which] = epoch;
  }

  /** The log was cut, or replaced: it ends with `last`. */
  replaced(last: Zxid): void {
    this.#backlog.clear();
    this.#lastAppended = last;
    this.#lastLogged = last;
  }

  /** A truncation or a restart is done. */
  settled(): void {
    this.#pending--;
  }

  /** The leader has proposed an entry; it is lent, and its data live on in the transaction. */
  proposed(entry: Buffer): Proposal {
    const { header, txn, digest } = decodeTxn(Buffer.from(entry));
    const isComparable = digest !== null && digest.version === DIGEST_VERSION;
    const treeDigest = isComparable ? digest.treeDigest : null;
    const proposal = { header, txn, treeDigest };
    this.#backlog.push(proposal);
    return proposal;
  }

  /** Takes the oldest of the leader's proposals that are committed up to `upTo`. */
  nextCommitted(upTo: Zxid): Proposal | undefined {
    const next = this.#backlog.peek();
    return next === undefined || next.header.zxid > upTo ? undefined : this.#backlog.shift();
  }

  /** Takes the leader's proposals that were not committed. */
  drain(): Proposal[] {
    return this.#backlog.drain();
  }
}
