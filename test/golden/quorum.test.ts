import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { epochOf, zxid } from '../../src/base/ids.ts';
import { decodeTxn } from '../../src/transactions/index.ts';
import { Reader, Writer } from '../../src/wire/bytes.ts';
import type { Acl } from '../../src/wire/data.ts';
import {
  encodeGreeting,
  encodeNotification,
  readGreeting,
  readNotification,
} from '../../src/wire/election.ts';
import { printMembership, readMembership } from '../../src/wire/membership.ts';
import {
  AckEpoch,
  dataOf,
  forwardedData,
  fromData,
  LeaderInfo,
  LearnerInfo,
  PacketType,
  QuorumPacket,
  Revalidated,
  readForwarded,
  readTouches,
  Touch,
  touchesData,
} from '../../src/wire/quorum.ts';
import { QuorumPackets } from '../../src/wire/quorumPackets.ts';
import { type SnapshotNode, SnapshotStreamReader } from '../../src/wire/snapshotTree.ts';
import { SnapshotStreamEncoder } from '../../src/wire/snapshotWriting.ts';

interface Row {
  from: string;
  what: string;
  hex: string;
}
interface Conversation {
  name: string;
  leader: number;
  learner: number;
  rows: Row[];
}
interface Election {
  from: number;
  to: number;
  rows: (Omit<Row, 'from'> & { from: number })[];
}

const read = (name: string) =>
  JSON.parse(readFileSync(join(import.meta.dirname, 'quorum', name), 'utf8'));
const learners: Conversation[] = read('learners.json');
const elections: Election[] = read('elections.json');
const bytesOf = (row: { hex: string }): Buffer => Buffer.from(row.hex, 'hex');

function packetOf(row: Row): QuorumPacket {
  const packets = new QuorumPackets(1 << 20);
  packets.push(bytesOf(row));
  const packet = packets.next();
  if (packet === null || packets.rest().length > 0) throw new Error('not one packet');
  return packet;
}

/** The data of a packet, read and written again by what reads and writes it. */
function rewritten(packet: QuorumPacket, isFromLeader: boolean): Uint8Array | null {
  const { data, type } = packet;
  if (data === null) return null;
  switch (type) {
    case PacketType.followerInfo:
    case PacketType.observerInfo:
      return dataOf(LearnerInfo, fromData(LearnerInfo, data));
    case PacketType.leaderInfo:
      return dataOf(LeaderInfo, fromData(LeaderInfo, data));
    case PacketType.ackEpoch:
      return dataOf(AckEpoch, fromData(AckEpoch, data));
    case PacketType.request:
      return forwardedData(readForwarded(data));
    case PacketType.revalidate: {
      if (isFromLeader) return dataOf(Revalidated, fromData(Revalidated, data));
      return dataOf(Touch, fromData(Touch, data));
    }
    case PacketType.ping:
      return touchesData(readTouches(data));
    case PacketType.newLeader:
      return Buffer.from(printMembership(readMembership(Buffer.from(data).toString())));
    case PacketType.proposal:
    case PacketType.inform:
      decodeTxn(Buffer.from(data));
      return data;
    default:
      throw new Error(`a packet of type ${type} with data`);
  }
}

describe.each(learners)('$name', ({ leader, learner, rows }) => {
  test('consists of packets that are written again as they came', () => {
    for (const row of rows.filter(({ what }) => what !== 'snapshot')) {
      const packet = packetOf(row);
      expect(PacketType[camel(row.what)], row.what).toBe(packet.type);
      const again = { ...packet, data: rewritten(packet, row.from === 'leader') };
      const writer = new Writer();
      QuorumPacket.write(writer, again);
      expect(writer.view().toString('hex'), row.what).toBe(row.hex);
    }
  });

  test('is read in one stream per direction, whatever the chunks', () => {
    for (const side of ['leader', 'learner']) {
      const mine = rows.filter(({ from, what }) => from === side && what !== 'snapshot');
      const stream = Buffer.concat(mine.map(bytesOf));
      for (const size of [1, 13, 1000]) {
        const packets = new QuorumPackets(1 << 20);
        const types: number[] = [];
        for (let at = 0; at < stream.length; at += size) {
          packets.push(Buffer.from(stream.subarray(at, at + size)));
          for (let one = packets.next(); one !== null; one = packets.next()) types.push(one.type);
          packets.keep();
        }
        expect(types).toEqual(mine.map(({ what }) => PacketType[camel(what)]));
      }
    }
  });

  test('begins with who they are', () => {
    const [info, leaderInfo] = rows.slice(0, 2).map(packetOf);
    const { serverid, protocolVersion } = fromData(LearnerInfo, info?.data ?? null);
    expect([Number(serverid), protocolVersion]).toEqual([learner, 0x10000]);
    expect(fromData(LeaderInfo, leaderInfo?.data ?? null).protocolVersion).toBe(0x10000);
    expect(epochOf(leaderInfo?.zxid ?? zxid(0n))).toBeGreaterThan(0);
    const newLeader = rows.find(({ what }) => what === 'NEWLEADER');
    const text = newLeader === undefined ? '' : String(packetOf(newLeader).data);
    const { servers } = readMembership(text);
    expect(servers.map(({ id, role }) => `${id} ${role}`)).toEqual([
      '1 participant',
      '2 participant',
      '3 participant',
      '4 observer',
    ]);
    expect(servers.some(({ id }) => id === leader)).toBe(true);
  });
});

