// node-zookeeper-client, the JavaScript client of the last decade, against the server under test.
import { createRequire } from 'node:module';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWithPeers } from '../support/foreign.ts';
import { waitFor } from '../support/processes.ts';
import { serverUnderTest, startServer, type TestServer } from '../support/servers.ts';

// The package has no types; this is what the tests use of it.
type Callback = (error: { name: string; code: number } | null, ...results: any[]) => void;
interface Client {
  connect(): void;
  close(): void;
  once(event: string, listener: () => void): void;
  on(event: string, listener: () => void): void;
  getSessionId(): Buffer;
  getSessionPassword(): Buffer;
  getSessionTimeout(): number;
  getState(): { name: string };
  addAuthInfo(scheme: string, auth: Buffer): void;
  transaction(): any;
  [method: string]: any;
}
const zookeeper = createRequire(import.meta.url)('node-zookeeper-client') as {
  createClient(address: string, options?: object): Client;
  ACL: any;
  CreateMode: Record<string, number>;
  Event: Record<string, number>;
  Permission: Record<string, number>;
  Id: any;
};
const { CreateMode } = zookeeper;

describeWithPeers('node-zookeeper-client', [], () => {
  let server: TestServer;
  const clients: Client[] = [];
  let count = 0;

  beforeAll(async () => {
    server = await startServer(serverUnderTest);
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await server.stop();
  });

  const connect = (options: object = {}, chroot = ''): Promise<Client> => {
    const all = { sessionTimeout: 20_000, ...options };
    const client = zookeeper.createClient(server.address + chroot, all);
    clients.push(client);
    return new Promise((resolve) => {
      client.once('connected', () => resolve(client));
      client.connect();
    });
  };
  /** Calls a method with a callback; gives its results or throws its error. */
  const call = (client: Client, method: string, ...args: unknown[]): Promise<any> =>
    new Promise((resolve, reject) => {
      const done: Callback = (error, ...results) =>
        error ? reject(error) : resolve(results.length < 2 ? results[0] : results);
      client[method](...args, done);
    });
  const freshPath = () => `/n${++count}`;

  test('create, getData, setData, exists and remove', async () => {
    const client = await connect();
    const path = freshPath();
    expect(await call(client, 'create', path, Buffer.from('one'))).toBe(path);
    const [data, stat] = await call(client, 'getData', path);
    expect(data.toString()).toBe('one');
    expect([stat.version, stat.dataLength, stat.numChildren]).toEqual([0, 3, 0]);
    expect((await call(client, 'setData', path, Buffer.from('two'), 0)).version).toBe(1);
    expect((await call(client, 'exists', path)).version).toBe(1);
    await call(client, 'remove', path, 1);
    expect(await call(client, 'exists', path)).toBe(null);
  });

  test('errors have their names', async () => {
    const client = await connect();
    const path = freshPath();
    await call(client, 'create', path);
    await expect(call(client, 'create', path)).rejects.toMatchObject({ name: 'NODE_EXISTS' });
    await expect(call(client, 'create', `${path}/a/b`)).rejects.toMatchObject({ name: 'NO_NODE' });
    await expect(call(client, 'setData', path, Buffer.alloc(0), 5)).rejects.toMatchObject({
      name: 'BAD_VERSION',
    });
    await call(client, 'create', `${path}/c`);
    await expect(call(client, 'remove', path)).rejects.toMatchObject({ name: 'NOT_EMPTY' });
    await expect(call(client, 'getChildren', '/none')).rejects.toMatchObject({ name: 'NO_NODE' });
  });

  test('ephemeral and sequential nodes', async () => {
    const owner = await connect();
    const other = await connect();
    const path = freshPath();
    await call(owner, 'create', path, null, CreateMode.EPHEMERAL);
    const [, stat] = await call(other, 'getData', path);
    expect(stat.ephemeralOwner.equals(owner.getSessionId())).toBe(true);
    const sequential = await call(
      owner,
      'create',
      `${path}-`,
      null,
      CreateMode.EPHEMERAL_SEQUENTIAL,
    );
    expect(sequential).toMatch(/-\d{10}$/);
    owner.close();
    await waitFor('its end', async () => (await call(other, 'exists', path)) === null);
  });

  test('getChildren with stat, mkdirp, listSubTreeBFS and removeRecursive', async () => {
    const client = await connect();
    const path = freshPath();
    await call(client, 'mkdirp', `${path}/a/b`);
    await call(client, 'create', `${path}/c`);
    const [children, stat] = await call(client, 'getChildren', path);
    expect(children.sort()).toEqual(['a', 'c']);
    expect(stat.numChildren).toBe(2);
    const tree = await call(client, 'listSubTreeBFS', path);
    expect(tree.sort()).toEqual([path, `${path}/a`, `${path}/c`]); // it goes down one level only
    await call(client, 'remove', `${path}/a/b`);
    await call(client, 'removeRecursive', path, -1);
    expect(await call(client, 'exists', path)).toBe(null);
  });

  test('watchers of exists, getData and getChildren', async () => {
    const watching = await connect();
    const acting = await connect();
    const path = freshPath();
    const seen: string[] = [];
    const watcher = (event: { name: string; path: string }) =>
      seen.push(`${event.name} ${event.path}`);
    await call(watching, 'exists', path, watcher);
    await call(acting, 'create', path);
    await waitFor('the creation', () => seen.length === 1);
    await call(watching, 'getData', path, watcher);
    await call(watching, 'getChildren', path, watcher);
    await call(acting, 'setData', path, Buffer.from('x'), -1);
    await call(acting, 'create', `${path}/c`);
    await waitFor('two changes', () => seen.length === 3);
    await call(acting, 'remove', `${path}/c`, -1);
    await call(watching, 'getData', path, watcher);
    await call(acting, 'remove', path, -1);
    await waitFor('the deletion', () => seen.length === 4);
    expect(seen).toEqual([
      `NODE_CREATED ${path}`,
      `NODE_DATA_CHANGED ${path}`,
      `NODE_CHILDREN_CHANGED ${path}`,
      `NODE_DELETED ${path}`,
    ]);
  });

  test('a transaction commits, or fails as a whole', async () => {
    const client = await connect();
    const path = freshPath();
    const good = client
      .transaction()
      .create(path)
      .setData(path, Buffer.from('x'), 0)
      .check(path, 1);
    await new Promise<void>((resolve, reject) =>
      good.commit((error: unknown) => (error ? reject(error) : resolve())),
    );
    const bad = client.transaction().create(`${path}/c`).check(path, 9);
    const failure = await new Promise<any>((resolve) => bad.commit(resolve));
    expect(failure.name).toBe('BAD_VERSION');
    expect(await call(client, 'exists', `${path}/c`)).toBe(null);
  });

  test('access lists and digest authentication', async () => {
    const client = await connect();
    const other = await connect();
    const path = freshPath();
    client.addAuthInfo('digest', Buffer.from('bob:pw'));
    await call(client, 'create', path, Buffer.from('x'), zookeeper.ACL.CREATOR_ALL_ACL);
    const [acls, stat] = await call(client, 'getACL', path);
    expect(acls[0].id.id).toMatch(/^bob:/);
    await expect(call(other, 'getData', path)).rejects.toMatchObject({ name: 'NO_AUTH' });
    await call(client, 'setACL', path, zookeeper.ACL.OPEN_ACL_UNSAFE, stat.aversion);
    expect((await call(other, 'getData', path))[0].toString()).toBe('x');
  });

  test('a chroot is invisible to the client', async () => {
    const outer = await connect();
    const path = freshPath();
    await call(outer, 'create', path);
    const inner = await connect({}, path);
    expect(await call(inner, 'create', '/a')).toBe('/a');
    expect(await call(outer, 'exists', `${path}/a`)).not.toBe(null);
  });

  test('the session timeout is negotiated', async () => {
    const client = await connect({ sessionTimeout: 12_345 });
    expect(client.getSessionTimeout()).toBe(12_345);
    expect(client.getSessionPassword().length).toBe(16);
  });

  test('session, ephemerals and watches outlive a crash of the server', async () => {
    const client = await connect();
    const other = await connect();
    const path = freshPath();
    const session = Buffer.from(client.getSessionId());
    const seen: string[] = [];
    await call(client, 'create', path, null, CreateMode.EPHEMERAL);
    await call(client, 'exists', path, (event: { name: string }) => seen.push(event.name));
    const back = [client, other].map(
      (one) => new Promise<void>((done) => one.once('connected', done)),
    );
    await server.restart('SIGKILL');
    await Promise.all(back);
    expect(client.getSessionId().equals(session)).toBe(true);
    const [, stat] = await call(other, 'getData', path);
    expect(stat.ephemeralOwner.equals(session)).toBe(true);
    await call(other, 'setData', path, Buffer.from('x'), -1);
    await waitFor('the event', () => seen.includes('NODE_DATA_CHANGED'));
  });
});
