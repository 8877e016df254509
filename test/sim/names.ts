// Short names of events and effects, for traces.
import { hex0x } from '../../src/base/ids.ts';
import { nameOf } from '../../src/consensus/packets.ts';
import type { Effect, Event } from '../../src/replica/events.ts';
import { NO_LEADER } from '../../src/wire/election.ts';

const STATES = ['looking', 'following', 'leading', 'observing'];

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
      return `${nameOf(event.packet.type)} ${hex0x(event.packet.zxid)} on ${event.link}`;
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
      return `${nameOf(effect.packet.type)} ${hex0x(effect.packet.zxid)} on ${effect.link}`;
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
    default:
      return effect.kind;
  }
}
