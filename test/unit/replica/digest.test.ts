// The tree that is served is the one that was logged: a difference ends the server at once.
import { expect, it } from 'vitest';
import { zxid } from '../../../src/base/ids.ts';
import { State } from '../../../src/state/state.ts';
import { applyTxn } from '../../../src/transactions/index.ts';
import { OpCode } from '../../../src/wire/opcodes.ts';
import { LoneServer } from '../../support/loneServer.ts';
import { connected } from '../../support/replies.ts';
import { createFrame, setDataFrame } from '../../support/requestFrames.ts';

/** A server whose tree changes behind its back while a write is on its way to the disk. */
function altered(state: State): LoneServer {
  const server = new LoneServer({ slowDisk: true, state });
  const { client } = connected(server);
  server.send(client, createFrame(1, '/a', 'one'));
  server.release();
  server.send(client, setDataFrame(2, '/a', 'two'));
  const { lastZxid } = state;
  const header = { clientId: 1n, cxid: 0, zxid: lastZxid, time: 1, type: OpCode.setData } as never;
  const data = Buffer.from('bit rot');
  applyTxn(state, header, { type: OpCode.setData, path: '/zookeeper', data, version: 7 });
  return server;
}

it('a tree that differs from the digest in the log is not served', () => {
  const server = altered(new State());
  expect(() => server.release()).toThrow(
    'the digest of the tree after zxid 0x3 differs from the one in the log',
  );
});

it('without digests nobody can tell', () => {
  const server = altered(new State({ digest: false, extendedTypes: false, emulate353: false }));
  server.release();
  expect(server.replica.state.lastZxid).toBe(3n);
});

it('the log of digests has every 128th, but none of a tree that is ahead of its zxid', () => {
  const whole = new State();
  whole.lastZxid = zxid(126n);
  const server = new LoneServer({ state: whole });
  const { client } = connected(server);
  server.send(client, createFrame(1, '/a', 'one'));
  const { digest } = whole.tree;
  expect(whole.digestLog.entries).toEqual([{ zxid: 128n, digest }]);
  const fuzzy = new State();
  fuzzy.lastZxid = zxid(125n);
  const ahead = altered(fuzzy);
  fuzzy.isDigestSettled = false;
  ahead.release();
  expect(fuzzy.lastZxid).toBe(128n);
  expect(fuzzy.digestLog.entries).toEqual([]);
});
