// What a run is made of: sizes, times, and the mix of faults that its seed draws (swarm testing).
import { Random } from './random.ts';

/** How often each fault comes, in virtual minutes between two of them; 0: never. */
export interface FaultMix {
  readonly crash: number;
  readonly crashAll: number;
  readonly pause: number;
  readonly partition: number;
  readonly oneWay: number;
  readonly reset: number;
  readonly clientReset: number;
  readonly slowDisk: number;
  readonly failingDisk: number;
  readonly lostDisk: number;
  readonly damage: number;
  readonly clock: number;
  /** A crash amid the effects of a step. */
  readonly crashInStep: number;
  /** A crash before a certain packet is sent. */
  readonly crashAt: number;
  /** A link that ends with a certain packet. */
  readonly resetAt: number;
}

/** How the membership changes in a run. */
export interface Changes {
  /** Servers that are no members at first; ids behind those of the observers. */
  readonly joiners: number;
  /** Mean virtual ms between two things that the operator does. */
  readonly pause: number;
  /** Share of removed servers that are switched off. */
  readonly retires: number;
  /** Share of those that come back without what they had. */
  readonly wipes: number;
  /** Fewer than two voters are refused. */
  readonly standaloneEnabled: boolean;
}

export interface SimOptions {
  readonly seed: number;
  readonly voters: number;
  readonly observers: number;
  readonly clients: number;
  /** Virtual ms in which there are faults. */
  readonly duration: number;
  readonly tickTime: number;
  readonly initLimit: number;
  readonly syncLimit: number;
  readonly leaderServes: boolean;
  /** Clients ask for more than the plain: access lists, quotas, containers, TTLs, persistent watches. */
  readonly isRich: boolean;
  readonly enforceQuota: boolean;
  /** ms between two looks for containers and TTL znodes that are over. */
  readonly containerCheck: number;
  /** ms after which a container goes that never had a child; 0: never. */
  readonly maxNeverUsed: number;
  /** What the wall clocks show at the start. */
  readonly wallStart: number;
  /** An epoch ends with this counter, as it does in truth just below 2^32. */
  readonly lastCounter: number;
  /** The servers start with a history that ends with this zxid; 0: with nothing. */
  readonly startsAt: bigint;
  /** Entries that servers keep in memory for learners that lag. */
  readonly commitLogCount: number;
  /** Mean ms by which a timer fires late: the event loop is busy. */
  readonly lateness: number;
  /** Who finds no leader serves reads. */
  readonly readOnlyMode: boolean;
  /** Delays and syncs take exactly their means: for scenarios. */
  readonly isEven: boolean;
  /** Mean one-way delay between servers, in ms. */
  readonly delay: number;
  /** Share of election messages that are lost. */
  readonly electionLoss: number;
  /** Mean duration of a sync of the disk, in ms. */
  readonly syncTime: number;
  /** Share of crashes that are power cuts: unsynced bytes go. */
  readonly powerCuts: number;
  /** Clocks run at a rate within 1 +- this. */
  readonly skew: number;
  /** Entries between two snapshots. */
  readonly snapCount: number;
  /** Bytes of a snapshot that are written or sent in one go. */
  readonly pieceSize: number;
  /** Mean ms between two bursts of a client's requests. */
  readonly think: number;
  /** Peers are told when a server cannot be reached, or can be again. */
  readonly tellsReachability: boolean;
  readonly faults: FaultMix;
  /** reconfigEnabled is on, and an operator uses it. */
  readonly reconfig: boolean;
  /** How; null when the membership stays as it is. */
  readonly changes: Changes | null;
  /** Faults that are left out, as `pause:3` for the third of its kind. */
  readonly skip: readonly string[];
  /** Another run with the same options. */
  readonly salt: number;
}

/** 2023, as good as any. */
const WALL_START = 1_700_000_000_000;
/** In 2039 the 40 bits of the clock that session ids begin with are used up, and begin again. */
const SESSION_IDS_BEGIN_ANEW = 2 ** 41;
/** See Leader. */
const LAST_COUNTER = 0xfff0_0000;

