// One connection between a leader and a learner: packets, and now and then a snapshot or a stretch of the log.
import type { Socket } from 'node:net';
import type { LinkId } from '../../consensus/events.ts';
import { WireError, Writer } from '../../wire/bytes.ts';
import { PacketType, QuorumPacket } from '../../wire/quorum.ts';
import { QuorumPackets } from '../../wire/quorumPackets.ts';
import { SnapshotStreamReader, type SnapshotVisitor } from '../../wire/snapshotTree.ts';

export interface LearnerLinkOptions {
  readonly link: LinkId;
  /** Whether this server is the learner: then a snapshot may come. */
  readonly isLearner: boolean;
  /** Bytes of one packet's data, or of one znode of a snapshot. */
  readonly maxData: number;
  /** Bytes that may wait for a peer that does not read. */
  readonly maxUnsent: number;
  readonly onPacket: (link: LearnerLink, packet: QuorumPacket) => void;
  /** A snapshot follows; what is read goes to the visitor. */
  readonly onSnapshot: (link: LearnerLink, packet: QuorumPacket) => SnapshotVisitor;
  /** The snapshot is complete; nothing behind it is read before `release`. */
  readonly onSnapshotEnd: (link: LearnerLink) => void;
  readonly onEnd: (link: LearnerLink, reason: string) => void;
  readonly onDirty: (link: LearnerLink) => void;
}

/** Packets are written in pieces of this size when many are sent in one turn. */
const PIECE = 256 << 10;
/** Bytes of the buffer for packets up to which it is kept. */
const KEPT = 16 << 10;
/** How long a peer may take for the last packets, in ms. */
const LINGER_MS = 1000;

type Pieces = Iterable<Buffer> | AsyncIterable<Buffer>;

export class LearnerLink {
  readonly link: LinkId;
  readonly #options: LearnerLinkOptions;
  readonly #packets: QuorumPackets;
  #socket: Socket | null = null;
  #snapshot: SnapshotStreamReader | null = null;
  /** What came behind a snapshot that is not durable yet; null when none is waited for. */
  #behind: Buffer | null = null;
  readonly #out = new Writer();
  /** What waits behind the snapshot or history that is going out. */
  readonly #queue: (Buffer | Pieces)[] = [];
  #queued = 0;
  #isBusy = false;
  #isOver = false;
  isDirty = false;

  constructor(options: LearnerLinkOptions) {
    this.link = options.link;
    this.#options = options;
    this.#packets = new QuorumPackets(options.maxData);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Bytes held for a packet that is not whole yet. */
  get held(): number {
    return this.#packets.held;
  }

  /** Bytes that the peer has not taken yet; those of a snapshot are made as it reads. */
  get unsent(): number {
    return this.#out.length + this.#queued + (this.#socket?.writableLength ?? 0);
  }

  /** The socket that carries the link; its chunks go to `take`. */
  carry(socket: Socket): void {
    this.#socket = socket;
    let reason = 'closed by the peer';
    socket.on('error', (error) => {
      reason = error.message;
    });
    socket.on('close', () => this.end(reason));
  }

  /** Reads a chunk, which is lent for the call. */
  take(chunk: Buffer): void {
    if (this.#isOver) return;
    try {
      if (this.#behind !== null) this.#behind = Buffer.concat([this.#behind, chunk]);
      else if (this.#snapshot !== null) this.#takeSnapshot(this.#snapshot, chunk);
      else this.#takePackets(chunk);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.end(`the peer sent ${error.message}`);
    }
  }

  #takePackets(chunk: Buffer): void {
    const packets = this.#packets;
    packets.push(chunk);
    for (let packet = packets.next(); packet !== null; packet = packets.next()) {
      this.#options.onPacket(this, packet);
      if (this.#isOver) return;
      if (packet.type === PacketType.snap && this.#options.isLearner) {
        const visitor = this.#options.onSnapshot(this, packet);
        this.#snapshot = new SnapshotStreamReader(visitor, this.#options.maxData);
        this.take(packets.rest());
        return;
      }
    }
    packets.keep();
  }

  #takeSnapshot(snapshot: SnapshotStreamReader, chunk: Buffer): void {
    const rest = snapshot.push(chunk);
    if (rest === null) return;
    this.#snapshot = null;
    this.#behind = Buffer.from(rest);
    this.#socket?.pause();
    this.#options.onSnapshotEnd(this);
  }

  /** The snapshot is durable: reads on behind it. */
  release(): void {
    const behind = this.#behind;
    if (behind === null || this.#isOver) return;
    this.#behind = null;
    this.take(behind);
    if (!this.#isOver && this.#behind === null) this.#socket?.resume();
  }

  /** Goes out with the next `flush`. The packet's data is copied. */
  send(packet: QuorumPacket): void {
    if (this.#isOver) return;
    QuorumPacket.write(this.#out, packet);
    if (this.#out.length >= PIECE) this.flush();
    else if (!this.isDirty) {
      this.isDirty = true;
      this.#options.onDirty(this);
    }
  }

  /** Writes what was sent, behind what is going out. */
  flush(): void {
    this.isDirty = false;
    const out = this.#out;
    if (this.#isOver || out.length === 0) return;
    const bytes = out.length > KEPT ? out.take() : out.copy();
    out.reset();
    if (this.#isBusy) {
      this.#queue.push(bytes);
      this.#queued += bytes.length;
    } else {
      this.#socket?.write(bytes);
    }
    const { unsent } = this;
    if (unsent > this.#options.maxUnsent) this.end(`${unsent} bytes for it lie unread`);
  }

  /** Sends pieces as the peer takes them; later packets go behind. Each may be overwritten by the next. */
  sendPieces(pieces: Pieces): void {
    if (this.#isOver) return;
    this.flush();
    this.#queue.push(pieces);
    if (!this.#isBusy) void this.#sendQueue();
  }

  async #sendQueue(): Promise<void> {
    this.#isBusy = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      if (Buffer.isBuffer(next)) {
        this.#queued -= next.length;
        this.#socket?.write(next);
        continue;
      }
      try {
        for await (const piece of next) {
          await this.#written(piece);
          if (this.#isOver) return;
        }
      } catch (error) {
        this.end(`what it needs cannot be read: ${(error as Error).message}`);
        return;
      }
    }
    this.#isBusy = false;
  }

  /** Waits until the system has the piece, and lets others have a turn. */
  #written(piece: Buffer): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket === null || this.#isOver) resolve();
      else this.#socket.write(piece, () => setImmediate(resolve));
    });
  }

  /** Ends the link, and says so; whatever is left is lost. */
  end(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#socket?.destroy();
    this.#options.onEnd(this, reason);
  }

  /** Ends the link behind what was sent, and says nothing. */
  close(): void {
    if (this.#isOver) return;
    this.flush();
    const socket = this.#socket;
    this.#isOver = true;
    if (socket === null || this.#isBusy) {
      socket?.destroy();
      return;
    }
    socket.destroySoon();
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once('close', () => clearTimeout(timer));
  }
}
