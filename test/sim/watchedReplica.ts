// The real replica, with a word to the checkers whenever it commits and whenever a role is established.
import type { Connection } from '../../src/replica/connection.ts';
import type { Now } from '../../src/replica/events.ts';
import type { Pipeline } from '../../src/replica/pipeline.ts';
import type { Proposal } from '../../src/replica/proposals.ts';
import { Replica, type ReplicaOptions } from '../../src/replica/replica.ts';

export interface ReplicaWatch {
  /** A proposal is about to be applied, and has been. */
  committing(proposal: Proposal): void;
  committed(proposal: Proposal): void;
  established(isForClients: boolean): void;
}

export class WatchedReplica extends Replica {
  readonly #watch: ReplicaWatch;

  constructor(options: ReplicaOptions, now: Now, watch: ReplicaWatch) {
    super(options, now);
    this.#watch = watch;
  }

  override commit(proposal: Proposal, connection: Connection | null): void {
    this.#watch.committing(proposal);
    super.commit(proposal, connection);
    this.#watch.committed(proposal);
  }

  override serve(pipeline: Pipeline, isForClients: boolean): void {
    super.serve(pipeline, isForClients);
    // A read-only server has no role.
    if (!pipeline.isReadOnly) this.#watch.established(isForClients);
  }
}
