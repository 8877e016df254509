// Sessions on a replica: granted, moved, expired in virtual time, closed; what they leave behind.
import { describe, expect, it } from 'vitest';
import { OPEN_ACL } from '../../../src/state/aclCache.ts';
import { State } from '../../../src/state/state.ts';
import { applyTxn, decodeTxn } from '../../../src/transactions/index.ts';
import { CreateTtlRequest } from '../../../src/wire/client.ts';
import { CreateMode, EventType, OpCode } from '../../../src/wire/opcodes.ts';
import { LoneServer } from '../../support/loneServer.ts';
import { connected, granted, told } from '../../support/replies.ts';
import {
  addWatchFrame,
  closeFrame,
  connectFrame,
  createFrame,
  deleteFrame,
  existsFrame,
  pingFrame,
  requestFrame,
  setDataFrame,
} from '../../support/requestFrames.ts';

const { ephemeral } = CreateMode;

const has = (server: LoneServer, path: string): boolean =>
  server.replica.state.tree.get(path) !== undefined;

describe('a session', () => {
  it('gets a timeout between two and twenty ticks', () => {
    const server = new LoneServer({ tickTime: 1000 });
    expect(connected(server, { timeout: 1 }).timeout).toBe(2000);
    expect(connected(server, { timeout: 5000 }).timeout).toBe(5000);
    expect(connected(server, { timeout: 2 ** 31 - 1 }).timeout).toBe(20_000);
    expect(connected(server, { timeout: -7 }).timeout).toBe(2000);
  });

  it('of a client without the readOnly byte is answered without it', () => {
    const server = new LoneServer();
    const [old, now] = [server.connect(), server.connect()];
    server.send(old, connectFrame({ readOnly: null }));
    server.send(now, connectFrame());
    const [[short = ''], [long = '']] = [old.frames(), now.frames()];
    expect([short.length, long.length]).toEqual([2 * 40, 2 * 41]);
    server.send(old, createFrame(1, '/a'));
    expect(old.frames().map(told)).toEqual(['1/0']);
  });

  it('is refused to a client that has seen more than this server has, without an answer', () => {
    const server = new LoneServer();
    const client = server.connect();
    server.send(client, connectFrame({ seen: 99n }));
    expect(client.frames()).toEqual([]);
    expect(client.isClosed).toBe(true);
    expect(server.reports.join()).toContain('client must try another server');
  });

  it('is answered only when it is on disk', () => {
    const server = new LoneServer({ slowDisk: true });
    const client = server.connect();
    server.send(client, connectFrame());
    expect(client.frames()).toEqual([]);
    server.release();
    expect(granted(client).session).not.toBe(0n);
  });

  it('whose client goes before the answer expires like any other', () => {
    const server = new LoneServer({ slowDisk: true });
    const client = server.connect();
    server.send(client, connectFrame({ timeout: 4000 }));
    server.drop(client);
    server.release();
    expect(server.replica.state.sessions.size).toBe(1);
    server.pass(8000);
    server.release();
    expect(server.replica.state.sessions.size).toBe(0);
  });
});

describe('a session that moves', () => {
  it('goes on with its ephemerals on the new connection, and the old one is closed', () => {
    const server = new LoneServer();
    const first = connected(server);
    server.send(first.client, createFrame(1, '/e', '', ephemeral));
    const again = server.connect();
    server.send(again, connectFrame(first));
    const resumed = granted(again);
    expect([resumed.session, resumed.password]).toEqual([first.session, first.password]);
    expect(first.client.isClosed).toBe(true);
    server.drop(first.client);
    server.send(again, existsFrame(2, '/e'));
    expect(again.frames().map(told)).toEqual(['2/0']);
    expect(server.replica.bySession.get(again.connection.session)).toBe(again.connection);
  });

  it('with a wrong password is told 0, and its owner notices nothing', () => {
    const server = new LoneServer();
    const owner = connected(server);
    server.send(owner.client, existsFrame(1, '/e', true));
    for (const password of [Buffer.alloc(16), Buffer.alloc(0), Buffer.alloc(40, 1)]) {
      const stranger = server.connect();
      server.send(stranger, connectFrame({ session: owner.session, password }));
      expect(granted(stranger).session).toBe(0n);
      expect(stranger.isClosed).toBe(true);
    }
    expect(owner.client.isClosed).toBe(false);
    server.send(owner.client, createFrame(2, '/e'));
    expect(owner.client.frames().map(told)).toEqual([
      '1/-101',
      `event ${EventType.nodeCreated} /e`,
      '2/0',
    ]);
  });

  it('leaves its watches behind: events come again once they are set again', () => {
    const server = new LoneServer();
    const first = connected(server);
    server.send(first.client, addWatchFrame(1, '/', 1));
    const again = server.connect();
    server.send(again, connectFrame(first));
    granted(again);
    server.send(again, createFrame(2, '/a'), addWatchFrame(3, '/', 1), createFrame(4, '/b'));
    const created = `event ${EventType.nodeCreated}`;
    expect(again.frames().map(told)).toEqual(['2/0', '3/0', `${created} /b`, '4/0']);
  });

  it('while writes are in flight does not answer them to the new connection', () => {
    const server = new LoneServer({ slowDisk: true });
    const first = connected(server);
    server.send(first.client, createFrame(1, '/a'), createFrame(2, '/b'));
    const again = server.connect();
    server.send(again, connectFrame(first));
    granted(again);
    server.send(again, createFrame(7, '/c'));
    server.release();
    expect(again.frames().map(told)).toEqual(['7/0']);
    expect(first.client.frames()).toEqual([]);
    server.send(again, existsFrame(8, '/b'));
    expect(again.frames().map(told)).toEqual(['8/0']);
  });

  it('and has expired or was closed is told 0', () => {
    const server = new LoneServer({ tickTime: 1000 });
    const [silent, closed] = [connected(server, { timeout: 2000 }), connected(server)];
    server.send(closed.client, closeFrame(1));
    server.drop(silent.client);
    server.pass(5000);
    for (const gone of [silent, closed]) {
      const again = server.connect();
      server.send(again, connectFrame(gone));
      expect(granted(again).session).toBe(0n);
      expect(again.isClosed).toBe(true);
    }
  });
});

