// The connections between a leader and its learners: the quorum port, and those that this server opens.
import type { ConsensusEvent, LinkId } from '../../consensus/events.ts';
import type { ServerId } from '../../consensus/quorum.ts';
import { fromData, LearnerInfo, PacketType, type QuorumPacket } from '../../wire/quorum.ts';
import type { SnapshotVisitor } from '../../wire/snapshotTree.ts';
import { type HistoryEntry, historyPieces } from './historyPieces.ts';
import { LearnerLink } from './learnerLink.ts';
import { connectTo } from './peerConnect.ts';
import { type PeerAddresses, type PeerLinksOptions, PeerPort, type Visitor } from './peerPort.ts';
import { readFrom, readLent } from './readBuffer.ts';

export interface LearnerLinksOptions extends PeerLinksOptions {
  /** In which a leader must be reached: ticks of connectToLearnerMasterLimit or initLimit, in ms. */
  readonly connectLimitMs: number;
  /** Bytes of a packet's data: jute.maxbuffer and what transactions add. */
  readonly maxData: number;
  /** Bytes that may wait for a learner that does not read before it is cut off. */
  readonly maxUnsent?: number;
  readonly onEvent: (event: LinkEvent) => void;
  /** The leader's snapshot follows on the link: where it is to be read into. */
  readonly onSnapshot: (link: LinkId, packet: QuorumPacket) => SnapshotVisitor;
  /** It is complete: `release` the link when it is durable. */
  readonly onSnapshotEnd: (link: LinkId) => void;
}

export type LinkEvent = Extract<ConsensusEvent, { kind: 'linked' | 'unlinked' | 'packet' }>;

const MAX_UNSENT = 256 << 20;
/** A first packet names a server and has a few bytes. */
const MAX_FIRST = 4096;
/** Learner.connectToLeader: so often, with such a pause in ms. */
const TRIES = 5;
const PAUSE_MS = 100;
/**
 * How long a learner that comes before this server leads is kept waiting, in ms: it has heard of the
 * election's end first. A closed connection would send it back into an election.
 */
const EARLY_MS = 1000;

/** A try to reach a leader. */
interface Attempt {
  readonly id: LinkId;
  readonly to: ServerId;
  /** When it is too late, on the monotonic clock. */
  readonly until: number;
  tried: number;
  problem: string;
}

export class LearnerLinks {
  readonly #options: LearnerLinksOptions;
  readonly #port: PeerPort;
  readonly #links = new Map<LinkId, LearnerLink>();
  /** Ends a try to connect. */
  readonly #connecting = new Map<LinkId, () => void>();
  readonly #early = new Map<Visitor, NodeJS.Timeout>();
  readonly #dirty: LearnerLink[] = [];
  #members = new Map<ServerId, PeerAddresses>();
  #nextLink = 2;
  #isLeading = false;
  #isFlushSet = false;

