// What must be on disk before it is told, and must stay there: P9, P11, P12, P13.
import { counterOf, epochOf, hex0x, type Zxid } from '../../../src/base/ids.ts';
import type { EpochKind, LinkId } from '../../../src/consensus/events.ts';
import type { SimServer } from '../server.ts';
import { demand } from '../violation.ts';
import type { World } from '../world.ts';
import type { Entry, Lineage } from './lineage.ts';

interface Known {
  accepted: number;
  current: number;
  /** What its disk had before it was lost or damaged; null when it was not, or is healed. */
  memorial: Zxid | null;
}

export class Durability {
  readonly #world: World;
  readonly #lineage: Lineage;
  readonly #known = new Map<number, Known>();
  #looks = 0;

  constructor(world: World, lineage: Lineage) {
    this.#world = world;
    this.#lineage = lineage;
  }

  #of({ id }: SimServer): Known {
    let known = this.#known.get(id);
    if (known === undefined) {
      known = { accepted: 0, current: 0, memorial: null };
      this.#known.set(id, known);
    }
    return known;
  }

  /** A fault takes the server's disk, or part of it. */
  lost(server: SimServer): void {
    const known = this.#of(server);
    known.memorial ??= server.medium.durable;
    known.accepted = 0;
    known.current = 0;
  }

  /** It is a server without a vote, and starts anew: nobody counts on what it had. */
  wiped(server: SimServer): void {
    this.#known.delete(server.id);
  }

  /** Servers that do not have again what they had. */
  isLost(server: SimServer): boolean {
    return this.#of(server).memorial !== null;
  }

  joined(server: SimServer): void {
    this.#of(server).memorial = null;
  }

  started(server: SimServer): void {
    this.changed(server);
  }

  /** P12: epochs never fall, and the current one was accepted. */
  changed(server: SimServer): void {
    const known = this.#of(server);
    const { accepted, current } = server.medium;
    const what = (): string => `server ${server.id} has ${accepted} and ${current} on disk`;
    demand(accepted >= known.accepted && current >= known.current, 'P12', what);
    demand(accepted >= current, 'P12', what);
    known.accepted = accepted;
    known.current = current;
  }

  savesEpoch(server: SimServer, which: EpochKind, epoch: number): void {
    const before = server.medium[which];
    demand(
      epoch >= before,
      'P12',
      () => `server ${server.id}: ${which} falls from ${before} to ${epoch}`,
    );
  }

  /** P9, P11: a quorum has `entry` on disk. */
  holds(entry: Entry, why: string): void {
    const holders: number[] = [];
    for (const server of this.#world.servers) {
      const ends = [server.medium.durable, this.#of(server).memorial ?? server.medium.durable];
      const hasIt = ends.some((end) => this.#lineage.contains(this.#lineage.get(end), entry));
      if (hasIt) holders.push(server.id);
    }
    const isHeld = this.#world.oracle.memberships.isHeldBy(holders);
    demand(isHeld, 'P9', () => {
      return `${hex0x(entry.zxid)} is on the disks of [${holders}] only (${why})`;
    });
  }

  /** P12: an epoch is told to others. */
  announces(server: SimServer, epoch: number): void {
    demand(server.medium.accepted >= epoch, 'P12', () => {
      return `server ${server.id} tells of epoch ${epoch}, on disk is ${server.medium.accepted}`;
    });
  }

  /** P11: an acknowledgement is sent. */
  acknowledges(server: SimServer, link: LinkId, zxid: Zxid): void {
    const { durable, current } = server.medium;
    const end = this.#lineage.get(durable);
    if (counterOf(zxid) !== 0) {
      demand(this.#lineage.contains(end, this.#lineage.get(zxid)), 'P11', () => {
        return `server ${server.id} acknowledges ${hex0x(zxid)}, its disk ends with ${hex0x(durable)}`;
      });
      return;
    }
    demand(current === epochOf(zxid), 'P11', () => {
      return `server ${server.id} acknowledges epoch ${epochOf(zxid)}, on disk is ${current}`;
    });
    const behind = this.#world.network.find(server, link)?.behindNewLeader ?? null;
    if (behind === null || server.isObserver || server.mode !== 'follower') return;
    demand(this.#lineage.contains(end, this.#lineage.get(behind)), 'P10', () => {
      return `server ${server.id} acknowledges a history up to ${hex0x(behind)}, its disk ends with ${hex0x(durable)}`;
    });
  }

  /** P13: who looks for a leader has in memory what is on disk. */
  looks(server: SimServer): void {
    const { medium, replica } = server;
    const { state } = replica;
    demand(medium.durable === state.lastZxid, 'P13', () => {
      return `server ${server.id} has ${hex0x(state.lastZxid)} in memory and ${hex0x(medium.durable)} on disk`;
    });
    // The whole comparison takes as long as a start.
    if (this.#looks++ % 8 !== 0 || !replica.state.isDigestSettled) return;
    const { digest } = medium.peek().tree;
    demand(
      digest === state.tree.digest,
      'P13',
      () => `server ${server.id} has another tree on disk`,
    );
  }
}
