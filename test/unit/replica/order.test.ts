// The order that a client may count on: within its session, between events and replies, behind a sync.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Reader } from '../../../src/wire/bytes.ts';
import { GetDataResponse } from '../../../src/wire/client.ts';
import { EventType } from '../../../src/wire/opcodes.ts';
import { type LoneClient, LoneServer } from '../../support/loneServer.ts';
import { expectSameTree } from '../../support/replay.ts';
import { connected, reply, told } from '../../support/replies.ts';
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
  setDataFrame,
  syncFrame,
} from '../../support/requestFrames.ts';

const { nodeCreated, nodeDeleted, nodeDataChanged, nodeChildrenChanged } = EventType;

const dataOf = (frame: string): string => {
  const { body } = reply(frame);
  const { data } = GetDataResponse.read(new Reader(Buffer.from(body, 'hex')));
  return Buffer.from(data ?? []).toString();
};

describe('requests of a session, with a slow disk', () => {
  it('are answered in order: a read waits for the writes before it, not for those after', () => {
    const server = new LoneServer({ slowDisk: true });
    const { client } = connected(server);
    server.send(
      client,
      getDataFrame(1, '/a'),
      createFrame(2, '/a', 'one'),
      getDataFrame(3, '/a'),
      setDataFrame(4, '/a', 'two'),
      getDataFrame(5, '/a'),
    );
    expect(client.frames().map(told)).toEqual(['1/-101']);
    server.release();
    const frames = client.frames();
    expect(frames.map(told)).toEqual(['2/0', '3/0', '4/0', '5/0']);
    expect(dataOf(frames[1] ?? '')).toBe('one');
    expect(dataOf(frames[3] ?? '')).toBe('two');
  });

  it('do not wait for those of other sessions, which see nothing before it is on disk', () => {
    const server = new LoneServer({ slowDisk: true });
    const [writer, reader] = [connected(server).client, connected(server).client];
    server.send(writer, createFrame(1, '/a'));
    server.send(reader, existsFrame(1, '/a'), pingFrame);
    expect(reader.frames().map(told)).toEqual(['1/-101', '-2/0']);
    server.release();
    server.send(reader, existsFrame(2, '/a'));
    expect(reader.frames().map(told)).toEqual(['2/0']);
  });

  it('a sync is answered when all that was proposed before it is applied', () => {
    const server = new LoneServer({ slowDisk: true });
    const [writer, reader] = [connected(server).client, connected(server).client];
    server.send(writer, createFrame(1, '/a'));
    server.send(reader, syncFrame(1, '/'), existsFrame(2, '/a'));
    expect(reader.frames()).toEqual([]);
    server.send(writer, createFrame(2, '/b'));
    server.release();
    expect(reader.frames().map(told)).toEqual(['1/0', '2/0']);
  });

  it('a sync behind a write of its own is answered once, after it', () => {
    const server = new LoneServer({ slowDisk: true });
    const { client } = connected(server);
    server.send(client, createFrame(1, '/a'), syncFrame(2, '/'), syncFrame(3, '/'));
    server.release();
    server.release();
    expect(client.frames().map(told)).toEqual(['1/0', '2/0', '3/0']);
  });

  it('a sync that waits for others goes before the writes behind it, in one and the same commit', () => {
    const server = new LoneServer({ slowDisk: true });
    const [other, { client }] = [connected(server).client, connected(server)];
    server.send(other, createFrame(1, '/a', 'one'));
    server.send(client, syncFrame(1, '/'), getDataFrame(2, '/a'), setDataFrame(3, '/a', 'two'));
    server.release();
    const frames = client.frames();
    expect(frames.map(told)).toEqual(['1/0', '2/0', '3/0']);
    expect(dataOf(frames[1] ?? '')).toBe('one');
  });

  it('a ping is answered in its place, behind what was asked before', () => {
    const server = new LoneServer({ slowDisk: true });
    const { client } = connected(server);
    server.send(client, createFrame(1, '/a'), pingFrame, existsFrame(2, '/a'));
    expect(client.frames()).toEqual([]);
    server.release();
    expect(client.frames().map(told)).toEqual(['1/0', '-2/0', '2/0']);
  });

  it('behind the connect request wait for its answer, credentials too', () => {
    const server = new LoneServer({ slowDisk: true });
    const client = server.connect();
    server.send(client, connectFrame(), authFrame('digest', 'a:b'), createFrame(1, '/a'));
    expect(client.frames()).toEqual([]);
    server.release();
    expect(client.frames()).toHaveLength(2);
    server.release();
    expect(client.frames().map(told)).toEqual(['1/0']);
  });

  it('behind closeSession are not looked at, and the close comes last', () => {
    const server = new LoneServer({ slowDisk: true });
    const { client } = connected(server);
    server.send(client, createFrame(1, '/a'), closeFrame(2), createFrame(3, '/b'));
    server.send(client, createFrame(4, '/c'));
    expect(client.isClosed).toBe(false);
    server.release();
    expect(client.frames().map(told)).toEqual(['1/0', '2/0']);
    expect(client.isClosed).toBe(true);
    const other = connected(server).client;
    server.send(other, getChildrenFrame(1, '/'), existsFrame(2, '/b'), existsFrame(3, '/c'));
    expect(other.frames().map(told)).toEqual(['1/0', '2/-101', '3/-101']);
  });
});

