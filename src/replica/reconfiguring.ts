// What a change of the membership does to a member: to its election, its role, and its peers.
import type { Election } from '../consensus/election.ts';
import type { ServerId } from '../consensus/quorum.ts';
import { type Notification, ServerState } from '../wire/election.ts';
import type { Membership } from '../wire/membership.ts';
import { type Ensemble, isSame, keepsPlace } from './ensemble.ts';
import type { Replica } from './replica.ts';
import type { Role } from './role.ts';

export class Reconfiguring {
  readonly ensemble: Ensemble;
  readonly #replica: Replica;
  readonly #election: Election;
  readonly #role: () => Role | null;
  /** Who is to lead when the present role has ended, named by the leader of a reconfig. */
  #appointed: ServerId | null = null;

  constructor(
    ensemble: Ensemble,
    replica: Replica,
    election: Election,
    options: { readonly role: () => Role | null },
  ) {
    this.ensemble = ensemble;
    this.#replica = replica;
    this.#election = election;
    this.#role = options.role;
  }

  /** Who was named, once. */
  takeAppointed(): ServerId | null {
    const leader = this.#appointed;
    this.#appointed = null;
    return leader;
  }

  /**
   * A server that looks for a leader learns from others of a newer membership (FastLeaderElection).
   * Returns whether that is so: the election begins anew.
   */
  isNews(from: ServerId, { state, config }: Notification): boolean {
    return this.#learn(from, config) || (state === ServerState.looking && this.#hear(from, config));
  }

  #learn(from: ServerId, config: string | null): boolean {
    const next = this.ensemble.newerIn(config);
    if (next === null) return false;
    this.#replica.report('info', `Server ${from} knows of a newer membership, ${nameOf(next)}`);
    this.activate(next, null);
    return true;
  }

  /** Of one that is on its way: who is to vote there is not to stand aside. */
  #hear(from: ServerId, config: string | null): boolean {
    const { ensemble } = this;
    if (!ensemble.hear(config) || ensemble.heard === null) return false;
    this.#replica.report(
      'info',
      `Server ${from} knows of a membership to come, ${nameOf(ensemble.heard)}`,
    );
    this.#changed();
    return true;
  }

  /** There is a leader. Returns false when that makes the role another one, and ends it. */
  settle(): boolean {
    if (!this.ensemble.forget()) return true;
    this.#changed();
    const election = this.#election;
    if (election.dueState === election.state) return true;
    this.#role()?.end('the membership that was to come has come to nothing');
    return false;
  }

  /** Another membership is on its way: in the log, or with the leader's history. */
  propose(membership: Membership): void {
    if (this.ensemble.propose(membership)) this.#changed();
  }

  /** The state is another one. */
  restored(): void {
    if (this.ensemble.restored(this.#replica.state)) this.#changed();
    this.show();
  }

  /** Shows clients what is in force. */
  show(): void {
    this.ensemble.show(this.#replica.state, this.#replica.now.wall);
  }

  /**
   * A membership is in force (QuorumPeer.processReconfig). `suggested` is who should lead then; null:
   * it was not said. Returns false when the present role ends because of it.
   */
  activate(membership: Membership, suggested: ServerId | null): boolean {
    const before = this.ensemble.active;
    if (!this.ensemble.activate(membership)) return true;
    this.show();
    this.#changed();
    if (isSame(before, membership)) return true;
    this.#replica.report('info', `The membership ${nameOf(membership)} is in force`);
    const election = this.#election;
    const leader = election.vote?.leader;
    const role = this.#role();
    if (role === null || leader === undefined) return true;
    const hasLeader =
      suggested === null ? keepsPlace(before, membership, leader) : suggested === leader;
    if (hasLeader && election.dueState === election.state) return true;
    this.#appointed = suggested;
    role.end('the membership has changed');
    return false;
  }

  /**
   * @param kept as on its way when this server ended: if it did not get into the log it must be
   * forgotten now, as it would be taken for one that is there once the log is longer
   */
  begin(kept: Membership | null): void {
    if (this.ensemble.pending !== null || kept !== null) this.#tellWorld();
  }

  /** Lets the world know whom to let in, and what to write down. */
  #tellWorld(): void {
    const { active, pending, heard } = this.ensemble;
    this.#replica.effect({ kind: 'membership', active, pending, heard });
  }

  #changed(): void {
    this.#election.changeMembership(this.ensemble.known);
    this.#role()?.membershipChanged();
    this.#tellWorld();
  }
}

const nameOf = ({ version, servers }: Membership): string =>
  `${version.toString(16)} of [${servers.map(({ id }) => id).join(', ')}]`;