export const NO_FAULTS: FaultMix = {
  crash: 0,
  crashAll: 0,
  pause: 0,
  partition: 0,
  oneWay: 0,
  reset: 0,
  clientReset: 0,
  slowDisk: 0,
  failingDisk: 0,
  lostDisk: 0,
  damage: 0,
  clock: 0,
  crashInStep: 0,
  crashAt: 0,
  resetAt: 0,
};

/**
 * Minutes between two faults of a kind: about half of the kinds never come in a run. In some runs
 * they come every few seconds, so that elections and roles are interrupted again and again.
 */
function drawMix(random: Random): FaultMix {
  const density = random.chance(0.15) ? random.between(0.03, 0.15) : random.between(0.3, 3);
  const rare = (minutes: number): number =>
    random.chance(0.5) ? 0 : minutes * density * random.between(0.3, 2);
  return {
    crash: rare(1),
    crashAll: rare(5),
    pause: rare(2),
    partition: rare(1.5),
    oneWay: rare(2),
    reset: rare(1),
    clientReset: rare(1),
    slowDisk: rare(2),
    failingDisk: rare(5),
    lostDisk: rare(6),
    damage: rare(6),
    clock: rare(3),
    crashInStep: rare(1),
    crashAt: rare(1),
    resetAt: rare(0.5),
  };
}

/** Drawn by a generator of its own: all else is as in the run of the same seed without changes. */
function drawChanges(seed: number): Changes {
  const random = new Random(~seed);
  return {
    joiners: random.int(1, 3),
    pause: random.pick([1000, 5000, 20_000]) ?? 5000,
    retires: random.pick([0, 0.5, 1]) ?? 0.5,
    wipes: random.pick([0, 0.5]) ?? 0,
    standaloneEnabled: random.chance(0.5),
  };
}

/** The options of a seed; what `fixed` names is not drawn. */
export function optionsOf(seed: number, fixed: Partial<SimOptions> = {}): SimOptions {
  const random = new Random(seed);
  const more = new Random(seed ^ 0x5eed);
  const tickTime = random.pick([500, 1000, 2000, 3000, 5000]) ?? 2000;
  const drawn: SimOptions = {
    seed,
    voters: random.pick([3, 3, 3, 4, 5, 5]) ?? 3,
    observers: random.chance(0.3) ? 1 : 0,
    clients: random.int(2, 5),
    duration: 300_000,
    tickTime,
    initLimit: random.pick([5, 10]) ?? 10,
    syncLimit: random.pick([2, 5]) ?? 5,
    leaderServes: random.chance(0.9),
    isRich: more.chance(0.7),
    enforceQuota: more.chance(0.7),
    containerCheck: more.pick([500, 5000, 60_000]) ?? 60_000,
    maxNeverUsed: more.pick([0, 10_000]) ?? 0,
    wallStart: more.chance(0.2) ? SESSION_IDS_BEGIN_ANEW - more.between(0, 300_000) : WALL_START,
    lastCounter: more.chance(0.15) ? more.int(20, 200) : LAST_COUNTER,
    startsAt: more.chance(0.15) ? (1n << 32n) + BigInt(LAST_COUNTER - more.int(0, 10)) : 0n,
    commitLogCount: more.pick([5, 50, 500]) ?? 500,
    lateness: more.pick([0, 0, 5, tickTime / 10]) ?? 0,
    readOnlyMode: more.chance(0.4),
    isEven: false,
    delay: random.pick([0.5, 2, 10, 50]) ?? 2,
    electionLoss: random.chance(0.5) ? 0 : random.between(0, 0.3),
    syncTime: random.pick([0.5, 5, 50, 200]) ?? 5,
    powerCuts: random.pick([0, 0.5, 1]) ?? 1,
    skew: random.chance(0.5) ? 0 : 0.1,
    snapCount: random.pick([10, 40, 200, 100_000]) ?? 200,
    pieceSize: random.pick([64, 512, 1 << 18]) ?? 512,
    think: random.pick([1000, 5000, 20_000]) ?? 5000,
    tellsReachability: random.chance(0.3),
    faults: random.chance(0.03) ? NO_FAULTS : drawMix(random),
    reconfig: false,
    changes: null,
    skip: [],
    salt: 0,
  };
  const changes = fixed.reconfig === true ? drawChanges(seed) : null;
  return { ...drawn, changes, ...fixed };
}
