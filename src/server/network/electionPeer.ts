// One other server on the election port: its connection, what is to be said to it, and when to try again.
import type { Socket } from 'node:net';
import type { Logger } from '../../base/logger.ts';
import type { ServerId } from '../../consensus/quorum.ts';
import type { HostPort } from '../../wire/election.ts';
import { type Connected, type ConnectOptions, connectTo } from './peerConnect.ts';

export interface ElectionPeerOptions {
  readonly id: ServerId;
  readonly addresses: readonly HostPort[];
  /** No member list names it. */
  readonly isStranger: boolean;
  /** Its id is above ours: it opens the connection, and a greeting of ours only asks it to. */
  readonly isLarger: boolean;
  readonly connect: ConnectOptions;
  readonly logger: Logger;
  readonly greeting: () => Buffer;
  /** A connection to it is there, or is gone, or cannot be had. */
  readonly onReach: (id: ServerId, isReached: boolean) => void;
  /** A connection that we opened to it is in use. */
  readonly onOpen: (socket: Socket, peer: ElectionPeer) => void;
}

/** After a failed try to connect, in ms; doubles up to MOST. */
const FIRST_PAUSE = 100;
const MOST = 1000;

export class ElectionPeer {
  readonly id: ServerId;
  isStranger: boolean;
  readonly isLarger: boolean;
  readonly #options: ElectionPeerOptions;
  #addresses: readonly HostPort[];
  #socket: Socket | null = null;
  /** Whether the system has not taken yet what was written last. */
  #isWriting = false;
  /** Newest notification that was not sent. */
  #unsent: Buffer | null = null;
  /** Sent again when a new connection opens: the last one may have lost it. */
  #lastSent: Buffer | null = null;
  /** Ends a try to connect. */
  #cancel: (() => void) | null = null;
  #timer: NodeJS.Timeout | null = null;
  #failures = 0;
  #complaint = '';
  #repeats = 0;

  constructor(options: ElectionPeerOptions) {
    this.id = options.id;
    this.isStranger = options.isStranger;
    this.isLarger = options.isLarger;
    this.#options = options;
    this.#addresses = options.addresses;
  }

  get isOpen(): boolean {
    return this.#socket !== null;
  }

  has(socket: Socket): boolean {
    return this.#socket === socket;
  }

  send(notification: Buffer): void {
    this.#unsent = notification;
    if (this.#socket === null) this.#connect();
    else this.#flush();
  }

  moveTo(addresses: readonly HostPort[]): void {
    this.isStranger = false;
    this.#addresses = addresses;
  }

  /** Takes over a connection; the one before is dead, or its other side has given it up. */
  open(socket: Socket): void {
    this.#abandon();
    this.#socket = socket;
    this.#isWriting = false;
    this.#failures = 0;
    this.#well();
    socket.once('close', () => this.#closed(socket));
    this.#unsent ??= this.#lastSent;
    this.#flush();
    this.#options.onReach(this.id, true);
  }

  /** The peer is there and asks to be connected to. */
  callBack(): void {
    if (this.#cancel !== null) return;
    this.#abandon();
    this.#failures = 0;
    this.#connect();
  }

  close(): void {
    this.#abandon();
    this.#unsent = null;
  }

  /** Says what is wrong with what the peer sends, once until it changes. */
  report(what: string): void {
    this.#complain(`Server ${this.id} sent ${what}`);
  }

  #abandon(): void {
    this.#cancel?.();
    this.#cancel = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#socket?.destroy();
    this.#socket = null;
  }

  #connect(): void {
    if (this.#socket !== null || this.#cancel !== null || this.#timer !== null) return;
    this.#cancel = connectTo(this.#addresses, this.#options.connect, (result) => {
      this.#cancel = null;
      if (result.socket === null) this.#failed(result);
      else this.#reached(result.socket);
    });
  }

  #failed({ address, cause }: Extract<Connected, { socket: null }>): void {
    this.#complain(`Cannot open channel to ${this.id} at election address ${address}: ${cause}`);
    this.#pause(Math.min(MOST, FIRST_PAUSE * 2 ** this.#failures));
    this.#failures++;
    this.#options.onReach(this.id, false);
  }

  /** What is sent meanwhile is tried at its end; nothing is tried again without being asked for. */
  #pause(ms: number, isTold = this.#unsent): void {
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.#unsent !== null && this.#unsent !== isTold) this.#connect();
    }, ms);
  }

  #reached(socket: Socket): void {
    socket.write(this.#options.greeting());
    if (!this.isLarger) {
      this.open(socket);
      this.#options.onOpen(socket, this);
      return;
    }
    this.#options.logger.debug(
      `Have smaller server identifier, so dropping the connection: (${this.id})`,
    );
    socket.resume();
    socket.end();
    // It may need a moment; to ask again at once would make it drop what it just opened.
    this.#pause(MOST);
  }

  #flush(): void {
    const socket = this.#socket;
    if (socket === null || this.#unsent === null || this.#isWriting) return;
    this.#lastSent = this.#unsent;
    this.#unsent = null;
    this.#isWriting = true;
    socket.write(this.#lastSent, () => {
      if (this.#socket !== socket) return;
      this.#isWriting = false;
      this.#flush();
    });
  }

  #closed(socket: Socket): void {
    if (this.#socket !== socket) return;
    this.#socket = null;
    this.#options.logger.debug(`Connection broken for id ${this.id}`);
    // Whoever ended it may be about to connect again, so not at once.
    this.#pause(FIRST_PAUSE, null);
    this.#options.onReach(this.id, false);
  }

  #complain(line: string): void {
    const { logger } = this.#options;
    if (line === this.#complaint) {
      this.#repeats++;
      logger.debug(line);
      return;
    }
    logger.warn(this.#repeats > 0 ? `${line} (before: ${this.#failedTries})` : line);
    this.#complaint = line;
    this.#repeats = 0;
  }

  get #failedTries(): string {
    return this.#repeats === 0 ? 'a failed try' : `${this.#repeats + 1} failed tries`;
  }

  #well(): void {
    if (this.#complaint === '') return;
    this.#options.logger.info(`Opened the channel to ${this.id} after ${this.#failedTries}`);
    this.#complaint = '';
    this.#repeats = 0;
  }
}
