// The election port: the greeting of a connection and the notifications on it, as Apache's QuorumCnxManager.
import { Reader, WireError, Writer } from './bytes.ts';

/** What a server does, as notifications say it (QuorumPeer.ServerState). */
export const ServerState = { looking: 0, following: 1, leading: 2, observing: 3 } as const;
export type ServerState = (typeof ServerState)[keyof typeof ServerState];

/** A vote and who stands behind it (FastLeaderElection.Notification). */
export interface Notification {
  readonly state: ServerState;
  /** Id of the proposed leader; NO_LEADER from servers that do not vote. */
  readonly leader: number;
  /** Last zxid of the proposed leader. */
  readonly zxid: bigint;
  /** The sender's count of election rounds. */
  readonly electionEpoch: bigint;
  /** Current epoch of the proposed leader. */
  readonly peerEpoch: bigint;
  /** The sender's membership as text; null from servers that do not send one. */
  readonly config: string | null;
}

/** Long.MIN_VALUE: the vote of a server that has none. */
export const NO_LEADER = -(2 ** 63);

/** Bytes that a notification may have (QuorumCnxManager.PACKETMAXSIZE). */
export const MAX_NOTIFICATION = 512 * 1024;
/** Bytes that the addresses of a greeting may have (QuorumCnxManager.maxBuffer). */
const MAX_ADDRESSES = 2048;
/** Since 3.5: the id and one address. */
const GREETING_V1 = -65536;
/** Since 3.6, with multiAddress.enabled: the id and addresses with `|` between. */
const GREETING_V2 = -65535;
const NOTIFICATION_VERSION = 2;

/** A host name or address without brackets, and a port. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** What a server says first when it connects to an election port. */
export interface Greeting {
  readonly id: number;
  /** Where its own election port is; empty from servers before 3.5. */
  readonly addresses: readonly HostPort[];
}

/** @param severalAddresses whether all addresses are told: peers must then be 3.6 or later */
export function encodeGreeting(greeting: Greeting, severalAddresses: boolean): Buffer {
  const told = severalAddresses ? greeting.addresses : greeting.addresses.slice(0, 1);
  const text = Buffer.from(told.map(printHostPort).join('|'));
  const writer = new Writer(20 + text.length);
  writer.longFromNumber(severalAddresses ? GREETING_V2 : GREETING_V1);
  writer.longFromNumber(greeting.id);
  writer.bytes(text);
  return writer.take();
}

/**
 * Reads a greeting at the beginning of a connection; null while it is not whole.
 * Throws WireError when it is none.
 */
export function readGreeting(bytes: Buffer): { greeting: Greeting; length: number } | null {
  if (bytes.length < 8) return null;
  const reader = new Reader(bytes);
  const version = reader.longAsNumber();
  // Before 3.5 there was the id alone.
  if (version >= 0) return { greeting: { id: version, addresses: [] }, length: 8 };
  if (version !== GREETING_V1 && version !== GREETING_V2) {
    throw new WireError(`greeting of an unknown version ${version}`);
  }
  if (bytes.length < 20) return null;
  const id = reader.longAsNumber();
  const size = reader.int();
  if (size <= 0 || size > MAX_ADDRESSES) {
    throw new WireError(`greeting with ${size} bytes of addresses`);
  }
  if (reader.remaining < size) return null;
  const text = bytes.toString('utf8', 20, 20 + size);
  return { greeting: { id, addresses: text.split('|').map(readHostPort) }, length: 20 + size };
}

/** `host:port`, an IPv6 address in brackets. */
export function printHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function readHostPort(text: string): HostPort {
  const match = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65535) throw new WireError('greeting with an address that is none');
  return { host: match[1] ?? match[2] ?? '', port };
}

/** A notification with its length in front, as it goes over a connection. */
export function encodeNotification(notification: Notification): Buffer {
  const config = Buffer.from(notification.config ?? '');
  const writer = new Writer(48 + config.length);
  const frame = writer.beginFrame();
  writer.int(notification.state);
  writer.longFromNumber(notification.leader);
  writer.long(notification.zxid);
  writer.long(notification.electionEpoch);
  writer.long(notification.peerEpoch);
  writer.int(NOTIFICATION_VERSION);
  writer.bytes(config);
  writer.endFrame(frame);
  return writer.take();
}

/**
 * Reads the body of a frame. The shorter forms are those of older servers: 28 bytes before 3.3.4
 * have no epoch of the peer, 40 bytes before 3.5 no membership.
 */
export function readNotification(reader: Reader): Notification {
  const size = reader.remaining;
  const state = reader.int();
  if (state < 0 || state > ServerState.observing) {
    throw new WireError(`notification of a server in state ${state}`);
  }
  const leader = reader.longAsNumber();
  const zxid = reader.long();
  const electionEpoch = reader.long();
  const peerEpoch = size === 28 ? BigInt.asUintN(32, zxid >> 32n) : reader.long();
  const version = size === 28 || size === 40 ? 0 : reader.int();
  let config: string | null = null;
  if (version >= NOTIFICATION_VERSION) {
    config = reader.string();
    if (config === null) throw new WireError('notification with a membership of length -1');
  }
  return { state: state as ServerState, leader, zxid, electionEpoch, peerEpoch, config };
}
