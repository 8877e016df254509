// The invariants of ZAB (P1 to P15 of the TLA+ specifications), checked on what every server does.
import { follows, hex0x, type Zxid } from '../../../../src/base/ids.ts';
import type { QuorumRule, ServerId } from '../../../../src/consensus/quorum.ts';
import type { Image, Item, Machine } from './machine.ts';

export class Violation extends Error {
  override name = 'Violation';
}

const same = (a: Item | undefined, b: Item | undefined): boolean =>
  a !== undefined && b !== undefined && a.zxid === b.zxid && a.value === b.value;

const show = (item: Item | undefined): string =>
  item === undefined ? 'nothing' : `${hex0x(item.zxid)}=${item.value}`;

export class Oracle {
  /** What was committed by whom, ever: index i is the i-th entry of every history. */
  readonly committed: Item[] = [];
  /** Who led each epoch, and all it had in its log. */
  readonly leaders = new Map<number, ServerId>();
  readonly broadcast = new Map<number, Item[]>();
  newestEpoch = 0;
  readonly #rule: QuorumRule;
  readonly #machines: readonly Machine[];

  /** @param rule the true one, whatever the servers believe */
  constructor(rule: QuorumRule, machines: readonly Machine[]) {
    this.#rule = rule;
    this.#machines = machines;
  }

  ensure(holds: boolean, what: () => string): void {
    if (!holds) throw new Violation(what());
  }

  /** P1, P7, P8: one leader per epoch, and it has all that was committed before. */
  leads(machine: Machine, epoch: number): void {
    const other = this.leaders.get(epoch);
    this.ensure(other === undefined || other === machine.id, () => `P1: epoch ${epoch} twice`);
    this.leaders.set(epoch, machine.id);
    this.newestEpoch = Math.max(this.newestEpoch, epoch);
    const all = machine.all;
    this.committed.forEach((item, at) => {
      this.ensure(same(all[at], item), () => `P7: leader ${machine.id} lacks ${show(item)}`);
    });
    this.broadcast.set(epoch, all);
    this.#commit(all, all.length);
  }

  proposes(epoch: number, item: Item): void {
    this.broadcast.get(epoch)?.push(item);
  }

  /** P2, P11: what a leader commits is next for everybody, and on the disks of a quorum. */
  commits(machine: Machine, upTo: Zxid): void {
    const all = machine.all;
    const count = all.findIndex((item) => item.zxid === upTo) + 1;
    this.ensure(count > 0, () => `P3: ${hex0x(upTo)} was never proposed`);
    this.#commit(all, count);
  }

  #commit(all: readonly Item[], count: number): void {
    for (let at = 0; at < count; at++) {
      const item = all[at];
      const known = this.committed[at];
      if (known !== undefined) {
        this.ensure(same(known, item), () => `P2: ${show(item)} where ${show(known)} is`);
        continue;
      }
      if (item === undefined) continue;
      const onDisk = this.#isOnDisks(item, at, () => true);
      this.ensure(onDisk, () => `P11: ${show(item)} is committed, and not on a quorum's disks`);
      this.committed.push(item);
    }
  }

  /** P2, P6: a learner that serves shows nothing but what is committed. */
  delivers(machine: Machine, from: number): void {
    for (let at = from; at < machine.applied.length; at++) {
      const item = machine.applied[at];
      this.ensure(
        same(this.committed[at], item),
        () => `P2: server ${machine.id} delivers ${show(item)}, not ${show(this.committed[at])}`,
      );
    }
  }

  /** P14: nothing is ever put behind a gap. */
  appends(machine: Machine, last: Zxid, item: Item): void {
    this.ensure(
      follows(last, item.zxid),
      () => `P14: server ${machine.id} logs ${show(item)} behind ${hex0x(last)}`,
    );
  }

  /**
   * P9: what is committed is cut off only where a quorum has it without this server: a follower that
   * comes back may have to cut a proposal in flight that others commit meanwhile.
   */
  keeps(machine: Machine, before: readonly Item[], after: readonly Item[]): void {
    before.forEach((item, at) => {
      if (!same(this.committed[at], item) || same(after[at], item)) return;
      const isSafe = this.#isOnDisks(item, at, (voter) => voter !== machine.id);
      this.ensure(isSafe, () => `P9: server ${machine.id} cuts off ${show(item)}`);
    });
  }

  #isOnDisks(item: Item, at: number, mayCount: (voter: ServerId) => boolean): boolean {
    return this.#rule.isQuorum((voter) => {
      const image = this.#machines.find((one) => one.id === voter)?.image;
      return mayCount(voter) && same(image?.items[at], item);
    });
  }

  /** P12: epochs on disk never fall, and the accepted one is never behind. */
  saves(machine: Machine, before: Image, accepted: number, current: number): void {
    const holds = accepted >= before.accepted && current >= before.current && accepted >= current;
    this.ensure(
      holds,
      () =>
        `P12: server ${machine.id} saves ${accepted}, ${current} over ${before.accepted}, ${before.current}`,
    );
  }

  /** P11: an acknowledged proposal is on disk. */
  acknowledges(machine: Machine, id: Zxid): void {
    const isThere = machine.image.items.some((item) => item.zxid === id);
    this.ensure(isThere, () => `P11: server ${machine.id} acknowledges ${hex0x(id)} too early`);
  }

  /** P10, P11: behind NEWLEADER's ACK are the epoch and the leader's history, on disk. */
  acceptsHistory(machine: Machine, epoch: number, leader: Machine): void {
    const { image } = machine;
    this.ensure(
      image.current >= epoch,
      () => `P11: server ${machine.id} acknowledges epoch ${epoch} with ${image.current} on disk`,
    );
    const ours = leader.all;
    this.ensure(
      image.items.length >= leader.foundedWith,
      () => `P10: server ${machine.id} acknowledges epoch ${epoch} without its history`,
    );
    image.items.forEach((item, at) => {
      this.ensure(
        same(ours[at], item),
        () => `P10: server ${machine.id} has ${show(item)} of its own`,
      );
    });
  }
}
