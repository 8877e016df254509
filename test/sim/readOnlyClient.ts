// A client that wants no more than to read: it takes a server that has no leader, too.
import { NO_SESSION, NO_ZXID, type Zxid } from '../../src/base/ids.ts';
import { Reader } from '../../src/wire/bytes.ts';
import { ConnectRequest, ConnectResponse } from '../../src/wire/client.ts';
import { ErrorCode } from '../../src/wire/errors.ts';
import { FrameResult, Frames } from '../../src/wire/frames.ts';
import { type ClientEars, ClientLink } from './clientLink.ts';
import type { Random } from './random.ts';
import { encode, frame, pingFrame, type Request, shownBy } from './requests.ts';
import { demand } from './violation.ts';
import type { World } from './world.ts';

const PATHS = ['/a', '/b', '/c', '/a/0', '/b/1'];

/** Connects, asks a few things and goes, again and again: each time a session of its own. */
export class ReadOnlyClient implements ClientEars {
  readonly #world: World;
  readonly #random: Random;
  #link: ClientLink | null = null;
  #frames = new Frames(0xffffff);
  readonly #reader = new Reader();
  #asked: Request[] = [];
  #xid = 0;
  /** What it has been told by the server that it is connected to. */
  #isGranted = false;
  #isReadOnly = false;
  #seen: Zxid = NO_ZXID;

  constructor(world: World) {
    this.#world = world;
    this.#random = world.random.fork();
  }

  start(): void {
    this.#world.timers.after(this.#random.exponential(5000), () => this.#connect());
  }

  #connect(): void {
    const world = this.#world;
    if (world.isCalm) return;
    const server = this.#random.pick(world.servers);
    if (server === undefined) return;
    this.#frames = new Frames(0xffffff);
    this.#asked = [];
    this.#isGranted = false;
    this.#seen = NO_ZXID;
    const link = new ClientLink(world, server, this);
    this.#link = link;
    world.timers.after(this.#random.exponential(10_000), () => {
      if (link === this.#link) this.#leave();
    });
  }

  #leave(): void {
    this.#link?.close();
    this.#link = null;
    this.start();
  }

  connected(link: ClientLink): void {
    link.send(
      frame((w) =>
        ConnectRequest.write(w, {
          protocolVersion: 0,
          lastZxidSeen: NO_ZXID,
          timeOut: this.#world.options.tickTime * 10,
          sessionId: NO_SESSION,
          passwd: Buffer.alloc(16),
          readOnly: true,
        }),
      ),
    );
  }

  lost(link: ClientLink): void {
    if (link === this.#link) this.#leave();
  }

  received(link: ClientLink, bytes: Buffer): void {
    if (link !== this.#link) return;
    this.#frames.push(bytes);
    while (link === this.#link && this.#frames.next(this.#reader) === FrameResult.frame) {
      if (this.#isGranted) this.#answered(this.#reader);
      else this.#greeted(this.#reader);
    }
    this.#frames.keep();
  }

  #greeted(reader: Reader): void {
    const { timeOut, readOnly } = ConnectResponse.read(reader);
    if (timeOut <= 0) {
      this.#leave();
      return;
    }
    this.#isGranted = true;
    this.#isReadOnly = readOnly === true;
    if (this.#isReadOnly) this.#world.counts.add('read-only client');
    this.#ask();
  }

  #ask(): void {
    const random = this.#random;
    const path = random.pick(PATHS) ?? '/a';
    const how = random.pick(['data', 'exists', 'children'] as const) ?? 'data';
    const reads: Request = { type: 'read', how, path, watch: false };
    // Only at a read-only server, which must refuse it.
    const writes: Request = { type: 'set', path, data: 'never', version: -1 };
    const request = this.#isReadOnly && random.chance(0.3) ? writes : reads;
    this.#asked.push(request);
    this.#link?.send(encode(++this.#xid, request));
    this.#link?.send(pingFrame());
  }

  #answered(reader: Reader): void {
    const xid = reader.int();
    const zxid = reader.long() as Zxid;
    const err = reader.int();
    if (xid < 0) return;
    const request = this.#asked.shift();
    if (request === undefined) return;
    this.#world.counts.answered(err);
    // A quorum may have ended its session meanwhile; a read-only server has none that others end.
    if (err === ErrorCode.sessionExpired && !this.#isReadOnly) return;
    if (request.type === 'read') {
      const isThere = err === ErrorCode.ok;
      demand(isThere || err === ErrorCode.noNode, 'C4', () => `a read-only client is told ${err}`);
      const shown = isThere ? shownBy(request.how, reader) : null;
      demand(
        zxid >= this.#seen,
        'C5',
        () => `a read-only client sees ${zxid} behind ${this.#seen}`,
      );
      this.#seen = zxid;
      // Whose leader went right behind its snapshot has what that saw, and not the entries yet.
      const server = this.#link?.server;
      const isFuzzy = server?.isUp === true && !server.replica.state.isDigestSettled;
      if (!isFuzzy) this.#world.oracle.readAlone(request, zxid, shown);
    } else {
      const what = (): string => `a read-only server answers a write with ${err}`;
      demand(err === ErrorCode.notReadOnly, 'C12', what);
    }
    this.#world.timers.after(this.#random.exponential(1000), () => {
      if (this.#link !== null && this.#isGranted) this.#ask();
    });
  }
}
