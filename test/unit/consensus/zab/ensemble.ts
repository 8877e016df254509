// Real leaders and learners in virtual time, with elections, disks and links that do their worst.
import { type Zxid, zxid } from '../../../../src/base/ids.ts';
import type { RoleOutput } from '../../../../src/consensus/events.ts';
import { Leader } from '../../../../src/consensus/leader.ts';
import { Learner } from '../../../../src/consensus/learner.ts';
import { packet } from '../../../../src/consensus/packets.ts';
import { majority, type QuorumRule } from '../../../../src/consensus/quorum.ts';
import { PacketType, type QuorumPacket } from '../../../../src/wire/quorum.ts';
import { bytesOf, type DiskWrite, lastOf, Machine } from './machine.ts';
import type { End, Message } from './network.ts';
import { Oracle, Violation } from './oracle.ts';
import { type Chance, chanceOf } from './random.ts';

/** What may be broken on purpose, to see that the invariants notice. */
export interface Mutations {
  /** Replaces what the servers take for a quorum. */
  readonly rule?: QuorumRule;
  /** The disk says that it is done before it is. */
  readonly acknowledgesEarly?: boolean;
  /** Learners forget which epochs they have accepted. */
  readonly forgetsEpochs?: boolean;
  /** Leaders take themselves for the most recent of all. */
  readonly isAlwaysRecent?: boolean;
  /** Learners do not cut their logs. */
  readonly keepsTails?: boolean;
}

export interface EnsembleOptions {
  readonly seed: number;
  readonly voters: number;
  readonly observers: number;
  readonly mutations?: Mutations | undefined;
}

const TICK = 100;
const INIT_LIMIT = 10;
const SYNC_LIMIT = 5;

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

export class Ensemble {
  readonly machines: Machine[];
  readonly oracle: Oracle;
  readonly chance: Chance;
  readonly #mutations: Mutations;
  readonly #rule: QuorumRule;
  now = 0;
  steps = 0;
  /** What happened, for counting. */
  readonly seen = new Map<string, number>();
  /** While true the world breaks things. */
  isHostile = true;
  readonly #out: RoleOutput[] = [];
  readonly #ends = new Map<number, End>();
  readonly #cut = new Set<string>();
  #timers: Timer[] = [];
  #order = 0;
  #numbers = 0;
  #values = 0;
  #tokens = new Map<number, number>();

  constructor({ seed, voters, observers, mutations = {} }: EnsembleOptions) {
    this.chance = chanceOf(seed);
    this.#mutations = mutations;
    const ids = Array.from({ length: voters + observers }, (_, i) => i + 1);
    const keep = this.chance.pick([1, 3, 500]) ?? 1;
    this.machines = ids.map((id) => new Machine(id, id > voters, keep));
    const rule = majority(ids.slice(0, voters));
    this.#rule = mutations.rule ?? rule;
    this.oracle = new Oracle(rule, this.machines);
    for (const machine of this.machines) this.#elect(machine);
    this.#after(50, () => this.#misfortune());
    this.#after(20, () => this.#work());
  }

  /** Runs until `until` ms, or as long as `goOn` says. */
  run(until: number, goOn: () => boolean = () => true): void {
    while (goOn()) {
      const timer = this.#pop(until);
      if (timer === null) break;
      this.now = timer.at;
      this.steps++;
      if (this.steps > 200_000) throw new Violation('the run does not end');
      timer.run();
    }
  }

  /** No more harm: everybody is up and reachable. */
  heal(): void {
    this.isHostile = false;
    this.#cut.clear();
    for (const machine of this.machines) if (!machine.isUp) this.#start(machine);
  }

  get isWell(): boolean {
    const leader = this.machines.find((one) => one.role instanceof Leader && one.establishedIn);
    if (leader === undefined) return false;
    return this.machines.every((one) => one.establishedIn === leader.establishedIn);
  }

  get hasSettled(): boolean {
    const count = this.oracle.committed.length;
    return this.isWell && this.machines.every((one) => one.applied.length === count);
  }