describe('expiry', () => {
  it('comes within a tick after the timeout, never before it', () => {
    for (const offset of [0, 1, 499, 500, 999]) {
      const server = new LoneServer({ tickTime: 1000 });
      server.pass(offset);
      const { client } = connected(server, { timeout: 3000 });
      server.send(client, createFrame(1, '/e', '', ephemeral));
      server.pass(3000);
      expect(has(server, '/e'), `${offset}`).toBe(true);
      server.pass(1000);
      expect(has(server, '/e'), `${offset}`).toBe(false);
      expect(client.isClosed).toBe(true);
    }
  });

  it('spares who pings, or asks anything', () => {
    const server = new LoneServer({ tickTime: 1000 });
    const [pinging, reading] = [
      connected(server, { timeout: 3000 }),
      connected(server, { timeout: 3000 }),
    ];
    for (let i = 0; i < 30; i++) {
      server.pass(2500);
      server.send(pinging.client, pingFrame);
      server.send(reading.client, existsFrame(i, '/'));
    }
    expect(pinging.client.isClosed || reading.client.isClosed).toBe(false);
    expect(server.replica.stats.expiredSessions).toBe(0);
  });

  it('spares everybody when the wall clock jumps, whichever way', () => {
    const server = new LoneServer({ tickTime: 1000 });
    const { client } = connected(server, { timeout: 3000 });
    server.send(client, createFrame(1, '/e', '', ephemeral));
    for (const jump of [365 * 86_400_000, -2 * 365 * 86_400_000]) {
      server.jump(jump);
      server.pass(1000);
      server.send(client, pingFrame);
    }
    expect(client.isClosed).toBe(false);
    expect(has(server, '/e')).toBe(true);
  });

  it('removes all ephemerals of a session as one transaction, and tells who watches them', () => {
    const server = new LoneServer({ tickTime: 1000 });
    const watcher = connected(server).client;
    const owner = connected(server, { timeout: 2000 }).client;
    server.send(
      owner,
      ...['/e1', '/e2', '/e3'].map((path, i) => createFrame(i, path, '', ephemeral)),
    );
    server.send(watcher, existsFrame(1, '/e1', true), existsFrame(2, '/e3', true));
    watcher.frames();
    const before = server.logged.length;
    server.pass(4000);
    expect(watcher.frames().map(told).toSorted()).toEqual([
      `event ${EventType.nodeDeleted} /e1`,
      `event ${EventType.nodeDeleted} /e3`,
    ]);
    const [{ header, txn } = { header: null, txn: null }] = server.logged
      .slice(before)
      .map(({ entry }) => decodeTxn(entry));
    expect(server.logged.length - before).toBe(1);
    expect(header?.type).toBe(OpCode.closeSession);
    expect(txn).toMatchObject({ paths2Delete: ['/e1', '/e2', '/e3'] });
  });

  it('takes ephemerals along whose creation was in flight, and no others', () => {
    const server = new LoneServer({ tickTime: 1000, slowDisk: true });
    const { client } = connected(server, { timeout: 2000 });
    server.send(client, createFrame(1, '/e1', '', ephemeral), createFrame(2, '/e2', '', ephemeral));
    server.send(client, deleteFrame(3, '/e1'), createFrame(4, '/p'));
    server.pass(4000);
    server.send(client, createFrame(5, '/late', '', ephemeral));
    server.release();
    expect(has(server, '/e2')).toBe(false);
    expect(has(server, '/late')).toBe(false);
    expect(has(server, '/p')).toBe(true);
    expect(server.replica.state.tree.ephemeralCount).toBe(0);
  });

  it('starts over for sessions found on disk: their clients could reach nobody', () => {
    const before = new LoneServer({ tickTime: 1000 });
    const owner = connected(before, { timeout: 2000 });
    before.send(owner.client, createFrame(1, '/e', '', ephemeral));
    const state = new State(before.replica.state.tree.options);
    for (const { entry } of before.logged) {
      const { header, txn } = decodeTxn(entry);
      applyTxn(state, header, txn);
    }
    const server = new LoneServer({ tickTime: 1000, state });
    server.pass(1500);
    const again = server.connect();
    server.send(again, connectFrame(owner));
    expect(granted(again).session).toBe(owner.session);
    server.drop(again);
    server.pass(5000);
    expect(has(server, '/e')).toBe(false);
  });
});