const snapshots = learners.flatMap(({ name, rows }) =>
  rows.filter(({ what }) => what === 'snapshot').map((row) => ({ name, row })),
);

test.each(snapshots)('the snapshot for $name is written again as it came', ({ row }) => {
  const bytes = bytesOf(row);
  for (const size of [1, 7, 300, bytes.length]) {
    const sessions: [bigint, number][] = [];
    const acls: [bigint, Acl[]][] = [];
    const nodes: [string, SnapshotNode][] = [];
    const reader = new SnapshotStreamReader(
      {
        session: (id, timeout) => sessions.push([id, timeout]),
        acl: (index, list) => acls.push([index, list]),
        node: (path, node) =>
          nodes.push([path, { ...node, data: node.data && Buffer.from(node.data) }]),
      },
      1 << 20,
    );
    let rest: Buffer | null = null;
    for (let at = 0; at < bytes.length; at += size) {
      expect(rest).toBeNull();
      rest = reader.push(Buffer.from(bytes.subarray(at, at + size)));
    }
    expect(rest).toHaveLength(0);
    const encoder = new SnapshotStreamEncoder();
    encoder.sessions(sessions as never, sessions.length);
    encoder.acls(acls, acls.length);
    for (const [path, node] of nodes) encoder.node(path, node, node.data, node.acl);
    encoder.endOfNodes();
    expect(encoder.take().toString('hex')).toBe(row.hex);
    expect(nodes.map(([path]) => path)).toContain('/a');
  }
});

test('all packets and ways to synchronise are there', () => {
  const all = new Set(learners.flatMap(({ rows }) => rows.map(({ what }) => what)));
  const expected =
    'FOLLOWERINFO OBSERVERINFO LEADERINFO ACKEPOCH DIFF TRUNC SNAP snapshot NEWLEADER UPTODATE ' +
    'ACK REQUEST PROPOSAL COMMIT INFORM PING REVALIDATE SYNC';
  expect([...all].sort()).toEqual(expected.split(' ').sort());
});

describe.each(elections)('an election between $from and $to', ({ from, rows }) => {
  test('is read and written again as it came', () => {
    const [greeting, ...rest] = rows;
    const bytes = bytesOf(greeting ?? { hex: '' });
    const found = readGreeting(bytes);
    expect(found?.length).toBe(bytes.length);
    expect(found?.greeting.id).toBe(from);
    expect(encodeGreeting(found?.greeting ?? { id: 0, addresses: [] }, false)).toEqual(bytes);
    for (const row of rest) {
      const frame = bytesOf(row);
      const notification = readNotification(new Reader(frame, 4));
      expect(encodeNotification(notification).toString('hex')).toBe(row.hex);
      const config = notification.config ?? '';
      expect(printMembership(readMembership(config))).toBe(config);
    }
  });
});

test('votes of all states were recorded', () => {
  const states = elections.flatMap(({ rows }) =>
    rows.slice(1).map((row) => readNotification(new Reader(bytesOf(row), 4)).state),
  );
  expect(new Set(states)).toEqual(new Set([0, 1, 2]));
});

function camel(what: string): keyof typeof PacketType {
  const words: Record<string, keyof typeof PacketType> = {
    FOLLOWERINFO: 'followerInfo',
    OBSERVERINFO: 'observerInfo',
    LEADERINFO: 'leaderInfo',
    ACKEPOCH: 'ackEpoch',
    NEWLEADER: 'newLeader',
    UPTODATE: 'upToDate',
  };
  return words[what] ?? (what.toLowerCase() as keyof typeof PacketType);
}
