// Iterated events, over persistent watches and, where a server has none, over one-shot watches.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { IteratedEvent } from '../../../src/client/api.ts';
import { ZkError } from '../../../src/client/errors.ts';
import { nextXid } from '../../../src/client/pipeline.ts';
import { Client } from '../../../src/client/zookeeper.ts';
import { EventType, OpCode } from '../../../src/wire/opcodes.ts';
import { eventFrame, FakeWorld, replyFrame } from '../../support/clientWorld.ts';

let world: FakeWorld;
let client: Client;

beforeEach(async () => {
  world = new FakeWorld();
  client = new Client('a:1', {}, world);
  await world.settle();
  world.connection.welcome();
  await world.settle();
});
afterEach(() => client.abandon());

function iterated(signal?: AbortSignal) {
  const seen: (IteratedEvent | string)[] = [];
  (async () => {
    for await (const event of client.watch('/a', { signal })) seen.push(event);
    seen.push('end');
  })().catch((error) => seen.push(error instanceof ZkError ? error.code : String(error)));
  return seen;
}
const typesAndGaps = (seen: (IteratedEvent | string)[]) =>
  seen.map((event) => (typeof event === 'string' ? event : `${event.type} ${event.gap}`));

/** Answers what is asked after the first `from` requests, each with `err`. */
async function answer(from: number, err: number) {
  for (const { xid } of world.connection.requests.slice(from)) {
    world.connection.send(replyFrame(xid, 1n, err, (w) => (err === 0 ? w.int(0) : undefined)));
  }
  await world.settle();
}

describe('over a persistent watch', () => {
  test('events come in order, also those before anybody asked', async () => {
    const events = client.watch('/a');
    await world.settle();
    await answer(0, 0);
    world.connection.send(eventFrame(EventType.nodeCreated, '/a'));
    world.connection.send(eventFrame(EventType.nodeDeleted, '/a'));
    expect((await events.next()).value).toMatchObject({ type: 'NodeCreated', gap: false });
    const [deleted, created] = [events.next(), events.next()];
    world.connection.send(eventFrame(EventType.nodeCreated, '/a'));
    expect((await deleted).value).toMatchObject({ type: 'NodeDeleted' });
    expect((await created).value).toMatchObject({ type: 'NodeCreated' });
  });

  test('leaving the loop takes the watch away from the server and from here', async () => {
    const events = client.watch('/a');
    await world.settle();
    await answer(0, 0);
    await events.return?.();
    await world.settle();
    expect(world.connection.requests.at(-1)!.type).toBe(OpCode.removeWatches);
    await answer(1, 0);
    expect(client.watches()).toEqual([]);
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  test('the watch of another stays when the loop is left', async () => {
    const other = client.addWatch('/a', 'persistent', true);
    const events = client.watch('/a');
    await world.settle();
    await answer(0, 0);
    await other;
    await events.return?.();
    await world.settle();
    expect(world.connection.requests.at(-1)!.type).toBe(OpCode.checkWatches);
    await answer(2, 0);
    expect(client.watches()).toEqual([{ path: '/a', kind: 'persistent', watchers: 1 }]);
  });

  test('an abort ends the loop without an error', async () => {
    const control = new AbortController();
    const seen = iterated(control.signal);
    await world.settle();
    await answer(0, 0);
    control.abort();
    await world.settle();
    expect(seen).toEqual(['end']);
  });

  test('expiry ends it with an error, close without', async () => {
    const seen = iterated();
    await world.settle();
    await answer(0, 0);
    world.connection.close();
    await world.pass(1000);
    world.connection.welcome({ timeOut: 0 });
    await world.settle();
    expect(seen).toEqual(['SessionExpired']);
  });

  test('a lost connection is a gap, and a watch that was lost on its way is asked for again', async () => {
    const seen = iterated();
    await world.settle();
    world.connection.close();
    await world.pass(1000);
    world.connection.welcome();
    await world.settle();
    expect(world.connection.requests.map(({ type }) => type)).toEqual([OpCode.addWatch]);
    await answer(0, 0);
    world.connection.send(eventFrame(EventType.nodeCreated, '/a'));
    world.connection.send(eventFrame(EventType.nodeDeleted, '/a'));
    await world.settle();
    expect(typesAndGaps(seen)).toEqual(['NodeCreated true', 'NodeDeleted false']);
  });

  test('a refusal ends it with that error', async () => {
    const seen = iterated();
    await world.settle();
    await answer(0, -102);
    expect(seen).toEqual(['NoAuth']);
  });
});

describe('over one-shot watches, on a server without persistent ones', () => {
  test('each event sets new ones, and those after it may have missed something', async () => {
    const seen = iterated();
    await world.settle();
    await answer(0, -6);
    expect(world.connection.requests.slice(1).map(({ type }) => type)).toEqual([
      OpCode.exists,
      OpCode.getChildren2,
    ]);
    await answer(1, -101);
    world.connection.send(eventFrame(EventType.nodeCreated, '/a'));
    await world.settle();
    expect(world.connection.requests).toHaveLength(5);
    await answer(3, -101);
    world.connection.send(eventFrame(EventType.nodeDeleted, '/a'));
    await world.settle();
    expect(typesAndGaps(seen)).toEqual(['NodeCreated false', 'NodeDeleted true']);
  });
});

test('watches can be forgotten here when no server can be asked', async () => {
  const told: string[] = [];
  const held = client.exists('/a', { watch: ({ type, state }) => told.push(`${type} ${state}`) });
  await world.settle();
  await answer(0, -101);
  await held;
  world.dialled = (connection) => connection.close('refused');
  world.connection.close();
  const refused = client.removeWatches('/a').catch((error) => error.code);
  const removed = client.removeWatches('/a', { local: true });
  await world.pass(2000);
  expect(await refused).toBe('ConnectionLoss');
  await removed;
  expect(told).toEqual(['None Disconnected', 'DataWatchRemoved Disconnected']);
  expect(client.watches()).toEqual([]);
});

test('xids start over before they would become negative', () => {
  expect(nextXid(0)).toBe(1);
  expect(nextXid(0x7ffffffe)).toBe(0x7fffffff);
  expect(nextXid(0x7fffffff)).toBe(1);
});
