// Clients that mean harm, or are merely broken: they cost little, and the others do not notice.
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { connect as connectSocket, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MultiRequest } from '../../src/wire/multi.ts';
import { OpCode } from '../../src/wire/opcodes.ts';
import { memoryOf, waitFor } from '../support/processes.ts';
import { RawConnection } from '../support/rawConnection.ts';
import {
  addWatchFrame,
  connectFrame,
  createFrame,
  existsFrame,
  getDataFrame,
  pingFrame,
  requestFrame,
  setDataFrame,
} from '../support/requestFrames.ts';
import { fourLetterWord, startOurs, type TestServer } from '../support/servers.ts';

const MIB = 1 << 20;
const LIMIT = 100 * MIB;

let server: TestServer;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server.stop();
});

const memory = (): number => memoryOf(server.pid);

const bytes = (...frames: string[]): Buffer => Buffer.from(frames.join(''), 'hex');

const descriptors = (): number => readdirSync(`/proc/${server.pid}/fd`).length;

/** A socket that never reads. */
async function deaf(): Promise<Socket> {
  const socket = connectSocket({ port: server.port, host: '127.0.0.1' });
  sockets.push(socket);
  socket.on('error', () => undefined); // a reset is a way to be closed: 'close' follows
  socket.pause();
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

/** A client that has its session. */
async function client(): Promise<RawConnection> {
  const link = await RawConnection.open(server.port);
  link.send(bytes(connectFrame()));
  expect(await link.replies(1, false)).toHaveLength(1);
  return link;
}

/** A ping that is answered, within what a busy machine may need. */
async function isServed(link: RawConnection): Promise<void> {
  const before = performance.now();
  link.send(bytes(pingFrame));
  expect(await link.replies(1, false)).toHaveLength(1);
  expect(performance.now() - before).toBeLessThan(30_000);
}

/** One ping after the other until `isOver`: so many at least are answered meanwhile, at any speed. */
async function isServedUntil(
  isOver: () => boolean,
  link: RawConnection,
  least: number,
): Promise<void> {
  let pings = 0;
  for (; !isOver(); pings++) await isServed(link);
  expect(pings).toBeGreaterThanOrEqual(least);
}

const logLines = (pattern: RegExp): string[] =>
  server
    .log()
    .split('\n')
    .filter((line) => pattern.test(line));

/** Polls until the log has `count` such lines, and holds that there are no more. */
async function expectLines(pattern: RegExp, count: number): Promise<void> {
  await waitFor(`${count} lines like ${pattern}`, () => logLines(pattern).length >= count, 5000);
  expect(logLines(pattern)).toHaveLength(count);
}

describe('with the usual limits', () => {
  beforeEach(async () => {
    server = await startOurs({ config: { 'nio.sessionlessCnxnTimeout': 1500 } });
  });

  test('a client that asks for 27 GB and never reads costs a few answers', async () => {
    const other = await client();
    other.send(bytes(createFrame(1, '/big', 'x'.repeat(900_000))));
    expect(await other.replies(1, false)).toHaveLength(1);
    const before = memory();
    const reader = await deaf();
    reader.write(bytes(connectFrame()));
    for (let xid = 1; xid <= 30_000; xid++) reader.write(bytes(getDataFrame(xid, '/big')));
    for (let i = 0; i < 20; i++) await isServed(other);
    expect(memory() - before).toBeLessThan(LIMIT);
  });

  test('a client that pipelines 270 MB of writes is read as fast as the disk takes them', async () => {
    const other = await client();
    other.send(bytes(createFrame(1, '/big')));
    expect(await other.replies(1, false)).toHaveLength(1);
    const before = memory();
    const writer = await client();
    const frame = bytes(setDataFrame(7, '/big', 'x'.repeat(900_000)));
    for (let i = 0; i < 300; i++) writer.send(frame);
    let peak = 0;
    let answered = 0;
    await waitFor('the last answer', async () => {
      await isServed(other);
      peak = Math.max(peak, memory());
      answered += writer.frames().length;
      return answered === 300;
    });
    expect(peak - before).toBeLessThan(2 * LIMIT);
  });

  test('who watches much and never reads is cut, with one line', async () => {
    const before = memory();
    const path = `/${'w'.repeat(1500)}`;
    const other = await client();
    other.send(bytes(createFrame(1, path)));
    expect(await other.replies(1, false)).toHaveLength(1);
    const watcher = await deaf();
    watcher.write(bytes(connectFrame(), addWatchFrame(1, path, 0)));
    await waitFor('the watch', async () =>
      (await fourLetterWord(server.port, 'wchs'))?.includes('Total watches:1'),
    );
    let closed = false;
    for (let round = 0; round < 80 && !closed; round++) {
      const frames = Array.from({ length: 500 }, (_, i) => setDataFrame(round * 500 + i, path, ''));
      other.send(bytes(...frames));
      expect(await other.replies(500, false)).toHaveLength(500);
      closed = logLines(/lie unread/).length > 0;
    }
    await expectLines(/lie unread/, 1);
    await isServed(other);
    expect(memory() - before).toBeLessThan(LIMIT);
  });

  test('who is slow with one answer of 22 MB gets it whole, events behind it', async () => {
    const other = await client();
    other.send(bytes(createFrame(1, '/big', 'x'.repeat(900_000))));
    expect(await other.replies(1, false)).toHaveLength(1);
    const slow = await deaf();
    const parts = Array.from({ length: 25 }, () => ({
      type: OpCode.getData,
      request: { path: '/big', watch: false },
    }));
    const multiRead = requestFrame(2, OpCode.multiRead, MultiRequest, parts);
    slow.write(bytes(connectFrame(), existsFrame(1, '/big', true), multiRead));
    await waitFor('the watch', async () =>
      (await fourLetterWord(server.port, 'wchs'))?.includes('Total watches:1'),
    );
    other.send(bytes(setDataFrame(3, '/big', '')));
    expect(await other.replies(1, false)).toHaveLength(1);
    let received = 0;
    let last = Buffer.alloc(0);
    slow.on('data', (chunk: Buffer) => {
      received += chunk.length;
      last = Buffer.concat([last, chunk]).subarray(-9);
    });
    slow.resume();
    await waitFor('all of it', () => received > 22_500_000 && last.includes('/big'), 10_000);
    expect(logLines(/lie unread/)).toEqual([]);
  });

  test('connections that asked for much once, and idle, give their memory back', async () => {
    const other = await client();
    other.send(bytes(createFrame(1, '/big', 'x'.repeat(900_000))));
    expect(await other.replies(1, false)).toHaveLength(1);
    const before = memory();
    const links: RawConnection[] = [];
    // 270 MB if they kept it; what is garbage already may wait for its collection.
    for (let i = 0; i < 300; i += 10) {
      const some = await Promise.all(Array.from({ length: 10 }, () => client()));
      for (const link of some) link.send(bytes(getDataFrame(1, '/big')));
      for (const link of some) expect(await link.replies(1, false)).toHaveLength(1);
      links.push(...some);
    }
    expect(memory() - before).toBeLessThan(2 * LIMIT);
    for (const link of links) link.end();
  });

  test('connections that say nothing, or one byte, are closed in time and cost little', async () => {
    const other = await client();
    const before = memory();
    const links = await Promise.all(
      Array.from({ length: 400 }, () => RawConnection.open(server.port)),
    );
    for (const [i, link] of links.entries()) if (i % 2 === 0) link.send(Buffer.from([0]));
    await isServed(other);
    expect(memory() - before).toBeLessThan(LIMIT);
    await waitFor('all to be closed', () => links.every((link) => link.isClosed), 8000);
    await isServed(other);
  });

  test('frames announced at full length that come in single bytes cost what has come', async () => {
    const other = await client();
    const before = memory();
    const links = await Promise.all(
      Array.from({ length: 200 }, () => RawConnection.open(server.port)),
    );
    const header = Buffer.alloc(4);
    header.writeInt32BE(1_000_000);
    for (let i = 0; i < 4; i++) for (const link of links) link.send(header.subarray(i, i + 1));
    for (let i = 0; i < 50; i++) for (const link of links) link.send(Buffer.from([i]));
    await isServed(other);
    expect(memory() - before).toBeLessThan(LIMIT);
    for (const link of links) link.end();
  });

  test('requests that arrive byte by byte are answered', async () => {
    const link = await RawConnection.open(server.port);
    const all = bytes(connectFrame(), createFrame(1, '/slow', 'data'), existsFrame(2, '/slow'));
    for (const byte of all) {
      link.send(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await link.replies(3, false)).toHaveLength(3);
  });

  test('garbage of many kinds closes its own connection, with one line each', async () => {
    const other = await client();
    const garbage: [string, Buffer][] = [
      ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
      ['TLS', bytes('160301020001000000')],
      ['a negative length', bytes('ffffffff')],
      ['one byte too many', bytes('00100000')],
      ['the largest length', bytes('7fffffff')],
      ['an empty frame', bytes('00000000')],
      ['a cut connect request', bytes('0000000400000000')],
      ['noise', Buffer.concat([bytes('ff'), randomBytes(100_000)])],
    ];
    for (const [i, [name, data]] of garbage.entries()) {
      const link = await RawConnection.open(server.port);
      link.send(data);
      await waitFor(`${name} to be closed`, () => link.isClosed, 5000);
      await expectLines(/WARN.*\/127\.0\.0\.1:\d+/, i + 1);
    }
    await isServed(other);
  });

  test('an oversized frame in a session closes it, its session lives on', async () => {
    const other = await client();
    const link = await RawConnection.open(server.port);
    link.send(bytes(connectFrame()));
    const [hello = ''] = await link.replies(1, false);
    link.send(bytes(createFrame(1, '/mine', '', 1)));
    await link.replies(1, false);
    link.send(bytes('00200000', '00'.repeat(1000)));
    await waitFor('the close', () => link.isClosed, 5000);
    await expectLines(/Len error.*advertised length of 2097152/, 1);
    const again = await RawConnection.open(server.port);
    const session = BigInt(`0x${hello.slice(24, 40)}`);
    const password = Buffer.from(hello.slice(48, 80), 'hex');
    again.send(bytes(connectFrame({ session, password }), existsFrame(1, '/mine')));
    const [, exists = ''] = await again.replies(2, false);
    expect(Buffer.from(exists, 'hex').readInt32BE(16)).toBe(0);
    await isServed(other);
  });

  test('2,000 clients that connect at once all get sessions, while others are served', async () => {
    const other = await client();
    const before = memory();
    const storm = Promise.all(
      Array.from({ length: 2000 }, async () => {
        const link = await RawConnection.open(server.port);
        link.send(bytes(connectFrame()));
        return link;
      }),
    );
    let isOver = false;
    const links = storm.finally(() => {
      isOver = true;
    });
    await isServedUntil(() => isOver, other, 1);
    const granted = new Set<string>();
    await waitFor('all sessions', async () => {
      await isServed(other);
      for (const link of await links)
        for (const hello of link.frames()) granted.add(hello.slice(24, 40));
      return granted.size === 2000;
    });
    const taken = memory() - before;
    expect(taken).toBeLessThan(LIMIT);
    for (const link of await links) link.end();
    await waitFor('all to be gone', async () =>
      (await fourLetterWord(server.port, 'srvr'))?.includes('Connections: 2\n'),
    );
    await isServed(other);
    await waitFor('their memory to be given back', () => memory() - before < taken / 2);
  });

  test.each([
    // What needs no disk is over in a moment.
    ['pings', 1, () => pingFrame],
    ['reads', 1, (i: number) => existsFrame(i, '/flood')],
    ['writes', 5, (i: number) => setDataFrame(i, '/flood', 'x'.repeat(100))],
    ['watches', 1, (i: number) => addWatchFrame(i, `/flood${i}`, 0)],
  ])(
    'a flood of %s from 40 clients that do read leaves room for others',
    async (_, least, frame) => {
      const other = await client();
      other.send(bytes(createFrame(1, '/flood')));
      expect(await other.replies(1, false)).toHaveLength(1);
      const before = memory();
      const links = await Promise.all(Array.from({ length: 40 }, () => client()));
      const flood = bytes(...Array.from({ length: 1000 }, (__, i) => frame(i)));
      for (const link of links) link.send(flood);
      let answered = 0;
      const isOver = () => {
        for (const link of links) answered += link.frames().length;
        return answered === 40_000;
      };
      await isServedUntil(isOver, other, least);
      expect(memory() - before).toBeLessThan(LIMIT);
      for (const link of links) link.end();
    },
  );

  test('a flood of four-letter words leaves room for others', async () => {
    const other = await client();
    const before = memory();
    const flood = Promise.all(
      Array.from({ length: 20 }, async () => {
        for (let i = 0; i < 25; i++) {
          for (const word of ['mntr', 'cons', 'wchp']) {
            expect(await fourLetterWord(server.port, word)).not.toBeNull();
          }
        }
      }),
    );
    let isOver = false;
    const done = flood.finally(() => {
      isOver = true;
    });
    await isServedUntil(() => isOver, other, 5);
    await done;
    expect(memory() - before).toBeLessThan(LIMIT);
  });

  test('a crowd that comes and goes at once leaves nothing behind', async () => {
    const other = await client();
    const before = memory();
    const descriptorsBefore = descriptors();
    for (let round = 0; round < 10; round++) {
      const links = await Promise.all(
        Array.from({ length: 100 }, () => RawConnection.open(server.port)),
      );
      for (const [i, link] of links.entries()) {
        link.send(bytes(connectFrame()));
        // Some wait for their session, and leave a watch behind.
        if (i % 10 === 0) await link.replies(1, false);
        link.send(bytes(existsFrame(1, `/watched${round}-${i}`, true)));
        link.end();
      }
    }
    await waitFor('all to be gone', async () =>
      (await fourLetterWord(server.port, 'srvr'))?.includes('Connections: 2\n'),
    );
    await isServed(other);
    expect(memory() - before).toBeLessThan(LIMIT);
    expect(await fourLetterWord(server.port, 'wchs')).toContain('0 connections watching 0 paths');
    // The log was opened meanwhile, and the sockets of the words may be about to be closed.
    await waitFor('the descriptors', () => descriptors() <= descriptorsBefore + 2);
  });
});

describe('limits on connections', () => {
  test('maxClientCnxns refuses the next one from an address with a line, until one goes', async () => {
    server = await startOurs({ config: { maxClientCnxns: 3 } });
    const [first, second] = [await client(), await client()];
    const third = await client();
    const fourth = await RawConnection.open(server.port);
    await waitFor('the refusal', () => fourth.isClosed, 5000);
    await expectLines(/Too many connections from \/127\.0\.0\.1 - max is 3/, 1);
    await isServed(first);
    await isServed(third);
    second.end();
    await waitFor('room again', async () =>
      (await fourLetterWord(server.port, 'srvr'))?.includes('Connections: 3\n'),
    );
    await isServed(await client());
  });

  test('maxCnxns refuses the next one from anywhere', async () => {
    server = await startOurs({ config: { maxCnxns: 2 } });
    const first = await client();
    await client();
    const third = await RawConnection.open(server.port);
    await waitFor('the refusal', () => third.isClosed, 5000);
    await expectLines(/Too many connections.* - max is 2 in all/, 1);
    await isServed(first);
  });

  test('connectionMaxTokens refuses sessions beyond the bucket', async () => {
    const config = { connectionMaxTokens: 2, connectionTokenFillTime: 3_600_000 };
    server = await startOurs({ config });
    const first = await client();
    await client();
    const third = await RawConnection.open(server.port);
    third.send(bytes(connectFrame()));
    await waitFor('the refusal', () => third.isClosed, 5000);
    expect(third.frames()).toEqual([]);
    await expectLines(/Too many connect requests/, 1);
    await isServed(first);
  });
});
