// A whole ensemble in virtual time: servers, network, clients and faults; first everything may break,
// then everything is healed, must come to life again, and must be the same everywhere.
import { Oracle } from './checkers/oracle.ts';
import { sameEverywhere } from './checkers/sameEverywhere.ts';
import { SimClient } from './client.ts';
import { Counts } from './counts.ts';
import { Faults } from './faults.ts';
import { Network } from './network.ts';
import { Operator } from './operator.ts';
import type { SimOptions } from './options.ts';
import { Random } from './random.ts';
import { ReadOnlyClient } from './readOnlyClient.ts';
import { SimServer } from './server.ts';
import { Timers } from './timers.ts';
import { Trace } from './trace.ts';
import { demand, Violation } from './violation.ts';

/** Events that a run may have for each virtual second: a run that does not end is a bug. */
const BUDGET = 20_000;
/** Virtual ms between two looks at whether all is well. */
const LOOK_MS = 50;

export interface RunResult {
  readonly seed: number;
  readonly hash: string;
  readonly virtualMs: number;
  readonly events: number;
  readonly commits: number;
  readonly acks: number;
  /** From the healing to the first write that was asked for and acknowledged after it. */
  readonly recoveredIn: number;
}

export class World {
  readonly options: SimOptions;
  readonly timers = new Timers();
  readonly random: Random;
  readonly trace: Trace;
  readonly servers: SimServer[] = [];
  readonly network: Network;
  readonly oracle: Oracle;
  readonly clients: SimClient[] = [];
  /** Healed: no faults any more. */
  isCalm = false;
  readonly faults: Faults;
  /** Changes the membership. */
  readonly operator: Operator | null;
  /** Mean ms between a client's requests once there are no faults; null before. */
  calmThink: number | null = null;
  /** How often what is rare came. */
  readonly counts = new Counts();

  constructor(options: SimOptions, traceLines = 0) {
    this.options = options;
    this.random = new Random(options.seed * 2 + 1 + options.salt * 1_000_003);
    this.trace = new Trace(() => this.timers.now, traceLines);
    const byId = new Map<number, SimServer>();
    this.network = new Network(this.timers, this.random, options, byId);
    this.oracle = new Oracle(this);
    const members = options.voters + options.observers;
    for (let id = 1; id <= members + (options.changes?.joiners ?? 0); id++) {
      const server = new SimServer(this, id, id > options.voters && id <= members);
      server.isRetired = id > members;
      this.servers.push(server);
      byId.set(id, server);
    }
    for (let id = 1; id <= options.clients; id++) this.clients.push(new SimClient(this, id));
    this.faults = new Faults(this);
    this.operator = options.changes === null ? null : new Operator(this, options.changes);
  }

  /** Those that have a say in one of the memberships that may be in force. */
  get voters(): SimServer[] {
    return this.servers.filter(({ id }) => this.oracle.memberships.isVoter(id));
  }

  /** Those that nobody has switched off for good. */
  get staying(): SimServer[] {
    return this.servers.filter(({ isRetired }) => !isRetired);
  }

  get leader(): SimServer | undefined {
    return this.servers.find((one) => one.isLeading && one.isEstablished);
  }

