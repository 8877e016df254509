// What a client may ask for while too much is in work already.
import { describe, expect, it } from 'vitest';
import { Reader } from '../../../src/wire/bytes.ts';
import { ErrorCode } from '../../../src/wire/errors.ts';
import { MultiRequest, MultiResponse } from '../../../src/wire/multi.ts';
import { OpCode } from '../../../src/wire/opcodes.ts';
import { LoneServer } from '../../support/loneServer.ts';
import {
  connectFrame,
  createFrame,
  existsFrame,
  pingFrame,
  requestFrame,
  setDataFrame,
} from '../../support/requestFrames.ts';

/** xid and err of a reply. */
const told = (frame: string): [number, number] => {
  const bytes = Buffer.from(frame, 'hex');
  return [bytes.readInt32BE(4), bytes.readInt32BE(16)];
};

function connected(server: LoneServer) {
  const client = server.connect();
  server.send(client, connectFrame());
  server.release();
  client.frames();
  return client;
}

describe('connectionMaxTokens', () => {
  it('closes whoever connects beyond them without an answer, and says so once each', () => {
    const server = new LoneServer({ throttle: { maxTokens: 2, fillTimeMs: 1000 } });
    connected(server);
    connected(server);
    const third = server.connect();
    server.send(third, connectFrame());
    expect(third.isClosed).toBe(true);
    expect(third.frames()).toEqual([]);
    expect(server.reports.filter((line) => line.includes('Too many connect'))).toHaveLength(1);
    server.pass(1001);
    const fourth = server.connect();
    server.send(fourth, connectFrame());
    expect(fourth.isClosed).toBe(false);
    expect(server.replica.stats.connectionsDropped).toBe(1);
  });
});

describe('requestThrottleLimit', () => {
  it('leaves the frames of all connections unread until a commit, and then serves in turns', () => {
    const server = new LoneServer({ slowDisk: true, maxInWork: 2 });
    const clients = [connected(server), connected(server), connected(server)];
    for (const [i, client] of clients.entries()) {
      server.send(client, createFrame(1, `/a${i}`), createFrame(2, `/b${i}`), pingFrame);
    }
    expect(server.replica.pipeline.load.count).toBe(2);
    // The first had two writes in work; the others are not read while that is so.
    const order: string[] = [];
    for (let turn = 0; turn < 10; turn++) {
      expect(server.replica.pipeline.load.count).toBeLessThanOrEqual(2);
      server.release();
      for (const [i, client] of clients.entries()) {
        for (const frame of client.frames()) order.push(`${i}:${told(frame).join('/')}`);
      }
    }
    const perClient = (i: number) => order.filter((line) => line.startsWith(`${i}:`));
    for (const i of [0, 1, 2]) expect(perClient(i)).toEqual([`${i}:1/0`, `${i}:2/0`, `${i}:-2/0`]);
    expect(server.replica.stats.throttleWaits).toBeGreaterThan(0);
  });
});

describe('largeRequestMaxBytes', () => {
  it('ends the connection whose large write has no room beside those in work', () => {
    const largeRequests = { threshold: 1000, maxBytes: 5000 };
    const server = new LoneServer({ slowDisk: true, largeRequests });
    const first = connected(server);
    const second = connected(server);
    const third = connected(server);
    server.send(first, createFrame(1, '/big', 'x'.repeat(4000)));
    server.send(second, createFrame(1, '/other', 'y'.repeat(2000)));
    server.send(third, createFrame(1, '/small', 'z'.repeat(500)));
    expect(second.isClosed).toBe(true);
    expect(server.reports.filter((line) => line.includes('largeRequestMaxBytes'))).toHaveLength(1);
    server.release();
    expect(told(first.frames()[0] ?? '')).toEqual([1, ErrorCode.ok]);
    expect(told(third.frames()[0] ?? '')).toEqual([1, ErrorCode.ok]);
    expect(server.replica.pipeline.load.largeBytes).toBe(0);
    server.send(third, setDataFrame(2, '/small', 'z'.repeat(4500)), existsFrame(3, '/other'));
    server.release();
    expect(third.frames().map(told)).toEqual([
      [2, ErrorCode.ok],
      [3, ErrorCode.noNode],
    ]);
  });
});

describe('a multiRead for more than memory could hold', () => {
  it('is answered up to 32 MB, and the rest of its parts with ThrottledOp', () => {
    const server = new LoneServer();
    const client = connected(server);
    server.send(client, createFrame(1, '/big', 'x'.repeat(900_000)));
    client.frames();
    const parts = Array.from({ length: 20_000 }, () => ({
      type: OpCode.getData,
      request: { path: '/big', watch: false },
    }));
    server.send(client, requestFrame(2, OpCode.multiRead, MultiRequest, parts));
    const [frame = ''] = client.frames();
    expect(told(frame)).toEqual([2, ErrorCode.ok]);
    const results = MultiResponse.read(new Reader(Buffer.from(frame, 'hex'), 20));
    const isRead = ({ type }: { type: number }) => type === OpCode.getData;
    expect(results.length).toBe(20_000);
    expect(results.filter(isRead).length).toBe(38);
    const refused = results.filter((result) => !isRead(result));
    expect(new Set(refused.map((result) => JSON.stringify(result)))).toEqual(
      new Set([JSON.stringify({ type: OpCode.error, err: ErrorCode.throttledOp })]),
    );
  });
});
