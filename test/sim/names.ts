// Short names of events and effects, for traces.
import { hex0x, type Zxid } from '../../src/base/ids.ts';
import type { Effect, Event } from '../../src/replica/events.ts';
import { NO_LEADER } from '../../src/wire/election.ts';
import { PacketType } from '../../src/wire/quorum.ts';
import { nameOfMembership } from './memberships.ts';

const STATES = ['looking', 'following', 'leading', 'observing'];

const PACKETS = new Map<number, string>(
  Object.entries(PacketType).map(([name, type]) => [type, name.toUpperCase()]),
);

export const packetName = (type: number): string => PACKETS.get(type) ?? `type ${type}`;

type Notify = Extract<Effect, { kind: 'notify' }>['notification'];

const voteOf = ({ state, leader, zxid, electionEpoch, peerEpoch }: Notify): string =>
  leader === NO_LEADER
    ? `${STATES[state]} no vote round ${electionEpoch}`
    : `${STATES[state]} leader ${leader} (${peerEpoch}, ${hex0x(zxid)}) round ${electionEpoch}`;

export function nameOfEvent(event: Event): string {
  switch (event.kind) {
    case 'notified':
      return `notified by ${event.from}: ${voteOf(event.notification)}`;
    case 'linked':
      return event.to === null ? `linked ${event.link}` : `linked ${event.link} to ${event.to}`;
    case 'unlinked':
      return `unlinked ${event.link}: ${event.reason}`;
    case 'packet':
      return `${packetName(event.packet.type)} ${hex0x(event.packet.zxid)} on ${event.link}`;
    case 'logged':
      return `logged ${hex0x(event.upTo)}`;
    case 'epochSaved':
      return `epochSaved ${event.which} ${event.epoch}`;
    case 'truncated':
      return `truncated ${hex0x(event.state.lastZxid)}`;
    case 'snapshotReceived':
      return `snapshotReceived ${hex0x(event.state.lastZxid)}`;
    case 'restarted':
      return `restarted ${hex0x(event.zxid)}`;
    case 'reachable':
    case 'unreachable':
      return `${event.kind} ${event.peer}`;
    default:
      return event.kind;
  }
}

export function nameOfEffect(effect: Effect): string {
  switch (effect.kind) {
    case 'log':
      return `log ${hex0x(effect.zxid)}`;
    case 'saveEpoch':
      return `saveEpoch ${effect.which} ${effect.epoch}`;
    case 'notify':
      return `notify ${effect.to}: ${voteOf(effect.notification)}`;
    case 'link':
      return `link ${effect.link} to ${effect.to}`;
    case 'unlink':
      return `unlink ${effect.link}`;
    case 'send':
      return `${packetName(effect.packet.type)} ${hex0x(effect.packet.zxid)} on ${effect.link}`;
    case 'truncate':
      return `truncate ${hex0x(effect.after)}`;
    case 'sendHistory':
      return `sendHistory ${hex0x(effect.after)} ${hex0x(effect.upTo)} on ${effect.link}`;
    case 'restart':
      return `restart ${hex0x(effect.state.lastZxid)}`;
    case 'became':
      return `became ${effect.mode}`;
    case 'distrust':
      return `distrust: ${effect.reason}`;
    case 'membership': {
      const { active, pending } = effect;
      const next = pending === null ? '' : `, to come ${nameOfMembership(pending)}`;
      return `membership ${nameOfMembership(active)}${next}`;
    }
    default:
      return effect.kind;
  }
}

const low = (zxid: bigint): number => Number(BigInt.asUintN(32, zxid ^ (zxid >> 32n)));

const codeOfVote = ({ state, leader, zxid, electionEpoch }: Notify): number =>
  (low(zxid) * 8 + state * 2 + leader + Number(electionEpoch) * 64) | 0;

const codeOfPacket = (type: number, zxid: Zxid, link: number): number =>
  (low(zxid) * 32 + type + link * 1024) | 0;

/** What tells an event from others of its kind, as a number: for the hash of a run. */
export function codeOfEvent(event: Event): number {
  switch (event.kind) {
    case 'notified':
      return codeOfVote(event.notification) + event.from;
    case 'packet':
      return codeOfPacket(event.packet.type, event.packet.zxid, event.link);
    case 'linked':
    case 'unlinked':
      return event.link;
    case 'logged':
      return low(event.upTo);
    case 'epochSaved':
      return event.epoch;
    case 'truncated':
    case 'snapshotReceived':
      return low(event.state.lastZxid);
    case 'received':
      return event.chunk.length;
    default:
      return 0;
  }
}

export function codeOfEffect(effect: Effect): number {
  switch (effect.kind) {
    case 'log':
      return (low(effect.zxid) * 1024 + effect.entry.length) | 0;
    case 'saveEpoch':
      return effect.epoch;
    case 'notify':
      return codeOfVote(effect.notification) + effect.to;
    case 'link':
    case 'unlink':
    case 'sendSnapshot':
    case 'sendHistory':
      return effect.link;
    case 'send':
      return codeOfPacket(effect.packet.type, effect.packet.zxid, effect.link);
    case 'truncate':
      return low(effect.after);
    case 'membership':
      return (low(effect.active.version) * 32 + low(effect.pending?.version ?? 0n)) | 0;
    default:
      return 0;
  }
}
