// Our client in the place of Apache's: the same calls must put the same bytes on the wire, and the answers and
// events of Apache's server must reach the program as what they are.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Operation, ReadOperation, WatchedEvent, WatcherKind } from '../../src/client/api.ts';
import { ZkError } from '../../src/client/errors.ts';
import { Client } from '../../src/client/zookeeper.ts';
import { Reader } from '../../src/wire/bytes.ts';
import * as records from '../../src/wire/client.ts';
import { CreateMode, OpCode, WatcherType } from '../../src/wire/opcodes.ts';
import { type FakeConnection, FakeWorld } from '../support/clientWorld.ts';

interface Row {
  readonly from: 'client' | 'server';
  readonly connection: number;
  readonly hex: string;
  readonly what: string;
  readonly close?: boolean;
}

const folder = join(import.meta.dirname, 'conversations');
/** These are no conversations of Apache's client: kazoo's encoder and our own socket. */
const others = ['kazoo', 'connectWithoutReadOnly', 'timeouts', 'expiry'];
const names = readdirSync(folder)
  .map((file) => file.replace('.json', ''))
  .filter((name) => !others.includes(name));

const nameOf = <T extends object>(table: T, value: number) =>
  Object.entries(table).find(([, other]) => other === value)?.[0] as keyof T;

function readOperations(r: Reader): Operation[] {
  const operations: Operation[] = [];
  for (;;) {
    const { type, done } = records.MultiHeader.read(r);
    if (done) return operations;
    if (type === OpCode.delete) {
      const { path, version } = records.PathVersionRequest.read(r);
      operations.push({ op: 'delete', path: path!, version });
    } else if (type === OpCode.check) {
      const { path, version } = records.PathVersionRequest.read(r);
      operations.push({ op: 'check', path: path!, version });
    } else if (type === OpCode.setData) {
      const { path, data, version } = records.SetDataRequest.read(r);
      operations.push({ op: 'set', path: path!, data, version });
    } else {
      const ttl = type === OpCode.createTtl;
      const { path, data, acl, flags } = records.CreateRequest.read(r);
      const mode = nameOf(CreateMode, flags);
      const more = ttl ? { ttl: Number(r.long()) } : {};
      operations.push({ op: 'create', path: path!, data, acl: acl!, mode, ...more });
    }
  }
}

function readReads(r: Reader): ReadOperation[] {
  const operations: ReadOperation[] = [];
  for (;;) {
    const { type, done } = records.MultiHeader.read(r);
    if (done) return operations;
    const { path } = records.PathWatchRequest.read(r);
    operations.push({ op: type === OpCode.getData ? 'get' : 'children', path: path! });
  }
}

/** Calls the method that a request of Apache's client came from. */
function call(client: Client, type: number, r: Reader): Promise<unknown> {
  switch (type) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTtl: {
      const { path, data, acl, flags } = records.CreateRequest.read(r);
      const more = type === OpCode.createTtl ? { ttl: Number(r.long()) } : {};
      const options = { mode: nameOf(CreateMode, flags), acl: acl!, ...more };
      return client.create(path!, data, { ...options, stat: type === OpCode.create2 });
    }
    case OpCode.delete: {
      const { path, version } = records.PathVersionRequest.read(r);
      return client.delete(path!, { version });
    }
    case OpCode.setData: {
      const { path, data, version } = records.SetDataRequest.read(r);
      return client.set(path!, data, { version });
    }
    case OpCode.setAcl: {
      const { path, acl, version } = records.SetAclRequest.read(r);
      return client.setAcl(path!, acl!, { version });
    }
    case OpCode.exists:
    case OpCode.getData:
    case OpCode.getChildren:
    case OpCode.getChildren2: {
      const { path, watch } = records.PathWatchRequest.read(r);
      if (type === OpCode.exists) return client.exists(path!, { watch });
      if (type === OpCode.getData) return client.get(path!, { watch });
      return client.children(path!, { watch, stat: type === OpCode.getChildren2 });
    }
    case OpCode.getAcl:
      return client.getAcl(r.string()!);
    case OpCode.sync:
      return client.sync(r.string()!);
    case OpCode.getAllChildrenNumber:
      return client.allChildrenNumber(r.string()!);
    case OpCode.getEphemerals:
      return client.ephemerals(r.string()!);
    case OpCode.whoAmI:
      return client.whoAmI();
    case OpCode.multi:
      return client.multi(readOperations(r));
    case OpCode.multiRead:
      return client.multiRead(readReads(r));
    case OpCode.addWatch: {
      const { path, mode } = records.AddWatchRequest.read(r);
      return client.addWatch(path!, mode === 0 ? 'persistent' : 'persistentRecursive');
    }
    case OpCode.removeWatches:
    case OpCode.checkWatches: {
      const { path, type: kind } = records.WatchesRequest.read(r);
      const one = type === OpCode.checkWatches ? { watcher: true } : {};
      return client.removeWatches(path!, {
        kind: nameOf(WatcherType, kind) as WatcherKind,
        ...one,
      });
    }
    case OpCode.reconfig: {
      const request = records.ReconfigRequest.read(r);
      return client.reconfig({
        joining: request.joiningServers ?? undefined,
        leaving: request.leavingServers ?? undefined,
        members: request.newMembers ?? undefined,
        fromConfig: request.curConfigId,
      });
    }
    case OpCode.auth: {
      const { scheme, auth } = records.AuthPacket.read(r);
      return client.addAuth(scheme!, auth!);
    }
    case OpCode.closeSession:
      return client.close();
    default:
      throw new Error(`no method for opcode ${type}`);
  }
}

