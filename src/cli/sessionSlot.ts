// A named session of the shell: its client, the events nobody has awaited yet, and what it would lose by expiring.
import { hex0x } from '../base/ids.ts';
import type { ConnectOptions, StateEvent, WatchedEvent, ZooKeeper } from '../client/api.ts';
import { CLOSED_BY_SERVER } from '../client/world.ts';
import { CliError, notConnected, Status } from './cliError.ts';

/** The session of lines without @. */
export const DEFAULT_SESSION = 'default';

export type ClientFactory = (hosts: string, options: ConnectOptions) => ZooKeeper;

/** Told of everything that a session does by itself. */
export interface SlotListener {
  onEvent(slot: SessionSlot, event: WatchedEvent): void;
  onState(slot: SessionSlot, event: StateEvent): void;
  /** The server did not say that the session is closed: it goes when it expires there. */
  onUnanswered(slot: SessionSlot): void;
}

interface Waiter {
  readonly matches: (event: WatchedEvent) => boolean;
  readonly take: (event: WatchedEvent) => void;
}

/** More than this many unawaited events are not kept: a script that never awaits must not grow. */
const QUEUE_LIMIT = 1000;

/** For the answer that a session is closed. */
const CLOSE_PATIENCE_MS = 5000;
/** For a server that is just making a session: that one has nothing to lose yet. */
const GREETING_PATIENCE_MS = 1000;

const PROMPT_STATES = {
  connecting: 'CONNECTING',
  connected: 'CONNECTED',
  connectedReadOnly: 'CONNECTEDREADONLY',
  authFailed: 'AUTH_FAILED',
  expired: 'CLOSED',
  closed: 'CLOSED',
} as const;

export class SessionSlot {
  readonly name: string;
  server: string;
  zk: ZooKeeper | undefined;
  /** Ephemerals made here and not deleted here. */
  readonly ephemerals = new Set<string>();
  /** Why the last attempt to connect failed. */
  lastReason = '';
  /** A server took the connection and closed it: perhaps it takes only sessions that do with reading. */
  wasSentAway = false;
  readonly #listener: SlotListener;
  #queue: WatchedEvent[] = [];
  #waiters: Waiter[] = [];

  constructor(name: string, server: string, listener: SlotListener) {
    this.name = name;
    this.server = server;
    this.#listener = listener;
  }

  /** As the prompt shows it: CONNECTING, CONNECTED, CLOSED... */
  get label(): string {
    return this.zk === undefined ? 'CLOSED' : PROMPT_STATES[this.zk.state];
  }

  /** `host:port` for one server, `host:port(+2)` for three: the one in use, else the first of the list. */
  shortServer(): string {
    const hosts = this.zk?.hosts ?? [];
    if (hosts.length < 2) return this.server;
    return `${this.zk?.server ?? hosts[0]}(+${hosts.length - 1})${this.zk?.chroot ?? ''}`;
  }

  /** Starts a client; it connects by itself. Throws a usage error for a connect string that cannot be one. */
  open(factory: ClientFactory, options: ConnectOptions): void {
    this.ephemerals.clear();
    this.lastReason = '';
    this.wasSentAway = false;
    try {
      const zk = factory(this.server, options);
      this.zk = zk;
      zk.on('event', (event) => {
        if (this.zk === zk) this.#received(event);
      });
      zk.on('state', (event) => {
        if (this.zk === zk) this.#changed(event);
      });
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw new CliError(`Bad server list ${this.server}: ${error.message}`, 'Usage', Status.usage);
    }
  }

  #received(event: WatchedEvent): void {
    this.#listener.onEvent(this, event);
    const waiter = this.#waiters.find(({ matches }) => matches(event));
    if (waiter !== undefined) {
      this.#waiters = this.#waiters.filter((other) => other !== waiter);
      waiter.take(event);
      return;
    }
    this.#queue.push(event);
    if (this.#queue.length > QUEUE_LIMIT) this.#queue.shift();
  }

  #changed(event: StateEvent): void {
    if (event.reason !== '') this.lastReason = event.reason;
    if (event.reason === CLOSED_BY_SERVER) this.wasSentAway = true;
    this.#listener.onState(this, event);
  }

  /** The client, if its session can still serve; else the error that says why not and what to do. */
  live(): ZooKeeper {
    const zk = this.zk;
    if (zk === undefined || zk.state === 'closed') throw notConnected();
    if (zk.state === 'expired') {
      const message = `Not connected: session ${hex0x(zk.sessionId)} expired; type connect to open a new one`;
      throw new CliError(message, 'SessionExpired', Status.sessionExpired);
    }
    if (zk.state === 'authFailed') {
      const message = 'Not connected: authentication failed; type connect to open a new session';
      throw new CliError(message, 'AuthFailed', Status.auth);
    }
    return zk;
  }

  /** Takes the oldest event that matches, also one that came before the question; undefined after `timeoutMs`. */
  async nextEvent(
    matches: (event: WatchedEvent) => boolean,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<WatchedEvent | undefined> {
    const at = this.#queue.findIndex(matches);
    if (at >= 0) return this.#queue.splice(at, 1)[0];
    return await new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', aborted);
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
      };
      const waiter: Waiter = {
        matches,
        take(event) {
          done();
          resolve(event);
        },
      };
      const aborted = () => {
        done();
        reject(signal.reason);
      };
      const timer = setTimeout(() => {
        done();
        resolve(undefined);
      }, timeoutMs);
      signal.addEventListener('abort', aborted);
      this.#waiters.push(waiter);
    });
  }

  /**
   * Ends the session at the server, so that its ephemerals go now. A server that does not answer,
   * one that was stopped for example, is not waited for until the connection counts as lost.
   */
  async close(interrupt?: AbortSignal): Promise<void> {
    const zk = this.zk;
    if (zk === undefined || zk.state === 'closed') return;
    // One that has to be greeted again has its session, too.
    const hasSession = zk.sessionId !== 0n;
    const giveUp = () => {
      if (hasSession) this.#listener.onUnanswered(this);
      zk.abandon();
    };
    const timer = setTimeout(giveUp, hasSession ? CLOSE_PATIENCE_MS : GREETING_PATIENCE_MS);
    interrupt?.addEventListener('abort', giveUp);
    await zk.close();
    clearTimeout(timer);
    interrupt?.removeEventListener('abort', giveUp);
    this.ephemerals.clear();
  }
}
