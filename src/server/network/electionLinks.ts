// The connections over which servers elect a leader: one between any two, kept by the larger id (QuorumCnxManager).
import type { Socket } from 'node:net';
import type { ServerId } from '../../consensus/quorum.ts';
import { Reader, WireError } from '../../wire/bytes.ts';
import {
  encodeGreeting,
  encodeNotification,
  type Greeting,
  type HostPort,
  MAX_NOTIFICATION,
  type Notification,
  printHostPort,
  readGreeting,
  readNotification,
} from '../../wire/election.ts';
import { FrameResult, Frames } from '../../wire/frames.ts';
import { ElectionPeer } from './electionPeer.ts';
import { type PeerAddresses, type PeerLinksOptions, PeerPort, type Visitor } from './peerPort.ts';

export interface ElectionLinksOptions extends PeerLinksOptions {
  /** cnxTimeout, in ms. */
  readonly connectTimeoutMs: number;
  /** multiAddress.enabled: peers are told all addresses, and must be 3.6 or later. */
  readonly severalAddresses: boolean;
  readonly onNotified: (from: ServerId, notification: Notification) => void;
  /** A connection to a peer is there, or is gone, or cannot be had. */
  readonly onReach?: (peer: ServerId, isReached: boolean) => void;
}

/** Servers that no member list names, at a time. */
const MAX_STRANGERS = 8;

export class ElectionLinks {
  readonly #options: ElectionLinksOptions;
  readonly #port: PeerPort;
  readonly #peers = new Map<ServerId, ElectionPeer>();
  #members: readonly PeerAddresses[] = [];
  #isClosed = false;
  /** The last refusal that was logged: it is not said twice. */
  #refused = '';
  /** What is said to peers when a connection opens. */
  #greeting: Buffer;

