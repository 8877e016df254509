// What a learner does at its leader for its clients: requests, sessions, pings with those heard of.
import type { SessionId, Zxid } from '../base/ids.ts';
import type { Id } from '../wire/data.ts';
import {
  dataOf,
  type ForwardedRequest,
  forwardedData,
  fromData,
  PacketType,
  type QuorumPacket,
  Revalidated,
  Touch,
  touchesData,
} from '../wire/quorum.ts';
import type { LinkId, RoleOutput } from './events.ts';
import { NONE, packet } from './packets.ts';

export class Errands {
  readonly #link: LinkId;
  readonly #out: RoleOutput[];
  /** The zxids of pings that are not answered yet. */
  readonly #pings: Zxid[] = [];

  constructor(link: LinkId, out: RoleOutput[]) {
    this.#link = link;
    this.#out = out;
  }

  request(request: ForwardedRequest, authinfo: Id[] | null): void {
    this.#send({ ...packet(PacketType.request, NONE, forwardedData(request)), authinfo });
  }

  revalidate(session: SessionId, timeout: number): void {
    this.#send(packet(PacketType.revalidate, NONE, dataOf(Touch, { session, timeout })));
  }

  touch(sessions: readonly Touch[]): void {
    const ping = this.#pings.shift();
    if (ping === undefined) return;
    this.#send(packet(PacketType.ping, ping, touchesData(sessions)));
  }

  /** Takes PING, REVALIDATE or SYNC; nothing can be wrong with them but their bytes. */
  take(one: QuorumPacket): null {
    if (one.type === PacketType.ping) {
      this.#pings.push(one.zxid);
      this.#out.push({ kind: 'pinged' });
    } else if (one.type === PacketType.revalidate) {
      this.#out.push({ kind: 'revalidated', ...fromData(Revalidated, one.data) });
    } else {
      this.#out.push({ kind: 'synced' });
    }
    return null;
  }

  #send(one: QuorumPacket): void {
    this.#out.push({ kind: 'send', link: this.#link, packet: one });
  }
}
