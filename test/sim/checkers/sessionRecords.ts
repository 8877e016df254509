// Sessions and their requests as the log has them: each request takes effect once, none after its
// session's end, and no session ends while its client is heard: C2, C11.
import { hex0x, NO_SESSION, type SessionId, type Zxid } from '../../../src/base/ids.ts';
import type { Txn, TxnHeader } from '../../../src/transactions/index.ts';
import { OpCode } from '../../../src/wire/opcodes.ts';
import type { SimClient } from '../client.ts';
import type { Asked } from '../requests.ts';
import { demand } from '../violation.ts';
import type { World } from '../world.ts';

interface Record {
  readonly client: SimClient | null;
  readonly asked: Map<number, Asked>;
  readonly done: Set<number>;
  endedAt: Zxid | null;
  /** As it was negotiated first: what was negotiated later is in no log, and a new leader has this. */
  readonly timeout: number | null;
}

export class SessionRecords {
  readonly #world: World;
  readonly #records = new Map<SessionId, Record>();

  constructor(world: World) {
    this.#world = world;
  }

  opened(session: SessionId, client: SimClient): void {
    const old = this.#records.get(session);
    demand(old?.client == null, 'C11', () => `session ${hex0x(session)} is given to two clients`);
    const asked = new Map<number, Asked>();
    this.#records.set(session, {
      client,
      asked,
      done: new Set(),
      endedAt: old?.endedAt ?? null,
      timeout: old?.timeout ?? null,
    });
  }

  asked(session: SessionId, asked: Asked): void {
    this.#records.get(session)?.asked.set(asked.xid, asked);
  }

  /** A transaction of the session is committed; returns the request that it answers, as it was asked. */
  committed({ clientId, cxid, zxid, type }: TxnHeader, txn: Txn): Asked | null {
    // What the leader asks for by itself: containers and TTL znodes that are over.
    if (clientId === NO_SESSION) return null;
    let record = this.#records.get(clientId);
    if (record === undefined) {
      const timeout = txn.type === OpCode.createSession ? txn.timeOut : null;
      record = { client: null, asked: new Map(), done: new Set(), endedAt: null, timeout };
      this.#records.set(clientId, record);
    }
    if (type === OpCode.createSession) {
      // Ids come from the clock: one that was set back may give out those of a session that no
      // snapshot remembers.
      const mayRepeat = this.#world.faults.seen.has('clock');
      demand(record.endedAt === null || mayRepeat, 'C11', () => {
        return `session ${hex0x(clientId)} begins twice`;
      });
      if (record.endedAt !== null) this.#records.delete(clientId);
      return null;
    }
    if (type === OpCode.closeSession) {
      if (record.endedAt === null && cxid === 0) this.#expired(clientId, record);
      record.endedAt ??= zxid;
      return null;
    }
    const { endedAt } = record;
    demand(endedAt === null || txn.type === OpCode.error, 'C11', () => {
      return `session ${hex0x(clientId)} writes ${hex0x(zxid)}, it ended at ${hex0x(endedAt ?? 0n)}`;
    });
    demand(
      !record.done.has(cxid),
      'C2',
      () => `request ${cxid} of ${hex0x(clientId)} is done twice`,
    );
    record.done.add(cxid);
    return record.asked.get(cxid) ?? null;
  }

  /**
   * The leader of then knew of a request that was acknowledged at the latest with the ping after
   * it, and the client pings thrice in its timeout; unless nothing came from the client's server.
   */
  #expired(session: SessionId, { client, timeout }: Record): void {
    this.#world.counts.add('session expired');
    // What a client has left behind expires in its own time.
    if (client?.session !== session) return;
    const { options, timers } = this.#world;
    // It was silent; that it writes again has not been told to the leader's clock.
    if (timers.now - client.stalledUntil < client.timeout) return;
    const silence = timers.now - client.aliveAt;
    const known = Math.min(client.timeout, timeout ?? client.timeout);
    const server = this.#world.servers[client.servedBy - 1];
    if (server?.silence.hasLasted(known / 3, 2 * known) === true) return;
    const least = known * (2 / 3) * (1 - 2 * options.skew) - 2 * options.tickTime;
    demand(silence >= least, 'C11', () => {
      return `a session with ${client.timeout} ms expires after ${Math.round(silence)} ms`;
    });
  }
}
