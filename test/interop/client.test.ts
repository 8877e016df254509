// The client library against Apache's server, and the same against ours.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type ConnectOptions,
  CREATOR_ALL_ACL,
  connect,
  createClient,
  type IteratedEvent,
  Perm,
  type StateEvent,
  type WatchedEvent,
  ZkError,
  type ZooKeeper,
} from '../../src/client/index.ts';
import { missingPeer, peersAreRequired } from '../support/peers.ts';
import { freePort, waitFor } from '../support/processes.ts';
import {
  type ServerKind,
  serverUnderTest,
  startServer,
  type TestServer,
} from '../support/servers.ts';

const kinds: ServerKind[] = serverUnderTest === 'apache' ? ['apache'] : ['apache', 'ours'];

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error) => (error instanceof ZkError ? error.code : error),
  );

describe.each(kinds)('the client library (server: %s)', (kind) => {
  const missing = kind === 'apache' ? missingPeer('apache') : null;
  if (missing !== null) {
    if (peersAreRequired) test(`${missing} is installed`, () => expect.fail('it is not'));
    else test.skip(`needs ${missing}, which is not installed`, () => undefined);
    return;
  }

  let server: TestServer;
  let zk: ZooKeeper;
  const clients: ZooKeeper[] = [];
  let root = '';
  let count = 0;

  beforeAll(async () => {
    server = await startServer(kind);
  });
  afterAll(() => server?.stop());

  /** Another client, ended with the test. */
  async function another(chroot = '', options: ConnectOptions = {}): Promise<ZooKeeper> {
    const client = await connect(server.address + chroot, {
      sessionTimeout: 10_000,
      connectTimeout: 20_000,
      ...options,
    });
    clients.push(client);
    return client;
  }

  beforeEach(async () => {
    zk = await another();
    count++;
    root = `/test${count}`;
    await zk.create(root);
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });

  test('data is what was put in: text, bytes, nothing, no bytes', async () => {
    await zk.create(`${root}/text`, 'grüße');
    await zk.create(`${root}/bytes`, new Uint8Array([0, 255, 128]));
    await zk.create(`${root}/null`);
    await zk.create(`${root}/empty`, '');
    expect(await zk.getString(`${root}/text`)).toBe('grüße');
    expect((await zk.get(`${root}/bytes`)).data).toEqual(Buffer.from([0, 255, 128]));
    expect((await zk.get(`${root}/null`)).data).toBeNull();
    expect((await zk.get(`${root}/empty`)).data).toEqual(Buffer.alloc(0));
    const big = Buffer.alloc(1_000_000, 'x');
    await zk.set(`${root}/bytes`, big);
    const { data, stat } = await zk.get(`${root}/bytes`);
    expect(data?.equals(big)).toBe(true);
    expect(stat.dataLength).toBe(1_000_000);
  });

  test('every mode of create makes its kind of node', async () => {
    expect(await zk.create(`${root}/p`)).toEqual({ path: `${root}/p`, stat: null });
    const { stat } = await zk.create(`${root}/e`, 'x', { mode: 'ephemeral', stat: true });
    expect(stat).toMatchObject({ ephemeralOwner: zk.sessionId, version: 0, dataLength: 1 });
    const sequential = { mode: 'persistentSequential' } as const;
    expect((await zk.create(`${root}/s-`, 'x', sequential)).path).toBe(`${root}/s-0000000002`);
    expect((await zk.create(`${root}/`, 'x', sequential)).path).toBe(`${root}/0000000003`);
    const es = await zk.create(`${root}/es-`, null, { mode: 'ephemeralSequential' });
    expect(es.path).toBe(`${root}/es-0000000004`);
    const container = await zk.create(`${root}/c`, null, { mode: 'container' });
    expect(container.stat).toMatchObject({ ephemeralOwner: 0n, numChildren: 0 });
    const ttl = await zk.create(`${root}/t`, null, { mode: 'persistentWithTtl', ttl: 60_000 });
    expect(ttl.stat).toMatchObject({ ephemeralOwner: 0n, numChildren: 0 });
    expect(new Set(await zk.ephemerals(root))).toEqual(new Set([`${root}/e`, es.path]));
    expect(await zk.allChildrenNumber(root)).toBe(7);
  });

  test('errors carry name, number, operation and path', async () => {
    const error = await zk.get(`${root}/nope`).catch((e) => e);
    expect(error).toBeInstanceOf(ZkError);
    expect(error).toMatchObject({
      code: 'NoNode',
      errno: -101,
      op: 'get',
      path: `${root}/nope`,
      message: `KeeperErrorCode = NoNode for ${root}/nope`,
    });
    expect(await codeOf(zk.create(root))).toBe('NodeExists');
    expect(await codeOf(zk.set(root, '', { version: 7 }))).toBe('BadVersion');
    expect(await codeOf(zk.delete(root, { version: 7 }))).toBe('BadVersion');
    await zk.create(`${root}/e`, null, { mode: 'ephemeral' });
    expect(await codeOf(zk.delete(root))).toBe('NotEmpty');
    expect(await codeOf(zk.create(`${root}/e/x`))).toBe('NoChildrenForEphemerals');
    expect(await codeOf(zk.delete('/'))).toBe('BadArguments');
    expect(await codeOf(zk.setAcl(root, []))).toBe('InvalidACL');
    expect(await codeOf(zk.reconfig({ leaving: '2' }))).toBe('ReconfigDisabled');
    expect(await zk.exists(`${root}/nope`)).toBeNull();
    await expect(zk.get('no/slash')).rejects.toThrow('Path must start with / character');
  });

  test('versions guard set and delete', async () => {
    const first = await zk.set(root, '1', { version: 0 });
    expect(first.version).toBe(1);
    expect((await zk.set(root, '2')).version).toBe(2);
    await zk.delete(root, { version: 2 });
    expect(await zk.exists(root)).toBeNull();
  });

  test('children come with the stat of their parent', async () => {
    await Promise.all(Array.from({ length: 300 }, (_, i) => zk.create(`${root}/${i}`)));
    const { names, stat } = await zk.children(root);
    expect(names).toHaveLength(300);
    expect(stat).toMatchObject({ numChildren: 300, cversion: 300 });
    expect((await zk.children(root, { stat: false })).stat).toBeNull();
  });

  test('a multi happens as a whole or not at all, and its error names the operation', async () => {
    const results = await zk
      .transaction()
      .check(root, 0)
      .create(`${root}/a`, '1')
      .create(`${root}/q-`, '1', { mode: 'ephemeralSequential' })
      .set(`${root}/a`, '22')
      .delete(`${root}/a`, 1)
      .commit();
    expect(results.map(({ op }) => op)).toEqual(['check', 'create', 'create', 'set', 'delete']);
    expect(results[2]).toMatchObject({ path: `${root}/q-0000000001` });
    const error = await zk
      .multi([
        { op: 'create', path: `${root}/b` },
        { op: 'delete', path: `${root}/missing` },
        { op: 'create', path: `${root}/c` },
      ])
      .catch((e) => e);
    expect(error).toMatchObject({ code: 'NoNode', index: 1, path: `${root}/missing` });
    expect(error.results).toHaveLength(3);
    expect(await zk.exists(`${root}/b`)).toBeNull();
    expect(await zk.multi([])).toEqual([]);
  });

  test('reads of a multiRead fail one by one', async () => {
    await zk.create(`${root}/a`, 'data');
    const [data, names, none] = await zk.multiRead([
      { op: 'get', path: `${root}/a` },
      { op: 'children', path: root },
      { op: 'get', path: `${root}/none` },
    ]);
    expect(data).toMatchObject({ op: 'get', data: Buffer.from('data') });
    expect(names).toEqual({ op: 'children', names: ['a'] });
    expect(none).toMatchObject({ op: 'error', error: { code: 'NoNode', path: `${root}/none` } });
  });

  test('credentials open what others may not read', async () => {
    await zk.addAuth('digest', 'user:password');
    expect(await zk.whoAmI()).toContainEqual({ authScheme: 'digest', user: 'user' });
    await zk.create(`${root}/mine`, 'secret', { acl: CREATOR_ALL_ACL });
    const other = await another();
    expect(await codeOf(other.get(`${root}/mine`))).toBe('NoAuth');
    await other.addAuth('digest', 'user:password');
    expect(await other.getString(`${root}/mine`)).toBe('secret');
    const { acl, stat } = await zk.getAcl(`${root}/mine`);
    expect(acl).toMatchObject([{ perms: Perm.all, id: { scheme: 'digest' } }]);
    const world = { perms: Perm.read, id: { scheme: 'world', id: 'anyone' } };
    const changed = await zk.setAcl(`${root}/mine`, [world], { version: stat.aversion });
    expect(changed.aversion).toBe(1);
  });

  test('credentials that nobody understands end the client', async () => {
    const other = await another();
    expect(await codeOf(other.addAuth('nonsense', 'x'))).toBe('AuthFailed');
    expect(other.state).toBe('authFailed');
    expect(await codeOf(other.get('/'))).toBe('AuthFailed');
  });

  test('a one-shot watch fires once, before the result of the write that fired it', async () => {
    const order: string[] = [];
    const watch = (event: WatchedEvent) => order.push(`${event.type} ${event.path}`);
    await zk.exists(`${root}/n`, { watch });
    await zk.create(`${root}/n`).then(() => order.push('created'));
    await zk.get(`${root}/n`, { watch });
    await zk.get(`${root}/n`, { watch });
    await zk.set(`${root}/n`, '1').then(() => order.push('set'));
    await zk.set(`${root}/n`, '2').then(() => order.push('set again'));
    await zk.children(root, { watch });
    await zk.delete(`${root}/n`).then(() => order.push('deleted'));
    expect(order).toEqual([
      `NodeCreated ${root}/n`,
      'created',
      `NodeDataChanged ${root}/n`,
      'set',
      'set again',
      `NodeChildrenChanged ${root}`,
      'deleted',
    ]);
    expect(zk.watches()).toEqual([]);
  });

  test('one watch at the server serves many watchers here', async () => {
    const told: string[] = [];
    await zk.get(root, { watch: () => told.push('first') });
    await zk.get(root, { watch: () => told.push('second') });
    await zk.exists(root, { watch: true });
    zk.on('event', () => told.push('default'));
    const other = await another();
    await other.set(root, 'x');
    await zk.sync('/');
    expect(told).toHaveLength(3);
    expect(new Set(told)).toEqual(new Set(['default', 'first', 'second']));
  });

  test('persistent watches stay until they are removed', async () => {
    const told: string[] = [];
    const watcher = (event: WatchedEvent) => told.push(`${event.type} ${event.path}`);
    await zk.addWatch(root, 'persistentRecursive', watcher);
    await zk.create(`${root}/a`);
    await zk.create(`${root}/a/b`, 'x');
    await zk.set(`${root}/a/b`, 'y');
    await zk.delete(`${root}/a/b`);
    expect(zk.watches()).toEqual([{ path: root, kind: 'persistentRecursive', watchers: 1 }]);
    await zk.removeWatches(root);
    await zk.delete(`${root}/a`);
    expect(told).toEqual([
      `NodeCreated ${root}/a`,
      `NodeCreated ${root}/a/b`,
      `NodeDataChanged ${root}/a/b`,
      `NodeDeleted ${root}/a/b`,
      `PersistentWatchRemoved ${root}`,
    ]);
    expect(await codeOf(zk.removeWatches(root))).toBe('NoWatcher');
  });

  test('removing a watch tells its watcher and nobody else', async () => {
    const told: string[] = [];
    const watch = (event: WatchedEvent) => told.push(event.type);
    await zk.get(root, { watch });
    await zk.children(root, { watch });
    await zk.removeWatches(root, { kind: 'data', watcher: watch });
    expect(told).toEqual(['DataWatchRemoved']);
    await zk.removeWatches(root, { kind: 'children' });
    expect(told).toEqual(['DataWatchRemoved', 'ChildWatchRemoved']);
  });

  test('events can be iterated', async () => {
    const seen: IteratedEvent[] = [];
    const control = new AbortController();
    const events = zk.watch(root, { mode: 'persistentRecursive', signal: control.signal });
    const loop = (async () => {
      for await (const event of events) {
        seen.push(event);
        if (event.type === 'NodeDeleted') break;
      }
    })();
    await zk.create(`${root}/a`);
    await zk.set(`${root}/a`, 'x');
    await zk.delete(`${root}/a`);
    await loop;
    expect(seen.map(({ type, gap }) => [type, gap])).toEqual([
      ['NodeCreated', false],
      ['NodeDataChanged', false],
      ['NodeDeleted', false],
    ]);
    await waitFor('the watch to be forgotten', () => zk.watches().length === 0);
  });

  test('a chroot is put on paths and taken off results and events', async () => {
    const inside = await another(root);
    expect(inside.chroot).toBe(root);
    expect((await inside.create('/a', '1')).path).toBe('/a');
    expect((await inside.create('/s-', '1', { mode: 'ephemeralSequential' })).path).toBe(
      '/s-0000000001',
    );
    const told: (string | null)[] = [];
    inside.on('event', (event) => told.push(event.path));
    await inside.children('/', { watch: true });
    await inside.get('/a', { watch: true });
    await zk.set(`${root}/a`, '2');
    await zk.create(`${root}/b`);
    await inside.sync('/');
    expect(told).toEqual(['/a', '/']);
    expect(await inside.ephemerals()).toEqual(['/s-0000000001']);
    const results = await inside.multi([{ op: 'create', path: '/m' }]);
    expect(results).toEqual([{ op: 'create', path: '/m', stat: null }]);
    // Not the node that the chroot is.
    expect(await codeOf(inside.delete('/'))).toBe('BadArguments');
    expect((await inside.config()).stat.ephemeralOwner).toBe(0n);
    expect(await codeOf(inside.get('/nope'))).toBe('NoNode');
  });

  test('ephemerals go with close at once, with abandon when the session expires', async () => {
    const closed = await another();
    await closed.create(`${root}/closed`, null, { mode: 'ephemeral' });
    await closed.close();
    expect(await zk.exists(`${root}/closed`)).toBeNull();
    const abandoned = await another('', { sessionTimeout: 1000 });
    await abandoned.create(`${root}/abandoned`, null, { mode: 'ephemeral' });
    const gone = new Promise<WatchedEvent>((resolve) => {
      zk.exists(`${root}/abandoned`, { watch: resolve }).then((stat) =>
        expect(stat).not.toBeNull(),
      );
    });
    abandoned.abandon();
    expect(await gone).toMatchObject({ type: 'NodeDeleted', path: `${root}/abandoned` });
  });

  test('heart-beats keep an idle session for many times its timeout', async () => {
    const idle = await another('', { sessionTimeout: 2000 });
    expect(idle.sessionTimeout).toBe(2000);
    const states: StateEvent[] = [];
    idle.on('state', (event) => states.push(event));
    await idle.create(`${root}/idle`, null, { mode: 'ephemeral' });
    const until = Date.now() + 7000;
    await waitFor('7 s to pass', () => Date.now() > until);
    expect(await idle.exists(`${root}/idle`)).not.toBeNull();
    expect(states).toEqual([]);
  });

  test('a session is resumed with its id and password, not with a wrong one', async () => {
    const first = await another();
    await first.create(`${root}/e`, null, { mode: 'ephemeral' });
    const session = { id: first.sessionId, password: first.sessionPassword };
    first.abandon();
    const wrong = connect(server.address, {
      session: { ...session, password: Buffer.alloc(16) },
    });
    expect(await codeOf(wrong)).toBe('SessionExpired');
    const second = await another('', { session });
    expect(second.sessionId).toBe(session.id);
    expect(await second.ephemerals(root)).toEqual([`${root}/e`]);
    await second.close();
    expect(await zk.exists(`${root}/e`)).toBeNull();
  });

  test('expiry is told, fails everything and is final', async () => {
    const victim = await another();
    const told: string[] = [];
    victim.on('state', ({ state }) => told.push(state));
    const watched: string[] = [];
    await victim.exists(`${root}/w`, { watch: ({ state }) => watched.push(state) });
    // Who has id and password may end the session; the victim learns of it when it comes back.
    const session = { id: victim.sessionId, password: victim.sessionPassword };
    const killer = await another('', { session });
    await killer.close();
    await waitFor('the expiry', () => victim.state === 'expired');
    expect(told.filter((state) => state !== 'connecting')).toEqual(['disconnected', 'expired']);
    expect(watched).toEqual(['Disconnected', 'Expired']);
    expect(await codeOf(victim.get('/'))).toBe('SessionExpired');
    await victim.close();
    expect(victim.state).toBe('expired');
  });

  test('a restarted server finds the session, its credentials, ephemerals and watches again', async () => {
    const states: string[] = [];
    zk.on('state', ({ state }) => states.push(state));
    const events: string[] = [];
    zk.on('event', ({ type, path, state }) => events.push(path === null ? state : type));
    await zk.create(`${root}/e`, null, { mode: 'ephemeral' });
    await zk.addAuth('digest', 'user:password');
    await zk.create(`${root}/mine`, 'secret', { acl: CREATOR_ALL_ACL });
    await zk.get(root, { watch: true });
    await zk.addWatch(`${root}/p`, 'persistent');
    const { sessionId } = zk;
    const iterated: IteratedEvent[] = [];
    const loop = (async () => {
      for await (const event of zk.watch(`${root}/p`)) {
        iterated.push(event);
        if (event.type === 'NodeDeleted') break;
      }
    })();
    // Answered after the iterator's watch is set.
    await zk.sync('/');
    await server.kill();
    await waitFor('the disconnection', () => states.includes('disconnected'));
    expect(await codeOf(zk.get(root))).toBe('ConnectionLoss');
    await server.restart();
    await waitFor('the reconnection', () => states.at(-1) === 'connected');
    expect(zk.sessionId).toBe(sessionId);
    expect(await zk.ephemerals(root)).toEqual([`${root}/e`]);
    expect(await zk.getString(`${root}/mine`)).toBe('secret');
    const other = await another();
    await other.set(root, 'changed');
    await other.create(`${root}/p`);
    await other.delete(`${root}/p`);
    await zk.sync('/');
    expect(events).toEqual([
      'Disconnected',
      'SyncConnected',
      'NodeDataChanged',
      'NodeCreated',
      'NodeDeleted',
    ]);
    await loop;
    expect(iterated.map(({ type, gap }) => [type, gap])).toEqual([
      ['NodeCreated', true],
      ['NodeDeleted', false],
    ]);
  });

  test('a server that is not there is told with its reason, and found when it comes', async () => {
    const port = await freePort();
    const nowhere = `127.0.0.1:${port}`;
    const error = await connect(nowhere, { connectTimeout: 300 }).catch((e) => e);
    expect(error).toMatchObject({ code: 'ConnectionLoss' });
    expect(error.cause.message).toBe(`connect ECONNREFUSED ${nowhere}`);
    const waiting = createClient(`${nowhere},${server.address}`);
    clients.push(waiting);
    await waiting.whenConnected({ timeout: 20_000 });
    expect(waiting.server).toBe(server.address);
  });

  test('a thousand calls at once are answered in the order they were made', async () => {
    const done: number[] = [];
    const calls = Array.from({ length: 1000 }, (_, i) => {
      const call = i % 3 === 0 ? zk.set(root, `${i}`) : zk.get(root);
      return call.then(() => done.push(i));
    });
    await Promise.all(calls);
    expect(done).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    // A read sees the writes of its own session before it.
    const written = zk.set(root, 'last');
    expect(await zk.getString(root)).toBe('last');
    await written;
  });

  test('a name that resolves to several addresses finds the one that listens', async () => {
    const client = await connect(`localhost:${server.port}`, { connectTimeout: 20_000 });
    clients.push(client);
    expect(client.server).toBe(`localhost:${server.port}`);
    expect(await client.exists('/')).not.toBeNull();
  });
});
