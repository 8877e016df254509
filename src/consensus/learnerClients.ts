// What a leader hears of its learners' clients, and answers: requests, sessions, syncs (the other side of Errands).
import { NO_ZXID, type SessionId, type Zxid } from '../base/ids.ts';
import {
  dataOf,
  fromData,
  PacketType,
  type QuorumPacket,
  Revalidated,
  readForwarded,
  readTouches,
  Touch,
} from '../wire/quorum.ts';
import type { LinkId, RoleOutput } from './events.ts';
import type { Learners } from './learners.ts';
import { NONE, outOfPlace, packet } from './packets.ts';
import type { Pings } from './pings.ts';
import { Phase, type Progress } from './progress.ts';

export class LearnerClients {
  readonly #learners: Learners;
  readonly #pings: Pings;
  readonly #out: RoleOutput[];

  constructor(learners: Learners, pings: Pings, out: RoleOutput[]) {
    this.#learners = learners;
    this.#pings = pings;
    this.#out = out;
  }

  /** Takes REQUEST, PING or REVALIDATE. Returns what is wrong with it, null if nothing is. */
  take(learner: Progress, one: QuorumPacket): string | null {
    const { phase, link, answers, pings } = learner;
    if (phase !== Phase.following) return outOfPlace(one);
    const { type, data, authinfo } = one;
    if (type === PacketType.request) {
      const request = readForwarded(data);
      this.#out.push({ kind: 'requested', link, request, ids: authinfo ?? [] });
    } else if (type === PacketType.revalidate) {
      this.#out.push({ kind: 'revalidate', link, ...fromData(Touch, data) });
    } else {
      // A ping that was not sent cannot be answered.
      if (answers === pings) return outOfPlace(one);
      for (const touch of readTouches(data)) this.#out.push({ kind: 'touched', ...touch });
      this.#pings.answered(learner);
    }
    return null;
  }

  revalidated(link: LinkId, session: SessionId, isValid: boolean): void {
    this.#answer(link, PacketType.revalidate, NONE, dataOf(Revalidated, { session, isValid }));
  }

  synced(link: LinkId): void {
    this.#answer(link, PacketType.sync, NO_ZXID, null);
  }

  #answer(link: LinkId, type: PacketType, id: Zxid, data: Buffer | null): void {
    if (this.#learners.get(link)?.phase !== Phase.following) return;
    this.#out.push({ kind: 'send', link, packet: packet(type, id, data) });
  }
}
