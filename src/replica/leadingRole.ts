// The leader's role in a replica: the machine that founds and broadcasts, and the pipeline that decides.
import { hex0x, startOf, type Zxid } from '../base/ids.ts';
import { Leader } from '../consensus/leader.ts';
import type { ServerId } from '../consensus/quorum.ts';
import type { Reconfiguration } from '../operations/operation.ts';
import { type Membership, printMembership } from '../wire/membership.ts';
import { Deciding } from './deciding.ts';
import { configIn, keepsPlace, ruleOf } from './ensemble.ts';
import { takeRequest } from './learnerRequests.ts';
import { Led } from './order.ts';
import type { Proposal } from './proposals.ts';
import {
  type Inner,
  type Leadership,
  machineOptions,
  type Role,
  type RoleEvent,
  type RoleParts,
} from './role.ts';

export class LeadingRole implements Role {
  readonly mode = 'leader';
  readonly #parts: RoleParts;
  readonly #leader: Leader;
  /** Null until the epoch is established. */
  #deciding: Deciding | null = null;
  #since = 0;

  constructor(parts: RoleParts) {
    this.#parts = parts;
    parts.replica.stats.forgetProposalSizes();
    const { logFrom, quorumWait, lastCounter } = parts.own;
    const waits = quorumWait === undefined ? {} : { quorumWait };
    const ends = lastCounter === undefined ? {} : { lastCounter };
    const { ensemble } = parts.reconfiguring;
    const { rule, members } = ensemble.known;
    const membershipText = (start: Zxid): Buffer => {
      const isServing = this.#deciding !== null;
      return Buffer.from(printMembership(isServing ? ensemble.active : this.#completed(start)));
    };
    this.#leader = new Leader(
      {
        ...machineOptions(parts),
        rule,
        members,
        admitsStrangers: ensemble.isDynamic,
        membershipText,
        logFrom: logFrom(),
        ...waits,
        ...ends,
      },
      parts.replica.now.monotonic,
    );
  }

  get leader(): ServerId {
    return this.#parts.options.serverId;
  }

  get leadership(): Leadership | null {
    const deciding = this.#deciding;
    if (deciding === null) return null;
    const { epoch, learners } = this.#leader;
    return { epoch, learners, pendingSyncs: deciding.syncs.length, since: this.#since };
  }

  get deadline(): number {
    return this.#leader.deadline;
  }

  take(event: RoleEvent, now: number): void {
    switch (event.kind) {
      case 'linked':
        if (event.to !== null) break;
        // Old logs may have been purged since the last learner came.
        this.#leader.logFrom = this.#parts.own.logFrom();
        this.#leader.linked(event.link, event.address, now);
        break;
      case 'unlinked':
        this.#leader.unlinked(event.link, event.reason);
        break;
      case 'packet':
        this.#leader.packet(event.link, event.packet, now);
        break;
      case 'logged':
        this.#leader.logged(event.upTo);
        break;
      case 'epochSaved':
        this.#leader.epochSaved(event.which, event.epoch, now);
        break;
    }
  }

  pass(now: number): void {
    this.#leader.tick(now);
  }

  act(inner: Inner): void {
    const deciding = this.#deciding;
    switch (inner.kind) {
      case 'established':
        this.#establish();
        break;
      case 'committed':
        deciding?.committed(inner.upTo);
        break;
      case 'reconfigured': {
        const next = configIn(this.#parts.replica.state);
        if (next !== null) this.#parts.reconfiguring.activate(next, inner.leader);
        break;
      }
      case 'requested': {
        const { link, request, ids } = inner;
        if (deciding === null) break;
        const { session, cxid } = request;
        const asker = { session, cxid, owner: link, ids, connection: null };
        const wrong = takeRequest(deciding, asker, request, () => this.#leader.sync(link));
        if (wrong !== null) this.#parts.replica.report('warn', `From a learner: ${wrong}`);
        break;
      }
      case 'revalidate': {
        const { link, session, timeout } = inner;
        const isValid = deciding?.takeOver(session, timeout, link) ?? false;
        this.#leader.revalidated(link, session, isValid);
        break;
      }
      case 'touched':
        deciding?.tracker.touch(inner.session, this.#parts.replica.now.monotonic);
        break;
      case 'usedUp':
        // It is drained behind what the step has proposed: several may come in one.
        this.#leader.usedUp();
        break;
      case 'confirmed':
        deciding?.confirmed(inner.token);
        break;
    }
  }

  membershipChanged(): void {
    const { ensemble } = this.#parts.reconfiguring;
    const { rule, members } = ensemble.known;
    this.#leader.changeMembership({ rule, members, configVersion: ensemble.active.version });
  }

  end(reason: string): void {
    this.#leader.leave(reason);
  }

  rest(): readonly Proposal[] {
    return this.#deciding?.proposals.drain() ?? [];
  }

  #establish(): void {
    const { replica, options, own, reconfiguring, onEstablished } = this.#parts;
    const self = options.serverId;
    onEstablished();
    this.#since = replica.now.monotonic;
    const membership = this.#completed(startOf(this.#leader.epoch));
    // What an earlier leader has left half done is done now that a quorum of both has it.
    const leads = ruleOf(membership).voters.includes(self);
    if (!reconfiguring.activate(membership, leads ? self : null)) return;
    if (!reconfiguring.settle()) return;
    reconfiguring.show();
    this.#deciding = new Deciding(replica, new Led(this.#leader, replica.stats), {
      reconfiguration: reconfiguring.ensemble.isDynamic ? this.#reconfiguration() : null,
      tickTime: options.tickTime,
      containers: options.containers,
      largeThreshold: options.reception.largeRequests.threshold,
    });
    replica.serve(this.#deciding, own.leaderServes);
    const since = `epoch ${this.#leader.epoch}, last zxid ${hex0x(replica.state.lastZxid)}`;
    replica.report('info', `Serving as leader: ${since}`);
  }

  /**
   * The membership that a new epoch establishes: the newest that this server has seen. An ensemble's
   * first one gets its version from its first epoch (ZOOKEEPER-1783).
   */
  #completed(start: Zxid): Membership {
    const { newest, isDynamic } = this.#parts.reconfiguring.ensemble;
    return isDynamic && newest.version === 0n ? { ...newest, version: start } : newest;
  }

  #reconfiguration(): Reconfiguration {
    const { reconfiguring, options } = this.#parts;
    const { ensemble } = reconfiguring;
    const leader = this.#leader;
    return {
      get active() {
        return ensemble.active;
      },
      get isUnderWay() {
        return ensemble.pending !== null;
      },
      leastVoters: ensemble.leastVoters,
      isSynced: (membership) => leader.isSynced(ruleOf(membership)),
      begin: (membership) => {
        const isStaying = keepsPlace(ensemble.active, membership, options.serverId);
        reconfiguring.propose(membership);
        leader.reconfigure(ruleOf(membership), isStaying);
      },
    };
  }
}
