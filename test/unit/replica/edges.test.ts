// Names, sizes and counters at the edge of what the protocol allows, on a whole replica.
import { describe, expect, it } from 'vitest';
import { zxid } from '../../../src/base/ids.ts';
import { State } from '../../../src/state/state.ts';
import { decodeTxn } from '../../../src/transactions/index.ts';
import { Reader } from '../../../src/wire/bytes.ts';
import { MultiRequest } from '../../../src/wire/multi.ts';
import { OpCode } from '../../../src/wire/opcodes.ts';
import { LoneServer } from '../../support/loneServer.ts';
import { expectSameTree } from '../../support/replay.ts';
import { connected, reply, told } from '../../support/replies.ts';
import {
  createFrame,
  getChildrenFrame,
  getDataFrame,
  pingFrame,
  requestFrame,
} from '../../support/requestFrames.ts';

const STRANGE = [
  ...['__proto__', 'constructor', 'hasOwnProperty', 'toString', 'length', '0', '-1', 'NaN'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is meant as it stands
  '${jndi:ldap:evil}',
  ...['%2e%2e', '..%2f', '...', 'a\\b', "'; drop", '"', '<b>', '*', '~', ' ', 'con', '\u00a0'],
  // Composed and decomposed are two names: nothing is normalized.
  ...['\u00e9', 'e\u0301', '\u212b', '\u00c5', 'A\u030a'],
  // Right to left, with and without the marks that turn the line around.
  ...['\u05e9\u05dc\u05d5\u05dd', '\u202eevil', '\u200b', '\ufeff'],
  ...['x'.repeat(4000), '\u4e2d'.repeat(1300)],
];

describe('strange names', () => {
  it('come back byte by byte, each a znode of its own, and out of the log as well', () => {
    const server = new LoneServer();
    const { client } = connected(server);
    for (const [i, name] of STRANGE.entries()) {
      server.send(client, createFrame(i + 1, `/${name}`, `data of ${i}`));
      server.send(client, createFrame(i + 1, `/${name}/child`));
    }
    expect(client.frames().map(told)).toEqual(
      STRANGE.flatMap((_, i) => [`${i + 1}/0`, `${i + 1}/0`]),
    );
    server.send(client, getChildrenFrame(1, '/'));
    const [list = ''] = client.frames();
    const reader = new Reader(Buffer.from(list, 'hex'), 20);
    const names = Array.from({ length: reader.count() }, () => reader.string() ?? '');
    expect(names.toSorted()).toEqual([...STRANGE, 'zookeeper'].toSorted());
    for (const [i, name] of STRANGE.entries()) {
      server.send(client, getDataFrame(i + 1, `/${name}`));
      expect(Buffer.from(client.frames()[0] ?? '', 'hex').toString()).toContain(`data of ${i}`);
    }
    expectSameTree(server);
  });

  it('of objects are not there before they are created', () => {
    const server = new LoneServer();
    const { client } = connected(server);
    const names = ['__proto__', 'constructor', 'toString', 'zookeeper/__proto__'];
    server.send(client, ...names.map((name, i) => getDataFrame(i + 1, `/${name}`)));
    expect(client.frames().map(told)).toEqual(names.map((_, i) => `${i + 1}/-101`));
  });
});

describe('a multi of 20,000', () => {
  const check = (version: number) => ({ type: OpCode.check, request: { path: '/', version } });
  const set = {
    type: OpCode.setData,
    request: { path: '/', data: Buffer.from('set'), version: -1 },
  };
  const frame = (last: number): string => {
    const checks = Array.from({ length: 20_000 }, () => check(-1));
    return requestFrame(7, OpCode.multi, MultiRequest, [set, ...checks, check(last)]);
  };

  it('is done as a whole or not at all, and its log entry can be read', () => {
    const server = new LoneServer();
    const { client } = connected(server);
    server.send(client, frame(77), getDataFrame(8, '/'));
    const [failed = '', before = ''] = client.frames();
    expect(reply(failed).xid).toBe(7);
    expect(Buffer.from(before, 'hex').toString()).not.toContain('set');
    server.send(client, frame(-1), getDataFrame(8, '/'), pingFrame);
    const [done = '', after = ''] = client.frames();
    expect(reply(done)).toMatchObject({ xid: 7, err: 0 });
    expect(Buffer.from(after, 'hex').toString()).toContain('set');
    for (const { entry } of server.logged) decodeTxn(entry);
    expectSameTree(server);
  });
});

describe('the end of the counter of zxids', () => {
  it('leads into the next epoch, in the middle of a batch', () => {
    const state = new State({ digest: true, extendedTypes: false, emulate353: false });
    state.lastZxid = zxid(0xffff_fffcn);
    const server = new LoneServer({ state, slowDisk: true });
    const { client } = connected(server);
    server.send(client, ...Array.from({ length: 5 }, (_, i) => createFrame(i + 1, `/n${i}`)));
    server.release();
    const zxids = client.frames().map((frame) => reply(frame).zxid);
    expect(zxids).toEqual([
      0xffff_fffen,
      0xffff_ffffn,
      0x1_0000_0001n,
      0x1_0000_0002n,
      0x1_0000_0003n,
    ]);
    expect(server.logged.map((one) => one.zxid)).toEqual([0xffff_fffdn, ...zxids]);
    expect(server.replica.state.lastZxid).toBe(0x1_0000_0003n);
  });
});
