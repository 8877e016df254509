import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { zxid } from '../../../src/base/ids.ts';
import { Reader, WireError, Writer } from '../../../src/wire/bytes.ts';
import {
  encodeGreeting,
  encodeNotification,
  NO_LEADER,
  readGreeting,
  readNotification,
} from '../../../src/wire/election.ts';
import { printMembership, readMembership } from '../../../src/wire/membership.ts';
import {
  forwardedData,
  PacketType,
  QuorumPacket,
  readForwarded,
  readTouches,
  touchesData,
} from '../../../src/wire/quorum.ts';
import { QuorumPackets } from '../../../src/wire/quorumPackets.ts';
import { SnapshotStreamReader, type SnapshotVisitor } from '../../../src/wire/snapshotTree.ts';
import { SnapshotStreamEncoder } from '../../../src/wire/snapshotWriting.ts';

const packets: QuorumPacket[] = [
  {
    type: PacketType.followerInfo,
    zxid: zxid(1n << 32n),
    data: Buffer.alloc(20, 7),
    authinfo: null,
  },
  { type: PacketType.ack, zxid: zxid(5n), data: null, authinfo: null },
  { type: PacketType.ping, zxid: zxid(-1n), data: Buffer.alloc(0), authinfo: [] },
  {
    type: PacketType.request,
    zxid: zxid(-1n),
    data: Buffer.from('body'),
    authinfo: [
      { scheme: 'digest', id: 'me:secret' },
      { scheme: null, id: '' },
    ],
  },
];

const bytesOf = (all: readonly QuorumPacket[]): Buffer => {
  const writer = new Writer();
  for (const packet of all) QuorumPacket.write(writer, packet);
  return writer.take();
};

/** Packets in a chunk whose memory is used again afterwards, as a socket's is. */
function feed(stream: QuorumPackets, chunk: Buffer): QuorumPacket[] {
  const memory = Buffer.from(chunk);
  const found: QuorumPacket[] = [];
  stream.push(memory);
  for (let packet = stream.next(); packet !== null; packet = stream.next()) {
    found.push({ ...packet, data: packet.data === null ? null : Buffer.from(packet.data) });
  }
  stream.keep();
  memory.fill(0xee);
  return found;
}

describe('quorum packets', () => {
  it('are found wherever the stream is cut', () => {
    const bytes = bytesOf(packets);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const stream = new QuorumPackets(100);
      const found = [...feed(stream, bytes.subarray(0, cut)), ...feed(stream, bytes.subarray(cut))];
      expect(found, `cut at ${cut}`).toEqual(packets);
      expect(stream.held).toBe(0);
    }
  });

  it('are found when every byte comes alone, and when one is larger than many chunks', () => {
    const large = { type: 2, zxid: zxid(9n), data: Buffer.alloc(100_000, 1), authinfo: null };
    const bytes = bytesOf([...packets, large, ...packets]);
    for (const size of [1, 7, 4096, 65_536]) {
      const stream = new QuorumPackets(100_000);
      const found: QuorumPacket[] = [];
      for (let at = 0; at < bytes.length; at += size) {
        found.push(...feed(stream, bytes.subarray(at, at + size)));
      }
      expect(found).toEqual([...packets, large, ...packets]);
    }
  });

  it('that lie within a chunk are not copied', () => {
    const chunk = bytesOf(packets);
    const stream = new QuorumPackets(100);
    stream.push(chunk);
    const data = stream.next()?.data;
    expect(data?.buffer).toBe(chunk.buffer);
  });

  it('with lengths that nobody would send are refused before anything is kept for them', () => {
    const bad = (...ints: number[]): Buffer => {
      const writer = new Writer();
      writer.int(2);
      writer.long(1n);
      for (const value of ints) writer.int(value);
      return writer.take();
    };
    for (const bytes of [bad(-2), bad(101), bad(0x7fffffff), bad(-1, 5000), bad(-1, 1, -2)]) {
      expect(() => feed(new QuorumPackets(100), bytes)).toThrow(WireError);
    }
  });

  it('leave what is behind them to another reader', () => {
    const stream = new QuorumPackets(100);
    stream.push(Buffer.concat([bytesOf(packets.slice(0, 1)), Buffer.from('rest')]));
    expect(stream.next()?.type).toBe(PacketType.followerInfo);
    expect(stream.rest().toString()).toBe('rest');
  });

  it('carry requests and touches', () => {
    const request = { session: 5n as never, cxid: -3, opcode: 1, body: Buffer.from('abc') };
    expect(readForwarded(forwardedData(request))).toEqual(request);
    const touches = [
      { session: 1n as never, timeout: 4000 },
      { session: -2n as never, timeout: 6000 },
    ];
    expect(readTouches(touchesData(touches))).toEqual(touches);
    expect(readTouches(touchesData([]))).toEqual([]);
    expect(() => readTouches(null)).toThrow(WireError);
    expect(() => readTouches(Buffer.alloc(13))).toThrow(WireError);
    expect(() => readForwarded(Buffer.alloc(15))).toThrow(WireError);
  });
});

