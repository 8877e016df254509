import { writeFileSync } from 'node:fs';
import { connect as dial } from 'node:net';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { zxid } from '../../src/base/ids.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { connect } from '../../src/client/index.ts';
import { ElectionLinks } from '../../src/server/network/electionLinks.ts';
import { LearnerLinks } from '../../src/server/network/learnerLinks.ts';
import { streamPieces } from '../../src/server/storage/snapshotFile.ts';
import { State } from '../../src/state/state.ts';
import type { Notification } from '../../src/wire/election.ts';
import {
  AckEpoch,
  dataOf,
  fromData,
  LeaderInfo,
  LearnerInfo,
  PacketType,
  PROTOCOL_VERSION,
  type QuorumPacket,
} from '../../src/wire/quorum.ts';
import { describeWithPeers } from '../support/foreign.ts';
import { freePort, temporaryDirectory, waitFor } from '../support/processes.ts';
import { fourLetterWord, startApache } from '../support/servers.ts';

const host = '127.0.0.1';

const isOpen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = dial({ port, host }, () => resolve(true));
    probe.on('error', () => resolve(false));
    probe.on('connect', () => probe.destroy());
  });

interface Heard {
  from: number;
  notification: Notification;
}

/** The places of three servers, of which Apache's has the id 2. */
async function places(): Promise<{ id: number; quorum: number; election: number }[]> {
  const found = [];
  for (const id of [1, 2, 3]) {
    found.push({ id, quorum: await freePort(), election: await freePort() });
  }
  return found;
}

const open: { close(): void }[] = [];
afterAll(() => {
  for (const one of open) one.close();
});

function startApacheTwo(all: Awaited<ReturnType<typeof places>>) {
  const dataDir = temporaryDirectory('apache-two');
  writeFileSync(join(dataDir, 'myid'), '2\n');
  const lines = all.map(({ id, quorum, election }) => [
    `server.${id}`,
    `${host}:${quorum}:${election}`,
  ]);
  const config = { initLimit: 20, syncLimit: 10, ...Object.fromEntries(lines) };
  return startApache({ dataDir, config });
}

/** A server that votes for `leader`. */
async function electing(id: number, leader: number, all: Awaited<ReturnType<typeof places>>) {
  const heard: Heard[] = [];
  const own = all.find((place) => place.id === id)?.election ?? 0;
  const members = all.map(({ id, election }) => ({ id, addresses: [{ host, port: election }] }));
  const links = new ElectionLinks(
    {
      id,
      addresses: [{ host, port: own }],
      onAllAddresses: false,
      bindTries: 1,
      connectTimeoutMs: 5000,
      severalAddresses: false,
      admitsStrangers: false,
      logger: silentLogger,
      onNotified(from, notification) {
        heard.push({ from, notification });
        // Each time it asks: an answer may be lost with a connection that another one replaces.
        links.send(from, vote(leader, notification.electionEpoch));
      },
    },
    members,
  );
  await links.listen();
  open.push(links);
  return { links, heard };
}

const vote = (leader: number, round: bigint): Notification => ({
  state: 0,
  leader,
  zxid: 0n,
  electionEpoch: round,
  peerEpoch: 0n,
  config: 'version=0',
});

