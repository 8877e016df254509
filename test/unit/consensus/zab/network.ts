// Links between simulated servers: FIFO, slow, and they end with their tails lost.
import type { LinkId } from '../../../../src/consensus/events.ts';
import type { Leader } from '../../../../src/consensus/leader.ts';
import type { Learner } from '../../../../src/consensus/learner.ts';
import type { ServerId } from '../../../../src/consensus/quorum.ts';
import type { QuorumPacket } from '../../../../src/wire/quorum.ts';
import type { Item } from './machine.ts';

export type Message =
  | { kind: 'packet'; packet: QuorumPacket }
  | { kind: 'snapshot'; items: readonly Item[]; at: bigint };

/** One end of a link; `peer` is the other one. */
export interface End {
  readonly owner: ServerId;
  readonly life: number;
  /** The role that the link is one of. */
  readonly role: Leader | Learner | null;
  readonly number: LinkId;
  peer: End | null;
  isOpen: boolean;
  /** When the last message sent from here arrives: no later one comes earlier. */
  arrivesAt: number;
  /** True once something sent from here was lost: nothing comes behind a hole. */
  isMute: boolean;
  /** Set while a snapshot is taken in: what comes behind it waits. */
  waiting: Message[] | null;
}
