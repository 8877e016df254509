// The life of a session, in virtual time against a server played by the test.
import { afterEach, describe, expect, test } from 'vitest';
import { zxid } from '../../../src/base/ids.ts';
import type { ConnectOptions, StateEvent, WatchedEvent } from '../../../src/client/api.ts';
import { ZkError } from '../../../src/client/errors.ts';
import { Client } from '../../../src/client/zookeeper.ts';
import { AuthPacket, SetWatches, SetWatches2, StatResponse } from '../../../src/wire/client.ts';
import type { Stat } from '../../../src/wire/data.ts';
import { EventType, OpCode, Xid } from '../../../src/wire/opcodes.ts';
import {
  eventFrame,
  type FakeConnection,
  FakeWorld,
  replyFrame,
} from '../../support/clientWorld.ts';

const stat: Stat = {
  czxid: zxid(1n),
  mzxid: zxid(2n),
  ctime: 3,
  mtime: 4,
  version: 5,
  cversion: 6,
  aversion: 7,
  ephemeralOwner: 0n,
  dataLength: 0,
  numChildren: 0,
  pzxid: zxid(1n),
};

let world = new FakeWorld();
afterEach(() => {
  world = new FakeWorld();
});

interface Heard {
  readonly states: StateEvent[];
  readonly events: WatchedEvent[];
}

function aClient(hosts = 'a:1', options: ConnectOptions = {}): Client & Heard {
  const client = new Client(hosts, { sessionTimeout: 30_000, ...options }, world);
  const states: StateEvent[] = [];
  const events: WatchedEvent[] = [];
  client.on('state', (event) => states.push(event));
  client.on('event', (event) => events.push(event));
  return Object.assign(client, { states, events });
}

async function aConnectedClient(hosts = 'a:1', options: ConnectOptions = {}) {
  const client = aClient(hosts, options);
  await world.settle();
  world.connection.welcome();
  await world.settle();
  expect(client.state).toBe('connected');
  return client;
}

const named = (states: StateEvent[]) => states.map(({ state }) => state);
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error) => (error instanceof ZkError ? error.code : error),
  );