const someNodes = ['', '/a', '/a/ünï', '/z'].map((path, i) => ({
  path,
  data: i === 0 ? null : Buffer.from(path.repeat(i * 30)),
  acl: BigInt(i - 1),
  stat: {
    czxid: zxid(BigInt(i)),
    mzxid: zxid(2n),
    ctime: 1_600_000_000_000 + i,
    mtime: 5,
    version: i,
    cversion: -1,
    aversion: 0,
    ephemeralOwner: i === 3 ? 77n : 0n,
    pzxid: zxid(9n),
  },
}));

function snapshotBytes(): Buffer {
  const encoder = new SnapshotStreamEncoder();
  encoder.sessions([[77n as never, 4000]], 1);
  encoder.acls([[1n, [{ perms: 31, id: { scheme: 'world', id: 'anyone' } }]]], 1);
  const pieces: Buffer[] = [];
  for (const { path, data, acl, stat } of someNodes) {
    encoder.node(path, stat, data, acl);
    pieces.push(Buffer.from(encoder.take()));
  }
  encoder.endOfNodes();
  pieces.push(Buffer.from(encoder.take()));
  return Buffer.concat(pieces);
}

function collector(): { visitor: SnapshotVisitor; seen: unknown[] } {
  const seen: unknown[] = [];
  const visitor: SnapshotVisitor = {
    session: (id, timeout) => seen.push([id, timeout]),
    acl: (index, list) => seen.push([index, list]),
    node: (path, { data, acl, ...stat }) =>
      seen.push({ path, data: data === null ? null : Buffer.from(data), acl, stat }),
  };
  return { visitor, seen };
}

const everything = [
  [77n, 4000],
  [1n, [{ perms: 31, id: { scheme: 'world', id: 'anyone' } }]],
  ...someNodes,
];

describe('the snapshot on a link', () => {
  it('is read wherever it is cut, and gives back what is behind it', () => {
    const bytes = Buffer.concat([snapshotBytes(), Buffer.from('behind')]);
    for (let cut = 0; cut < bytes.length; cut++) {
      const { visitor, seen } = collector();
      const reader = new SnapshotStreamReader(visitor, 1000);
      const first = reader.push(Buffer.from(bytes.subarray(0, cut)));
      const end = first ?? reader.push(Buffer.from(bytes.subarray(cut)));
      expect(seen, `cut at ${cut}`).toEqual(everything);
      const missing = first === null ? 0 : bytes.length - cut;
      expect(end?.toString()).toBe('behind'.slice(0, 6 - missing));
    }
  });

  it('is refused with another signature, and with lengths beyond the limit', () => {
    const spoiled = snapshotBytes();
    spoiled[spoiled.length - 1] = 0x45;
    expect(() => new SnapshotStreamReader(collector().visitor, 1000).push(spoiled)).toThrow(
      'signature',
    );
    expect(() => new SnapshotStreamReader(collector().visitor, 50).push(snapshotBytes())).toThrow(
      WireError,
    );
  });
});

const vote = {
  state: 0,
  leader: 3,
  zxid: 0x100000005n,
  electionEpoch: 2n,
  peerEpoch: 1n,
  config: 'server.1=a:1:2:participant\nversion=0',
} as const;

