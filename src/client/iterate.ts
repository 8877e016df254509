// Events of a znode as an async iterator, over persistent watches or, on servers without, re-armed ones.

import { ErrorCode } from '../wire/errors.ts';
import type {
  AddWatchMode,
  IteratedEvent,
  WatchedEvent,
  WatchIteratorOptions,
  ZooKeeper,
} from './api.ts';
import { ZkError } from './errors.ts';

type Result = IteratorResult<IteratedEvent, undefined>;

const END: Result = { done: true, value: undefined };

/** A pending or future failure, an end, or more events. */
type Ending = { readonly error: unknown } | 'ended' | null;

export class WatchIterator implements AsyncIterableIterator<IteratedEvent> {
  readonly #client: ZooKeeper;
  readonly #path: string;
  readonly #mode: AddWatchMode;
  readonly #signal: AbortSignal | undefined;
  readonly #events: IteratedEvent[] = [];
  readonly #readers: { resolve(result: Result): void; reject(error: unknown): void }[] = [];
  #ending: Ending = null;
  /** Changes may have gone unseen since the last event. */
  #hasGap = false;
  #isOneShot = false;

  constructor(client: ZooKeeper, path: string, options: WatchIteratorOptions) {
    this.#client = client;
    this.#path = path;
    this.#signal = options.signal;
    this.#mode = options.mode ?? 'persistent';
    this.#signal?.addEventListener('abort', this.#stop);
    if (this.#signal?.aborted) this.#stop();
    else this.#arm();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    const event = this.#events.shift();
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    const ending = this.#ending;
    if (ending === 'ended') return Promise.resolve(END);
    if (ending !== null) {
      // Told once; after that the iteration is simply over.
      this.#ending = 'ended';
      return Promise.reject(ending.error as Error);
    }
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
  }

  return(): Promise<Result> {
    this.#stop();
    return Promise.resolve(END);
  }

  readonly #stop = (): void => {
    if (this.#ending !== null) return;
    this.#end('ended');
    this.#events.length = 0;
    this.#forget();
  };

  /** Without any other watcher of the path the server can forget it too; else only we do. */
  #forget(): void {
    if (!this.#client.isConnected || this.#isOneShot) return;
    const others = this.#client
      .watches()
      .filter(({ path }) => path === this.#path)
      .reduce((sum, { watchers }) => sum + watchers, -1);
    const which = others > 0 ? { watcher: this.#persistent } : {};
    this.#client.removeWatches(this.#path, { ...which, local: true }).catch(() => {
      // It was never set, or the session is over: then there is nothing to take back.
    });
  }

  readonly #persistent = (event: WatchedEvent): void => {
    if (event.type === 'None') this.#sessionEvent(event);
    else if (event.type !== 'PersistentWatchRemoved') this.#push(event);
    else if (this.#ending === null) this.#end('ended');
  };

  #sessionEvent(event: WatchedEvent): void {
    if (event.state === 'Disconnected') this.#hasGap = true;
    else if (event.state === 'Closed') this.#end('ended');
    else if (event.state === 'Expired') this.#fail(ErrorCode.sessionExpired);
    else if (event.state === 'AuthFailed') this.#fail(ErrorCode.authFailed);
  }

  #fail(errno: number): void {
    this.#end({ error: new ZkError(errno, 'watch', this.#path) });
  }

  #push(event: WatchedEvent): void {
    if (this.#ending !== null) return;
    const value: IteratedEvent = { ...event, gap: this.#hasGap };
    this.#hasGap = false;
    const reader = this.#readers.shift();
    if (reader === undefined) this.#events.push(value);
    else reader.resolve({ done: false, value });
  }

  #end(ending: Exclude<Ending, null>): void {
    if (this.#ending !== null) return;
    this.#ending = ending;
    this.#signal?.removeEventListener('abort', this.#stop);
    const [first, ...others] = this.#readers.splice(0);
    if (first === undefined) return;
    if (ending === 'ended') first.resolve(END);
    else {
      this.#ending = 'ended';
      first.reject(ending.error);
    }
    for (const reader of others) reader.resolve(END);
  }

  readonly #oneShot = (event: WatchedEvent): void => {
    if (event.type === 'None') {
      this.#sessionEvent(event);
      return;
    }
    this.#push(event);
    // What happens until the new watch is set goes unseen.
    this.#hasGap = true;
    this.#arm();
  };

  #arm(): void {
    if (this.#ending !== null) return;
    if (this.#isOneShot) {
      this.#armOneShots();
      return;
    }
    this.#client.addWatch(this.#path, this.#mode, this.#persistent).catch((error: unknown) => {
      const isOld = error instanceof ZkError && error.errno === ErrorCode.unimplemented;
      if (isOld && this.#mode === 'persistent') {
        this.#isOneShot = true;
        this.#armOneShots();
      } else this.#notArmed(error);
    });
  }

  /** Sets what a persistent watch covers: the node's data, its coming and going, its children. */
  #armOneShots(): void {
    const watch = this.#oneShot;
    const asked = [
      this.#client.exists(this.#path, { watch }),
      this.#client.children(this.#path, { watch }).catch((error: unknown) => {
        if (!(error instanceof ZkError && error.errno === ErrorCode.noNode)) throw error;
      }),
    ];
    Promise.all(asked).catch((error: unknown) => this.#notArmed(error));
  }

  /** A watch that was lost with its connection is asked for again on the next. */
  #notArmed(error: unknown): void {
    const isLost = error instanceof ZkError && error.errno === ErrorCode.connectionLoss;
    if (!isLost) {
      this.#end({ error });
      return;
    }
    this.#hasGap = true;
    this.#client.whenConnected().then(
      () => this.#arm(),
      (reason: unknown) => this.#end(this.#client.state === 'closed' ? 'ended' : { error: reason }),
    );
  }
}
