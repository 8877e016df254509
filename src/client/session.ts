// The life of one session: its requests, events and states over whatever connections it gets.

import { NO_ZXID, type SessionId, sessionId, type Zxid, zxid } from '../base/ids.ts';
import { type Reader, WireError } from '../wire/bytes.ts';
import { type ConnectRequest, type ConnectResponse, WatcherEvent } from '../wire/client.ts';
import { ErrorCode } from '../wire/errors.ts';
import { OpCode, Xid } from '../wire/opcodes.ts';
import type {
  CallOptions,
  ConnectOptions,
  State,
  StateEvent,
  WatchedEvent,
  WatchedEventState,
  Watcher,
} from './api.ts';
import { Credentials } from './auth.ts';
import { type Request, waitFor } from './calls.ts';
import { Connector } from './connector.ts';
import type { ConnectString } from './connectString.ts';
import { Deliveries } from './deliveries.ts';
import { ZkError } from './errors.ts';
import { eventStateName, eventTypeName } from './events.ts';
import { withoutChroot } from './path.ts';
import { Pipeline } from './pipeline.ts';
import { writeWatches } from './rewatch.ts';
import { type SessionListener, Voice } from './voice.ts';
import { type Removed, WatchTable } from './watches.ts';
import type { Timer, World } from './world.ts';

const DEFAULT_SESSION_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_FRAME = 64 * 1024 * 1024;
const PASSWORD_LENGTH = 16;

type Final = 'closed' | 'expired' | 'authFailed';
/** What the requests of an ended session fail with, and the event that tells its watchers. */
const endings: Record<Final, { readonly err: number; readonly event: WatchedEventState }> = {
  closed: { err: ErrorCode.sessionExpired, event: 'Closed' },
  expired: { err: ErrorCode.sessionExpired, event: 'Expired' },
  authFailed: { err: ErrorCode.authFailed, event: 'AuthFailed' },
};

const closeRequest: Request<void> = {
  op: 'close',
  path: null,
  type: OpCode.closeSession,
  write() {},
  read() {},
};

export class Session {
  readonly watches = new WatchTable();
  readonly chroot: string;
  state: State = 'connecting';
  id: SessionId;
  password: Buffer;
  timeoutMs: number;
  lastZxid: Zxid = NO_ZXID;

  readonly #world: World;
  readonly #options: ConnectOptions;
  readonly #voice: Voice;
  readonly #deliveries: Deliveries;
  readonly #credentials: Credentials;
  readonly #connector: Connector;
  readonly #requestedTimeoutMs: number;
  readonly #pipeline: Pipeline;
  #setWatchesUnanswered = 0;
  /** Only a server that takes writes makes sessions that the other servers know. */
  #hasSeenWriter: boolean;
  #expiryTimer: Timer | null = null;
  #final: Final | null = null;
  #isClosing = false;
  /** Who waits for the end. */
  readonly #closers: (() => void)[] = [];