describe('what elections say', () => {
  it('is greeted with one address, or with all of them', () => {
    const addresses = [
      { host: 'one', port: 3888 },
      { host: '::1', port: 3889 },
    ];
    const one = encodeGreeting({ id: 2, addresses }, false);
    expect(readGreeting(one)).toEqual({
      greeting: { id: 2, addresses: addresses.slice(0, 1) },
      length: one.length,
    });
    const both = encodeGreeting({ id: 2, addresses }, true);
    for (let cut = 0; cut < both.length; cut++) {
      expect(readGreeting(both.subarray(0, cut))).toBeNull();
    }
    expect(readGreeting(both)?.greeting.addresses).toEqual(addresses);
    expect(readGreeting(Buffer.from('0000000000000007', 'hex'))?.greeting).toEqual({
      id: 7,
      addresses: [],
    });
  });

  it('is read in the forms of older servers, too', () => {
    const frame = encodeNotification(vote).subarray(4);
    const read = (length: number) => readNotification(new Reader(Buffer.from(frame), 0, length));
    expect(read(frame.length)).toEqual(vote);
    expect(read(40)).toEqual({ ...vote, config: null });
    expect(read(28)).toEqual({ ...vote, config: null });
    for (const length of [0, 27, 29, 36, 43, frame.length - 1]) {
      expect(() => read(length), `${length} bytes`).toThrow(WireError);
    }
  });

  it('may be no vote', () => {
    const frame = encodeNotification({ ...vote, leader: NO_LEADER, zxid: -(2n ** 63n) });
    expect(frame.readBigInt64BE(8)).toBe(-(2n ** 63n));
    expect(readNotification(new Reader(frame, 4)).leader).toBe(NO_LEADER);
  });
});

describe('random bytes', () => {
  const readers: Record<string, (bytes: Buffer) => unknown> = {
    packets: (bytes) => feed(new QuorumPackets(1000), bytes),
    snapshot: (bytes) => new SnapshotStreamReader(collector().visitor, 1000).push(bytes),
    greeting: readGreeting,
    notification: (bytes) => readNotification(new Reader(bytes)),
    membership: (bytes) => readMembership(bytes.toString('latin1')),
    touches: readTouches,
    request: readForwarded,
  };
  const seeds: Record<string, Buffer> = {
    packets: bytesOf(packets),
    snapshot: snapshotBytes(),
    greeting: encodeGreeting({ id: 1, addresses: [{ host: 'h', port: 1 }] }, false),
    notification: encodeNotification(vote).subarray(4),
    membership: Buffer.from(vote.config),
    touches: Buffer.alloc(24),
    request: Buffer.alloc(24),
  };
  it.each(Object.keys(readers))('make the reader of %s throw nothing but WireError', (name) => {
    const attempt = (bytes: Buffer): void => {
      try {
        readers[name]?.(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
      }
    };
    const seed = seeds[name] ?? Buffer.alloc(0);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => attempt(Buffer.from(bytes))),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(seed.length - 1), fc.nat(255)), { maxLength: 4 }),
        (all) => {
          const bytes = Buffer.from(seed);
          for (const [at, value] of all) bytes[at] = value;
          attempt(bytes);
        },
      ),
    );
  });
});

describe('the membership', () => {
  it('is printed as it was read', () => {
    const text = [
      'server.1=127.0.0.1:2222:2223:participant;0.0.0.0:2181',
      'server.2=[0:0:0:0:0:0:0:1]:2224:2225:observer',
      'server.3=a:1:2|b:1:2:participant',
      'version=1000000a3',
    ].join('\n');
    expect(printMembership(readMembership(text))).toBe(text);
    const groups = 'server.1=a:1:2:participant\ngroup.1=1\nweight.1=3\nversion=0';
    expect(printMembership(readMembership(groups))).toBe(groups);
  });

  it('is printed in the order of a Java hash map, with IPv6 addresses in full', () => {
    const read = readMembership('server.17=[::1]:1:2;[fe80::a]:5\nserver.2=b:1:2\nversion=0');
    expect(printMembership(read)).toBe(
      'server.17=[0:0:0:0:0:0:0:1]:1:2:participant;[fe80:0:0:0:0:0:0:a]:5\nserver.2=b:1:2:participant\nversion=0',
    );
  });
});
