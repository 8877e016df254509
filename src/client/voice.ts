// Tells the program what happens to the session: states to its listener, session events to every watcher.

import type { StateEvent, WatchedEvent, WatchedEventState, Watcher } from './api.ts';
import type { Deliveries } from './deliveries.ts';
import type { WatchTable } from './watches.ts';

/** Where the session tells what happens, in the order of the wire. */
export interface SessionListener {
  state(event: StateEvent): void;
  /** For the default watcher. */
  event(event: WatchedEvent): void;
}

export class Voice {
  /** The watcher that `watch: true` stands for. */
  readonly defaultWatcher: Watcher;
  readonly #listener: SessionListener;
  readonly #deliveries: Deliveries;
  readonly #watches: WatchTable;
  #lastEventState: WatchedEventState = 'Disconnected';

  constructor(listener: SessionListener, deliveries: Deliveries, watches: WatchTable) {
    this.#listener = listener;
    this.#deliveries = deliveries;
    this.#watches = watches;
    this.defaultWatcher = (event) => listener.event(event);
  }

  state(event: StateEvent): void {
    this.#deliveries.tell(() => this.#listener.state(event));
  }

  /** A session event: to the default watcher and to every other; not twice the same in a row. */
  everyone(state: WatchedEventState): void {
    if (state === this.#lastEventState) return;
    this.#lastEventState = state;
    const watchers = new Set([this.defaultWatcher, ...this.#watches.everyone()]);
    this.tell(watchers, { type: 'None', state, path: null });
  }

  tell(watchers: ReadonlySet<Watcher>, event: WatchedEvent): void {
    for (const watcher of watchers) this.#deliveries.tell(() => watcher(event));
  }
}
