// A simulated client: one session after another, as Apache's client would keep them, with requests
// drawn from the seed, and every answer handed to the checkers.
import { NO_SESSION, NO_ZXID, type SessionId, type Zxid } from '../../src/base/ids.ts';
import { Reader } from '../../src/wire/bytes.ts';
import {
  ConnectRequest,
  ConnectResponse,
  PathResponse,
  WatcherEvent,
} from '../../src/wire/client.ts';
import { ErrorCode } from '../../src/wire/errors.ts';
import { FrameResult, Frames } from '../../src/wire/frames.ts';
import { CreateMode, Xid } from '../../src/wire/opcodes.ts';
import { userOf } from './access.ts';
import { ArmedWatches } from './armedWatches.ts';
import { type ClientEars, ClientLink } from './clientLink.ts';
import type { Random } from './random.ts';
import {
  type Asked,
  authFrame,
  encode,
  frame,
  pingFrame,
  type Request,
  type Shown,
  setWatchesFrame,
  shownBy,
} from './requests.ts';
import { demand, Violation } from './violation.ts';
import { Workload } from './workload.ts';
import type { World } from './world.ts';

const NO_PASSWORD = Buffer.alloc(16);

export class SimClient implements ClientEars {
  readonly id: number;
  session: SessionId = NO_SESSION;
  /** As granted, in ms. */
  timeout = 0;
  /** Sessions that this client has lost. */
  expiries = 0;
  /** Writes acknowledged without an error. */
  acks = 0;
  isStopped = false;
  /** Connections that it gave up because its server was silent. */
  givenUp = 0;
  /** The only server that it connects to, by its place in the list; null: any. */
  place: number | null = null;
  /** It asks only what it is told to. */
  isIdle = false;
  lastZxidSeen: Zxid = NO_ZXID;
  readonly #world: World;
  readonly #random: Random;
  readonly #workload: Workload;
  /** Who it says it is. */
  readonly #user: string | null;
  readonly watches = new ArmedWatches();
  #password: Buffer = NO_PASSWORD;
  #link: ClientLink | null = null;
  #isGranted = false;
  #frames = new Frames(0xffffff);
  readonly #reader = new Reader();
  #asked: Asked[] = [];
  #xid = 0;
  /** Changes with each connection: timers of an earlier one do nothing. */
  #round = 0;
  #heardAt = 0;
  #sentAt = 0;
  /** Until then its process stands still, and pings nobody. */
  stalledUntil = 0;
  #lastPlace = -1;
  /** The server that it had its session at last; 0 before the first. */
  servedBy = 0;
  /** When the write that was acknowledged last had been asked for: until then the leader knew of it. */
  aliveAt = 0;

  constructor(world: World, id: number, user = userOf(id)) {
    this.#world = world;
    this.id = id;
    this.#random = world.random.fork();
    this.#user = user;
    this.#workload = new Workload(this.#random, id, world.options);
  }

  get isOpen(): boolean {
    return this.#isGranted;
  }

  /** Requests that are not answered yet. */
  get waiting(): number {
    return this.#asked.length;
  }

  // -- connecting ------------------------------------------------------------------------------

  start(): void {
    this.#later(this.#random.between(0, 1000), () => this.#connect());
  }

