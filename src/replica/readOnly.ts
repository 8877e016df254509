// How a member that has no leader serves reads: with sessions of its own, and nothing that changes anything.
import { hex0x, type SessionId } from '../base/ids.ts';
import { SessionTracker } from '../state/sessions.ts';
import { ErrorCode } from '../wire/errors.ts';
import type { Connection } from './connection.ts';
import { establish } from './handshake.ts';
import type { Pipeline } from './pipeline.ts';
import type { Replica } from './replica.ts';

/** Apache waits so long for a leader, or a tick if that is longer (QuorumPeer.run). */
const SHORTEST_WAIT_MS = 2000;

/** ms of looking for a leader after which a member serves reads. */
export const readOnlyAfter = (tickTime: number): number => Math.max(SHORTEST_WAIT_MS, tickTime);

/**
 * The pipeline of a member without a leader. Its sessions live in it alone, as long as their
 * connections; nothing reaches tree, log or snapshots (ZOOKEEPER-3526).
 */
export class ReadOnly implements Pipeline {
  readonly isReadOnly = true;
  readonly tracker: SessionTracker;
  readonly load = { count: 0, bytes: 0, largeBytes: 0 };
  readonly #replica: Replica;

  constructor(replica: Replica, tickTime: number) {
    this.#replica = replica;
    this.tracker = new SessionTracker(tickTime);
  }

  get deadline(): number {
    return this.tracker.nextDeadline;
  }

  pass(): void {
    const replica = this.#replica;
    for (const id of this.tracker.expired(replica.now.monotonic)) {
      this.tracker.remove(id);
      const connection = replica.bySession.get(id);
      if (connection !== undefined) replica.end(connection);
    }
  }

  // -- sessions --------------------------------------------------------------------------------

  heard({ session }: Connection): void {
    this.tracker.touch(session, this.#replica.now.monotonic);
  }

  isClosing(): boolean {
    return false;
  }

  open(connection: Connection): void {
    connection.shift();
    establish(connection, connection.session, this.#replica);
  }

  /**
   * A session of the ensemble must find its way to a server that has a leader, who decides when it
   * ends (ReadOnlyZooKeeperServer.validateSession). Any other is taken as it is: this server may
   * be behind, so it cannot say that a session is over.
   */
  resume(connection: Connection, id: SessionId): void {
    const replica = this.#replica;
    if (replica.state.sessions.has(id)) {
      replica.report(
        'info',
        `Refusing session ${hex0x(id)} of the ensemble in read-only mode for client /${connection.peer}`,
      );
      replica.end(connection);
    } else establish(connection, id, replica);
  }

  established({ session, timeout }: Connection): void {
    this.tracker.add(session, timeout, this.#replica.now.monotonic);
  }

  leave(connection: Connection): void {
    const replica = this.#replica;
    const waiting = connection.shift();
    if (waiting !== undefined) replica.reception.answerEmpty(connection, waiting, ErrorCode.ok);
    replica.end(connection);
  }

  ended(): void {}

  // -- requests --------------------------------------------------------------------------------

  /** Writes and syncs are refused before they come here (ReadOnlyRequestProcessor). */
  write(): void {}

  sync(): null {
    return null;
  }

  forget({ session }: Connection): void {
    this.tracker.remove(session);
  }
}
