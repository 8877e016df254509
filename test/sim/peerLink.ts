// A connection between a learner and a leader, with what the real links do around the packets: early
// learners wait, snapshots are read from the live state piece by piece, and hold what is behind them.

import { epochOf, type Zxid } from '../../src/base/ids.ts';
import type { LinkId } from '../../src/consensus/events.ts';
import { finishLoading, streamPieces, visitorOf } from '../../src/server/storage/snapshotFile.ts';
import { PacketType, type QuorumPacket } from '../../src/wire/quorum.ts';
import { SnapshotStreamReader } from '../../src/wire/snapshotTree.ts';
import { Pipe } from './links.ts';
import { packetName } from './names.ts';
import type { Network } from './network.ts';
import { newState } from './newState.ts';
import type { SimServer } from './server.ts';

type Item =
  | { kind: 'packet'; packet: QuorumPacket }
  | { kind: 'snapshot'; bytes: Buffer }
  | { kind: 'end'; reason: string };

/** LearnerLinks.EARLY_MS */
const EARLY_MS = 1000;

/** One end of it. */
interface End {
  readonly server: SimServer;
  readonly incarnation: number;
  /** Null until the server knows of it. */
  link: LinkId | null;
  isOpen: boolean;
  /** What is sent behind a snapshot that is still going out; null when none is. */
  behind: Item[] | null;
}

export class PeerLink {
  readonly learner: End;
  readonly leader: End;
  readonly #network: Network;
  readonly #up: Pipe<Item>;
  readonly #down: Pipe<Item>;
  #isEarly = false;
  /** The snapshot that came is not on disk yet. */
  #isHeld = false;
  #announced: Zxid | null = null;
  /** The end of the leader's history when it sent NEWLEADER: for the checkers. */
  behindNewLeader: Zxid | null = null;
  /** The epoch that the leader has told. */
  invitedTo: number | null = null;

