// Whatever clients do, and whatever bytes they send: no invariant breaks, and nothing is left behind.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { OPEN_ACL } from '../../../src/state/aclCache.ts';
import { passwordOf } from '../../../src/state/sessions.ts';
import type { Writer } from '../../../src/wire/bytes.ts';
import {
  CreateTtlRequest,
  SetAclRequest,
  SetWatches2,
  WatchesRequest,
} from '../../../src/wire/client.ts';
import { type MultiOperation, MultiRequest } from '../../../src/wire/multi.ts';
import { OpCode } from '../../../src/wire/opcodes.ts';
import type { LoneClient } from '../../support/loneServer.ts';
import { LoneServer } from '../../support/loneServer.ts';
import { expectSameTree } from '../../support/replay.ts';
import {
  addWatchFrame,
  authFrame,
  closeFrame,
  connectFrame,
  createFrame,
  deleteFrame,
  existsFrame,
  getChildrenFrame,
  getDataFrame,
  pingFrame,
  requestFrame,
  setDataFrame,
  syncFrame,
} from '../../support/requestFrames.ts';

/** Quotas are znodes that clients write: their paths and texts are theirs to choose. */
const quotas = ['/zookeeper/quota', '/zookeeper/quota/a', '/zookeeper/quota/a/zookeeper_limits'];
const path = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('/a', '/b', '/a/c', '/a/c/d') },
  { weight: 1, arbitrary: fc.constantFrom('/', '', 'x', '/a/', '/zookeeper/config', ...quotas) },
  { weight: 1, arbitrary: fc.constantFrom(...quotas, '/zookeeper/quota/a/zookeeper_stats') },
);
const data = fc.constantFrom(
  '',
  'x',
  'count=1,bytes=5',
  'count=2,bytes=9=;byteHardLimit=3',
  '=,;=',
);
const version = fc.constantFrom(-1, 0, 1);

/** A frame of any opcode with any body, or with a length that lies. */
const noise = fc
  .record({
    opcode: fc.oneof(fc.constantFrom(...Object.values(OpCode)), fc.integer({ min: -20, max: 120 })),
    body: fc.uint8Array({ maxLength: 40 }),
    lie: fc.constantFrom(0, 0, 0, 0, 1, -1, 0x7fffffff),
  })
  .map(({ opcode, body, lie }) => {
    const head = Buffer.alloc(12);
    head.writeInt32BE(Math.min(8 + body.length + lie, 0x7fffffff));
    head.writeInt32BE(77, 4);
    head.writeInt32BE(opcode, 8);
    return Buffer.concat([head, body]).toString('hex');
  });

const part: fc.Arbitrary<MultiOperation> = fc.oneof(
  path.map((p) => ({
    type: OpCode.create,
    request: { path: p, data: null, acl: [...OPEN_ACL], flags: 0 },
  })),
  fc.record({ path, version }).map((request) => ({ type: OpCode.delete, request })),
  fc.record({ path, version }).map((request) => ({ type: OpCode.check, request })),
  path.map((p) => ({
    type: OpCode.setData,
    request: { path: p, data: Buffer.from('m'), version: -1 },
  })),
);
const multi = (xid: number, parts: MultiOperation[]): string =>
  requestFrame(
    xid,
    OpCode.multi,
    { read: MultiRequest.read, write: (w: Writer) => MultiRequest.write(w, parts) },
    null,
  );

const request = fc.oneof(
  fc
    .tuple(path, data, fc.constantFrom(0, 0, 0, 1, 1, 2, 3, 4, 7))
    .map(([p, d, flags]) => createFrame(1, p, d, flags)),
  fc.tuple(path, fc.constantFrom(-1n, 1n, 60_000n, 1n << 50n)).map(([p, ttl]) =>
    requestFrame(14, OpCode.createTtl, CreateTtlRequest, {
      path: p,
      data: null,
      acl: [...OPEN_ACL],
      flags: 5,
      ttl,
    }),
  ),
  fc
    .tuple(path, fc.nat(31), fc.constantFrom('world:anyone', 'digest:a:b', 'auth:', 'x:y'))
    .map(([p, perms, who]) => {
      const [scheme = '', ...rest] = who.split(':');
      const acl = [{ perms, id: { scheme, id: rest.join(':') } }];
      return requestFrame(13, OpCode.setAcl, SetAclRequest, { path: p, acl, version: -1 });
    }),
  fc.tuple(path, version).map(([p, v]) => deleteFrame(2, p, v)),
  fc.tuple(path, data, version).map(([p, d, v]) => setDataFrame(3, p, d, v)),
  path.map((p) => getDataFrame(4, p, true)),
  path.map((p) => existsFrame(5, p, true)),
  path.map((p) => getChildrenFrame(6, p, true)),
  path.map((p) => syncFrame(7, p)),
  fc.tuple(path, fc.nat(2)).map(([p, mode]) => addWatchFrame(8, p, mode)),
  fc
    .tuple(path, fc.nat(6))
    .map(([p, type]) => requestFrame(9, OpCode.removeWatches, WatchesRequest, { path: p, type })),
  fc.array(part, { maxLength: 4 }).map((parts) => multi(10, parts)),
  fc.array(path).map((paths) =>
    requestFrame(11, OpCode.setWatches2, SetWatches2, {
      relativeZxid: 3n as never,
      dataWatches: paths,
      existWatches: paths,
      childWatches: [],
      persistentWatches: paths,
      persistentRecursiveWatches: paths,
    }),
  ),
  fc.constant(pingFrame),
  fc.constantFrom(authFrame('digest', 'a:b'), pingFrame, pingFrame, closeFrame(12)),
);

