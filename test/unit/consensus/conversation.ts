// Plays one side of the conversation between a leader and a learner, packet by packet, as text.
import { hex, type Zxid, zxid } from '../../../src/base/ids.ts';
import { CommittedLog } from '../../../src/consensus/committedLog.ts';
import type { RoleOutput } from '../../../src/consensus/events.ts';
import { Leader } from '../../../src/consensus/leader.ts';
import type { LeaderOptions } from '../../../src/consensus/leaderOptions.ts';
import { Learner } from '../../../src/consensus/learner.ts';
import type { LearnerOptions } from '../../../src/consensus/learnerOptions.ts';
import * as packets from '../../../src/consensus/packets.ts';
import { majority } from '../../../src/consensus/quorum.ts';
import {
  AckEpoch,
  dataOf,
  fromData,
  LearnerInfo,
  PacketType,
  PROTOCOL_VERSION,
  type QuorumPacket,
} from '../../../src/wire/quorum.ts';

export const id = (epoch: number, counter: number): Zxid =>
  zxid((BigInt(epoch) << 32n) | BigInt(counter));

export const text = (value: string): Buffer => Buffer.from(value);

/** A history that begins behind a snapshot. */
export function historyOf(after: Zxid, ...entries: Zxid[]): CommittedLog {
  const history = new CommittedLog();
  history.reset(after);
  for (const one of entries) history.add(one, text(hex(one)));
  return history;
}

const show = (one: RoleOutput): string => {
  switch (one.kind) {
    case 'send': {
      const { type, zxid: at, data } = one.packet;
      const name = packets.nameOf(type);
      if (type === PacketType.ackEpoch)
        return `${one.link} ${name} ${fromData(AckEpoch, data).currentEpoch} ${hex(at)}`;
      if (
        type === PacketType.proposal ||
        type === PacketType.inform ||
        type === PacketType.newLeader
      ) {
        return `${one.link} ${name} ${hex(at)} ${String(data)}`;
      }
      if (at === -1n) return `${one.link} ${name}`;
      return `${one.link} ${name} ${hex(at)}`;
    }
    case 'sendHistory':
      return `${one.link} history ${hex(one.after)} ${hex(one.upTo)}`;
    case 'sendSnapshot':
      return `${one.link} snapshot`;
    case 'log':
    case 'proposed':
      return `${one.kind} ${hex(one.zxid)} ${String(one.entry)}`;
    case 'committed':
      return `committed ${hex(one.upTo)}`;
    case 'saveEpoch':
      return `save ${one.which} ${one.epoch}`;
    case 'truncate':
      return `truncate ${hex(one.after)}`;
    case 'restoring':
      return `restoring ${hex(one.zxid)}`;
    case 'link':
      return `link ${one.link} to ${one.to}`;
    case 'unlink':
      return `unlink ${one.link}`;
    case 'ended':
      return `ended: ${one.reason}`;
    case 'report':
      return `report: ${one.message}`;
    case 'announced':
      return `announced ${one.membership}`;
    case 'confirmed':
      return `confirmed ${one.token}`;
    case 'touched':
      return `touched ${hex(one.session)} ${one.timeout}`;
    case 'revalidate':
      return `${one.link} revalidate ${hex(one.session)} ${one.timeout}`;
    case 'revalidated':
      return `revalidated ${hex(one.session)} ${one.isValid}`;
    case 'requested':
      return `${one.link} requested ${hex(one.request.session)} ${one.request.opcode}`;
    case 'reconfigured':
      return `reconfigured ${hex(one.zxid)} ${one.leader}`;
    default:
      return one.kind;
  }
};

/** What came out since the last look. */
export const taken = (out: RoleOutput[]): string[] => out.splice(0).map(show);

export const p = packets.packet;

/** A leader of three voters (1, 2, 3; this one is 1) and an observer (9); ticks of 100 ms, limits 10 and 5. */
export function leaderWith(more: Partial<LeaderOptions> = {}): {
  leader: Leader;
  out: RoleOutput[];
} {
  const out: RoleOutput[] = [];
  const leader = new Leader(
    {
      id: 1,
      rule: majority([1, 2, 3]),
      members: [1, 2, 3, 9],
      acceptedEpoch: 4,
      currentEpoch: 4,
      history: historyOf(id(4, 0), id(4, 1), id(4, 2)),
      logFrom: null,
      tickTime: 100,
      initLimit: 10,
      syncLimit: 5,
      configVersion: 0n,
      membershipText: () => text('servers'),
      out,
      ...more,
    },
    0,
  );
  return { leader, out };
}

/** Server 2's follower of leader 1, or observer. */
export function learnerWith(more: Partial<LearnerOptions> = {}): {
  learner: Learner;
  out: RoleOutput[];
} {
  const out: RoleOutput[] = [];
  let link = -1;
  const learner = new Learner(
    {
      id: 2,
      leader: 1,
      isObserver: false,
      acceptedEpoch: 4,
      currentEpoch: 4,
      history: historyOf(id(4, 0), id(4, 1), id(4, 2)),
      tickTime: 100,
      initLimit: 10,
      syncLimit: 5,
      configVersion: 0n,
      nextLink: () => {
        link += 2;
        return link;
      },
      out,
      ...more,
    },
    0,
  );
  return { learner, out };
}

export const greeting = (
  server: number,
  accepted: number,
  more: { type?: typeof PacketType.observerInfo; configVersion?: bigint } = {},
): QuorumPacket =>
  p(
    more.type ?? PacketType.followerInfo,
    id(accepted, 0),
    dataOf(LearnerInfo, {
      serverid: BigInt(server),
      protocolVersion: PROTOCOL_VERSION,
      configVersion: more.configVersion ?? 0n,
    }),
  );

export const ackEpoch = (epoch: number, last: Zxid): QuorumPacket =>
  p(PacketType.ackEpoch, last, dataOf(AckEpoch, { currentEpoch: epoch }));

export const ack = (at: Zxid): QuorumPacket => p(PacketType.ack, at);