describeWithPeers('the links between servers', ['apache'], () => {
  test('elect with Apache, lead it, and give it a snapshot that it serves', async () => {
    const all = await places();
    const started = startApacheTwo(all);
    const small = await electing(1, 3, all);
    const large = await electing(3, 3, all);
    const packets: QuorumPacket[] = [];
    const leading = new LearnerLinks(
      {
        id: 3,
        addresses: [{ host, port: all[2]?.quorum ?? 0 }],
        onAllAddresses: false,
        bindTries: 1,
        connectLimitMs: 1000,
        maxData: 1 << 20,
        admitsStrangers: false,
        logger: silentLogger,
        onEvent: (event) => {
          if (event.kind !== 'packet') return;
          const { data } = event.packet;
          packets.push({ ...event.packet, data: data && Buffer.from(data) });
          answer(event.link, event.packet);
        },
        onSnapshot: () => expect.fail('no snapshot comes to a leader'),
        onSnapshotEnd: () => undefined,
      },
      all.map(({ id, quorum }) => ({ id, addresses: [{ host, port: quorum }] })),
    );
    open.push(leading);
    await leading.listen();
    leading.setLeading(true);

    const state = new State();
    state.tree.load('', Buffer.alloc(0), -1n, stat());
    state.tree.load('/zookeeper', Buffer.alloc(0), -1n, stat());
    for (let i = 0; i < 300; i++) {
      state.tree.load(`/n${i}`, Buffer.alloc(10_000, 0x61), -1n, stat());
    }
    state.tree.finishLoading();
    const send = (link: number, type: number, id: bigint, data: Buffer | null = null) =>
      leading.send(link, { type, zxid: zxid(id), data, authinfo: null });
    function answer(link: number, packet: QuorumPacket): void {
      const info = { protocolVersion: PROTOCOL_VERSION };
      if (packet.type === PacketType.followerInfo) {
        send(link, PacketType.leaderInfo, 1n << 32n, dataOf(LeaderInfo, info));
      } else if (packet.type === PacketType.ackEpoch) {
        send(link, PacketType.snap, 5n);
        leading.sendSnapshot(link, streamPieces(state));
        const lines = all.map(
          ({ id, quorum, election }) => `server.${id}=${host}:${quorum}:${election}:participant\n`,
        );
        send(link, PacketType.newLeader, 1n << 32n, Buffer.from(`${lines.join('')}version=0`));
      } else if (packet.type === PacketType.ack && packets.length === 3) {
        send(link, PacketType.upToDate, -1n);
      }
    }

    // Both directions of the rule by id: 1 is called back, 3 keeps what it opened.
    small.links.send(2, vote(3, 1n));
    const told = await waitFor('votes of Apache', () => small.heard[0]?.notification ?? null);
    await waitFor('its vote for 3', () =>
      large.heard.some(({ notification }) => notification.leader === 3),
    );
    expect(told.config).toContain('server.2=127.0.0.1:');
    const server = await started;
    expect(await fourLetterWord(server.port, 'srvr')).toContain('Mode: follower');
    const counts = await fourLetterWord(server.port, 'mntr');
    expect(counts).toMatch(/zk_znode_count\t30[2-5]/);
    const [info, epoch, ack] = packets;
    expect(fromData(LearnerInfo, info?.data ?? null).serverid).toBe(2n);
    expect(fromData(AckEpoch, epoch?.data ?? null).currentEpoch).toBe(0);
    expect([ack?.type, ack?.zxid]).toEqual([PacketType.ack, 1n << 32n]);
    await server.kill();
  });

  test('follow Apache, and read the snapshot that it sends to who comes with nothing', async () => {
    const all = await places();
    const started = startApacheTwo(all);
    const { links, heard } = await electing(1, 2, all);
    links.send(2, vote(2, 1n));
    await waitFor('its vote', () => heard.length > 0);
    const nodes = new Map<string, number>();
    const types: number[] = [];
    let tries = 10;
    const following = new LearnerLinks(
      {
        id: 1,
        addresses: [{ host, port: all[0]?.quorum ?? 0 }],
        onAllAddresses: false,
        bindTries: 1,
        connectLimitMs: 10_000,
        maxData: 1 << 20,
        admitsStrangers: false,
        logger: silentLogger,
        onEvent: (event) => {
          if (event.kind === 'linked') {
            const info = { serverid: 1n, protocolVersion: PROTOCOL_VERSION, configVersion: 0n };
            send(event.link, PacketType.followerInfo, 0n, dataOf(LearnerInfo, info));
          } else if (event.kind === 'packet') answer(event.link, event.packet);
          // It has been elected, and does not listen yet.
          else if (types.length === 0) void again();
        },
        onSnapshot: () => ({
          session: () => undefined,
          acl: () => undefined,
          node: (path, { data }) => nodes.set(path, data?.length ?? -1),
        }),
        onSnapshotEnd: (link) => following.release(link),
      },
      all.map(({ id, quorum }) => ({ id, addresses: [{ host, port: quorum }] })),
    );
    open.push(following);
    async function again(): Promise<void> {
      await waitFor('it to listen', () => isOpen(all[1]?.quorum ?? 0));
      following.connect(++tries, 2);
    }
    function send(link: number, type: number, id: bigint, data: Buffer | null = null): void {
      following.send(link, { type, zxid: zxid(id), data, authinfo: null });
    }
    function answer(link: number, packet: QuorumPacket): void {
      types.push(packet.type);
      if (packet.type === PacketType.leaderInfo) {
        send(link, PacketType.ackEpoch, 0n, dataOf(AckEpoch, { currentEpoch: 0 }));
      } else if (packet.type === PacketType.newLeader || packet.type === PacketType.proposal) {
        send(link, PacketType.ack, packet.zxid);
      } else if (packet.type === PacketType.ping) {
        send(link, PacketType.ping, packet.zxid, Buffer.alloc(0));
      }
    }
    following.connect(1, 2);
    const server = await started;
    const client = await connect(server.address);
    for (let i = 0; i < 50; i++) await client.create(`/n${i}`, Buffer.alloc(20_000, i));
    expect(types).not.toContain(PacketType.snap);
    // The same server comes again, and says that it has nothing.
    following.connect(3, 2);
    await waitFor(
      'the end of the synchronisation',
      () => types.includes(PacketType.snap) && types.at(-1) !== PacketType.snap,
    );
    expect(
      [...nodes].filter(([path, size]) => path.startsWith('/n') && size === 20_000),
    ).toHaveLength(50);
    await client.close();
    await server.kill();
  });
});

function stat() {
  const none = zxid(0n);
  return {
    czxid: none,
    mzxid: none,
    ctime: 0,
    mtime: 0,
    version: 0,
    cversion: 0,
    aversion: 0,
    ephemeralOwner: 0n,
    pzxid: none,
  };
}