  /**
   * Whether those voters are enough that may vote: who has nothing may not where others have
   * something, though it never had anything.
   */
  get #isAble(): boolean {
    const { durability, memberships } = this.oracle;
    const isNew = this.servers.every(({ medium }) => medium.isEmpty);
    const able = this.voters.filter((one) => {
      const { unhealed, isEmpty } = one.medium;
      // Damage may not have been found yet.
      return unhealed === null && !durability.isLost(one) && (isNew || !isEmpty);
    });
    return memberships.isQuorum(able.map(({ id }) => id));
  }

  isPowerCut(): boolean {
    return this.random.chance(this.options.powerCuts);
  }

  reported(server: SimServer, level: string, message: string): void {
    this.trace.note(server, level, () => `# ${level} ${message}`);
    this.counts.report(message);
  }

  run(): RunResult {
    const { duration } = this.options;
    for (const server of this.staying) {
      this.timers.after(this.random.between(0, 2000), () => {
        if (server.incarnation === 0) server.start();
      });
    }
    for (const client of this.clients) client.start();
    if (this.options.readOnlyMode) new ReadOnlyClient(this).start();
    this.faults.begin();
    this.operator?.begin();
    this.until(duration, () => false);
    // With too few members that have not lost anything an ensemble waits rather than lose.
    const isAble = this.#isAble;
    const recoveredIn = isAble ? this.#recover() : 0;
    if (isAble) {
      this.#settle();
      sameEverywhere(this);
    }
    return {
      seed: this.options.seed,
      hash: this.trace.hash,
      virtualMs: this.timers.now,
      events: this.timers.count,
      commits: this.oracle.tip.index,
      acks: this.clients.reduce((sum, { acks }) => sum + acks, 0),
      recoveredIn,
    };
  }

  /** Runs until `end`, or until `isDone` says so: then it returns true. */
  until(end: number, isDone: () => boolean): boolean {
    const { timers } = this;
    const budget = timers.count + (1 + (end - timers.now) / 1000) * BUDGET;
    while (timers.next <= end) {
      timers.step();
      if (isDone()) return true;
      if (timers.count > budget) throw new Violation('budget', 'the run does not end');
    }
    timers.now = end;
    return isDone();
  }

  /** All servers, at rest, are the same; as the last step of a scenario. */
  finish(): void {
    this.isCalm = true;
    this.faults.heal();
    this.#settle();
    sameEverywhere(this);
  }

  /** C15: healed, there is a leader and a write is acknowledged in bounded time. */
  #recover(): number {
    const { timers, options } = this;
    this.isCalm = true;
    this.calmThink = 200;
    this.operator?.calm();
    this.faults.heal();
    this.trace.note(null, 'healed');
    for (const client of this.clients) client.hurry();
    const healedAt = timers.now;
    // The end of a session that hangs, a new election that meets it, and the synchronization.
    const { syncLimit, initLimit, tickTime } = options;
    // Who founds an epoch waits initLimit for a learner that a power cut took without a word.
    const bound = 3 * (syncLimit * tickTime + 5000) + initLimit * tickTime;
    let nextLook = 0;
    const isWell = (): boolean => {
      if (timers.now < nextLook) return false;
      nextLook = timers.now + LOOK_MS;
      return this.clients.some(({ aliveAt }) => aliveAt > healedAt);
    };
    demand(this.until(healedAt + bound, isWell), 'C15', () => {
      const roles = this.servers.map((one) => `${one.id} ${one.role}`).join(', ');
      return `no write is acknowledged within ${bound} ms (${roles})`;
    });
    return timers.now - healedAt;
  }

  /** Everybody follows, and has everything. */
  #settle(): void {
    const { timers, options } = this;
    // Of epochs with few zxids each must last until all have joined.
    if (options.lastCounter < 1000) this.calmThink = 20 * options.tickTime;
    const bound = 2 * (options.initLimit + options.syncLimit) * options.tickTime + 60_000;
    const follow = (): boolean => this.staying.every((one) => one.isEstablished);
    demand(this.until(timers.now + bound, follow), 'C15', () => {
      const roles = this.servers.map((one) => `${one.id} ${one.role}`).join(', ');
      return `not all follow within ${bound} ms (${roles})`;
    });
    // Everybody is served now: for a while nobody may wait in vain.
    this.calmThink = options.tickTime / 2;
    const givenUp = (): number => this.clients.reduce((sum, one) => sum + one.givenUp, 0);
    // A server that has gone without a word is given up until then.
    const patience = Math.max(0, ...this.clients.map(({ timeout }) => timeout));
    this.until(timers.now + patience, () => false);
    const before = givenUp();
    this.until(timers.now + 12 * options.tickTime, () => false);
    const isSlow = options.syncTime + options.delay > options.tickTime / 50;
    demand(isSlow || givenUp() === before, 'C15', () => 'a client gives up a server that serves');
    for (const client of this.clients) client.isIdle = true;
    const isAnswered = (): boolean => this.clients.every(({ waiting }) => waiting === 0);
    demand(this.until(timers.now + bound, isAnswered), 'C15', () => 'a request is never answered');
    for (const client of this.clients) client.stop();
    const isStill = (): boolean =>
      this.staying.every((one) => {
        return (
          one.isEstablished &&
          one.lastAppended === this.oracle.tip.zxid &&
          one.medium.durable === this.oracle.tip.zxid &&
          one.lastZxid === this.oracle.tip.zxid
        );
      });
    demand(this.until(timers.now + bound, isStill), 'C13', () => {
      const ends = this.staying.map((one) =>
        [one.id, one.role, one.lastAppended, one.medium.durable, one.lastZxid].join(' '),
      );
      return `the servers do not come to rest at ${this.oracle.tip.zxid}: ${ends.join(', ')}`;
    });
  }
}
