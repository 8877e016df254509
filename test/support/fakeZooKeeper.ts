// A client without a server, for what only the shell decides: the test says what happens to the session.
import { EventEmitter } from 'node:events';
import type { State, StateEvent, WatchedEvent, ZooKeeper } from '../../src/client/api.ts';

/** Only what the shell's own logic touches; a command that asks for more fails loudly. */
export class FakeZooKeeper extends EventEmitter {
  state: State = 'connecting';
  readonly hosts: readonly string[];
  readonly chroot = '';
  server: string | null = null;
  sessionId = 0x1234n;
  sessionTimeout = 30_000;
  isAbandoned = false;
  /** What `getEphemerals` answers: any command will do to see one run. */
  ephemerals: () => Promise<string[]> = async () => [];

  constructor(hosts: string) {
    super();
    this.hosts = hosts.split(',');
  }

  get isConnected(): boolean {
    return this.state === 'connected';
  }

  become(state: StateEvent['state'], more: Partial<StateEvent> = {}): void {
    if (state !== 'disconnected' && state !== 'probablyExpired') this.state = state;
    else this.state = 'connecting';
    const event: StateEvent = { state, reason: '', server: null, watchesLost: 0, ...more };
    this.emit('state', event);
  }

  tell(
    type: WatchedEvent['type'],
    path: string | null,
    state: WatchedEvent['state'] = 'SyncConnected',
  ) {
    this.emit('event', { type, path, state } satisfies WatchedEvent);
  }

  whenConnected({ timeout, signal }: { timeout?: number; signal?: AbortSignal } = {}) {
    if (this.isConnected) return Promise.resolve();
    return new Promise<void>((resolve, reject) => {
      const timer =
        timeout === undefined ? undefined : setTimeout(() => reject(new Error('late')), timeout);
      signal?.addEventListener('abort', () => reject(signal.reason));
      this.on('state', () => {
        if (!this.isConnected) return;
        clearTimeout(timer);
        resolve();
      });
    });
  }

  watches() {
    return [];
  }

  abandon(): void {
    this.isAbandoned = true;
    this.become('closed');
  }

  async close(): Promise<void> {
    this.become('closed');
  }

  /** As the shell sees it. */
  asClient(): ZooKeeper {
    return this as unknown as ZooKeeper;
  }
}