describe('the id of a new session', () => {
  const replayed = (server: LoneServer): State => {
    const state = new State(server.replica.state.tree.options);
    for (const { entry } of server.logged) {
      const { header, txn } = decodeTxn(entry);
      applyTxn(state, header, txn);
    }
    return state;
  };

  it.each([0n, -3_600_000n, 3_600_000n])(
    "is nobody else's after a start with the clock off by %i ms, closed sessions included",
    (offset) => {
      const firstSessionId = (1n << 56n) | (1_700_000_000_000n << 16n);
      const before = new LoneServer({ firstSessionId });
      const open = connected(before);
      const closed = connected(before);
      before.send(closed.client, closeFrame(1));
      const state = replayed(before);
      expect(state.sessions.size).toBe(1);
      const after = new LoneServer({ firstSessionId: firstSessionId + (offset << 16n), state });
      const ids = [
        open.session,
        closed.session,
        connected(after).session,
        connected(after).session,
      ];
      expect(new Set(ids).size).toBe(4);
      for (const id of ids) expect(id >> 56n).toBe(1n);
    },
  );

  it('does not go by the ids that other servers gave out', () => {
    const before = new LoneServer({ firstSessionId: (2n << 56n) | 77n });
    connected(before);
    const after = new LoneServer({ firstSessionId: (1n << 56n) | 5n, state: replayed(before) });
    expect(connected(after).session).toBe((1n << 56n) | 5n);
  });
});

describe('containers and znodes with a time to live', () => {
  const createTtl = (xid: number, path: string, ttl: bigint): string =>
    requestFrame(xid, OpCode.createTtl, CreateTtlRequest, {
      path,
      data: null,
      acl: [...OPEN_ACL],
      flags: CreateMode.persistentWithTtl,
      ttl,
    });
  const createContainer = (xid: number, path: string): string => {
    const frame = createFrame(xid, path, '', CreateMode.container);
    return frame.replace(
      /^(.{16})00000001/,
      `$1${OpCode.createContainer.toString(16).padStart(8, '0')}`,
    );
  };
  const open = (): {
    server: LoneServer;
    ping: (ms: number) => void;
    client: ReturnType<LoneServer['connect']>;
  } => {
    const server = new LoneServer({ extendedTypes: true });
    const { client } = connected(server, { timeout: 40_000 });
    const ping = (ms: number) => {
      for (let passed = 0; passed < ms; passed += 10_000) {
        server.pass(10_000);
        server.send(client, pingFrame);
      }
      client.frames();
    };
    return { server, ping, client };
  };

  it('a container goes at the next look after its last child, one never used stays', () => {
    const { server, ping, client } = open();
    server.send(client, createContainer(1, '/used'), createContainer(2, '/new'));
    server.send(client, createFrame(3, '/used/child'));
    expect(client.frames().map(told)).toEqual(['1/0', '2/0', '3/0']);
    ping(120_000);
    expect(has(server, '/used')).toBe(true);
    server.send(client, deleteFrame(4, '/used/child'));
    ping(70_000);
    expect(has(server, '/used')).toBe(false);
    expect(has(server, '/new')).toBe(true);
  });

  it('a TTL node goes once it was not written for so long, unless it has children', () => {
    const { server, ping, client } = open();
    server.send(client, createTtl(1, '/t', 100_000n), createTtl(2, '/parent', 100_000n));
    server.send(client, createFrame(3, '/parent/child'));
    expect(client.frames().map(told)).toEqual(['1/0', '2/0', '3/0']);
    ping(90_000);
    server.send(client, setDataFrame(4, '/t', 'again'));
    ping(90_000);
    expect(has(server, '/t')).toBe(true);
    ping(70_000);
    expect(has(server, '/t')).toBe(false);
    expect(has(server, '/parent')).toBe(true);
  });

  it('a child created while the removal is in flight keeps its container', () => {
    const server = new LoneServer({ slowDisk: true });
    const { client } = connected(server, { timeout: 40_000 });
    server.send(client, createContainer(1, '/c'), createFrame(2, '/c/x'), deleteFrame(3, '/c/x'));
    server.release();
    server.send(client, createFrame(4, '/c/y'));
    server.pass(1);
    for (let i = 0; i < 7; i++) {
      server.pass(10_000);
      server.send(client, pingFrame);
    }
    server.release();
    expect(has(server, '/c/y')).toBe(true);
  });
});
