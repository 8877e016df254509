// How a server takes what its clients want changed: who decides prepares and proposes, a learner forwards.
import { type SessionId, type Zxid, zxid } from '../base/ids.ts';
import type { WriteOperation } from '../operations/operation.ts';
import type { SessionTracker } from '../state/sessions.ts';
import type { Reader } from '../wire/bytes.ts';
import type { Connection } from './connection.ts';

/** A sync is answered once everything up to here has been applied; the leader may have to tell where. */
export interface SyncPoint {
  zxid: Zxid;
}

/** Of a sync whose leader has not been heard yet: nothing has this zxid. */
export const NOT_YET = zxid((1n << 63n) - 1n);

/** What has been asked for and is not done yet. */
export interface Load {
  readonly count: number;
  readonly bytes: number;
  /** Of them those of large requests. */
  readonly largeBytes: number;
}

export interface Pipeline {
  /** True without a leader: who may write is sent away, and nothing is written. */
  readonly isReadOnly: boolean;
  readonly load: Load;
  /** The sessions that this server watches over: all of them at who decides, a learner's own. */
  readonly tracker: SessionTracker;
  /** Monotonic time at which it wants `pass`. */
  readonly deadline: number;
  /** Time has come: sessions expire, containers go. */
  pass(): void;
  /** True for a session that has ended, or whose end is on its way: whatever it asks comes too late. */
  isClosing(session: SessionId): boolean;
  /** The connection's client was heard of. */
  heard(connection: Connection): void;
  /** Gives a connection the new session that waits in it; `Replica.commit` answers. */
  open(connection: Connection): void;
  /** Takes over session `id`, whose password is right, or refuses: now, or when the leader has said. */
  resume(connection: Connection, id: SessionId): void;
  /** The connection has its session now. */
  established(connection: Connection): void;
  /** The client ends its session. */
  leave(connection: Connection, xid: number): void;
  /** A write, its body in `reader`, which stands in the connection's frames. Errors are answered, too. */
  write(
    connection: Connection,
    xid: number,
    operation: WriteOperation<unknown>,
    reader: Reader,
  ): void;
  /** Null when a sync may be answered at once. */
  sync(connection: Connection, xid: number, body: Buffer): SyncPoint | null;
  /** The connection ends; what waits in it is answered to nobody. */
  forget(connection: Connection): void;
  /** The session has ended, everywhere. */
  ended(session: SessionId): void;
}