  constructor(network: Network, learner: SimServer, link: LinkId, leader: SimServer) {
    this.#network = network;
    const { timers, random } = network;
    const { incarnation } = learner;
    this.learner = { server: learner, incarnation, link, isOpen: true, behind: null };
    this.leader = {
      server: leader,
      incarnation: leader.incarnation,
      link: null,
      isOpen: true,
      behind: null,
    };
    const delay = (): number => network.delay();
    this.#up = new Pipe<Item>(timers, random, {
      delay,
      isBlocked: () => this.#isEarly || network.isCut(learner.id, leader.id),
      deliver: (item) => this.#arrive(this.leader, item),
    });
    this.#down = new Pipe<Item>(timers, random, {
      delay,
      isBlocked: () => this.#isHeld || network.isCut(leader.id, learner.id),
      deliver: (item) => this.#arrive(this.learner, item),
    });
  }

  /** The learner is connected; the leader reads from it once it leads. */
  open(): void {
    const { learner, leader } = this;
    const address = `/10.0.0.${leader.server.id}:2888`;
    this.#tell(learner, () => {
      const { link } = learner;
      if (link !== null)
        learner.server.take({ kind: 'linked', link, to: leader.server.id, address });
    });
    if (leader.server.isLeading) return;
    this.#isEarly = true;
    this.#network.timers.after(EARLY_MS, () => {
      if (this.#isEarly) this.endBoth('nobody leads here');
    });
  }

  /** The server at the other end leads now. */
  welcome(): void {
    if (!this.#isEarly) return;
    this.#isEarly = false;
    this.kick();
  }

  kick(): void {
    this.#up.kick();
    this.#down.kick();
  }

  isOf(server: SimServer): boolean {
    return this.learner.server === server || this.leader.server === server;
  }

  endOf(server: SimServer): End {
    return this.learner.server === server ? this.learner : this.leader;
  }

  send(from: SimServer, packet: QuorumPacket): void {
    const data = packet.data === null ? null : Buffer.from(packet.data);
    const end = this.endOf(from);
    if (packet.type === PacketType.newLeader) this.behindNewLeader = from.lastAppended;
    else if (packet.type === PacketType.leaderInfo) this.invitedTo = epochOf(packet.zxid);
    this.#push(end, { kind: 'packet', packet: { ...packet, data } });
  }

  /** The leader's state, as it is while it goes out. */
  sendSnapshot(pieceSize: number): void {
    const end = this.leader;
    end.behind = [];
    const pieces = streamPieces(end.server.replica.state, pieceSize);
    const kept: Buffer[] = [];
    const next = (): void => {
      if (!end.isOpen) return;
      const piece = pieces.next();
      if (piece.done !== true) {
        kept.push(Buffer.from(piece.value));
        end.server.later(this.#network.delay(), next);
        return;
      }
      const behind = end.behind ?? [];
      end.behind = null;
      this.#push(end, { kind: 'snapshot', bytes: Buffer.concat(kept) });
      for (const item of behind) this.#push(end, item);
    };
    next();
  }

  sendHistory(entries: readonly { zxid: Zxid; entry: Buffer }[] | null): void {
    if (entries === null) {
      this.endBoth('the logs do not have it any more');
      return;
    }
    for (const { zxid, entry } of entries) {
      const { proposal, commit } = PacketType;
      this.send(this.leader.server, { type: proposal, zxid, data: entry, authinfo: null });
      this.send(this.leader.server, { type: commit, zxid, data: null, authinfo: null });
    }
  }

  /** What came on it is on the learner's disk. */
  release(): void {
    this.#isHeld = false;
    this.#down.kick();
  }

  /** A server ends it, or dies: `isReset` loses what is under way; `isSilent` says nothing. */
  close(server: SimServer, how: { isReset: boolean; isSilent: boolean }): void {
    const end = this.endOf(server);
    if (!end.isOpen) return;
    end.isOpen = false;
    const [out, into] = end === this.learner ? [this.#up, this.#down] : [this.#down, this.#up];
    into.close();
    this.#network.forget(this);
    if (how.isReset) out.loseTail();
    if (!how.isSilent) out.send({ kind: 'end', reason: 'connection closed' });
    else {
      // The machine is off: its peer learns that from the next one, or gives up by itself.
      out.close();
      this.#network.timers.after(this.#network.random.between(1000, 60_000), () =>
        this.#lost(end === this.learner ? this.leader : this.learner, 'connection reset'),
      );
    }
  }

  /** The network ends it. */
  endBoth(reason: string): void {
    this.#up.close();
    this.#down.close();
    this.#lost(this.learner, reason);
    this.#lost(this.leader, reason);
  }

  #push(end: End, item: Item): void {
    if (!end.isOpen) return;
    if (end.behind !== null) end.behind.push(item);
    else if (end === this.learner) this.#up.send(item);
    else this.#down.send(item);
  }

  #tell(end: End, run: () => void): void {
    const { server, incarnation } = end;
    server.whenAwake(incarnation, () => {
      if (end.isOpen) run();
    });
  }

  #lost(end: End, reason: string): void {
    if (!end.isOpen) return;
    this.#tell(end, () => {
      end.isOpen = false;
      this.#network.forget(this);
      if (end.link !== null) end.server.take({ kind: 'unlinked', link: end.link, reason });
    });
  }

  #arrive(end: End, item: Item): void {
    if (item.kind === 'end') {
      this.#lost(end, item.reason);
      return;
    }
    if (end === this.learner) {
      if (item.kind === 'snapshot') {
        this.#isHeld = true;
        this.#tell(end, () => this.#takeSnapshot(item.bytes));
        return;
      }
      if (item.packet.type === PacketType.snap) this.#announced = item.packet.zxid;
    }
    if (item.kind !== 'packet') return;
    if (packetName(item.packet.type) === this.#network.trap) {
      this.#network.trap = null;
      this.endBoth('reset');
    } else this.#tell(end, () => this.#takePacket(end, item.packet));
  }

  #takePacket(end: End, packet: QuorumPacket): void {
    const { server } = end;
    if (end === this.leader) this.learner.server.silence.end();
    if (end.link === null) {
      if (!server.isLeading) {
        this.endBoth('nobody leads here');
        return;
      }
      end.link = server.newLink();
      const address = `/10.0.0.${this.learner.server.id}:40000`;
      server.take({ kind: 'linked', link: end.link, to: null, address });
      if (!end.isOpen) return;
    }
    server.take({ kind: 'packet', link: end.link, packet });
    // It was lent for the step.
    packet.data?.fill(0xee);
  }

  #takeSnapshot(bytes: Buffer): void {
    const { server, link } = this.learner;
    const zxid = this.#announced;
    if (link === null || zxid === null) return;
    const state = newState();
    const visitor = visitorOf(state, (path) => {
      throw new Error(`znode ${path} has no parent in the leader's snapshot`);
    });
    new SnapshotStreamReader(visitor, 0x7fffffff).push(bytes);
    finishLoading(state, zxid);
    server.take({ kind: 'heard', link });
    server.take({ kind: 'snapshotReceived', link, state });
  }
}
