// Bugs that Apache's server had at one time, each as what must not happen here.
import { describe, expect, it } from 'vitest';
import { zxid } from '../../../src/base/ids.ts';
import { State } from '../../../src/state/state.ts';
import { CreateRequest } from '../../../src/wire/client.ts';
import type { Acl } from '../../../src/wire/data.ts';
import { OpCode, Perm } from '../../../src/wire/opcodes.ts';
import { LoneServer } from '../../support/loneServer.ts';
import { expectSameTree } from '../../support/replay.ts';
import { connected, told } from '../../support/replies.ts';
import {
  addWatchFrame,
  authFrame,
  createFrame,
  deleteFrame,
  existsFrame,
  getChildrenFrame,
  pingFrame,
  requestFrame,
  setDataFrame,
} from '../../support/requestFrames.ts';

const OLDEST = -(2 ** 31);

/** A server whose root has this version. */
function rootAt(version: number): LoneServer {
  const state = new State();
  state.tree.setData('/', null, version, zxid(0n), 0);
  return new LoneServer({ state });
}

const versionOf = (server: LoneServer, path: string) =>
  server.replica.state.tree.get(path)?.version;

describe('the version of a znode (ZOOKEEPER-4743)', () => {
  it('goes on below zero behind the last positive one', () => {
    const server = rootAt(2 ** 31 - 1);
    const { client } = connected(server);
    server.send(client, setDataFrame(1, '/', 'a', 2 ** 31 - 1), setDataFrame(2, '/', 'b', OLDEST));
    expect(client.frames().map(told)).toEqual(['1/0', '2/0']);
    expect(versionOf(server, '/')).toBe(OLDEST + 1);
  });

  it.each([-1, -2])('never becomes -1, which would fit any; asked for with %i', (asked) => {
    const server = rootAt(-2);
    const { client } = connected(server);
    server.send(client, setDataFrame(1, '/', 'a', asked));
    expect(client.frames().map(told)).toEqual(['1/0']);
    expect(versionOf(server, '/')).toBe(0);
    server.send(client, setDataFrame(2, '/', 'b', -2), setDataFrame(3, '/', 'b', 0));
    expect(client.frames().map(told)).toEqual(['2/-103', '3/0']);
    expect(versionOf(server, '/')).toBe(1);
  });
});

const OWNER = 'bob:secret';
const closed: Acl[] = [{ perms: Perm.all, id: { scheme: 'auth', id: '' } }];
const closedFrame = (xid: number, path: string): string =>
  requestFrame(xid, OpCode.create, CreateRequest, { path, data: null, acl: closed, flags: 0 });

describe('an event about a znode that one may not read (CVE-2024-23944)', () => {
  const events = (watcher: string[]) => {
    const server = new LoneServer();
    const { client: owner } = connected(server);
    server.send(owner, authFrame('digest', OWNER), createFrame(1, '/open'));
    const { client } = connected(server);
    server.send(client, ...watcher);
    client.frames();
    server.send(
      owner,
      closedFrame(2, '/open/x'),
      setDataFrame(3, '/open/x', 'data'),
      closedFrame(4, '/open/x/y'),
      deleteFrame(5, '/open/x/y'),
      deleteFrame(6, '/open/x'),
    );
    expect(owner.frames().map(told).slice(-5)).toEqual(['2/0', '3/0', '4/0', '5/0', '6/0']);
    return client.frames().map(told);
  };
  const [CREATED, DELETED, CHANGED, CHILDREN] = [1, 2, 3, 4];

  it('does not come to a recursive watch further up, nor to one on its name', () => {
    expect(events([addWatchFrame(1, '/open', 1)])).toEqual([]);
    expect(events([addWatchFrame(1, '/open/x', 0)])).toEqual([]);
    expect(events([addWatchFrame(1, '/open/x/y', 0)])).toEqual([]);
    expect(events([existsFrame(1, '/open/x', true)])).toEqual([]);
  });

  it('is told to who may, and of the parent to everybody', () => {
    const names = authFrame('digest', OWNER);
    expect(events([names, addWatchFrame(1, '/open', 1)])).toEqual([
      `event ${CREATED} /open/x`,
      `event ${CHANGED} /open/x`,
      `event ${CREATED} /open/x/y`,
      `event ${DELETED} /open/x/y`,
      `event ${DELETED} /open/x`,
    ]);
    expect(events([names, existsFrame(1, '/open/x', true)])).toEqual([`event ${CREATED} /open/x`]);
    expect(events([addWatchFrame(1, '/open', 0)])).toEqual([
      `event ${CHILDREN} /open`,
      `event ${CHILDREN} /open`,
    ]);
  });
});

it('a recursive watch hears of no changed children, its own or further down (ZOOKEEPER-4475)', () => {
  const server = new LoneServer();
  const { client: writer } = connected(server);
  server.send(writer, createFrame(1, '/a'));
  const { client } = connected(server);
  server.send(client, addWatchFrame(1, '/', 1));
  client.frames();
  server.send(writer, createFrame(2, '/a/b'), deleteFrame(3, '/a/b'));
  expect(client.frames().map(told)).toEqual(['event 1 /a/b', 'event 2 /a/b']);
  // With a watch of its own on the children it hears of them once, and then no more.
  server.send(client, getChildrenFrame(2, '/a', true));
  client.frames();
  server.send(writer, createFrame(4, '/a/b'), createFrame(5, '/a/c'));
  expect(client.frames().map(told)).toEqual(['event 1 /a/b', 'event 4 /a', 'event 1 /a/c']);
});

describe('a connection that the server ends (ZOOKEEPER-4907)', () => {
  const reasons = [
    ['a bad length', 'ff000000', 0],
    ['half a header', '000000020000', 0],
    ['a password that is wrong', authFrame('nobody', 'knows'), 1],
  ] as const;

  it.each(
    reasons.flatMap(([name, bytes, replies]) => [
      { name, bytes, replies, when: 'in the same chunk', isLater: false },
      { name, bytes, replies, when: 'later', isLater: true },
    ]),
  )('for $name is served nothing that comes $when', ({ bytes, replies, isLater }) => {
    const server = new LoneServer();
    const { client } = connected(server);
    server.send(client, createFrame(1, '/before'));
    expect(client.frames().map(told)).toEqual(['1/0']);
    const logged = server.logged.length;
    const late = [createFrame(2, '/late'), pingFrame];
    server.send(client, bytes, ...(isLater ? [] : late));
    if (isLater) server.send(client, ...late);
    expect(client.isClosed).toBe(true);
    expect(client.frames()).toHaveLength(replies);
    expect(server.logged).toHaveLength(logged);
    expectSameTree(server);
  });
});
