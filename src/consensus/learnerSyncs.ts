// Syncs that learners wait for: each is answered before anything that was proposed behind it is committed.
import { Fifo } from '../base/fifo.ts';
import type { Zxid } from '../base/ids.ts';

interface Waiting {
  /** What was proposed before it. */
  readonly upTo: Zxid;
  readonly answer: () => void;
  isAnswered: boolean;
}

/**
 * Apache's learners (CommitProcessor) wait for the answers to what they have forwarded, writes and
 * syncs of all their clients, in the order of asking: one that overtakes another is not seen, and all
 * their clients hang. A commit that would overtake a sync shows that a quorum still follows, so that
 * the sync may be answered before it.
 */
export class LearnerSyncs {
  readonly #waiting = new Fifo<Waiting>();

  /** Returns what is to be called when the sync may be answered; that does nothing if it was. */
  ask(upTo: Zxid, answer: () => void): () => void {
    const sync = { upTo, answer, isAnswered: false };
    this.#waiting.push(sync);
    return () => {
      this.#end(sync);
      while (this.#waiting.peek()?.isAnswered === true) this.#waiting.shift();
    };
  }

  /** This is about to be committed. */
  before(id: Zxid): void {
    for (;;) {
      const sync = this.#waiting.peek();
      if (sync === undefined || sync.upTo >= id) return;
      this.#waiting.shift();
      this.#end(sync);
    }
  }

  #end(sync: Waiting): void {
    if (sync.isAnswered) return;
    sync.isAnswered = true;
    sync.answer();
  }
}
