// Drives a replica: events in, effects carried out, one timer, one flush of the log per turn.

import { Fifo } from '../base/fifo.ts';
import type { Zxid } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import type { Connection } from '../replica/connection.ts';
import type { Effect, Event, Now, PeerEffect } from '../replica/events.ts';
import type { Replica } from '../replica/replica.ts';
import { Vigil } from './vigil.ts';

/** The world that effects are carried out on. */
export interface World {
  append(zxid: Zxid, entry: Buffer): void;
  /** Starts a group commit with what has been appended since the last one. */
  flush(): void;
  /** Sends what the connection has to send: one write. */
  send(connection: Connection): void;
  close(connection: Connection): void;
  pause(connection: Connection): void;
  resume(connection: Connection): void;
  /** What concerns the other servers of an ensemble. */
  carryOut(effect: PeerEffect): void;
}

/** A timer of Node's cannot be set further ahead: a longer one fires at once. */
export const LONGEST_TIMER = 0x7fffffff;

export const clock = (): Now => ({ monotonic: performance.now(), wall: Date.now() });

export class Loop {
  readonly #replica: Replica;
  readonly #world: World;
  readonly #logger: Logger;
  readonly #longestPause: number;
  readonly #maxForgiven: number;
  readonly #onBroken: (error: unknown) => void;
  readonly #dirty: Connection[] = [];
  readonly #vigil = new Vigil();
  /** Events that came while effects were carried out. */
  readonly #events = new Fifo<Event>();
  #isBusy = false;
  #timer: NodeJS.Timeout | null = null;
  #timerAt = Number.POSITIVE_INFINITY;
  /** When the timer can fire: what it is for may have been due before it was set. */
  #timerDue = 0;
  #isFlushDue = false;
  /** The time of this turn, once a packet has come in it. */
  #turn: Now | null = null;
  #isStopped = false;
  #isQuiet = false;

  /**
   * @param pauses a timer late by more than `longest` ms says that the process stood still; at most
   *   `maxForgiven` of them are given back to the sessions
   * @param onBroken told once of an error in the core, after which nothing is decided any more
   */
  constructor(
    replica: Replica,
    world: World,
    logger: Logger,
    pauses: { readonly longest: number; readonly maxForgiven: number },
    onBroken: (error: unknown) => void,
  ) {
    this.#replica = replica;
    this.#world = world;
    this.#logger = logger;
    this.#longestPause = pauses.longest;
    this.#maxForgiven = pauses.maxForgiven;
    this.#onBroken = onBroken;
  }

  /** A connection has something to send. */
  readonly onDirty = (connection: Connection): void => {
    this.#dirty.push(connection);
  };

  /**
   * Takes an event, and carries out all that follows from it. What happens meanwhile waits: nothing
   * calls back into the replica before its effects are done (they lend it their bytes).
   */
  readonly dispatch = (event: Event): void => {
    if (this.#isStopped) return;
    if (this.#isBusy) {
      this.#events.push(event);
      return;
    }
    this.#isBusy = true;
    try {
      this.#take(event);
      while (this.#events.length > 0) this.#take(this.#events.shift() as Event);
    } catch (error) {
      // Never limp: a core that broke an invariant may have broken more.
      this.stop();
      this.#onBroken(error);
      return;
    } finally {
      this.#isBusy = false;
    }
    this.#setTimer();
  };

  #take(event: Event): void {
    if (event.kind === 'packet') {
      this.#takePacket(event);
      return;
    }
    const now = clock();
    for (const effect of this.#replica.step(event, now)) this.#carryOut(effect);
    this.#send();
    if (event.kind === 'received' && !this.#isFlushDue) this.#vigil.asked(now.monotonic);
  }

  /**
   * Packets of other servers come by the hundred in a chunk, each of them one acknowledgement or
   * commit: what clients are answered goes out at the end of the turn, and the turn has one time.
   */
  #takePacket(event: Event): void {
    let now = this.#turn;
    if (now === null) {
      now = clock();
      this.#turn = now;
      setImmediate(() => {
        this.#turn = null;
        this.#send();
      });
    }
    for (const effect of this.#replica.step(event, now)) this.#carryOut(effect);
  }

  /** The first step of a server in an ensemble. */
  start(): void {
    for (const effect of this.#replica.start(clock())) this.#carryOut(effect);
    this.#setTimer();
  }

  /** From here on time brings no events. */
  quiesce(): void {
    this.#isQuiet = true;
    this.#clearTimer();
  }

  /** No event is taken any more: a connection that is gone a moment later must not set the timer. */
  stop(): void {
    this.#isStopped = true;
    this.#clearTimer();
  }

  #clearTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #carryOut(effect: Effect): void {
    switch (effect.kind) {
      case 'log':
        this.#world.append(effect.zxid, effect.entry);
        this.#flushSoon();
        break;
      case 'close':
      case 'pause':
      case 'resume':
        this.#world[effect.kind](effect.connection);
        break;
      case 'report':
        this.#logger[effect.level](effect.message);
        break;
      default:
        this.#world.carryOut(effect);
    }
  }

  /** At the end of the turn, so that what other sockets bring in it shares the sync. */
  #flushSoon(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    setImmediate(() => {
      this.#isFlushDue = false;
      this.#world.flush();
    });
  }

  #send(): void {
    if (this.#dirty.length === 0) return;
    for (const connection of this.#dirty) this.#world.send(connection);
    this.#dirty.length = 0;
  }

  #setTimer(): void {
    if (this.#isQuiet) return;
    const at = this.#replica.deadline;
    // An earlier timer is left alone: it fires, finds nothing due, and is set again.
    if (this.#timer !== null && this.#timerAt <= at) return;
    this.#clearTimer();
    if (at === Number.POSITIVE_INFINITY) return;
    this.#timerAt = at;
    const now = performance.now();
    const delay = Math.min(Math.max(Math.ceil(at - now), 1), LONGEST_TIMER);
    this.#timerDue = now + delay;
    this.#timer = setTimeout(() => this.#fire(), delay);
  }

  /**
   * Of a process that stood still (stopped, swapped, starved) nobody may expire who could not reach
   * it: that time is given back to the sessions. Its part in the ensemble goes on: others have not
   * waited. In any case what lies in the sockets comes first: it may be a ping.
   */
  #fire(): void {
    const late = performance.now() - this.#timerDue;
    this.#timer = null;
    if (late > this.#longestPause) {
      const given = Math.min(late, this.#maxForgiven);
      this.#logger.warn(
        `Stood still for ${Math.round(late)} ms: nothing expires for ${Math.round(given)} ms`,
      );
      this.dispatch({ kind: 'stoodStill', until: performance.now() + given });
    }
    setImmediate(() => this.dispatch({ kind: 'deadline' }));
  }
}
