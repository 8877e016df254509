// What a learner gets from its leader's log: checked for holes and order, passed on, and acknowledged.
import { Fifo } from '../base/fifo.ts';
import { epochOf, follows, hex0x, NO_ZXID, type Zxid } from '../base/ids.ts';
import { bufferOf, PacketType, type QuorumPacket, readActivation } from '../wire/quorum.ts';
import type { CommittedLog } from './committedLog.ts';
import type { LinkId, RoleOutput } from './events.ts';
import { outOfPlace, packet } from './packets.ts';
import type { ServerId } from './quorum.ts';

export class Reception {
  readonly #history: CommittedLog;
  readonly #out: RoleOutput[];
  /** Where acknowledgements go; null for an observer, which sends none. */
  readonly #ackTo: LinkId | null;
  readonly #epoch: number;
  /** Proposals that are to be acknowledged, in order. */
  readonly #unacknowledged = new Fifo<Zxid>();
  #logged: Zxid;
  /** What a snapshot had: an Apache leader sends some of that once more behind it. */
  #restored: Zxid = NO_ZXID;
  /** True once NEWLEADER is acknowledged: no ACK goes out before that one (ZOOKEEPER-4685). */
  #isOpen = false;

  constructor(history: CommittedLog, epoch: number, ackTo: LinkId | null, out: RoleOutput[]) {
    this.#history = history;
    this.#epoch = epoch;
    this.#ackTo = ackTo;
    this.#out = out;
    this.#logged = history.last;
  }

  /** True when the history is on disk up to `zxid`. */
  hasOnDisk(zxid: Zxid): boolean {
    return this.#logged >= zxid;
  }

  /** The log was cut after this zxid. */
  truncated(last: Zxid): void {
    this.#history.truncate(last);
    this.#logged = last;
  }

  /** A snapshot has taken the place of all that was there. */
  restored(zxid: Zxid): void {
    this.#history.reset(zxid);
    this.#restored = zxid;
    this.#logged = zxid;
  }

  /**
   * Takes a packet of the leader's log. Returns what is wrong with it, null if nothing is.
   * @param isFollowing true behind UPTODATE: an observer gets nothing but what is committed then
   */
  take(one: QuorumPacket, isFollowing: boolean): string | null {
    const { type, zxid: id } = one;
    const isObserver = this.#ackTo === null;
    const mayPropose = !(isObserver && isFollowing);
    switch (type) {
      case PacketType.proposal:
        if (mayPropose) return this.#propose(id, bufferOf(one.data));
        break;
      case PacketType.commit:
        if (mayPropose) return this.#commit(id);
        break;
      case PacketType.commitAndActivate:
        if (!mayPropose) break;
        return this.#commit(id) ?? this.#activate(id, readActivation(one.data).leader);
      case PacketType.inform:
        if (isObserver) return this.#inform(id, bufferOf(one.data));
        break;
      case PacketType.informAndActivate: {
        if (!isObserver) break;
        const { leader, entry } = readActivation(one.data);
        return this.#inform(id, entry) ?? this.#activate(id, leader);
      }
    }
    return outOfPlace(one);
  }

  #propose(id: Zxid, entry: Buffer): string | null {
    if (id <= this.#restored) return null;
    const { last } = this.#history;
    const epoch = epochOf(id);
    if (!follows(last, id) || epoch > this.#epoch || (this.#isOpen && epoch < this.#epoch)) {
      return `a proposal ${hex0x(id)} behind ${hex0x(last)}`;
    }
    this.#history.append(id, entry);
    this.#out.push({ kind: 'proposed', zxid: id, entry });
    if (this.#ackTo !== null) this.#unacknowledged.push(id);
    return null;
  }

  #commit(id: Zxid): string | null {
    if (id <= this.#restored) return null;
    const next = this.#history.nextUncommitted;
    if (next === undefined) return `a commit of ${hex0x(id)}, but nothing is proposed`;
    if (next.zxid !== id) return `a commit of ${hex0x(id)}, but ${hex0x(next.zxid)} is next`;
    this.#history.commitNext();
    this.#out.push({ kind: 'committed', upTo: id });
    return null;
  }

  /** A proposal that is committed already: what observers get. */
  #inform(id: Zxid, entry: Buffer): string | null {
    // Some leaders send an observer what is in flight while it is synced, and then inform it too.
    const isKnown = this.#history.nextUncommitted?.zxid === id;
    const wrong = isKnown ? null : this.#propose(id, entry);
    return wrong ?? this.#commit(id);
  }

  /** A change of the membership is committed. */
  #activate(id: Zxid, leader: ServerId): null {
    this.#out.push({ kind: 'reconfigured', zxid: id, leader });
    return null;
  }

  logged(upTo: Zxid): void {
    if (upTo <= this.#logged) return;
    this.#logged = upTo;
    if (this.#isOpen) this.#acknowledge();
  }

  /** NEWLEADER is acknowledged: what was proposed since, or is still in flight, may be as well. */
  open(): void {
    this.#isOpen = true;
    const { committed } = this.#history;
    for (;;) {
      const oldest = this.#unacknowledged.peek();
      if (oldest === undefined || oldest > committed) break;
      this.#unacknowledged.shift();
    }
    this.#acknowledge();
  }

  /** One by one: an Apache leader counts each ACK for its own proposal only. */
  #acknowledge(): void {
    if (this.#ackTo === null) return;
    for (;;) {
      const oldest = this.#unacknowledged.peek();
      if (oldest === undefined || oldest > this.#logged) return;
      this.#unacknowledged.shift();
      const ack = packet(PacketType.ack, oldest);
      this.#out.push({ kind: 'send', link: this.#ackTo, packet: ack });
    }
  }
}
