// A standalone server without a world: the real replica, a disk that is done at once, a clock to turn.

import { sessionId, type Zxid } from '../../src/base/ids.ts';
import type { Rules } from '../../src/operations/operation.ts';
import type { LargeRequestRules } from '../../src/replica/congestion.ts';
import { Connection } from '../../src/replica/connection.ts';
import type { ConnectionThrottleRules } from '../../src/replica/connectionThrottle.ts';
import type { Effect, Event, Now } from '../../src/replica/events.ts';
import type { MemberOptions } from '../../src/replica/memberOptions.ts';
import { Replica } from '../../src/replica/replica.ts';
import { DEFAULT_AUTH_OPTIONS } from '../../src/state/auth.ts';
import { initialSessionId } from '../../src/state/sessions.ts';
import { State } from '../../src/state/state.ts';
import { Writers } from '../../src/wire/writers.ts';

export interface LoneOptions {
  tickTime?: number;
  extendedTypes?: boolean;
  enforceQuota?: boolean;
  superDigest?: string;
  reconfigEnabled?: boolean;
  /** Hold proposals back until `release`. */
  slowDisk?: boolean;
  maxFrame?: number;
  maxOutstanding?: number;
  firstSessionId?: bigint;
  maxInWork?: number;
  largeRequests?: LargeRequestRules;
  throttle?: Partial<ConnectionThrottleRules>;
  chance?: () => number;
  /** What was found on disk. */
  state?: State;
  /** One of several servers, whose peers are not there. */
  member?: MemberOptions;
}

/** Everybody gets through, by Apache's defaults. */
export const NO_THROTTLE: ConnectionThrottleRules = {
  maxTokens: 0,
  fillTimeMs: 1,
  fillCount: 1,
  freezeTimeMs: -1,
  dropIncrease: 0.02,
  dropDecrease: 0.002,
  decreaseRatio: 0,
  weights: null,
};

/** What came to one client: whole frames (with their length) in hex, and whether it was closed. */
export class LoneClient {
  readonly connection: Connection;
  isClosed = false;
  #received: Buffer = Buffer.alloc(0);

  constructor(connection: Connection) {
    this.connection = connection;
  }

  take(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
  }

  /** The frames since the last call. */
  frames(): string[] {
    const frames: string[] = [];
    let at = 0;
    while (at < this.#received.length) {
      const end = at + 4 + this.#received.readInt32BE(at);
      frames.push(this.#received.toString('hex', at, end));
      at = end;
    }
    this.#received = Buffer.alloc(0);
    return frames;
  }
}

export class LoneServer {
  readonly replica: Replica;
  readonly logged: { zxid: Zxid; entry: Buffer }[] = [];
  readonly reports: string[] = [];
  readonly #options: LoneOptions;
  readonly #clients = new Map<Connection, LoneClient>();
  readonly #writers = new Writers();
  readonly #now = { monotonic: 1_000_000, wall: 1_700_000_000_000 };
  #held: Zxid | null = null;
  #nextId = 1;

  constructor(options: LoneOptions = {}) {
    this.#options = options;
    const tickTime = options.tickTime ?? 2000;
    const extendedTypes = options.extendedTypes ?? false;
    const rules: Rules = {
      access: { ...DEFAULT_AUTH_OPTIONS, superDigest: options.superDigest ?? null },
      extendedTypes,
      enforceQuota: options.enforceQuota ?? false,
      reconfigEnabled: options.reconfigEnabled ?? false,
    };
    this.replica = new Replica(
      {
        serverId: 1,
        state: options.state ?? new State({ digest: true, extendedTypes, emulate353: false }),
        rules,
        reception: {
          minSessionTimeout: 2 * tickTime,
          maxSessionTimeout: 20 * tickTime,
          maxOutstanding: options.maxOutstanding ?? 1000,
          maxInWork: options.maxInWork ?? 0,
          largeRequests: options.largeRequests ?? { threshold: -1, maxBytes: 0 },
          throttle: { ...NO_THROTTLE, ...options.throttle },
        },
        containers: { checkIntervalMs: 60_000, maxPerMinute: 10_000, maxNeverUsedMs: 0 },
        tickTime,
        member: options.member ?? null,
        chance: options.chance ?? (() => 0),
        firstSessionId: sessionId(options.firstSessionId ?? initialSessionId(1n, this.#now.wall)),
      },
      this.#now,
    );
  }

  get now(): Now {
    return this.#now;
  }

  connect(address = '127.0.0.1'): LoneClient {
    const connection = new Connection({
      id: this.#nextId,
      address,
      port: 50_000 + this.#nextId++,
      maxFrame: this.#options.maxFrame ?? 0xfffff,
      opened: this.#now.monotonic,
      openedWall: this.#now.wall,
      access: this.replica.rules.access,
      writers: this.#writers,
      onDirty: () => {},
    });
    const client = new LoneClient(connection);
    this.#clients.set(connection, client);
    this.dispatch({ kind: 'opened', connection });
    return client;
  }

  send({ connection }: LoneClient, ...hex: string[]): void {
    const chunk = Buffer.from(hex.join(''), 'hex');
    this.dispatch({ kind: 'received', connection, chunk, isLent: true });
    // As the sockets' read buffer: whatever was not copied is gone.
    chunk.fill(0xee);
  }

  drop(client: LoneClient): void {
    this.#clients.delete(client.connection);
    this.dispatch({ kind: 'closed', connection: client.connection });
  }

  /** Sets the wall clock, as an operator may; the monotonic one goes on as it was. */
  jump(ms: number): void {
    this.#now.wall += ms;
  }

  /** Turns the clocks on, stopping at each deadline on the way. */
  pass(ms: number): void {
    const end = this.#now.monotonic + ms;
    for (;;) {
      const at = Math.min(Math.max(this.replica.deadline, this.#now.monotonic), end);
      this.#now.wall += at - this.#now.monotonic;
      this.#now.monotonic = at;
      this.dispatch({ kind: 'deadline' });
      if (at === end) return;
    }
  }

  /** With a slow disk: what has been appended so far is on it now. */
  release(): void {
    const upTo = this.#held;
    this.#held = null;
    if (upTo !== null) this.dispatch({ kind: 'logged', upTo });
  }

  dispatch(event: Event): void {
    for (const effect of this.replica.step(event, this.#now)) this.#carryOut(effect);
    for (const [connection, client] of this.#clients) {
      connection.isDirty = false;
      if (connection.outLength === 0) continue;
      client.take(connection.out.copy());
      connection.emptyOut();
    }
    if (!this.#options.slowDisk) this.release();
  }

  #carryOut(effect: Effect): void {
    switch (effect.kind) {
      case 'log':
        this.logged.push({ zxid: effect.zxid, entry: Buffer.from(effect.entry) });
        this.#held = effect.zxid;
        break;
      case 'close': {
        const client = this.#clients.get(effect.connection);
        if (client !== undefined) client.isClosed = true;
        break;
      }
      case 'pause':
      case 'resume':
        break;
      case 'report':
        this.reports.push(effect.message);
        break;
    }
  }
}