  constructor(options: ElectionLinksOptions, members: readonly PeerAddresses[] = []) {
    this.#options = options;
    this.#greeting = encodeGreeting(options, options.severalAddresses);
    this.#port = new PeerPort({
      ...options,
      name: 'the election',
      onAccepted: (visitor) => this.#welcome(visitor),
    });
    this.setMembers(members);
  }

  /** Resolves with the ports in use; rejects as `PeerPort.listen` does. */
  async listen(): Promise<number[]> {
    const ports = await this.#port.listen();
    this.#bound(this.#options.addresses, ports);
    return ports;
  }

  /** Its own addresses are these from now on; who is connected stays. Rejects as `listen`. */
  async move(addresses: readonly HostPort[]): Promise<void> {
    this.#bound(addresses, await this.#port.move(addresses));
  }

  #bound(addresses: readonly HostPort[], ports: readonly number[]): void {
    const { id, severalAddresses, logger } = this.#options;
    const bound = addresses.map(({ host }, i) => ({ host, port: ports[i] ?? 0 }));
    this.#greeting = encodeGreeting({ id, addresses: bound }, severalAddresses);
    for (const where of bound.map(printHostPort)) {
      logger.info(`${id} is accepting connections now, my election bind port: ${where}`);
    }
  }

  /** Tells a peer; of what could not be sent to it yet, only the newest is kept. */
  send(to: ServerId, notification: Notification): void {
    if (this.#isClosed) return;
    const peer = this.#peers.get(to);
    if (peer === undefined) this.#options.logger.debug(`Invalid server id: ${to}`);
    else peer.send(encodeNotification(notification));
  }

  /** Who may connect, and where they are; connections to others end. This server itself may be in it. */
  setMembers(members: readonly PeerAddresses[]): void {
    this.#members = members.filter(({ id }) => id !== this.#options.id);
    const known = new Map(this.#members.map((member) => [member.id, member]));
    for (const [id, peer] of this.#peers) {
      if (known.has(id)) continue;
      peer.close();
      this.#peers.delete(id);
    }
    for (const { id, addresses } of this.#members) {
      const peer = this.#peers.get(id);
      if (peer === undefined) this.#peers.set(id, this.#newPeer(id, addresses, false));
      else peer.moveTo(addresses);
    }
  }

  /** Peers with an open connection. */
  get connected(): ServerId[] {
    return [...this.#peers.values()].filter((peer) => peer.isOpen).map((peer) => peer.id);
  }

  /** Ends all connections and stops listening. */
  close(): void {
    this.#isClosed = true;
    this.#port.close();
    for (const peer of this.#peers.values()) peer.close();
    this.#peers.clear();
  }

  #newPeer(id: ServerId, addresses: readonly HostPort[], isStranger: boolean): ElectionPeer {
    const { connectTimeoutMs, lookup, logger } = this.#options;
    return new ElectionPeer({
      id,
      addresses,
      isStranger,
      isLarger: id > this.#options.id,
      connect: { timeoutMs: connectTimeoutMs, lookup },
      logger,
      greeting: () => this.#greeting,
      onReach: (peer, isReached) => this.#options.onReach?.(peer, isReached),
      onOpen: (socket, peer) => this.#read(socket, peer, new Frames(MAX_NOTIFICATION)),
    });
  }

  /** Reads a greeting. What comes with it is the beginning of the notifications. */
  #welcome(visitor: Visitor): void {
    const { socket } = visitor;
    let head: Buffer = Buffer.alloc(0);
    const read = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk]);
      const found = this.#greetingOf(head, visitor);
      if (found === null) return;
      socket.removeListener('data', read);
      visitor.known();
      if (found === 'bad') socket.destroy();
      else this.#greeted(socket, found.greeting, head.subarray(found.length));
    };
    socket.on('data', read);
    socket.resume();
  }

  #greetingOf(head: Buffer, { from }: Visitor): ReturnType<typeof readGreeting> | 'bad' {
    try {
      return readGreeting(head);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#options.logger.debug(`/${from} on the election port: ${error.message}`);
      return 'bad';
    }
  }

  #greeted(socket: Socket, greeting: Greeting, rest: Buffer): void {
    const { id, logger } = this.#options;
    const peer = greeting.id === id ? null : this.#peerOf(greeting);
    if (peer === null) {
      // ZOOKEEPER-2164: a server with our id is a copied myid file.
      const who = greeting.id === id ? 'with our own id' : `with the unknown id ${greeting.id}`;
      const line = `Refused a server ${who} on the election port, from /${socket.remoteAddress}`;
      if (line !== this.#refused) logger.warn(line);
      this.#refused = line;
      socket.destroy();
      return;
    }
    if (peer.isLarger) {
      peer.open(socket);
      this.#read(socket, peer, new Frames(MAX_NOTIFICATION), rest);
      return;
    }
    // It has the smaller id: the connection is ours to open, and what was open before is dead.
    socket.destroy();
    peer.callBack();
  }

  #peerOf(greeting: Greeting): ElectionPeer | null {
    const known = this.#peers.get(greeting.id);
    if (known !== undefined) return known;
    if (!this.#options.admitsStrangers || greeting.id < 0) return null;
    const strangers = [...this.#peers.values()].filter((peer) => peer.isStranger);
    const [idle] = strangers.filter((peer) => !peer.isOpen);
    if (strangers.length >= MAX_STRANGERS) {
      if (idle === undefined) return null;
      idle.close();
      this.#peers.delete(idle.id);
    }
    const peer = this.#newPeer(greeting.id, greeting.addresses, true);
    this.#peers.set(peer.id, peer);
    return peer;
  }

  /** Reads notifications until the connection ends. */
  #read(socket: Socket, peer: ElectionPeer, frames: Frames, first?: Buffer): void {
    const reader = new Reader();
    const take = (chunk: Buffer): void => {
      frames.push(chunk);
      let result = frames.next(reader);
      while (result === FrameResult.frame && peer.has(socket)) {
        this.#notified(peer, reader);
        result = frames.next(reader);
      }
      if (result === FrameResult.bad) {
        peer.report(`a message of ${frames.badLength} bytes`);
        socket.destroy();
      }
      frames.keep();
    };
    socket.on('data', take);
    if (first !== undefined && first.length > 0) take(first);
  }

  #notified(peer: ElectionPeer, reader: Reader): void {
    let notification: Notification;
    try {
      notification = readNotification(reader);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      peer.report(`a message that is no notification: ${error.message}`);
      return;
    }
    this.#options.onNotified(peer.id, notification);
  }
}
