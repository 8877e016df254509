// Who waits until a stretch of the log is durable.
import type { Zxid } from '../../base/ids.ts';

export class Waiting {
  #entries: { readonly upTo: Zxid; readonly go: () => void }[] = [];

  /** Resolves when `wake` says that all up to `upTo` is durable, or that nothing will be any more. */
  until(upTo: Zxid): Promise<void> {
    return new Promise((go) => {
      this.#entries.push({ upTo, go });
    });
  }

  wake(logged: Zxid, isOver: boolean): void {
    if (this.#entries.length === 0) return;
    this.#entries = this.#entries.filter(({ upTo, go }) => {
      if (upTo > logged && !isOver) return true;
      go();
      return false;
    });
  }
}
