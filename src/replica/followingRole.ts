// The role of a follower or an observer in a replica: takes the leader's history, forwards what clients ask.
import { hex0x, type Zxid } from '../base/ids.ts';
import type { LinkId } from '../consensus/events.ts';
import { Learner } from '../consensus/learner.ts';
import type { ServerId } from '../consensus/quorum.ts';
import type { State } from '../state/state.ts';
import type { Membership } from '../wire/membership.ts';
import { OpCode } from '../wire/opcodes.ts';
import { configIn, membershipIn } from './ensemble.ts';
import { Forwarding } from './forwarding.ts';
import type { Proposal } from './proposals.ts';
import { type Inner, machineOptions, type Role, type RoleEvent, type RoleParts } from './role.ts';

export class FollowingRole implements Role {
  readonly mode: 'follower' | 'observer';
  readonly leader: ServerId;
  readonly leadership = null;
  readonly #parts: RoleParts;
  readonly #learner: Learner;
  /** The last link that was asked for. */
  #link: LinkId = -1;
  /** Null until the leader says that this server is up to date. */
  #forwarding: Forwarding | null = null;
  /** What NEWLEADER came with. */
  #announced: Membership | null = null;

  /** @param mayPromise false for a member that has lost part of its history */
  constructor(
    parts: RoleParts,
    options: {
      readonly leader: ServerId;
      readonly isObserver: boolean;
      readonly mayPromise: boolean;
    },
  ) {
    this.mode = options.isObserver ? 'observer' : 'follower';
    this.leader = options.leader;
    this.#parts = parts;
    const nextLink = (): LinkId => {
      this.#link = parts.nextLink();
      return this.#link;
    };
    const { connectLimit } = parts.own;
    const limits = connectLimit === undefined ? {} : { connectLimit };
    this.#learner = new Learner(
      { ...machineOptions(parts), ...options, ...limits, nextLink },
      parts.replica.now.monotonic,
    );
  }

  get deadline(): number {
    return this.#learner.deadline;
  }

  take(event: RoleEvent, now: number): void {
    switch (event.kind) {
      case 'linked':
        this.#learner.linked(event.link, now);
        break;
      case 'unlinked':
        this.#learner.unlinked(event.link, event.reason, now);
        break;
      case 'packet':
        this.#learner.packet(event.link, event.packet, now);
        break;
      case 'heard':
        this.#learner.heard(now);
        break;
      case 'logged':
        this.#learner.logged(event.upTo);
        break;
      case 'epochSaved':
        this.#learner.epochSaved(event.which, event.epoch);
        break;
      case 'truncated':
        this.#learner.truncated(now);
        break;
      case 'notTruncated':
        this.#learner.notTruncated(now);
        break;
      case 'snapshotReceived':
        if (event.link === this.#link) this.#restart(event.state);
        break;
      case 'restarted':
        this.#learner.restored(event.zxid, now);
        break;
    }
  }

  pass(now: number): void {
    this.#learner.tick(now);
  }

  act(inner: Inner): void {
    const { replica } = this.#parts;
    switch (inner.kind) {
      case 'proposed':
        this.#proposed(inner.zxid, inner.entry);
        break;
      case 'committed':
        this.#committed(inner.upTo);
        break;
      case 'announced':
        this.#announced = membershipIn(inner.membership.toString('utf8'));
        this.#expect(this.#announced);
        break;
      case 'reconfigured':
        this.#reconfigured(inner.zxid, inner.leader);
        break;
      case 'established':
        this.#establish();
        break;
      case 'revalidated':
        this.#forwarding?.revalidated(inner.session, inner.isValid);
        break;
      case 'synced':
        this.#forwarding?.synced();
        break;
      case 'pinged':
        this.#learner.touch(this.#forwarding?.takeHeard() ?? []);
        break;
      case 'restoring':
        replica.report('info', `Getting a snapshot from leader ${hex0x(inner.zxid)}`);
        break;
    }
  }

  membershipChanged(): void {}

  end(reason: string): void {
    this.#learner.end(reason);
  }

  rest(): readonly Proposal[] {
    return this.#parts.history.drain();
  }

  /**
   * The leader names what is in force with it. A reconfig on its way may stand in front of that, in
   * the history that has just come: it stays, since its entry needs its quorum too.
   */
  #expect(announced: Membership | null): void {
    const { reconfiguring } = this.#parts;
    if (announced === null || announced.version <= reconfiguring.ensemble.newest.version) return;
    reconfiguring.propose(announced);
  }

  #establish(): void {
    const { replica, options, reconfiguring, onEstablished } = this.#parts;
    if (this.#announced !== null && !reconfiguring.activate(this.#announced, null)) return;
    if (!reconfiguring.settle()) return;
    reconfiguring.show();
    this.#forwarding = new Forwarding(replica, this.#learner, {
      tickTime: options.tickTime,
      largeThreshold: options.reception.largeRequests.threshold,
    });
    replica.serve(this.#forwarding, true);
    const since = `epoch ${this.#learner.epoch}, last zxid ${hex0x(replica.state.lastZxid)}`;
    replica.report('info', `Serving as ${this.mode} of leader ${this.leader}: ${since}`);
    onEstablished();
  }

  #proposed(id: Zxid, entry: Buffer): void {
    const { effect, history, reconfiguring, replica } = this.#parts;
    // An observer gets no proposals: it is told what is committed (INFORM).
    const isCounted = this.#forwarding !== null && this.mode === 'follower';
    if (isCounted) replica.stats.proposalsReceived++;
    const { txn } = history.proposed(entry);
    // Before the entry is logged, and acknowledged: its own commit needs the new members.
    if (txn.type === OpCode.reconfig) {
      const next = membershipIn(Buffer.from(txn.data ?? []).toString('utf8'));
      if (next !== null) reconfiguring.propose(next);
    }
    effect({ kind: 'log', zxid: id, entry });
  }

  /** The entry `id` is committed, and with it the membership that it sets. */
  #reconfigured(id: Zxid, leader: ServerId): void {
    const { replica, reconfiguring } = this.#parts;
    const { pending } = reconfiguring.ensemble;
    const next = pending?.version === id ? pending : configIn(replica.state);
    if (next !== null) reconfiguring.activate(next, leader);
  }

  #committed(upTo: Zxid): void {
    const { replica, history } = this.#parts;
    for (;;) {
      const next = history.nextCommitted(upTo);
      if (next === undefined) break;
      if (this.#forwarding !== null) replica.stats.commitsReceived++;
      replica.commit(next, this.#forwarding?.askerOf(next.header) ?? null);
      replica.reception.applied();
    }
    replica.reception.committed();
  }

  /** A snapshot has come from the leader: it replaces everything, once it is on disk. */
  #restart(state: State): void {
    const { replica, history, effect } = this.#parts;
    replica.state = state;
    this.#parts.reconfiguring.restored();
    // It was taken while it went on changing.
    state.isDigestSettled = false;
    history.replaced(state.lastZxid);
    effect({ kind: 'restart', link: this.#link, state });
  }
}