describe('watch events', () => {
  it('reach a client before any reply that shows the newer state', () => {
    const server = new LoneServer({ slowDisk: true });
    const [writer, watcher] = [connected(server).client, connected(server).client];
    server.send(writer, createFrame(1, '/a', 'one'));
    server.release();
    server.send(watcher, getDataFrame(1, '/a', true));
    watcher.frames();
    server.send(writer, setDataFrame(2, '/a', 'two'));
    server.send(watcher, syncFrame(2, '/a'), getDataFrame(3, '/a'));
    server.release();
    const frames = watcher.frames();
    expect(frames.map(told)).toEqual([`event ${nodeDataChanged} /a`, '2/0', '3/0']);
    expect(dataOf(frames[2] ?? '')).toBe('two');
  });

  it("of a client's own write come before its reply", () => {
    const server = new LoneServer();
    const { client } = connected(server);
    server.send(client, existsFrame(1, '/a', true), getChildrenFrame(2, '/', true));
    server.send(client, createFrame(3, '/a'), existsFrame(4, '/a', true), deleteFrame(5, '/a'));
    expect(client.frames().map(told)).toEqual([
      '1/-101',
      '2/0',
      `event ${nodeCreated} /a`,
      `event ${nodeChildrenChanged} /`,
      '3/0',
      '4/0',
      `event ${nodeDeleted} /a`,
      '5/0',
    ]);
  });

  it('of a closing session reach the others, and itself nothing', () => {
    const server = new LoneServer();
    const [owner, watcher] = [connected(server).client, connected(server).client];
    server.send(owner, createFrame(1, '/e', '', 1), existsFrame(2, '/e', true));
    server.send(watcher, existsFrame(1, '/e', true));
    server.send(owner, closeFrame(3));
    expect(watcher.frames().map(told)).toEqual(['1/0', `event ${nodeDeleted} /e`]);
    expect(owner.isClosed).toBe(true);
  });
});

// -- any interleaving of sessions, chunks and disk ------------------------------------------------

const paths = ['/a', '/b', '/a/c'] as const;
const path = fc.constantFrom(...paths);
const request = fc.oneof(
  path.map((p) => (xid: number) => createFrame(xid, p, `by ${xid}`)),
  path.map((p) => (xid: number) => deleteFrame(xid, p)),
  path.map((p) => (xid: number) => setDataFrame(xid, p, `set by ${xid}`)),
  path.map((p) => (xid: number) => getDataFrame(xid, p, true)),
  path.map((p) => (xid: number) => existsFrame(xid, p, true)),
  path.map((p) => (xid: number) => getChildrenFrame(xid, p, true)),
  path.map((p) => (xid: number) => syncFrame(xid, p)),
  path.map((p) => (xid: number) => addWatchFrame(xid, p, 1)),
);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ by: fc.nat(2), make: request }) },
  { weight: 2, arbitrary: fc.record({ by: fc.nat(2), bytes: fc.nat(60) }) },
  { weight: 1, arbitrary: fc.constant('release' as const) },
);

/** A client whose frames leave it in pieces. */
class Sender {
  readonly client: LoneClient;
  readonly frames: string[] = [];
  asked = 0;
  #unsent = '';

  constructor(server: LoneServer) {
    this.client = connected(server).client;
  }

  ask(make: (xid: number) => string): void {
    this.#unsent += make(++this.asked);
  }

  send(server: LoneServer, bytes: number): void {
    const piece = this.#unsent.slice(0, 2 * bytes);
    this.#unsent = this.#unsent.slice(2 * bytes);
    if (piece !== '') server.send(this.client, piece);
  }

  gather(): void {
    this.frames.push(...this.client.frames());
  }
}

describe('whatever sessions send, in whatever pieces, however slow the disk', () => {
  it('each gets its replies in order with growing zxids, and the log makes the same tree again', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.constantFrom(0, 1, 3),
        (steps, maxInWork) => {
          const server = new LoneServer({ slowDisk: true, maxInWork });
          const senders = [new Sender(server), new Sender(server), new Sender(server)];
          const run = (one: (typeof steps)[number]): void => {
            if (one === 'release') server.release();
            else {
              const sender = senders[one.by];
              if ('make' in one) sender?.ask(one.make);
              else sender?.send(server, one.bytes);
            }
            for (const sender of senders) sender.gather();
          };
          for (const one of steps) run(one);
          for (let by = 0; by < 3; by++) run({ by, bytes: 100_000 });
          for (let turn = 0; turn < 200; turn++) run('release');
          for (const { frames, asked } of senders) {
            const replies = frames.map(reply).filter(({ xid }) => xid > 0);
            expect(replies.map(({ xid }) => xid)).toEqual(
              Array.from({ length: asked }, (_, i) => i + 1),
            );
            const zxids = replies.map(({ zxid }) => zxid);
            expect(zxids).toEqual(zxids.toSorted((a, b) => Number(a - b)));
          }
          expectSameTree(server);
        },
      ),
      { numRuns: 150 },
    );
  });
});
