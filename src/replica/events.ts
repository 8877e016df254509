// What the world tells a replica, and what a replica asks of the world.
import type { Zxid } from '../base/ids.ts';
import type { Connection } from './connection.ts';

/** Two clocks: sessions live on the monotonic one, so that a jump of the wall clock expires nobody. */
export interface Now {
  /** Milliseconds that never go back. */
  readonly monotonic: number;
  /** Milliseconds since 1970; goes into ctime and mtime. */
  readonly wall: number;
}

export type Event =
  | { kind: 'opened'; connection: Connection }
  /** `isLent`: the chunk's memory is for something else after the step. */
  | { kind: 'received'; connection: Connection; chunk: Buffer; isLent?: boolean }
  /** A connection that stalled has room for answers again. */
  | { kind: 'resumed'; connection: Connection }
  | { kind: 'closed'; connection: Connection }
  | { kind: 'logged'; upTo: Zxid }
  | { kind: 'deadline' };

export type Effect =
  /**
   * Append to the transaction log; answered by `logged` once it is on disk.
   * The entry is lent until the next step.
   */
  | { kind: 'log'; zxid: Zxid; entry: Buffer }
  /** Its frames lie unread: read no more from it, or go on. */
  | { kind: 'pause' | 'resume'; connection: Connection }
  /** Send what is in `connection.out`, then end it. */
  | { kind: 'close'; connection: Connection }
  | { kind: 'report'; level: 'info' | 'warn' | 'debug'; message: string };
