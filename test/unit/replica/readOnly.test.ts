// Read-only mode in virtual time: when it begins, whom it serves, what it refuses, and that it leaves no trace.
import { beforeEach, describe, expect, it } from 'vitest';
import { sessionId, zxid } from '../../../src/base/ids.ts';
import type { MemberOptions } from '../../../src/replica/memberOptions.ts';
import { passwordOf } from '../../../src/state/sessions.ts';
import { State } from '../../../src/state/state.ts';
import { ServerState } from '../../../src/wire/election.ts';
import { OpCode } from '../../../src/wire/opcodes.ts';
import { type LoneOptions, LoneServer } from '../../support/loneServer.ts';
import { connected, granted, told } from '../../support/replies.ts';
import {
  addWatchFrame,
  authFrame,
  closeFrame,
  connectFrame,
  createFrame,
  existsFrame,
  pingFrame,
  requestFrame,
  setDataFrame,
  syncFrame,
} from '../../support/requestFrames.ts';

const member: MemberOptions = {
  membership: {
    servers: [1, 2, 3].map((id) => ({
      id,
      role: 'participant',
      addresses: [{ host: '127.0.0.1', peerPort: 2000 + id, electionPort: 3000 + id }],
      client: null,
    })),
    groups: [],
    weights: new Map(),
    version: 0n,
  },
  acceptedEpoch: 1,
  currentEpoch: 1,
  isEmpty: false,
  mayVote: true,
  logFrom: () => null,
  initLimit: 10,
  syncLimit: 5,
  leaderServes: true,
  readOnlyMode: true,
};

const NOT_READ_ONLY = -119;
const ALIVE = 0x100000000000007n;
const reading = { readOnly: true } as const;

function stateWithSession(): State {
  const state = new State({ digest: true, extendedTypes: false, emulate353: false });
  state.sessions.add(sessionId(ALIVE), 30_000);
  state.lastZxid = zxid(0x100000001n);
  return state;
}

function looking(options: LoneOptions = {}): LoneServer {
  const server = new LoneServer({ state: stateWithSession(), member, ...options });
  server.replica.start(server.now);
  return server;
}

describe('a member that looks for a leader', () => {
  it('serves nobody for two seconds, or for a tick that is longer', () => {
    for (const [tickTime, wait] of [
      [500, 2000],
      [3000, 3000],
    ] as const) {
      const server = looking({ tickTime });
      server.pass(wait - 1);
      const early = server.connect();
      server.send(early, connectFrame(reading));
      expect([early.isClosed, server.replica.member?.mode]).toEqual([true, 'looking']);
      server.pass(1);
      expect(server.replica.member?.mode).toBe('read-only');
      expect(connected(server, reading).session).not.toBe(0n);
    }
  });

  it('serves nobody at all unless it is told to', () => {
    const server = looking({ member: { ...member, readOnlyMode: false } });
    server.pass(60_000);
    expect(server.replica.isServing).toBe(false);
  });

  it('does not show what is left of damaged data', () => {
    const server = looking({ member: { ...member, mayVote: false } });
    server.pass(60_000);
    expect(server.replica.isServing).toBe(false);
  });
});

describe('in read-only mode', () => {
  let server: LoneServer;
  beforeEach(() => {
    server = looking();
    server.pass(2000);
  });

  it('the answer to a connect request says so', () => {
    const client = server.connect();
    server.send(client, connectFrame(reading));
    const [frame = ''] = client.frames();
    expect(frame.slice(-2)).toBe('01');
  });

  it('a client that wants to write is sent away without an answer, an old one too', () => {
    for (const readOnly of [false, null]) {
      const client = server.connect();
      server.send(client, connectFrame({ readOnly }));
      expect([client.frames(), client.isClosed]).toEqual([[], true]);
    }
  });

  it('what changes anything is refused, in the order of asking', () => {
    const { client } = connected(server, reading);
    server.send(
      client,
      existsFrame(1, '/'),
      createFrame(2, '/a'),
      setDataFrame(3, '/', 'x'),
      requestFrame(4, OpCode.multi),
      syncFrame(5, '/'),
      requestFrame(6, OpCode.reconfig),
      requestFrame(7, OpCode.createTtl),
      authFrame('digest', 'a:b'),
      addWatchFrame(8, '/', 1),
      existsFrame(9, '/a', true),
      pingFrame,
    );
    const refused = [2, 3, 4, 5, 6, 7].map((xid) => `${xid}/${NOT_READ_ONLY}`);
    expect(client.frames().map(told)).toEqual(['1/0', ...refused, '-4/0', '8/0', '9/-101', '-2/0']);
    expect(client.isClosed).toBe(false);
  });

  it('nothing is logged, and sessions are in nobody’s table', () => {
    const { client, session } = connected(server, reading);
    server.send(client, createFrame(1, '/a', '', 1), closeFrame(2));
    expect(client.frames().map(told)).toEqual([`1/${NOT_READ_ONLY}`, '2/0']);
    expect(client.isClosed).toBe(true);
    expect(server.logged).toEqual([]);
    expect(server.replica.state.sessions.has(sessionId(session))).toBe(false);
    expect(server.replica.state.lastZxid).toBe(0x100000001n);
  });

  it('a silent session ends with its timeout, and one that pings does not', () => {
    const silent = connected(server, { ...reading, timeout: 4000 });
    const alive = connected(server, { ...reading, timeout: 4000 });
    for (let i = 0; i < 4; i++) {
      server.pass(2000);
      server.send(alive.client, pingFrame);
    }
    expect([silent.client.isClosed, alive.client.isClosed]).toEqual([true, false]);
    expect(server.replica.bySession.size).toBe(1);
  });

  it('a session of the ensemble is neither served nor told that it is over', () => {
    const client = server.connect();
    const password = passwordOf(sessionId(ALIVE));
    server.send(client, connectFrame({ ...reading, session: ALIVE, password }));
    expect([client.frames(), client.isClosed]).toEqual([[], true]);
  });

  it('a session that this server does not know may read: it cannot tell that it is over', () => {
    const session = ALIVE + 1n;
    const client = server.connect();
    const password = passwordOf(sessionId(session));
    server.send(client, connectFrame({ ...reading, session, password }));
    expect(granted(client).session).toBe(session);
    server.send(client, existsFrame(1, '/'));
    expect(client.frames().map(told)).toEqual(['1/0']);
    const again = server.connect();
    server.send(again, connectFrame({ ...reading, session, password }));
    expect([client.isClosed, granted(again).session]).toEqual([true, session]);
  });

  it('ends with its connections when there is a leader', () => {
    const { client } = connected(server, reading);
    const vote = {
      leader: 3,
      zxid: zxid(0x100000001n),
      electionEpoch: 1n,
      peerEpoch: 1n,
      config: null,
    };
    for (const [from, state] of [
      [2, ServerState.following],
      [3, ServerState.leading],
    ] as const) {
      server.dispatch({ kind: 'notified', from, notification: { ...vote, state } });
    }
    server.pass(1000);
    expect(server.replica.member?.mode).toBe('follower');
    expect(client.isClosed).toBe(true);
    expect(server.replica.isServing).toBe(false);
  });
});
