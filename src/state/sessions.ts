// Sessions: the durable table of timeouts, the expiry of those a leader tracks, ids and passwords.
import { NO_SESSION, type SessionId, sessionId } from '../base/ids.ts';
import { CONTAINER_OWNER } from './owner.ts';

/** An id's top byte is the number of the server that gave it out. */
const SERVER_SHIFT = 56n;
/** Bits of an id below that byte; they begin with 40 bits of the clock, and begin anew in 2039. */
const OWN_BITS = 56;
const HALF = 1n << 55n;

/** Whether a server gives out `a` after `b`: its ids go round. */
const isLater = (a: SessionId, b: SessionId): boolean => {
  const ahead = BigInt.asUintN(OWN_BITS, a - b);
  return ahead !== 0n && ahead < HALF;
};

/** The id that a server gives out after this one, never another server's nor one that means something else. */
export function sessionIdAfter(id: SessionId): SessionId {
  const server = (id >> SERVER_SHIFT) << SERVER_SHIFT;
  const next = server | BigInt.asUintN(OWN_BITS, id + 1n);
  return sessionId(next === CONTAINER_OWNER || next === NO_SESSION ? next + 1n : next);
}

/** The sessions that exist, as transactions made them and snapshots keep them. */
export class Sessions {
  readonly #timeouts = new Map<SessionId, number>();
  /** By the number of the server that gave them out: the latest id seen. */
  readonly #latest = new Map<bigint, SessionId>();

  get size(): number {
    return this.#timeouts.size;
  }

  has(id: SessionId): boolean {
    return this.#timeouts.has(id);
  }

  /** Negotiated timeout in milliseconds; undefined when there is no such session. */
  timeoutOf(id: SessionId): number | undefined {
    return this.#timeouts.get(id);
  }

  add(id: SessionId, timeoutMs: number): void {
    this.#timeouts.set(id, timeoutMs);
    const server = id >> SERVER_SHIFT;
    const latest = this.#latest.get(server);
    if (latest === undefined || isLater(id, latest)) this.#latest.set(server, id);
  }

  /**
   * `first`, or the id after the latest that its server has given out as far as the snapshot and
   * the logs tell: a clock that was set back must not give the id, and with it the password, of
   * one session to another.
   */
  firstFree(first: SessionId): SessionId {
    const latest = this.#latest.get(first >> SERVER_SHIFT);
    return latest === undefined || isLater(first, latest) ? first : sessionIdAfter(latest);
  }

  remove(id: SessionId): boolean {
    return this.#timeouts.delete(id);
  }

  clear(): void {
    this.#timeouts.clear();
    this.#latest.clear();
  }

  entries(): IterableIterator<[SessionId, number]> {
    return this.#timeouts.entries();
  }
}

/** A session that a leader (or a lone server) watches over. */
export class Session {
  readonly id: SessionId;
  timeoutMs: number;
  /** Set once its end has been asked for or is due: it may do nothing more. */
  isClosing: boolean;
  /** Where its requests come from now; requests from elsewhere have moved (SESSIONMOVED). */
  owner: unknown = null;
  /** End of the interval in which it expires. */
  expiresAt = 0;

  constructor(id: SessionId, timeoutMs: number) {
    this.id = id;
    this.timeoutMs = timeoutMs;
    this.isClosing = false;
  }
}

/**
 * Expires sessions in batches, one per tick, always rounding up (Apache's ExpiryQueue).
 * `now` is monotonic time in milliseconds: a jump of the wall clock must expire nobody.
 */
export class SessionTracker {
  readonly #intervalMs: number;
  readonly #sessions = new Map<SessionId, Session>();
  readonly #buckets = new Map<number, Set<Session>>();
  #deadline = Number.POSITIVE_INFINITY;
  /** The session asked for last: the requests of a connection come in rows. */
  #recent: Session | null = null;

  constructor(tickTimeMs: number) {
    this.#intervalMs = tickTimeMs;
  }

  get size(): number {
    return this.#sessions.size;
  }