const who = fc.nat(3);
const step = fc.oneof(
  { weight: 60, arbitrary: fc.record({ who, frame: request }) },
  { weight: 1, arbitrary: fc.record({ who, frame: noise }) },
  { weight: 25, arbitrary: fc.record({ who, bytes: fc.constantFrom(1, 40, 1000, 1000) }) },
  { weight: 2, arbitrary: fc.record({ who, again: fc.nat(3), isRight: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ who, hello: fc.constantFrom(0, 4000, 30_000) }) },
  { weight: 1, arbitrary: fc.record({ who, drop: fc.constant(true) }) },
  { weight: 10, arbitrary: fc.record({ release: fc.constant(true) }) },
  { weight: 1, arbitrary: fc.record({ pass: fc.constantFrom(1, 1999, 2001, 30_000) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Four places at which clients come and go. */
class Stage {
  readonly server: LoneServer;
  readonly #clients: (LoneClient | undefined)[] = [];
  readonly #unsent: string[] = ['', '', '', ''];
  /** Last session at each place. */
  readonly #sessions: bigint[] = [0n, 0n, 0n, 0n];

  constructor(maxInWork: number) {
    this.server = new LoneServer({
      slowDisk: true,
      maxInWork,
      maxOutstanding: 3,
      maxFrame: 1000,
      extendedTypes: maxInWork > 0,
      enforceQuota: maxInWork > 0,
    });
  }

  take(one: Step): void {
    if ('release' in one) this.server.release();
    else if ('pass' in one) this.server.pass(one.pass);
    else if ('drop' in one) this.#drop(one.who);
    else if ('hello' in one) this.#connect(one.who, connectFrame({ timeout: one.hello }));
    else if ('again' in one) {
      const session = this.#sessions[one.again] ?? 0n;
      const password = one.isRight ? passwordOf(session as never) : Buffer.alloc(16);
      this.#connect(one.who, connectFrame({ session, password }));
    } else if ('frame' in one) this.#unsent[one.who] += one.frame;
    else this.#send(one.who, one.bytes);
    for (const [at, client] of this.#clients.entries()) {
      if (client === undefined) continue;
      this.#sessions[at] = client.connection.session || (this.#sessions[at] ?? 0n);
      client.frames();
    }
  }

  #drop(at: number): void {
    const client = this.#clients[at];
    this.#clients[at] = undefined;
    this.#unsent[at] = '';
    if (client !== undefined) this.server.drop(client);
  }

  #connect(at: number, hello: string): void {
    this.#drop(at);
    this.#clients[at] = this.server.connect();
    this.#unsent[at] = hello;
  }

  #send(at: number, bytes: number): void {
    const client = this.#clients[at];
    const unsent = this.#unsent[at] ?? '';
    this.#unsent[at] = unsent.slice(2 * bytes);
    // A closed socket takes nothing; the replica would not see it.
    if (client !== undefined && !client.isClosed)
      this.server.send(client, unsent.slice(0, 2 * bytes));
  }

  /** Everybody goes, what is in flight is logged, and time passes until every session is over. */
  end(): void {
    for (const at of [0, 1, 2, 3]) {
      this.#send(at, 100_000);
      this.server.release();
    }
    for (const at of [0, 1, 2, 3]) this.#drop(at);
    for (let i = 0; i < 5; i++) {
      this.server.pass(60_000);
      this.server.release();
    }
  }
}

it('whatever clients do, the server goes on, forgets who is gone, and its log makes the same tree', () => {
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 20, maxLength: 150, size: 'max' }),
      fc.constantFrom(0, 1, 2),
      (steps, maxInWork) => {
        const stage = new Stage(maxInWork);
        for (const who of [0, 1, 2, 3]) stage.take({ who, hello: 30_000 });
        for (const one of steps) stage.take(one);
        stage.end();
        const { replica } = stage.server;
        expect({
          outstanding: replica.pipeline.load.count,
          bytesInFlight: replica.pipeline.load.bytes,
          connected: replica.bySession.size,
          tracked: replica.pipeline.tracker.size,
          sessions: replica.state.sessions.size,
          ephemerals: replica.state.tree.ephemeralCount,
          watches: replica.state.watches.count,
        }).toEqual({
          outstanding: 0,
          bytesInFlight: 0,
          connected: 0,
          tracked: 0,
          sessions: 0,
          ephemerals: 0,
          watches: 0,
        });
        expectSameTree(stage.server);
      },
    ),
    { numRuns: Number(process.env.CHAOS_RUNS ?? 200) },
  );
});