  constructor(
    connectString: ConnectString,
    options: ConnectOptions,
    listener: SessionListener,
    world: World,
  ) {
    this.#world = world;
    this.#options = options;
    this.#deliveries = new Deliveries((run) => world.afterPromises(run));
    this.#voice = new Voice(listener, this.#deliveries, this.watches);
    this.#pipeline = new Pipeline(this.#deliveries);
    this.#credentials = new Credentials(options.auth ?? []);
    this.#requestedTimeoutMs = options.sessionTimeout ?? DEFAULT_SESSION_TIMEOUT_MS;
    this.chroot = connectString.chroot;
    this.timeoutMs = this.#requestedTimeoutMs;
    this.id = sessionId(options.session?.id ?? 0n);
    this.password = Buffer.from(options.session?.password ?? new Uint8Array(PASSWORD_LENGTH));
    this.#hasSeenWriter = options.session !== undefined;
    this.#connector = new Connector(
      world,
      {
        hosts: connectString.hosts,
        maxFrame: options.maxFrame ?? DEFAULT_MAX_FRAME,
        greeting: () => this.#greeting(),
        sessionTimeoutMs: () => this.timeoutMs,
      },
      {
        connecting: (server) => this.#changed('connecting', '', server),
        failed: (server, reason, isRoundOver) => this.#failed(server, reason, isRoundOver),
        greeted: (response) => this.#greeted(response),
        frame: (reader) => this.#frame(reader),
        lost: (server, reason, heardAt) => this.#lost(server, reason, heardAt),
      },
    );
  }

  get isConnected(): boolean {
    return this.#connector.link !== null;
  }

  get server(): string | null {
    return this.#connector.link?.target.name ?? null;
  }

  /** The one that `watch: true` stands for. */
  get defaultWatcher(): Watcher {
    return this.#voice.defaultWatcher;
  }

  /** Sends a request, or keeps it for the connection to come. */
  submit<T>(request: Request<T>, options: CallOptions): Promise<T> {
    const timedOut = () => new ZkError(ErrorCode.requestTimeout, request.op, request.path);
    return waitFor<T>(this.#world, options, timedOut, (resolve, reject) => {
      const call = this.#pipeline.call(request, resolve, reject);
      if (this.#final === null && !this.#isClosing) {
        this.#pipeline.send(call, request, this.#connector.link);
      } else this.#pipeline.refuse(call, this.#refusal());
      return () => this.#pipeline.giveUp(call);
    });
  }

  addAuth(scheme: string, auth: Uint8Array, options: CallOptions): Promise<void> {
    const timedOut = () => new ZkError(ErrorCode.requestTimeout, 'addAuth', null);
    return waitFor<void>(this.#world, options, timedOut, (resolve, reject) => {
      if (this.#final !== null) reject(new ZkError(this.#refusal(), 'addAuth', null));
      else {
        const { link } = this.#connector;
        this.#credentials.add(scheme, auth, { resolve, reject }, link?.out ?? null);
        link?.flush();
      }
      // A credential cannot be taken back: it may be at the server already.
      return () => {};
    });
  }

  /** Tells watchers that removeWatches took them out, before that call's promise settles. */
  tellRemoved(removed: Removed, path: string, err: number): void {
    const isLost = err === ErrorCode.connectionLoss || err === ErrorCode.sessionExpired;
    const state = isLost ? 'Disconnected' : 'SyncConnected';
    for (const [type, watchers] of removed) {
      this.#voice.tell(watchers, { type, state, path: withoutChroot(this.chroot, path) });
    }
  }

  /** Ends the session at the server if it can be told; `done` when that and all events are over. */
  close(done: () => void): void {
    if (this.#final !== null) {
      this.#deliveries.settle(done);
      return;
    }
    this.#closers.push(done);
    if (this.#isClosing) return;
    const { link } = this.#connector;
    this.#isClosing = true;
    if (link !== null) this.#sendClose();
    else if (!this.#connector.isGreeting) this.#finish('closed', '');
  }

  /** Ends it here only: the server waits for the session to expire. */
  abandon(reason: string): void {
    this.#finish('closed', reason);
  }

  /** What a request fails with that comes too late. */
  #refusal(): number {
    return this.#final === null ? ErrorCode.connectionLoss : endings[this.#final].err;
  }

  #sendClose(): void {
    const finish = () => this.#finish('closed', '');
    // Answered or lost: either way there is nothing more to wait for.
    const call = this.#pipeline.call(closeRequest, finish, finish);
    this.#pipeline.send(call, closeRequest, this.#connector.link);
  }

  #greeting(): ConnectRequest {
    return {
      protocolVersion: 0,
      lastZxidSeen: this.lastZxid,
      timeOut: this.#requestedTimeoutMs,
      sessionId: this.#hasSeenWriter ? this.id : sessionId(0n),
      passwd: this.password,
      readOnly: this.#options.readOnly ?? false,
    };
  }

  #greeted(response: ConnectResponse): void {
    if (response.timeOut <= 0) {
      this.#finish('expired', 'the server does not know the session any more');
      return;
    }
    const isReadOnly = response.readOnly === true;
    this.timeoutMs = response.timeOut;
    this.id = response.sessionId;
    this.password = Buffer.from(response.passwd ?? new Uint8Array(PASSWORD_LENGTH));
    this.#hasSeenWriter ||= !isReadOnly;
    this.#expiryTimer?.cancel();
    this.#expiryTimer = null;
    this.#connector.accept(response.timeOut, isReadOnly);
    this.#sendBacklog();
    this.#changed(isReadOnly ? 'connectedReadOnly' : 'connected', '', this.server);
    this.#voice.everyone(isReadOnly ? 'ConnectedReadOnly' : 'SyncConnected');
    if (this.#isClosing) this.#sendClose();
  }

  /** Credentials first, since the watches and requests may need them. */
  #sendBacklog(): void {
    const { link } = this.#connector;
    if (link === null) return;
    this.#credentials.sendAll(link.out);
    this.#setWatchesUnanswered = writeWatches(link.out, this.watches, this.lastZxid);
    this.#pipeline.sendWaiting(link);
    link.flush();
  }

  #frame(reader: Reader): void {
    const xid = reader.int();
    const replyZxid = zxid(reader.long());
    const err = reader.int();
    if (xid === Xid.notification) this.#notified(reader);
    else if (xid === Xid.auth) this.#authAnswered(err);
    else if (xid === Xid.setWatches) this.#watchesSet(err);
    else if (xid !== Xid.ping) {
      this.#pipeline.answered(xid, err, reader);
      if (replyZxid > 0n) this.lastZxid = replyZxid;
    }
  }

  #notified(reader: Reader): void {
    const { type, state: stateNumber, path } = WatcherEvent.read(reader);
    const name = eventTypeName(type);
    const state = eventStateName(stateNumber);
    if (name === undefined || state === undefined) {
      throw new WireError(`an event of type ${type} and state ${stateNumber}`);
    }
    if (name === 'None') this.#voice.everyone(state);
    else if (path === null) throw new WireError(`an event ${name} without a path`);
    else {
      const event: WatchedEvent = { type: name, state, path: withoutChroot(this.chroot, path) };
      this.#voice.tell(this.watches.triggered(name, path), event);
    }
  }

  #authAnswered(err: number): void {
    const waiters = this.#credentials.answered();
    if (waiters === null) throw new WireError('an answer to credentials, none were sent');
    if (err === ErrorCode.ok) {
      for (const waiter of waiters) this.#deliveries.settle(() => waiter.resolve());
      return;
    }
    const error = new ZkError(err, 'addAuth', null);
    for (const waiter of waiters) this.#deliveries.settle(() => waiter.reject(error));
    if (err === ErrorCode.authFailed) this.#finish('authFailed', 'the server refused credentials');
  }

  #watchesSet(err: number): void {
    if (this.#setWatchesUnanswered === 0) throw new WireError('an answer to setWatches, not asked');
    this.#setWatchesUnanswered--;
    // A connection without the watches that the program counts on would be worse than none.
    if (err !== ErrorCode.ok) throw new WireError(`setWatches failed with ${err}`);
  }

  #failed(server: string, reason: Error, isRoundOver: boolean): void {
    if (this.#isClosing) {
      this.#finish('closed', '');
      return;
    }
    this.#changed('connecting', reason.message, server);
    // Requests wait for one server after the other, but not for a second round.
    if (isRoundOver) this.#pipeline.failWaiting(ErrorCode.connectionLoss, reason);
  }

  #lost(server: string, reason: Error, heardAt: number): void {
    this.#credentials.disconnected();
    this.#setWatchesUnanswered = 0;
    this.#pipeline.failSent(ErrorCode.connectionLoss, reason);
    if (this.#isClosing) {
      this.#finish('closed', '');
      return;
    }
    this.#changed('disconnected', reason.message, server);
    this.#voice.everyone('Disconnected');
    const left = Math.max(heardAt + this.timeoutMs - this.#world.now(), 0);
    this.#expiryTimer = this.#world.after(left, () => {
      this.#changed('probablyExpired', `disconnected for ${this.timeoutMs} ms`, null);
    });
  }

  #finish(final: Final, reason: string): void {
    if (this.#final !== null) return;
    const { server } = this;
    this.#final = final;
    this.#connector.stop();
    this.#expiryTimer?.cancel();
    const { err, event } = endings[final];
    this.#pipeline.failSent(err);
    this.#pipeline.failWaiting(err);
    for (const waiter of this.#credentials.allWaiters()) {
      this.#deliveries.settle(() => waiter.reject(new ZkError(err, 'addAuth', null)));
    }
    const watchesLost = final === 'expired' ? this.watches.size : 0;
    this.#changed(final, reason, server, watchesLost);
    this.#voice.everyone(event);
    this.watches.clear();
    for (const done of this.#closers) this.#deliveries.settle(done);
  }

  #changed(
    state: StateEvent['state'],
    reason: string,
    server: string | null,
    watchesLost = 0,
  ): void {
    const isStep = state === 'disconnected' || state === 'probablyExpired';
    this.state = isStep ? 'connecting' : state;
    this.#voice.state({ state, reason, server, watchesLost });
  }
}