describe('connecting', () => {
  test('a new session asks with no id, sixteen zero bytes and the newest zxid it has seen, none', async () => {
    const client = aClient();
    await world.settle();
    expect(client.state).toBe('connecting');
    world.connection.open();
    expect(world.connection.greeting).toEqual({
      protocolVersion: 0,
      lastZxidSeen: 0n,
      timeOut: 30_000,
      sessionId: 0n,
      passwd: Buffer.alloc(16),
      readOnly: false,
    });
  });

  test('the server decides about timeout, id and password', async () => {
    const client = aClient();
    await world.settle();
    world.connection.welcome({ timeOut: 4000 });
    await world.settle();
    expect(client.sessionTimeout).toBe(4000);
    expect(client.sessionId).toBe(0x1234n);
    expect(client.sessionPassword).toEqual(Buffer.alloc(16, 7));
    expect(client.server).toBe('a:1');
    expect(named(client.states)).toEqual(['connecting', 'connected']);
    expect(client.events).toEqual([{ type: 'None', state: 'SyncConnected', path: null }]);
  });

  test('a server older than 3.4 leaves the read-only byte out', async () => {
    const client = aClient();
    await world.settle();
    world.connection.welcome({ readOnly: null });
    await world.settle();
    expect(client.state).toBe('connected');
  });

  test('a refused connection is told with its reason, and the next server is tried at once', async () => {
    const client = aClient('a:1,b:2');
    await world.settle();
    const first = world.connection;
    first.close('connect ECONNREFUSED 10.0.0.1:1');
    await world.pass(1);
    expect(client.states[1]).toEqual({
      state: 'connecting',
      reason: 'connect ECONNREFUSED 10.0.0.1:1',
      server: `${first.address}:${first.port}`,
      watchesLost: 0,
    });
    expect(world.connections).toHaveLength(2);
    expect(world.connection.address).not.toBe(first.address);
    expect(client.events).toEqual([]);
  });

  test('a request waits through one round of servers and fails before the second', async () => {
    const client = aClient('a:1,b:2');
    const outcome = codeOf(client.get('/x'));
    let isOver = false;
    outcome.then(() => {
      isOver = true;
    });
    await world.settle();
    world.connection.close('refused');
    await world.pass(1);
    expect(isOver).toBe(false);
    world.connection.close('refused too');
    await world.pass(1);
    expect(await outcome).toBe('ConnectionLoss');
    // The pause between rounds.
    await world.pass(990);
    expect(world.connections).toHaveLength(2);
    await world.pass(20);
    expect(world.connections).toHaveLength(3);
  });

  test('a request that waited is sent after the greeting is answered', async () => {
    const client = aClient();
    const got = client.get('/x');
    await world.settle();
    world.connection.open();
    expect(world.connection.frames).toHaveLength(1);
    world.connection.welcome();
    await world.settle();
    expect(world.connection.requests.map(({ type }) => type)).toContain(OpCode.getData);
    world.connection.reply(0, (w) => {
      w.bytes(Buffer.from('v'));
      StatResponse.write(w, { stat });
    });
    expect(await got).toEqual({ data: Buffer.from('v'), stat });
  });

  test('an attempt may take the session timeout divided by the number of servers', async () => {
    const client = aClient('a:1,b:2,c:3');
    await world.settle();
    world.connection.open();
    await world.pass(9_998);
    expect(world.connections).toHaveLength(1);
    await world.pass(5);
    expect(world.connections).toHaveLength(2);
    expect(client.states.at(-2)!.reason).toMatch(/^connect ETIMEDOUT /);
  });

  test('every address of a name is tried, and names are resolved anew at each attempt', async () => {
    world.names.set('zk', ['10.0.0.1', '10.0.0.2']);
    aClient('zk:1');
    await world.settle();
    world.connection.close('refused');
    await world.pass(1);
    world.connection.close('refused');
    const tried = new Set(world.connections.map(({ address }) => address));
    expect(tried).toEqual(new Set(['10.0.0.1', '10.0.0.2']));
    world.names.set('zk', ['10.0.0.3']);
    await world.pass(1001);
    expect(world.connection.address).toBe('10.0.0.3');
  });

  test('a name without address is told and does not end the search', async () => {
    world.names.set('nowhere', 'getaddrinfo ENOTFOUND nowhere');
    const client = aClient('nowhere:1,b:2');
    await world.pass(1);
    const told = client.states.map(({ reason }) => reason);
    if (!told.includes('getaddrinfo ENOTFOUND nowhere')) {
      world.connection.close('refused');
      await world.pass(1);
    }
    expect(client.states.map(({ reason }) => reason)).toContain('getaddrinfo ENOTFOUND nowhere');
    await world.pass(1001);
    expect(world.connections.length).toBeGreaterThan(0);
  });

  test('bytes that are no greeting end the attempt', async () => {
    const client = aClient();
    await world.settle();
    world.connection.open();
    world.connection.send(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await world.settle();
    expect(world.connection.isDestroyed).toBe(true);
    expect(client.states.at(-1)!.reason).toContain('unexpected answer');
    expect(client.state).toBe('connecting');
  });

  test('whenConnected gives up after its timeout and says why there was no connection', async () => {
    const client = aClient();
    const waiting = client.whenConnected({ timeout: 5000 });
    const outcome = waiting.catch((error) => error);
    await world.settle();
    world.connection.close('connect ECONNREFUSED 127.0.0.1:1');
    await world.pass(5001);
    const error = await outcome;
    expect(error.code).toBe('ConnectionLoss');
    expect(error.cause.message).toBe('connect ECONNREFUSED 127.0.0.1:1');
  });
});

describe('keeping alive', () => {
  test('a ping goes out after a third of the timeout without sending, and not before', async () => {
    await aConnectedClient();
    await world.pass(9_999);
    expect(world.connection.requests).toHaveLength(0);
    await world.pass(2);
    expect(world.connection.requests.map(({ xid, type }) => [xid, type])).toEqual([
      [Xid.ping, OpCode.ping],
    ]);
  });

  test('no ping while requests go out often enough', async () => {
    const client = await aConnectedClient();
    for (let i = 0; i < 5; i++) {
      await world.pass(8000);
      const got = client.exists('/x');
      await world.settle();
      world.connection.reply(-101);
      expect(await got).toBeNull();
    }
    expect(world.connection.requests.every(({ type }) => type === OpCode.exists)).toBe(true);
  });

  test('after two thirds of the timeout without a word it looks for another server', async () => {
    const client = await aConnectedClient('a:1,b:2');
    const first = world.connection;
    await world.pass(19_990);
    expect(client.isConnected).toBe(true);
    await world.pass(20);
    expect(client.isConnected).toBe(false);
    expect(first.isDestroyed).toBe(true);
    await world.pass(1);
    expect(world.connections).toHaveLength(2);
    expect(world.connection.address).not.toBe(first.address);
    const [disconnected] = client.states.filter(({ state }) => state === 'disconnected');
    expect(disconnected!.reason).toMatch(/^nothing heard from the server for 2\d{4} ms$/);
  });

  test('answers to pings keep the connection', async () => {
    const client = await aConnectedClient();
    for (let i = 0; i < 20; i++) {
      await world.pass(5000);
      world.connection.send(replyFrame(Xid.ping, 9n, 0));
    }
    expect(client.isConnected).toBe(true);
    expect(world.connections).toHaveLength(1);
    // As Apache's client: what a ping says is no transaction that this client has seen.
    expect(client.lastZxid).toBe(0n);
  });
});

describe('moving the session', () => {
  test('the same id and password and the newest zxid go to the next server', async () => {
    const client = await aConnectedClient();
    const set = client.set('/x', 'v');
    await world.settle();
    world.connection.reply(0, (w) => StatResponse.write(w, { stat }), 77n);
    await set;
    world.connection.close();
    await world.pass(1);
    world.connection.open();
    expect(world.connection.greeting).toMatchObject({
      lastZxidSeen: 77n,
      sessionId: 0x1234n,
      passwd: Buffer.alloc(16, 7),
    });
    world.connection.welcome();
    await world.settle();
    expect(named(client.states)).toEqual([
      'connecting',
      'connected',
      'disconnected',
      'connecting',
      'connected',
    ]);
    expect(client.events.map(({ state }) => state)).toEqual([
      'SyncConnected',
      'Disconnected',
      'SyncConnected',
    ]);
  });

  test('requests in flight fail with ConnectionLoss and are not sent again', async () => {
    const client = await aConnectedClient();
    const lost = codeOf(client.create('/x'));
    await world.settle();
    world.connection.close('read ECONNRESET');
    await world.pass(1);
    expect(await lost).toBe('ConnectionLoss');
    world.connection.welcome();
    await world.settle();
    expect(world.connection.requests).toEqual([]);
  });

  test('a request that was sent and not answered fails with its size', async () => {
    const client = await aConnectedClient();
    const lost = client.set('/x', 'ab').catch((error: unknown) => error);
    await world.settle();
    world.connection.close('read ECONNRESET');
    await world.pass(1);
    // xid, type, path, data, version.
    expect(await lost).toMatchObject({ requestBytes: 4 + 4 + (4 + 2) + (4 + 2) + 4 });
  });

  test('clients of a lost server come back spread over a second', async () => {
    await aConnectedClient();
    world.chance = 0.5;
    world.connection.close();
    await world.pass(499);
    expect(world.connections).toHaveLength(1);
    await world.pass(2);
    expect(world.connections).toHaveLength(2);
  });

  test('credentials come first, then the watches, then what waited; all in one write', async () => {
    const client = await aConnectedClient('a:1', { auth: [{ scheme: 'digest', auth: 'u:p' }] });
    world.connection.send(replyFrame(Xid.auth, 0n, 0));
    const held = client.exists('/gone', { watch: true });
    await world.settle();
    world.connection.reply(-101, () => {}, 5n);
    await held;
    world.connection.close();
    await world.pass(1);
    client.sync('/').catch(() => {});
    world.connection.welcome();
    await world.settle();
    const { requests, writes } = world.connection;
    expect(requests.map(({ xid }) => xid)).toEqual([Xid.auth, Xid.setWatches, 2]);
    expect(writes).toBe(2);
    expect(AuthPacket.read(requests[0]!.body)).toEqual({
      type: 0,
      scheme: 'digest',
      auth: Buffer.from('u:p'),
    });
    expect(requests[1]!.type).toBe(OpCode.setWatches);
    expect(SetWatches.read(requests[1]!.body)).toEqual({
      relativeZxid: 5n,
      dataWatches: [],
      existWatches: ['/gone'],
      childWatches: [],
    });
  });

  test('persistent watches need the newer setWatches2', async () => {
    const client = await aConnectedClient('a:1/app');
    const added = client.addWatch('/t', 'persistentRecursive');
    await world.settle();
    world.connection.reply(0, (w) => w.int(0), 3n);
    await added;
    world.connection.close();
    await world.pass(1);
    world.connection.welcome();
    await world.settle();
    const [request] = world.connection.requests;
    expect(request!.type).toBe(OpCode.setWatches2);
    expect(SetWatches2.read(request!.body)).toMatchObject({
      relativeZxid: 3n,
      persistentWatches: [],
      persistentRecursiveWatches: ['/app/t'],
    });
  });

  test('watches over 128 KB go in several requests', async () => {
    const client = await aConnectedClient();
    const name = 'n'.repeat(1000);
    const asked = Array.from({ length: 300 }, (_, i) =>
      client.exists(`/${i}-${name}`, { watch: true }),
    );
    await world.settle();
    for (const { xid } of world.connection.requests) {
      world.connection.send(replyFrame(xid, 4n, -101));
    }
    await Promise.all(asked);
    world.connection.close();
    await world.pass(1);
    world.connection.welcome();
    await world.settle();
    const { requests } = world.connection;
    expect(requests).toHaveLength(3);
    const paths = requests.flatMap(({ body }) => SetWatches.read(body).existWatches);
    expect(paths).toHaveLength(300);
    for (let i = 0; i < 3; i++) world.connection.send(replyFrame(Xid.setWatches, 5n, 0));
    expect(client.isConnected).toBe(true);
  });

  test('a server that will not set the watches is left', async () => {
    const client = await aConnectedClient();
    const held = client.exists('/gone', { watch: true });
    await world.settle();
    world.connection.reply(-101);
    await held;
    world.connection.close();
    await world.pass(1);
    world.connection.welcome();
    world.connection.send(replyFrame(Xid.setWatches, 5n, -6));
    await world.settle();
    expect(client.isConnected).toBe(false);
  });

  test.each([
    ['refuse', (connection: FakeConnection) => connection.close('refused')],
    ['accept and are silent', (connection: FakeConnection) => connection.open()],
    [
      'accept and leave',
      (connection: FakeConnection) => {
        connection.open();
        connection.close();
      },
    ],
  ])(
    'servers that %s as long as the session timeout: probably expired, told once (ZOOKEEPER-4508)',
    async (_, serve) => {
      const client = await aConnectedClient();
      world.dialled = serve;
      world.connection.close();
      await world.pass(29_000);
      expect(named(client.states)).not.toContain('probablyExpired');
      await world.pass(2000);
      expect(named(client.states)).toContain('probablyExpired');
      await world.pass(60_000);
      expect(named(client.states).filter((state) => state === 'probablyExpired')).toHaveLength(1);
      expect(client.state).toBe('connecting');
    },
  );
});

describe('the end of a session', () => {
  test('expiry fails what waits, tells every watcher and is final', async () => {
    const client = await aConnectedClient();
    const heard: string[] = [];
    const held = client.exists('/w', { watch: (event) => heard.push(event.state) });
    await world.settle();
    world.connection.reply(-101);
    await held;
    world.connection.close();
    await world.pass(1);
    const waiting = codeOf(client.get('/x'));
    world.connection.welcome({ timeOut: 0, sessionId: 0n as never });
    await world.pass(10_000);
    expect(await waiting).toBe('SessionExpired');
    expect(client.state).toBe('expired');
    expect(client.states.at(-1)).toMatchObject({ state: 'expired', watchesLost: 1 });
    expect(heard).toEqual(['Disconnected', 'Expired']);
    expect(client.events.at(-1)!.state).toBe('Expired');
    expect(client.watches()).toEqual([]);
    expect(await codeOf(client.get('/x'))).toBe('SessionExpired');
    expect(world.timers).toBe(0);
    expect(world.connection.isDestroyed).toBe(true);
  });

  test('refused credentials are final', async () => {
    const client = await aConnectedClient();
    const added = codeOf(client.addAuth('nonsense', 'x'));
    const asked = codeOf(client.get('/x'));
    await world.settle();
    world.connection.send(replyFrame(Xid.auth, 0n, -115));
    expect(await added).toBe('AuthFailed');
    expect(await asked).toBe('AuthFailed');
    await world.settle();
    expect(client.state).toBe('authFailed');
    expect(client.events.at(-1)!.state).toBe('AuthFailed');
    await world.pass(60_000);
    expect(world.connections).toHaveLength(1);
  });

  test('addAuth settles when a server took it, even if that is the next one', async () => {
    const client = await aConnectedClient();
    let isTaken = false;
    const added = client.addAuth('digest', 'u:p').then(() => {
      isTaken = true;
    });
    await world.settle();
    world.connection.close();
    await world.pass(1);
    expect(isTaken).toBe(false);
    world.connection.welcome();
    await world.settle();
    world.connection.send(replyFrame(Xid.auth, 0n, 0));
    await added;
  });

  test('close asks the server and settles with its answer', async () => {
    const client = await aConnectedClient();
    const before = codeOf(client.exists('/x'));
    const closed = client.close();
    const after = codeOf(client.exists('/y'));
    await world.settle();
    const { requests } = world.connection;
    expect(requests.map(({ type }) => type)).toEqual([OpCode.exists, OpCode.closeSession]);
    world.connection.send(
      replyFrame(requests[0]!.xid, 1n, -101),
      replyFrame(requests[1]!.xid, 2n, 0),
    );
    await closed;
    expect(await before).toBe('done');
    expect(await after).toBe('ConnectionLoss');
    expect(client.state).toBe('closed');
    // Told before `close` settles, so that a program that ends then has seen everything.
    expect(client.events.at(-1)!.state).toBe('Closed');
    expect(world.connection.isDestroyed).toBe(true);
    expect(world.timers).toBe(0);
    await client.close();
  });

  test('close of a client that never got through is at once', async () => {
    const client = aClient();
    await world.settle();
    await client.close();
    expect(client.state).toBe('closed');
    expect(world.connection.isDestroyed).toBe(true);
    await world.pass(60_000);
    expect(world.connections).toHaveLength(1);
  });

  test('close during the greeting waits for the session and ends it', async () => {
    const client = aClient();
    await world.settle();
    world.connection.open();
    const closed = client.close();
    await world.settle();
    expect(client.state).toBe('connecting');
    world.connection.welcome();
    await world.settle();
    expect(world.connection.requests.map(({ type }) => type)).toEqual([OpCode.closeSession]);
    world.connection.reply();
    await closed;
  });

  test('close of a server that hangs is given up with the silence limit', async () => {
    const client = await aConnectedClient();
    const closed = client.close();
    await world.pass(20_010);
    await closed;
    expect(client.state).toBe('closed');
    expect(world.connections).toHaveLength(1);
  });

  test('abandon drops the socket without a word', async () => {
    const client = await aConnectedClient();
    const asked = codeOf(client.get('/x'));
    client.abandon();
    await world.settle();
    expect(await asked).toBe('SessionExpired');
    expect(world.connection.requests).toEqual([]);
    expect(world.connection.isDestroyed).toBe(true);
    expect(client.state).toBe('closed');
    expect(world.timers).toBe(0);
  });
});

describe('a read-only server', () => {
  test('is left as soon as another one says that it takes writes, with a new session', async () => {
    const client = aClient('a:1,b:2', { readOnly: true });
    await world.settle();
    expect(world.connections).toHaveLength(1);
    const first = world.connection;
    first.welcome({ readOnly: true });
    await world.settle();
    expect(client.state).toBe('connectedReadOnly');
    expect(client.events.at(-1)!.state).toBe('ConnectedReadOnly');
    let isWriter = false;
    world.dialled = (connection) => {
      if (connection.raw.length > 0) return;
      connection.open();
      if (connection.raw.toString() === 'isro')
        connection.send(Buffer.from(isWriter ? 'rw' : 'ro'));
    };
    await world.pass(2000);
    expect(client.state).toBe('connectedReadOnly');
    isWriter = true;
    await world.pass(5000);
    expect(first.isDestroyed).toBe(true);
    world.connection.open();
    expect(world.connection.greeting.sessionId).toBe(0n);
    world.connection.welcome({ sessionId: 0x99n as never });
    await world.settle();
    expect(client.state).toBe('connected');
    expect(client.sessionId).toBe(0x99n);
  });
});

describe('answers', () => {
  test('many calls of one turn leave in one write', async () => {
    const client = await aConnectedClient();
    const { writes } = world.connection;
    for (let i = 0; i < 100; i++) client.get('/x').catch(() => {});
    await world.settle();
    expect(world.connection.writes).toBe(writes + 1);
    expect(world.connection.requests).toHaveLength(100);
    client.abandon();
  });

  test('an answer out of order ends the connection, and its request fails', async () => {
    const client = await aConnectedClient();
    const asked = codeOf(client.get('/x'));
    await world.settle();
    world.connection.send(replyFrame(999, 1n, 0));
    expect(await asked).toBe('ConnectionLoss');
    expect(client.isConnected).toBe(false);
    client.abandon();
  });

  test('an answer that was not asked for ends the connection', async () => {
    const client = await aConnectedClient();
    world.connection.send(replyFrame(1, 1n, 0));
    expect(client.isConnected).toBe(false);
    client.abandon();
  });

  test('an answer that cannot be read fails its call and registers no watch', async () => {
    const client = await aConnectedClient();
    const asked = codeOf(client.get('/x', { watch: true }));
    await world.settle();
    world.connection.reply(0, (w) => w.int(5));
    expect(await asked).toBe('ConnectionLoss');
    expect(client.watches()).toEqual([]);
    client.abandon();
  });

  test('results and events reach the program in the order of the wire', async () => {
    const client = await aConnectedClient();
    const order: string[] = [];
    client.on('event', (event) => order.push(event.type));
    const read = async () => {
      await client.exists('/x', { watch: true });
      await Promise.resolve();
      order.push('exists');
    };
    const write = async () => {
      await client.create('/x');
      order.push('create');
    };
    read();
    write();
    await world.settle();
    const [first, second] = world.connection.requests;
    // All in one chunk: the old read, the event of the write, the write.
    world.connection.send(
      replyFrame(first!.xid, 1n, -101),
      eventFrame(EventType.nodeCreated, '/x'),
      replyFrame(second!.xid, 2n, 0, (w) => w.string('/x')),
    );
    await world.settle();
    expect(order).toEqual(['exists', 'NodeCreated', 'create']);
    client.abandon();
  });

  test('frames may be cut anywhere', async () => {
    const client = await aConnectedClient();
    const bytes = replyFrame(1, 1n, 0, (w) => {
      w.bytes(Buffer.from('some data'));
      StatResponse.write(w, { stat });
    });
    for (let cut = 0; cut <= bytes.length; cut++) {
      const got = client.get('/x');
      await world.settle();
      const frame = Buffer.from(bytes);
      frame.writeInt32BE(world.connection.requests.at(-1)!.xid, 4);
      if (cut > 0) world.connection.send(frame.subarray(0, cut));
      if (cut < bytes.length) world.connection.send(frame.subarray(cut));
      expect((await got).data!.toString()).toBe('some data');
    }
    client.abandon();
  });

  test('a call that is given up ends with its signal or its timeout, and its answer is dropped', async () => {
    const client = await aConnectedClient();
    const control = new AbortController();
    const aborted = client.get('/x', { signal: control.signal, watch: true }).catch((e) => e);
    const late = codeOf(client.get('/y', { timeout: 50 }));
    await world.settle();
    const reason = new Error('changed my mind');
    control.abort(reason);
    expect(await aborted).toBe(reason);
    await world.pass(60);
    expect(await late).toBe('RequestTimeout');
    const answer = (w: import('../../../src/wire/bytes.ts').Writer) => {
      w.bytes(null);
      StatResponse.write(w, { stat });
    };
    for (const { xid } of world.connection.requests) {
      world.connection.send(replyFrame(xid, 1n, 0, answer));
    }
    expect(client.isConnected).toBe(true);
    expect(client.watches()).toEqual([]);
    client.abandon();
  });

  test('a call that is given up before there is a connection is never sent', async () => {
    const client = aClient();
    const control = new AbortController();
    const given = codeOf(client.create('/x', null, { signal: control.signal }));
    control.abort(new ZkError(-4, 'mine', null));
    await given;
    await world.settle();
    world.connection.welcome();
    await world.settle();
    expect(world.connection.requests).toEqual([]);
    client.abandon();
  });

  test('what cannot be sent is refused alone and harms nothing before or after it', async () => {
    const client = await aConnectedClient();
    const before = codeOf(client.exists('/x'));
    const bad = client.multi([
      { op: 'set', path: '/x', data: 5 as never },
      { op: 'check', path: '/x', version: 1 },
    ]);
    await expect(bad).rejects.toThrow('data must be a string, a Uint8Array or null');
    await expect(client.set('/x', '', { version: Number.NaN })).rejects.toThrow('got NaN');
    await expect(client.create('/x', null, { ttl: 5 })).rejects.toThrow('ttl is not for');
    const after = codeOf(client.exists('/y'));
    await world.settle();
    const { requests } = world.connection;
    expect(requests.map(({ type }) => type)).toEqual([OpCode.exists, OpCode.exists]);
    for (const { xid } of requests) world.connection.send(replyFrame(xid, 1n, -101));
    expect([await before, await after]).toEqual(['done', 'done']);
    client.abandon();
  });

  test('a session timeout that is none is refused at once', () => {
    expect(() => new Client('a:1', { sessionTimeout: 0 }, world)).toThrow('sessionTimeout must be');
    expect(() => new Client('a:1', { sessionTimeout: 1.5 }, world)).toThrow(TypeError);
  });

  test('a listener that throws harms nobody else', async () => {
    const client = await aConnectedClient();
    const uncaught: unknown[] = [];
    const collect = (error: unknown) => uncaught.push(error);
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', collect);
    const broken = new Error('a bug of the program');
    let told = 0;
    for (const path of ['/a', '/b']) {
      const held = client.exists(path, {
        watch: () => {
          told++;
          throw broken;
        },
      });
      await world.settle();
      world.connection.reply(-101);
      await held;
    }
    world.connection.send(eventFrame(1, '/a'), eventFrame(1, '/b'));
    await world.settle();
    process.off('uncaughtException', collect);
    for (const listener of others) process.on('uncaughtException', listener);
    expect(told).toBe(2);
    expect(uncaught).toEqual([broken, broken]);
    client.abandon();
  });
});