  #connect(): void {
    if (this.isStopped || this.#link !== null) return;
    const { servers } = this.#world;
    let place = this.#random.int(0, servers.length - 1);
    if (this.place !== null) place = this.place;
    else if (place === this.#lastPlace) place = (place + 1) % servers.length;
    this.#lastPlace = place;
    const server = servers[place];
    if (server === undefined) return;
    this.#round++;
    this.#frames = new Frames(0xffffff);
    this.#link = new ClientLink(this.#world, server, this);
    this.#heardAt = this.#world.timers.now;
    this.#keepAlive(this.#round);
  }

  connected(link: ClientLink): void {
    if (link !== this.#link) return;
    const timeOut = this.#world.options.tickTime * (this.isIdle ? 20 : 2 + (this.id % 3) * 2);
    const hello = frame((w) =>
      ConnectRequest.write(w, {
        protocolVersion: 0,
        lastZxidSeen: this.lastZxidSeen,
        timeOut,
        sessionId: this.session,
        passwd: this.#password,
        readOnly: false,
      }),
    );
    link.send(hello);
    if (this.timeout === 0) this.timeout = timeOut;
  }

  lost(link: ClientLink): void {
    if (link === this.#link) this.#leave();
  }

  #leave(): void {
    this.#link?.close();
    this.#link = null;
    this.#isGranted = false;
    this.watches.persistent.disarm();
    this.#round++;
    this.#asked = [];
    this.#later(this.#random.between(20, 300), () => this.#connect());
  }

  /** The network drops its connection, or its process stands still for a while. */
  reset(): void {
    this.#link?.reset();
  }

  stall(ms: number): void {
    this.stalledUntil = this.#world.timers.now + ms;
  }

  stop(): void {
    this.isStopped = true;
    this.#link?.close();
    this.#link = null;
    this.#round++;
  }

  #later(delay: number, run: () => void): void {
    this.#world.timers.after(delay, () => {
      const { timers } = this.#world;
      if (this.isStopped) return;
      if (timers.now < this.stalledUntil) timers.at(this.stalledUntil, run);
      else run();
    });
  }

  /** Pings when idle, gives up a server that does not answer: as ClientCnxn. */
  #keepAlive(round: number): void {
    if (this.isStopped || round !== this.#round) return;
    const { now } = this.#world.timers;
    const patience = (this.timeout || 10_000) * (this.#isGranted ? 2 / 3 : 1 / 3);
    if (now - this.#heardAt > patience) {
      if (this.#isGranted) this.givenUp++;
      this.#leave();
      return;
    }
    if (this.#isGranted && now - this.#sentAt > patience / 2) this.#send(pingFrame());
    this.#later(patience / 4, () => this.#keepAlive(round));
  }

  #send(bytes: Buffer): void {
    this.#sentAt = this.#world.timers.now;
    this.#link?.send(bytes);
  }

  // -- asking ----------------------------------------------------------------------------------

  /** Asks now and then, as long as the connection lasts. */
  #work(round: number): void {
    if (this.isStopped || this.isIdle || round !== this.#round || !this.#isGranted) return;
    if (this.#asked.length < 8) {
      const count = this.#random.chance(0.2) ? this.#random.int(2, 6) : 1;
      for (let i = 0; i < count; i++) this.ask(this.#workload.next());
    }
    const think = this.#world.calmThink ?? this.#world.options.think;
    this.#later(this.#random.exponential(think), () => this.#work(round));
  }

  /** Connects, pings and asks at once, not after its pause. */
  hurry(): void {
    this.stalledUntil = 0;
    if (this.#link === null) this.#connect();
    else {
      this.#keepAlive(this.#round);
      this.#work(this.#round);
    }
  }

  ask(request: Request): void {
    if (!this.#isGranted) return;
    const { oracle, timers } = this.#world;
    const xid = ++this.#xid;
    const user = this.#user;
    const asked: Asked = { xid, request, floor: oracle.known, at: timers.now, user };
    this.#asked.push(asked);
    oracle.asked(this.session, asked);
    this.#send(encode(xid, request));
    if (request.type === 'close') this.#isGranted = false;
  }

  // -- hearing ---------------------------------------------------------------------------------

  received(link: ClientLink, bytes: Buffer): void {
    if (link !== this.#link) return;
    this.#heardAt = this.#world.timers.now;
    this.#frames.push(bytes);
    const reader = this.#reader;
    while (link === this.#link) {
      const result = this.#frames.next(reader);
      if (result === FrameResult.none) break;
      if (result === FrameResult.bad) throw new Violation('C6', 'a frame that is none');
      if (!this.#isGranted && this.#asked.length === 0) this.#greeted(reader);
      else this.#answered(reader);
    }
    this.#frames.keep();
  }

  #greeted(reader: Reader): void {
    const { timeOut, sessionId, passwd } = ConnectResponse.read(reader);
    const world = this.#world;
    if (timeOut <= 0 || sessionId === NO_SESSION) {
      world.trace.note(null, `client ${this.id} session ${this.session} is over`);
      this.#forgetSession();
      this.#leave();
      return;
    }
    if (this.session !== NO_SESSION) {
      demand(
        sessionId === this.session,
        'C11',
        () => `session ${this.session} became ${sessionId}`,
      );
      if (this.#link?.server.id !== this.servedBy) world.counts.add('session at another server');
    } else world.oracle.opened(sessionId, this);
    this.servedBy = this.#link?.server.id ?? 0;
    this.session = sessionId;
    this.timeout = timeOut;
    this.#password = Buffer.from(passwd ?? NO_PASSWORD);
    this.#isGranted = true;
    world.trace.note(
      null,
      `client ${this.id} has session ${sessionId} at ${this.#link?.server.id}`,
    );
    if (this.#user !== null) this.#send(authFrame(this.#user));
    const rearm = this.watches.rearm(this.lastZxidSeen);
    if (rearm !== null) this.#send(setWatchesFrame(rearm));
    this.#work(this.#round);
  }

  #forgetSession(): void {
    this.expiries++;
    this.session = NO_SESSION;
    this.#password = NO_PASSWORD;
    this.lastZxidSeen = NO_ZXID;
    this.watches.clear();
    this.#workload.forgetVersions();
  }

  #answered(reader: Reader): void {
    const xid = reader.int();
    const zxid = reader.long() as Zxid;
    const err = reader.int();
    if (xid === Xid.notification) {
      const { type, path } = WatcherEvent.read(reader);
      if (this.watches.fired(type, path ?? '')) {
        this.#world.counts.add('event of a persistent watch');
      }
      return;
    }
    if (zxid > 0n) {
      demand(zxid >= this.lastZxidSeen, 'C5', () => {
        return `client ${this.id} has seen ${this.lastZxidSeen.toString(16)}, now ${zxid.toString(16)}`;
      });
      this.lastZxidSeen = zxid;
      // Whose session ends is shown nothing, and its watches are not set again.
      if (err !== ErrorCode.sessionExpired) {
        this.watches.check(this.#world.oracle.paths, zxid, `client ${this.id}`);
      }
    }
    if (xid === Xid.setWatches) this.watches.rearmed(zxid);
    if (xid === Xid.ping || xid === Xid.setWatches || xid === Xid.auth) return;
    const asked = this.#asked.shift();
    demand(asked?.xid === xid, 'C6', () => `answer ${xid} to request ${asked?.xid}`);
    if (asked !== undefined) this.#take(asked, zxid, err, reader);
  }

  #take(asked: Asked, zxid: Zxid, err: number, reader: Reader): void {
    const { oracle, trace } = this.#world;
    const { request } = asked;
    trace.note(
      null,
      `client ${this.id} ${request.type} ${asked.xid}: ${err} at ${zxid.toString(16)}`,
    );
    if (err === ErrorCode.sessionExpired || err === ErrorCode.sessionMoved) {
      this.#leave();
      return;
    }
    this.#world.counts.answered(err);
    if (request.type === 'sync') {
      oracle.synced(asked, zxid);
    } else if (request.type === 'watch') {
      oracle.told(zxid);
      this.watches.persistent.added(request.path, request.isRecursive, zxid);
    } else if (request.type === 'read') {
      const shown: Shown | null = err === ErrorCode.ok ? shownBy(request.how, reader) : null;
      if (err === ErrorCode.noAuth) oracle.refused(asked, request, zxid);
      if (err === ErrorCode.ok || err === ErrorCode.noNode) {
        oracle.read(asked, request, zxid, shown, this.id);
        this.watches.answered(request, zxid, err === ErrorCode.ok);
        this.#workload.saw(request.path, shown?.stat?.version ?? -1);
      }
    } else {
      oracle.answered(this.session, asked, zxid, err);
      if (request.type === 'reconfig' && err === ErrorCode.ok) {
        oracle.memberships.answered(zxid, reader);
      }
      this.aliveAt = asked.at;
      if (err === ErrorCode.ok) {
        this.acks++;
        if (request.type === 'create' && request.mode >= CreateMode.persistentSequential) {
          this.#workload.created(PathResponse.read(reader).path ?? '');
        }
      }
      if (request.type === 'close') {
        this.#forgetSession();
        this.#leave();
      }
    }
  }
}