  constructor(options: LearnerLinksOptions, members: readonly PeerAddresses[] = []) {
    this.#options = options;
    this.#port = new PeerPort({
      ...options,
      name: 'the quorum',
      onAccepted: (visitor) => this.#accepted(visitor),
    });
    this.setMembers(members);
  }

  /** Resolves with the ports in use; rejects as `PeerPort.listen` does. */
  listen(): Promise<number[]> {
    return this.#port.listen();
  }

  /** Its own addresses are these from now on; who is connected stays. Rejects as `listen`. */
  move(addresses: PeerAddresses['addresses']): Promise<number[]> {
    return this.#port.move(addresses);
  }

  setMembers(members: readonly PeerAddresses[]): void {
    this.#members = new Map(members.map((member) => [member.id, member]));
  }

  /** Learners are welcome or not. The port stays bound, so that nobody else takes it. */
  setLeading(isLeading: boolean): void {
    this.#isLeading = isLeading;
    if (!isLeading) return;
    const early = [...this.#early.keys()];
    this.#forgetEarly();
    for (const visitor of early) this.#welcome(visitor);
  }

  /** Connects to a leader; answered by `linked`, or by `unlinked` when it cannot be reached. */
  connect(link: LinkId, to: ServerId): void {
    const until = performance.now() + this.#options.connectLimitMs;
    const problem = `Cannot connect to leader ${to}: it is not in the member list`;
    this.#reach({ id: link, to, until, tried: 0, problem });
  }

  /** Goes out with this turn's other packets. Its data is copied. */
  send(link: LinkId, packet: QuorumPacket): void {
    this.#links.get(link)?.send(packet);
  }

  /** Pieces of a snapshot with its signature; each may be overwritten by the next. */
  sendSnapshot(link: LinkId, pieces: Iterable<Buffer>): void {
    this.#links.get(link)?.sendPieces(pieces);
  }

  /** Committed entries as pairs of proposal and commit. A source that throws ends the link. */
  sendHistory(link: LinkId, entries: Iterable<HistoryEntry> | AsyncIterable<HistoryEntry>): void {
    this.#links.get(link)?.sendPieces(historyPieces(entries));
  }

  /** The state that came on the link is durable: packets behind it may come. */
  release(link: LinkId): void {
    this.#links.get(link)?.release();
  }

  /** Ends a connection, or a try; `unlinked` does not follow. */
  unlink(link: LinkId): void {
    this.#connecting.get(link)?.();
    this.#connecting.delete(link);
    this.#links.get(link)?.close();
    this.#links.delete(link);
  }

  /** Bytes that a link's peer has not taken. */
  unsent(link: LinkId): number {
    return this.#links.get(link)?.unsent ?? 0;
  }

  /** Writes what was sent: once for each link. Happens by itself at the end of a turn. */
  flush(): void {
    for (let link = this.#dirty.pop(); link !== undefined; link = this.#dirty.pop()) link.flush();
  }

  /** Ends all connections and stops listening; no event follows. */
  close(): void {
    this.#isLeading = false;
    this.#port.close();
    this.#forgetEarly();
    for (const link of [...this.#connecting.keys(), ...this.#links.keys()]) this.unlink(link);
  }

  #forgetEarly(): void {
    for (const timer of this.#early.values()) clearTimeout(timer);
    this.#early.clear();
  }

  #accepted(visitor: Visitor): void {
    if (this.#isLeading) {
      this.#welcome(visitor);
      return;
    }
    const { socket } = visitor;
    const timer = setTimeout(() => socket.destroy(), EARLY_MS);
    this.#early.set(visitor, timer);
    socket.once('close', () => {
      clearTimeout(timer);
      this.#early.delete(visitor);
    });
  }

  /** Reads from a learner; it is a link once it has said who it is. */
  #welcome(visitor: Visitor): void {
    if (visitor.socket.destroyed) return;
    const address = `/${visitor.socket.remoteAddress}:${visitor.socket.remotePort}`;
    let isKnown = false;
    const link = this.#newLink(this.#nextLink, false, (packet) => {
      if (isKnown) return true;
      const problem = this.#problemOf(packet);
      if (problem !== null) {
        this.#options.logger.debug(`${address} on the quorum port: ${problem}`);
        return false;
      }
      isKnown = true;
      visitor.known();
      this.#links.set(link.link, link);
      this.#options.onEvent({ kind: 'linked', link: link.link, to: null, address });
      return true;
    });
    this.#nextLink += 2;
    const socket = readFrom(visitor.socket, (chunk) => {
      link.take(chunk);
      if (!isKnown && link.held > MAX_FIRST) link.end('too much');
    });
    visitor.socket = socket;
    socket.once('close', () => visitor.known());
    link.carry(socket);
  }

  /** What is wrong with a learner's first packet, null when nothing is. */
  #problemOf(packet: QuorumPacket): string | null {
    const { followerInfo, observerInfo } = PacketType;
    if (!this.#isLeading) return 'this server leads nobody';
    if (packet.type !== followerInfo && packet.type !== observerInfo) {
      return `a first packet of type ${packet.type}`;
    }
    const id = Number(fromData(LearnerInfo, packet.data).serverid);
    const isMember = this.#members.has(id) || (this.#options.admitsStrangers && id >= 0);
    return isMember && id !== this.#options.id ? null : `a learner with the id ${id}`;
  }

  /** @param admits whether the packet may pass on; else the link ends without a word */
  #newLink(id: LinkId, isLearner: boolean, admits: (packet: QuorumPacket) => boolean): LearnerLink {
    const { maxData, maxUnsent = MAX_UNSENT, onEvent, onSnapshot, onSnapshotEnd } = this.#options;
    return new LearnerLink({
      link: id,
      isLearner,
      maxData,
      maxUnsent,
      onPacket: (link, packet) => {
        if (admits(packet)) onEvent({ kind: 'packet', link: id, packet });
        else link.end('refused');
      },
      onSnapshot: (_, packet) => onSnapshot(id, packet),
      onSnapshotEnd: () => onSnapshotEnd(id),
      onEnd: (link, reason) => {
        if (this.#links.get(id) !== link) return;
        this.#links.delete(id);
        onEvent({ kind: 'unlinked', link: id, reason });
      },
      onDirty: (link) => {
        this.#dirty.push(link);
        this.#setFlush();
      },
    });
  }

  #setFlush(): void {
    if (this.#isFlushSet) return;
    this.#isFlushSet = true;
    setImmediate(() => {
      this.#isFlushSet = false;
      this.flush();
    });
  }

  #reach(attempt: Attempt): void {
    const { logger, lookup } = this.#options;
    const { id, to } = attempt;
    const addresses = this.#members.get(to)?.addresses ?? [];
    const timeoutMs = attempt.until - performance.now();
    if (addresses.length === 0 || timeoutMs <= 0 || attempt.tried === TRIES) {
      const handle = setImmediate(() => this.#unreachable(attempt));
      this.#connecting.set(id, () => clearImmediate(handle));
      return;
    }
    attempt.tried++;
    const link = this.#newLink(id, true, () => true);
    const socket = { onread: readLent((chunk) => link.take(chunk)) };
    const cancel = connectTo(addresses, { timeoutMs, lookup, socket }, (result) => {
      if (result.socket !== null) {
        this.#connecting.delete(id);
        this.#links.set(id, link);
        link.carry(result.socket);
        this.#options.onEvent({ kind: 'linked', link: id, to, address: result.address });
        return;
      }
      attempt.problem = `Cannot connect to leader ${to} at ${result.address}: ${result.cause}`;
      logger.debug(`${attempt.problem} (try ${attempt.tried})`);
      const timer = setTimeout(() => this.#reach(attempt), PAUSE_MS);
      this.#connecting.set(id, () => clearTimeout(timer));
    });
    this.#connecting.set(id, cancel);
  }

  #unreachable({ id, problem }: Attempt): void {
    this.#connecting.delete(id);
    this.#options.logger.warn(problem);
    this.#options.onEvent({ kind: 'unlinked', link: id, reason: problem });
  }
}
