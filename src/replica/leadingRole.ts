// The leader's role in a replica: the machine that founds and broadcasts, and the pipeline that decides.
import type { Zxid } from '../base/ids.ts';
import { Leader } from '../consensus/leader.ts';
import type { Membership as Known } from '../consensus/looking.ts';
import { printMembership } from '../wire/membership.ts';
import { Deciding } from './deciding.ts';
import { takeRequest } from './learnerRequests.ts';
import { Led } from './order.ts';
import type { Proposal } from './proposals.ts';
import { type Inner, machineOptions, type Role, type RoleEvent, type RoleParts } from './role.ts';

export class LeadingRole implements Role {
  readonly mode = 'leader';
  readonly #parts: RoleParts;
  readonly #leader: Leader;
  /** Null until the epoch is established. */
  #deciding: Deciding | null = null;

  constructor(parts: RoleParts, { rule, members }: Known) {
    this.#parts = parts;
    const { membership, logFrom } = parts.own;
    const { quorumWait } = parts.own;
    const waits = quorumWait === undefined ? {} : { quorumWait };
    // An ensemble's first membership gets its version from the first epoch (ZOOKEEPER-1783).
    const membershipText = (start: Zxid): Buffer =>
      Buffer.from(
        printMembership(membership.version === 0n ? { ...membership, version: start } : membership),
      );
    this.#leader = new Leader(
      { ...machineOptions(parts), rule, members, membershipText, logFrom: logFrom(), ...waits },
      parts.replica.now.monotonic,
    );
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
      case 'requested': {
        const { link, packet } = inner;
        if (deciding === null) break;
        const wrong = takeRequest(deciding, link, packet, () => this.#leader.synced(link));
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
      case 'confirmed':
        deciding?.confirmed(inner.token);
        break;
    }
  }

  end(reason: string): void {
    this.#leader.end(reason);
  }

  rest(): readonly Proposal[] {
    return this.#deciding?.proposals.drain() ?? [];
  }

  #establish(): void {
    const { replica, options, own, onEstablished } = this.#parts;
    onEstablished();
    this.#deciding = new Deciding(replica, new Led(this.#leader), {
      tickTime: options.tickTime,
      containers: options.containers,
      largeThreshold: options.reception.largeRequests.threshold,
    });
    replica.serve(this.#deciding, own.leaderServes);
  }
}
