// `zk bench` against a server of ours: every workload, what is left behind, and what a wrong reply does.
import { execFile } from 'node:child_process';
import { createServer, connect as openSocket, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, type ZooKeeper } from '../../src/client/index.ts';
import { freePort } from '../support/processes.ts';
import { startOurs, type TestServer } from '../support/servers.ts';

const program = join(import.meta.dirname, '../../bin/zk');
let server: TestServer;
let zk: ZooKeeper;

beforeAll(async () => {
  server = await startOurs();
  zk = await connect(server.address);
});
afterAll(async () => {
  await zk.close();
  await server.stop();
});

interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const bench = (...words: string[]): Promise<Ran> =>
  new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [program, 'bench', ...words],
      (_error, stdout, stderr) => resolve({ status: child.exitCode ?? -1, stdout, stderr }),
    );
  });
const short = ['--duration', '300ms', '--warm-up', '100ms', '--connections', '3', '--keys', '20'];

describe('a workload', () => {
  for (const workload of ['read', 'write', 'mix', 'create', 'watch', 'session']) {
    it(`${workload} is measured, and leaves nothing behind`, async () => {
      const more = ['--depth', '8', '--json', '-server', server.address];
      const ran = await bench(workload, ...short, ...more);
      expect(ran).toMatchObject({ status: 0, stderr: '' });
      const measured = JSON.parse(ran.stdout);
      expect(measured).toMatchObject({ workload, connections: 3, server: server.address });
      expect(measured.operations).toBeGreaterThan(0);
      expect(measured.latencyUs.p50).toBeGreaterThan(0);
      expect(measured.latencyUs.p999).toBeGreaterThanOrEqual(measured.latencyUs.p50);
      expect((await zk.children('/')).names).toEqual(['zookeeper']);
    });
  }

  it('at a fixed rate does no more than that', async () => {
    const ran = await bench('read', ...short, '--rate', '200', '--json', '-server', server.address);
    const { opsPerSecond } = JSON.parse(ran.stdout);
    expect(opsPerSecond).toBeGreaterThan(100);
    expect(opsPerSecond).toBeLessThan(300);
  });

  it('is told in lines for people, with the cost of the generator itself', async () => {
    const { stdout } = await bench('mix', ...short, '--server', server.address);
    expect(stdout).toMatch(/^mix with 80% reads, 3 connections x 1, 100 bytes, 20 keys, /);
    expect(stdout).toMatch(
      /\n[\d,]+ operations\/s .*\nread .*\nwrite .*\nthis program spent [\d.]+ us/,
    );
  });

  it('compares two servers and leaves nothing at either', async () => {
    const { address } = server;
    const ran = await bench('read', ...short, '--compare', address, address, '--rounds', '2');
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(ran.stdout).toMatch(/^throughput +\d+\.\d+ \[\d/m);
    expect((await zk.children('/')).names).toEqual(['zookeeper']);
  });
});

/** Passes bytes on, but changes the key in the data of the answers. */
async function lyingProxy(): Promise<{ proxy: Server; address: string }> {
  const proxy = createServer((client) => {
    const upstream = openSocket(server.port, server.host);
    client.pipe(upstream);
    upstream.on('data', (chunk) => {
      const at = chunk.indexOf('ench zk bench');
      if (at > 0) chunk[at - 1] = (chunk[at - 1] ?? 0) ^ 1;
      client.write(chunk);
    });
    for (const socket of [client, upstream]) {
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
  });
  const port = await freePort();
  await new Promise<void>((resolve) => proxy.listen(port, '127.0.0.1', resolve));
  return { proxy, address: `127.0.0.1:${port}` };
}

/** Passes everything on, but drops all connections once, when so many bytes came from clients. */
async function droppingProxy(after: number): Promise<{ proxy: Server; address: string }> {
  const sockets = new Set<Socket>();
  let left = after;
  const proxy = createServer((client) => {
    const up = openSocket(server.port, server.host);
    for (const [from, to] of [
      [client, up],
      [up, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => undefined).on('close', () => to.destroy());
      from.pipe(to);
    }
    client.on('data', ({ length }) => {
      const isNow = left > 0 && left <= length;
      left -= length;
      if (isNow) for (const socket of sockets) socket.destroy();
    });
  });
  const port = await freePort();
  await new Promise<void>((resolve) => proxy.listen(port, '127.0.0.1', resolve));
  return { proxy, address: `127.0.0.1:${port}` };
}

describe('a failure', () => {
  it('of the connections ends with 1, and the znodes go over a new one', async () => {
    const { proxy, address } = await droppingProxy(50_000);
    const ran = await bench('write', ...short, '--duration', '1m', '--server', address);
    proxy.close();
    expect(ran.status).toBe(1);
    expect(ran.stderr).toMatch(/^127\.0\.0\.1:\d+: the connection is lost: [^\n]+\n$/);
    expect((await zk.children('/')).names).toEqual(['zookeeper']);
  });

  it('of the server to answer rightly ends with 1, and the znodes go nevertheless', async () => {
    const { proxy, address } = await lyingProxy();
    const ran = await bench('read', ...short, '--server', address);
    proxy.close();
    expect(ran.status).toBe(1);
    expect(ran.stderr).toMatch(/^wrong reply: data of key \d+ in \/zk-bench-[0-9a-f]+\/\d+\n$/);
    expect((await zk.children('/')).names).toEqual(['zookeeper']);
  });

  it('to get an answer is not put into the mouth of the server', async () => {
    const ran = await bench('write', ...short, '--size', '2000000', '--server', server.address);
    expect(ran.status).toBe(1);
    expect(ran.stderr).toMatch(
      /^no answer to 2000\d+ bytes, jute\.maxbuffer of the server may be smaller: .*ConnectionLoss/,
    );
    expect((await zk.children('/')).names).toEqual(['zookeeper']);
  });

  it('to connect ends with 3', async () => {
    const address = `127.0.0.1:${await freePort()}`;
    const ran = await bench('read', ...short, '--server', address);
    expect(ran).toEqual({
      status: 3,
      stdout: '',
      stderr: `cannot connect to ${address}: connect ECONNREFUSED ${address}\n`,
    });
  });

  it('to find room for its znodes ends with 1 and touches nothing', async () => {
    await zk.create('/taken', 'mine');
    const ran = await bench('read', ...short, '--path', '/taken', '--server', server.address);
    expect(ran.status).toBe(1);
    expect(ran.stderr).toBe('/taken exists: take another --path, or delete it first\n');
    expect(await zk.getString('/taken')).toBe('mine');
    await zk.delete('/taken');
  });

  it.each([
    [['nonsense'], /invalid for argument 'workload'/],
    [['read', '--size', 'x'], /Not a whole number/],
    [['read', '--compare', 'one'], /takes two servers/],
    [['read', '--server', 'a:99999999'], /is not a port/],
  ])('of the user, %j, ends with 2 and one line', async (words, message) => {
    const ran = await bench(...words);
    expect(ran).toMatchObject({ status: 2, stdout: '' });
    expect(ran.stderr).toMatch(message);
    expect(ran.stderr.trim().split('\n')).toHaveLength(1);
  });
});
