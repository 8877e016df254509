// A server that sends anything at all: the client drops the connection or reads it, and never breaks.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Client } from '../../../src/client/zookeeper.ts';
import { FakeWorld, replyFrame } from '../../support/clientWorld.ts';

async function aClient() {
  const world = new FakeWorld();
  const client = new Client('a:1', {}, world);
  await world.settle();
  return { world, client };
}

const framed = (body: Uint8Array) => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
};

test('any bytes instead of a greeting', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 80 }), fc.boolean(), async (bytes, isFramed) => {
      const { world, client } = await aClient();
      world.connection.open();
      world.connection.send(isFramed ? framed(bytes) : bytes);
      await world.pass(100);
      client.abandon();
      expect(client.isConnected).toBe(false);
    }),
    { numRuns: 300 },
  );
});

test('any bytes as the answer to each kind of request settle its promise', async () => {
  const calls: ((client: Client) => Promise<unknown>)[] = [
    (c) => c.create('/a'),
    (c) => c.create('/a', null, { stat: true }),
    (c) => c.get('/a', { watch: true }),
    (c) => c.exists('/a', { watch: true }),
    (c) => c.children('/a'),
    (c) => c.set('/a', ''),
    (c) => c.delete('/a'),
    (c) => c.getAcl('/a'),
    (c) => c.sync('/a'),
    (c) => c.ephemerals(),
    (c) => c.allChildrenNumber('/a'),
    (c) => c.whoAmI(),
    (c) => c.multi([{ op: 'delete', path: '/a' }]),
    (c) => c.multiRead([{ op: 'get', path: '/a' }]),
    (c) => c.removeWatches('/a'),
    (c) => c.close(),
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...calls),
      fc.uint8Array({ maxLength: 120 }),
      async (call, bytes) => {
        const { world, client } = await aClient();
        world.connection.welcome();
        await world.settle();
        const outcome = call(client).then(
          () => 'ok',
          (error) => error.code,
        );
        await world.settle();
        const xid = world.connection.requests[0]!.xid;
        world.connection.send(replyFrame(xid, 1n, 0, (w) => w.raw(bytes)));
        await world.settle();
        client.abandon();
        // A result or a ZkError: anything else would have no code.
        expect(typeof (await outcome)).toBe('string');
      },
    ),
    { numRuns: 600 },
  );
});

test('any frame out of the blue', async () => {
  const xids = fc.constantFrom(-1, -2, -4, -8, 0, 1, 2);
  await fc.assert(
    fc.asyncProperty(
      xids,
      fc.uint8Array({ maxLength: 60 }),
      fc.nat(60),
      async (xid, bytes, length) => {
        const { world, client } = await aClient();
        world.connection.welcome();
        await world.settle();
        const frame = replyFrame(xid, 1n, 0, (w) => w.raw(bytes));
        world.connection.send(framed(frame.subarray(4, 4 + length)));
        await world.settle();
        client.abandon();
        expect(client.state).toBe('closed');
      },
    ),
    { numRuns: 300 },
  );
});