  get(id: SessionId): Session | undefined {
    if (this.#recent !== null && this.#recent.id === id) return this.#recent;
    const session = this.#sessions.get(id);
    if (session !== undefined) this.#recent = session;
    return session;
  }

  values(): IterableIterator<Session> {
    return this.#sessions.values();
  }

  /** Starts watching over a session, or touches it when it is watched already. */
  add(id: SessionId, timeoutMs: number, now: number): Session {
    let session = this.#sessions.get(id);
    if (session === undefined) {
      session = new Session(id, timeoutMs);
      this.#sessions.set(id, session);
    }
    if (!session.isClosing) this.renew(session, now);
    return session;
  }

  /** Gives the session its full timeout again; false if it is unknown or closing. */
  touch(id: SessionId, now: number): boolean {
    const session = this.get(id);
    if (session === undefined || session.isClosing) return false;
    this.renew(session, now);
    return true;
  }

  /** `touch` for who has the session at hand; the caller has seen that it is not closing. */
  renew(session: Session, now: number): void {
    const interval = this.#intervalMs;
    const expiresAt = (Math.floor((now + session.timeoutMs) / interval) + 1) * interval;
    if (expiresAt === session.expiresAt) return;
    this.#unbucket(session);
    session.expiresAt = expiresAt;
    const bucket = this.#buckets.get(expiresAt);
    if (bucket === undefined) this.#buckets.set(expiresAt, new Set([session]));
    else bucket.add(session);
    if (expiresAt < this.#deadline) this.#deadline = expiresAt;
  }

  /** Marks a session whose end is on its way; it no longer expires. */
  close(id: SessionId): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    session.isClosing = true;
    this.#unbucket(session);
  }

  remove(id: SessionId): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    this.#unbucket(session);
    this.#sessions.delete(id);
    this.#recent = null;
  }

  /** When the next session expires unless touched; Infinity if none can. */
  get nextDeadline(): number {
    return this.#deadline;
  }

  /** The sessions that have expired by `now`, each once; they are closing from here on. */
  expired(now: number): SessionId[] {
    const ids: SessionId[] = [];
    while (this.#deadline <= now) {
      for (const session of this.#buckets.get(this.#deadline) ?? []) {
        session.isClosing = true;
        session.expiresAt = 0;
        ids.push(session.id);
      }
      this.#dropBucket(this.#deadline);
    }
    return ids;
  }

  /** Sessions by the time at which they expire, soonest first (for `dump`). */
  buckets(): [number, SessionId[]][] {
    return [...this.#buckets]
      .sort(([a], [b]) => a - b)
      .map(([at, sessions]) => [at, [...sessions].map((session) => session.id)]);
  }

  #unbucket(session: Session): void {
    const at = session.expiresAt;
    if (at === 0) return;
    session.expiresAt = 0;
    const bucket = this.#buckets.get(at);
    if (bucket?.delete(session) && bucket.size === 0) this.#dropBucket(at);
  }

  #dropBucket(at: number): void {
    this.#buckets.delete(at);
    if (at !== this.#deadline) return;
    // As many buckets as ticks in the longest timeout: few.
    let deadline = Number.POSITIVE_INFINITY;
    for (const time of this.#buckets.keys()) if (time < deadline) deadline = time;
    this.#deadline = deadline;
  }
}

/** Apache's ZooKeeperServer.superSecret; every server must make the same password for an id. */
const SUPER_SECRET = 0xb3415c00n;
const MULTIPLIER = 0x5deece66dn;
const MASK_48 = (1n << 48n) - 1n;

/** The 16-byte password of a session: java.util.Random seeded with its id, as Apache makes it. */
export function passwordOf(id: SessionId): Buffer {
  const password = Buffer.alloc(16);
  let seed = (BigInt.asUintN(64, id ^ SUPER_SECRET) ^ MULTIPLIER) & MASK_48;
  for (let at = 0; at < 16; at += 4) {
    seed = (seed * MULTIPLIER + 0xbn) & MASK_48;
    password.writeInt32LE(Number(BigInt.asIntN(32, seed >> 16n)), at);
  }
  return password;
}

/** Whether `password` opens session `id`; session 0 cannot be resumed. */
export function isPasswordOf(id: SessionId, password: Uint8Array | null): boolean {
  return id !== 0n && password !== null && passwordOf(id).equals(password);
}

/**
 * The first id that a server gives out: its own id in the top byte, then 40 bits of time, then
 * zeros to count in (ZOOKEEPER-1622).
 */
export function initialSessionId(serverId: bigint, nowMs: number): SessionId {
  const time = BigInt.asUintN(64, BigInt(Math.floor(nowMs)) << 24n) >> 8n;
  const id = BigInt.asIntN(64, time | (serverId << 56n));
  // One in 2^56 would look like the owner of a container.
  return sessionId(id === CONTAINER_OWNER ? id + 1n : id);
}