  /** A write at the leader, if there is one. */
  write(): boolean {
    const machine = this.chance.pick(this.machines.filter((one) => one.role instanceof Leader));
    if (machine?.establishedIn == null || !(machine.role instanceof Leader)) return false;
    const id = machine.role.propose();
    const item = { zxid: id, value: ++this.#values };
    machine.proposed.push(item);
    this.oracle.proposes(machine.establishedIn, item);
    const entry = bytesOf(item.value);
    machine.role.proposed(id, entry);
    this.#drain(machine);
    // The entry was lent for the step.
    entry.fill(0xee);
    return true;
  }

  // -- time

  #after(delay: number, run: () => void): void {
    const timers = this.#timers;
    timers.push({ at: this.now + delay, order: this.#order++, run });
    let at = timers.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(at, parent)) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #pop(until: number): Timer | null {
    const timers = this.#timers;
    const first = timers[0];
    const last = timers.at(-1);
    if (first === undefined || last === undefined || first.at > until) return null;
    timers.pop();
    if (timers.length === 0) return first;
    timers[0] = last;
    let at = 0;
    for (;;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < timers.length && this.#isBefore(child, least)) least = child;
      }
      if (least === at) return first;
      this.#swap(at, least);
      at = least;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [one, other] = [this.#timers[a], this.#timers[b]];
    if (one === undefined || other === undefined) return false;
    return one.at < other.at || (one.at === other.at && one.order < other.order);
  }

  #swap(a: number, b: number): void {
    const [one, other] = [this.#timers[a], this.#timers[b]];
    if (one === undefined || other === undefined) return;
    this.#timers[a] = other;
    this.#timers[b] = one;
  }

  // -- elections: mostly the best of those that are up, at times whoever likes

  #elect(machine: Machine): void {
    const { life } = machine;
    this.#after(1 + this.chance.below(120), () => {
      if (!machine.isUp || machine.life !== life) return;
      // A role begins when all that the last one logged is on disk (P13).
      if (machine.role === null && machine.writes.length === 0) this.#choose(machine);
      this.#elect(machine);
    });
  }

  #choose(machine: Machine): void {
    if (machine.isStale) machine.load();
    machine.applied = machine.all;
    machine.proposed = [];
    const leaders = this.machines.filter((one) => one.isUp && one.role instanceof Leader);
    if (this.isHostile && this.chance.is(0.15)) {
      const target = this.chance.pick(leaders);
      if (machine.isObserver || machine.isHealing || this.chance.is(0.5)) {
        if (target !== undefined) this.#follow(machine, target);
      } else this.#lead(machine);
      return;
    }
    const best = this.#best();
    const leader = leaders.find((one) => one.establishedIn !== null) ?? best;
    if (leader === undefined || this.chance.is(0.2)) return;
    if (leader !== machine) this.#follow(machine, leader);
    else if (machine.role === null) this.#lead(machine);
  }

  #best(): Machine | undefined {
    const able = this.machines.filter((one) => one.isUp && !one.isObserver && !one.isHealing);
    return able.toSorted((a, b) => {
      if (a.current !== b.current) return b.current - a.current;
      if (a.lastZxid !== b.lastZxid) return a.lastZxid < b.lastZxid ? 1 : -1;
      return b.id - a.id;
    })[0];
  }

  #lead(machine: Machine): void {
    this.#note('lead');
    machine.foundedWith = machine.applied.length;
    machine.role = new Leader(
      {
        id: machine.id,
        rule: this.#rule,
        members: this.machines.map(({ id }) => id),
        acceptedEpoch: machine.accepted,
        currentEpoch: this.#mutations.isAlwaysRecent === true ? 0x7fff_ffff : machine.current,
        history: machine.history,
        logFrom: machine.logFrom,
        tickTime: TICK,
        initLimit: INIT_LIMIT,
        syncLimit: SYNC_LIMIT,
        configVersion: 0n,
        membershipText: () => Buffer.from('servers'),
        historyLimit: this.chance.pick([2, 1000]) ?? 2,
        out: this.#out,
      },
      this.now,
    );
    this.#drain(machine);
    this.#ticks(machine);
  }

  #follow(machine: Machine, leader: Machine): void {
    this.#note('follow');
    machine.role = new Learner(
      {
        id: machine.id,
        leader: leader.id,
        isObserver: machine.isObserver,
        mayPromise: !machine.isHealing,
        acceptedEpoch: this.#mutations.forgetsEpochs === true ? 0 : machine.accepted,
        currentEpoch: machine.current,
        history: machine.history,
        tickTime: TICK,
        initLimit: INIT_LIMIT,
        syncLimit: SYNC_LIMIT,
        configVersion: 0n,
        nextLink: () => ++this.#numbers,
        out: this.#out,
      },
      this.now,
    );
    this.#drain(machine);
    this.#ticks(machine);
  }

  #ticks(machine: Machine): void {
    const { role, life } = machine;
    if (role === null) return;
    this.#after(Math.max(role.deadline - this.now, 0), () => {
      if (machine.role !== role || machine.life !== life) return;
      role.tick(this.now);
      this.#drain(machine);
      this.#ticks(machine);
    });
  }

  // -- what roles ask for

  #drain(machine: Machine): void {
    const out = this.#out.splice(0);
    for (const one of out) this.#carryOut(machine, one);
  }

  #carryOut(machine: Machine, one: RoleOutput): void {
    switch (one.kind) {
      case 'log':
        this.#write(machine, {
          kind: 'log',
          item: { zxid: one.zxid, value: one.entry.readInt32BE() },
        });
        return;
      case 'proposed': {
        const item = { zxid: one.zxid, value: one.entry.readInt32BE() };
        machine.proposed.push(item);
        this.#write(machine, { kind: 'log', item });
        return;
      }
      case 'committed':
        this.#committed(machine, one.upTo);
        return;
      case 'saveEpoch':
        if (one.which === 'accepted') machine.accepted = one.epoch;
        else machine.current = one.epoch;
        this.#write(machine, { kind: 'epoch', which: one.which, epoch: one.epoch });
        return;
      case 'truncate':
        this.#note('truncate');
        this.#write(machine, { kind: 'truncate', after: one.after });
        return;
      case 'restoring':
        this.#note('snapshot');
        return;
      case 'link':
        this.#connect(machine, one.link, one.to);
        return;
      case 'unlink':
        this.#close(this.#ends.get(one.link), false);
        return;
      case 'send':
        this.#sent(machine, one.link, one.packet);
        return;
      case 'sendSnapshot': {
        const items = [...machine.applied];
        this.#send(one.link, { kind: 'snapshot', items, at: lastOf(items, zxid(0n)) });
        return;
      }
      case 'sendHistory':
        this.#note('history from disk');
        this.#sendHistory(machine, one.link, one.after, one.upTo);
        return;
      case 'established':
        this.#established(machine);
        return;
      case 'usedUp':
        if (machine.role instanceof Leader) machine.role.usedUp();
        for (const more of this.#out.splice(0)) this.#carryOut(machine, more);
        return;
      case 'ended':
        this.#ended(machine, one.reason);
        return;
      case 'pinged':
        if (machine.role instanceof Learner) machine.role.touch([]);
        for (const more of this.#out.splice(0)) this.#carryOut(machine, more);
        return;
      case 'confirmed':
        this.#confirmed(machine, one.token);
        return;
      case 'report':
        if (/out of place|never proposed|WireError/.test(one.message)) {
          throw new Violation(`P15: leader ${machine.id}: ${one.message}`);
        }
        return;
    }
  }

  #committed(machine: Machine, upTo: Zxid): void {
    const from = machine.applied.length;
    if (machine.role instanceof Leader) this.oracle.commits(machine, upTo);
    while (machine.proposed[0] !== undefined && machine.proposed[0].zxid <= upTo) {
      const item = machine.proposed.shift();
      if (item !== undefined) machine.applied.push(item);
    }
    if (machine.establishedIn !== null) this.oracle.delivers(machine, from);
  }

  #established(machine: Machine): void {
    const { role } = machine;
    if (role === null) return;
    machine.establishedIn = role.epoch;
    this.#note(role instanceof Leader ? 'led' : 'followed');
    if (role instanceof Leader) this.oracle.leads(machine, role.epoch);
    else this.oracle.delivers(machine, 0);
    machine.isHealing = false;
  }

  #ended(machine: Machine, reason: string): void {
    this.#note(`ended: ${reason.replace(/[0-9[\], ]+/g, ' ')}`);
    if (reason.includes('has sent') && !reason.includes('is accepted')) {
      throw new Violation(`P15: server ${machine.id}: ${reason}`);
    }
    if (reason.includes('could be cut')) machine.isHealing = true;
    machine.role = null;
    machine.establishedIn = null;
    if (machine.isHealing) machine.history.reset(zxid(0n));
  }

  #confirmed(machine: Machine, token: number): void {
    this.#note('confirmed');
    const newest = this.#tokens.get(token);
    this.oracle.ensure(
      newest !== undefined && machine.establishedIn !== null && newest <= machine.establishedIn,
      () => `leader ${machine.id} was confirmed behind epoch ${newest}`,
    );
  }

  // -- disks

  #write(machine: Machine, write: DiskWrite): void {
    machine.writes.push(write);
    if (this.#mutations.acknowledgesEarly === true && write.kind === 'log') {
      const { life, role } = machine;
      this.#after(0, () => {
        if (machine.life !== life || machine.role !== role) return;
        role?.logged(write.item.zxid);
        this.#drain(machine);
      });
    }
    if (machine.writes.length === 1) this.#sync(machine);
  }

  #sync(machine: Machine): void {
    const { life } = machine;
    const delay = this.chance.is(0.05) ? this.chance.below(300) : this.chance.below(12);
    this.#after(delay, () => {
      if (machine.life !== life) return;
      const count = 1 + this.chance.below(machine.writes.length);
      for (const write of machine.writes.splice(0, count)) this.#persist(machine, write, true);
      if (machine.writes.length > 0) this.#sync(machine);
    });
  }

  #persist(machine: Machine, write: DiskWrite, isTold: boolean): void {
    const { image } = machine;
    switch (write.kind) {
      case 'log':
        this.oracle.appends(machine, lastOf(image.items, image.snapshotAt), write.item);
        image.items.push(write.item);
        if (isTold) machine.role?.logged(write.item.zxid);
        break;
      case 'epoch': {
        const accepted = write.which === 'accepted' ? write.epoch : image.accepted;
        const current = write.which === 'current' ? write.epoch : image.current;
        this.oracle.saves(machine, image, accepted, current);
        image.accepted = accepted;
        image.current = current;
        if (isTold) machine.role?.epochSaved(write.which, write.epoch, this.now);
        break;
      }
      case 'truncate':
        this.#truncate(machine, write.after, isTold);
        break;
      case 'restart': {
        this.oracle.keeps(machine, image.items, write.items);
        image.items = [...write.items];
        image.inSnapshot = write.items.length;
        image.snapshotAt = write.at;
        if (!isTold) break;
        machine.applied = [...write.items];
        machine.proposed = [];
        if (machine.role instanceof Learner) machine.role.restored(write.at, this.now);
        else machine.isStale = true;
        break;
      }
    }
    this.#drain(machine);
    if (write.kind === 'restart') this.#goOn(machine);
  }

  #truncate(machine: Machine, after: Zxid, isTold: boolean): void {
    const { image } = machine;
    const isCut = after >= image.snapshotAt;
    if (isCut && this.#mutations.keepsTails !== true) {
      const kept = image.items.filter((item) => item.zxid <= after);
      this.oracle.keeps(machine, image.items, kept);
      image.items = kept;
    }
    if (!isTold) return;
    if (!(machine.role instanceof Learner)) {
      machine.isStale = true;
      return;
    }
    if (!isCut) {
      machine.role.notTruncated(this.now);
      return;
    }
    machine.applied = [...image.items];
    machine.proposed = [];
    machine.role.truncated(this.now);
  }

  // -- links

  #connect(machine: Machine, number: number, to: number): void {
    const other = this.machines.find((one) => one.id === to);
    const end: End = this.#end(machine, number);
    this.#after(1 + this.chance.below(20), () => {
      if (!end.isOpen) return;
      if (!(other?.role instanceof Leader) || !other.isUp || this.#isCut(machine, other)) {
        this.#close(end, true);
        return;
      }
      const peer = this.#end(other, ++this.#numbers);
      end.peer = peer;
      peer.peer = end;
      other.role.linked(peer.number, `server ${machine.id}`, this.now);
      this.#drain(other);
      if (machine.role instanceof Learner) machine.role.linked(number, this.now);
      this.#drain(machine);
    });
  }

  #end(machine: Machine, number: number): End {
    const end: End = {
      owner: machine.id,
      life: machine.life,
      role: machine.role,
      number,
      peer: null,
      isOpen: true,
      arrivesAt: 0,
      isMute: false,
      waiting: null,
    };
    this.#ends.set(number, end);
    return end;
  }

  #ownerOf(end: End): Machine | undefined {
    const { owner, life, role } = end;
    return this.machines.find((one) => one.id === owner && one.life === life && one.role === role);
  }

  #isCut(one: Machine, other: Machine): boolean {
    return this.#cut.has(`${one.id}-${other.id}`) || this.#cut.has(`${other.id}-${one.id}`);
  }

  /** Ends a link; its owner hears of it unless it did it, the peer a little later, without the tail. */
  #close(end: End | undefined, tells: boolean): void {
    if (end === undefined || !end.isOpen) return;
    end.isOpen = false;
    this.#ends.delete(end.number);
    const machine = this.#ownerOf(end);
    if (tells && machine?.role != null) {
      machine.role.unlinked(end.number, 'it broke', this.now);
      this.#drain(machine);
    }
    const { peer } = end;
    if (peer?.isOpen === true) {
      this.#after(this.chance.below(this.chance.is(0.1) ? 600 : 20), () => this.#close(peer, true));
    }
  }

  #sent(machine: Machine, link: number, one: QuorumPacket): void {
    const end = this.#ends.get(link);
    if (end !== undefined && machine.role instanceof Learner) this.#checkAck(machine, end, one);
    const data = one.data === null ? null : Buffer.from(one.data);
    this.#send(link, { kind: 'packet', packet: { ...one, data } });
  }

  #checkAck(machine: Machine, end: End, { type, zxid: id }: QuorumPacket): void {
    if (type !== PacketType.ack || machine.role === null) return;
    const leader = end.peer === null ? undefined : this.#ownerOf(end.peer);
    if ((id & 0xffff_ffffn) !== 0n) this.oracle.acknowledges(machine, id);
    else if (leader?.role instanceof Leader && machine.establishedIn === null) {
      if (leader.role.epoch === machine.role.epoch) {
        this.oracle.acceptsHistory(machine, machine.role.epoch, leader);
      }
    }
  }

  #sendHistory(machine: Machine, link: number, after: Zxid, upTo: Zxid): void {
    const { items, inSnapshot } = machine.image;
    const log = items.slice(inSnapshot);
    const first = log[0]?.zxid;
    this.oracle.ensure(
      first !== undefined && first <= after + 1n && log.some((item) => item.zxid === upTo),
      () => `server ${machine.id} has no log from ${after} to ${upTo}`,
    );
    for (const { zxid: id, value } of log) {
      if (id <= after || id > upTo) continue;
      this.#send(link, { kind: 'packet', packet: packet(PacketType.proposal, id, bytesOf(value)) });
      this.#send(link, { kind: 'packet', packet: packet(PacketType.commit, id) });
    }
  }

  #send(link: number, message: Message): void {
    const end = this.#ends.get(link);
    const peer = end?.peer;
    if (end === undefined || peer == null) return;
    const [from, to] = [this.#ownerOf(end), this.#ownerOf(peer)];
    if (from === undefined || to === undefined) return;
    if (this.#isCut(from, to)) end.isMute = true;
    const slow = this.isHostile && this.chance.is(0.01) ? this.chance.below(800) : 0;
    const at = Math.max(end.arrivesAt, this.now + 1 + this.chance.below(10) + slow);
    end.arrivesAt = at;
    this.#after(at - this.now, () => {
      // The tail of a link that has ended may be lost, from anywhere on.
      if (!end.isOpen && this.chance.is(0.5)) end.isMute = true;
      if (!end.isMute) this.#arrives(peer, message);
    });
  }

  #arrives(end: End, message: Message): void {
    if (!end.isOpen) return;
    const machine = this.#ownerOf(end);
    if (machine?.role == null) return;
    if (end.waiting !== null) {
      end.waiting.push(message);
      return;
    }
    if (message.kind === 'snapshot') {
      end.waiting = [];
      this.#write(machine, { kind: 'restart', items: message.items, at: zxid(message.at) });
      return;
    }
    const data = message.packet.data === null ? null : Buffer.from(message.packet.data);
    machine.role.packet(end.number, { ...message.packet, data }, this.now);
    this.#drain(machine);
    // The data was lent for the step.
    data?.fill(0xdd);
  }

  /** The snapshot is taken in: what came behind it is next. */
  #goOn(machine: Machine): void {
    for (const end of this.#ends.values()) {
      if (end.owner !== machine.id || end.waiting === null) continue;
      const { waiting } = end;
      end.waiting = null;
      for (const message of waiting) this.#arrives(end, message);
    }
  }

  // -- harm and work

  #misfortune(): void {
    if (!this.isHostile) return;
    const machine = this.chance.pick(this.machines);
    if (machine !== undefined) {
      const what = this.chance.below(10);
      if (what < 3) this.#crash(machine);
      else if (what < 6) this.#break(machine);
      else if (what < 7) this.#partition(machine);
      else if (what < 8) this.#compact(machine);
      else if (what < 9) this.#ask(machine);
    }
    this.#after(20 + this.chance.below(300), () => this.#misfortune());
  }

  #work(): void {
    if (!this.isHostile) return;
    for (let count = this.chance.below(4); count > 0; count--) this.write();
    this.#after(5 + this.chance.below(60), () => this.#work());
  }

  #crash(machine: Machine): void {
    if (!machine.isUp) return;
    this.#note('crash');
    machine.role = null;
    machine.establishedIn = null;
    const written = this.chance.below(machine.writes.length + 1);
    for (const write of machine.writes.slice(0, written)) this.#persist(machine, write, false);
    machine.writes = [];
    for (const end of [...this.#ends.values()])
      if (end.owner === machine.id) this.#close(end, false);
    machine.isUp = false;
    machine.life++;
    this.#after(10 + this.chance.below(400), () => {
      if (!machine.isUp) this.#start(machine);
    });
  }

  #start(machine: Machine): void {
    machine.isUp = true;
    machine.load();
    this.#elect(machine);
  }

  #break(machine: Machine): void {
    const ends = [...this.#ends.values()].filter((end) => end.owner === machine.id);
    this.#close(this.chance.pick(ends), true);
  }

  #partition(machine: Machine): void {
    const other = this.chance.pick(this.machines);
    if (other === undefined || other === machine) return;
    const name = `${machine.id}-${other.id}`;
    this.#cut.add(name);
    this.#after(this.chance.below(1500), () => {
      this.#cut.delete(name);
      // What went into the gap is not coming: the link is not what it was.
      for (const end of [...this.#ends.values()]) {
        const [a, b] = [end.owner, end.peer?.owner];
        if ([a, b].includes(machine.id) && [a, b].includes(other.id)) this.#close(end, true);
      }
    });
  }

  /** Old logs are purged: a snapshot of what is applied and on disk takes their place. */
  #compact(machine: Machine): void {
    const { image } = machine;
    if (!machine.isUp || machine.writes.length > 0) return;
    image.inSnapshot = Math.min(machine.applied.length, image.items.length);
    image.snapshotAt = lastOf(image.items.slice(0, image.inSnapshot), zxid(0n));
    if (machine.role instanceof Leader) machine.role.logFrom = machine.logFrom;
  }

  #ask(machine: Machine): void {
    if (!(machine.role instanceof Leader) || machine.establishedIn === null) return;
    const token = ++this.#values;
    this.#tokens.set(token, this.oracle.newestEpoch);
    machine.role.confirm(token);
    this.#drain(machine);
  }

  #note(what: string): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1);
  }
}