/** One client of ours, standing in for one of Apache's. */
class Double {
  readonly world = new FakeWorld();
  readonly client: Client;
  readonly told: WatchedEvent[] = [];
  /** Notifications that the server sent. */
  sent = 0;
  connection!: FakeConnection;
  /** setWatches so far: Apache's client gives each a number of its own. */
  #unnumbered = 0;
  /** Frames of this connection that have been compared. */
  #compared = 0;
  /** xid of Apache's client: ours, and what came of the call. */
  readonly #calls = new Map<
    number,
    { xid: number; type: number | null; outcome: Promise<unknown> }
  >();

  constructor(greeting: records.ConnectRequest) {
    const options = { sessionTimeout: greeting.timeOut, readOnly: greeting.readOnly === true };
    this.client = new Client('a:1', options, this.world);
    this.client.on('event', (event) => this.told.push(event));
  }

  async greet(expected: Buffer): Promise<void> {
    await this.world.pass(this.world.connections.length === 0 ? 0 : 1000);
    this.connection = this.world.connection;
    this.connection.open();
    expect(this.connection.frames[0]!.toString('hex')).toBe(expected.toString('hex'));
    this.#compared = 1;
  }

  async request(expected: Buffer): Promise<void> {
    const r = new Reader(expected);
    const xid = r.int();
    const type = r.int();
    if (type === OpCode.setWatches || type === OpCode.setWatches2) {
      const frame = await this.#frame();
      this.#unnumbered++;
      this.#calls.set(xid, { xid: frame.readInt32BE(0), type: null, outcome: Promise.resolve() });
      expect(asSets(frame)).toEqual(asSets(expected));
      return;
    }
    if (type === OpCode.ping) {
      await this.world.pass(this.client.sessionTimeout / 3 + 2);
      expect((await this.#frame()).toString('hex')).toBe(expected.toString('hex'));
      return;
    }
    const outcome = call(this.client, type, r).catch((error: unknown) => error);
    const frame = await this.#frame();
    const ours = frame.readInt32BE(0);
    this.#calls.set(xid, { xid: ours, type, outcome });
    if (xid >= 0) expect(ours).toBe(xid - this.#unnumbered);
    frame.writeInt32BE(xid, 0);
    expect(frame.toString('hex')).toBe(expected.toString('hex'));
  }

  async #frame(): Promise<Buffer> {
    await this.world.settle();
    const frame = this.connection.frames[this.#compared];
    if (frame === undefined) throw new Error('the client sent nothing');
    this.#compared++;
    return Buffer.from(frame);
  }

  async reply(whole: Buffer): Promise<void> {
    const xid = whole.readInt32BE(4);
    const err = whole.readInt32BE(16);
    const asked = this.#calls.get(xid);
    if (xid === -1) this.sent++;
    const frame = Buffer.from(whole);
    if (asked !== undefined && xid >= 0) frame.writeInt32BE(asked.xid, 4);
    this.connection.send(frame);
    await this.world.settle();
    if (asked === undefined || xid < 0) return;
    const outcome = await asked.outcome;
    if (err !== 0) {
      // Of exists, NoNode is an answer.
      if (outcome !== null) expect(outcome).toMatchObject({ errno: err });
      return;
    }
    const r = new Reader(whole, 20);
    const expected = asked.type === null ? undefined : answerOf(asked.type, r);
    if (expected instanceof ZkError) {
      const { index, errno } = expected;
      expect(outcome).toMatchObject({ index, errno, results: expected.results });
    } else expect(outcome).toEqual(expected);
  }

  close(): void {
    if (!this.connection.isDestroyed) this.connection.close();
  }
}

/** What a method promises, out of an answer's body. */
function answerOf(type: number, r: Reader): unknown {
  switch (type) {
    case OpCode.create:
      return { path: r.string(), stat: null };
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTtl:
      return records.Create2Response.read(r);
    case OpCode.exists:
    case OpCode.setData:
    case OpCode.setAcl:
      return records.StatResponse.read(r).stat;
    case OpCode.getData:
    case OpCode.reconfig:
      return records.GetDataResponse.read(r);
    case OpCode.getChildren:
      return { names: records.GetChildrenResponse.read(r).children, stat: null };
    case OpCode.getChildren2: {
      const { children, stat } = records.GetChildren2Response.read(r);
      return { names: children, stat };
    }
    case OpCode.getAcl:
      return records.GetAclResponse.read(r);
    case OpCode.sync:
      return r.string();
    case OpCode.getAllChildrenNumber:
      return r.int();
    case OpCode.getEphemerals:
      return records.GetEphemeralsResponse.read(r).ephemerals;
    case OpCode.whoAmI:
      return records.WhoAmIResponse.read(r).clientInfo;
    case OpCode.multi:
    case OpCode.multiRead:
      return multiAnswer(type, r);
    default:
      return undefined;
  }
}

function multiAnswer(kind: number, r: Reader): unknown {
  const results: unknown[] = [];
  let failed: number | null = null;
  let errno = 0;
  for (;;) {
    const { type, done, err } = records.MultiHeader.read(r);
    if (done) break;
    if (type === OpCode.create) results.push({ op: 'create', path: r.string(), stat: null });
    else if (type === OpCode.create2) {
      results.push({ op: 'create', ...records.Create2Response.read(r) });
    } else if (type === OpCode.setData) {
      results.push({ op: 'set', ...records.StatResponse.read(r) });
    } else if (type === OpCode.delete) results.push({ op: 'delete' });
    else if (type === OpCode.check) results.push({ op: 'check' });
    else if (type === OpCode.getData) {
      results.push({ op: 'get', ...records.GetDataResponse.read(r) });
    } else if (type === OpCode.getChildren) {
      results.push({ op: 'children', names: records.GetChildrenResponse.read(r).children });
    } else {
      expect(r.int()).toBe(err);
      if (failed === null && err !== 0) {
        failed = results.length;
        errno = err;
      }
      results.push(
        kind === OpCode.multi
          ? { op: 'error', errno: err }
          : { op: 'error', error: expect.objectContaining({ errno: err }) },
      );
    }
  }
  if (kind === OpCode.multiRead || failed === null) return results;
  return new ZkError(errno, 'multi', null, { index: failed, results: results as never });
}

/** The parts of a setWatches: their order is that of a hash. */
function asSets(frame: Buffer): unknown {
  const r = new Reader(frame, 4);
  const type = r.int();
  const { relativeZxid, ...lists } =
    type === OpCode.setWatches ? records.SetWatches.read(r) : records.SetWatches2.read(r);
  expect(r.remaining).toBe(0);
  const sets = Object.entries(lists).map(([name, list]) => [name, new Set(list)]);
  return { type, relativeZxid, sets: Object.fromEntries(sets) };
}

test.each(names)('the conversation %s', async (name) => {
  const rows = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Row[];
  const doubles = new Map<number, Double>();
  for (const { from, connection, hex, what, close } of rows) {
    const whole = Buffer.from(hex, 'hex');
    const body = whole.subarray(4);
    let double = doubles.get(connection);
    if (what === 'connect' && from === 'client') {
      const greeting = records.ConnectRequest.read(new Reader(body));
      double = [...doubles.values()].find(
        ({ client }) => greeting.sessionId !== 0n && client.sessionId === greeting.sessionId,
      );
      double ??= new Double(greeting);
      doubles.set(connection, double);
      await double.greet(body);
    } else if (double === undefined) throw new Error(`nobody on connection ${connection}`);
    else if (close === true) double.close();
    else if (what === 'connect') double.connection.send(whole);
    else if (from === 'client') await double.request(body);
    else await double.reply(whole);
  }
  for (const { told, sent, client } of doubles.values()) {
    const ofNodes = told.filter(({ type }) => type !== 'None' && !type.endsWith('Removed'));
    expect(ofNodes).toHaveLength(sent);
    client.abandon();
  }
});
