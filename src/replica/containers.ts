// Removes containers that have become empty and TTL nodes whose time is over (Apache's ContainerManager).
import { ttlOf } from '../state/owner.ts';
import type { State } from '../state/state.ts';
import type { Now } from './events.ts';

export interface ContainerRules {
  /** znode.container.checkIntervalMs; 0 turns the check off. */
  readonly checkIntervalMs: number;
  /** znode.container.maxPerMinute. */
  readonly maxPerMinute: number;
  /** znode.container.maxNeverUsedIntervalMs; 0: a container that never had a child stays. */
  readonly maxNeverUsedMs: number;
}

export class ContainerKeeper {
  readonly #rules: ContainerRules;
  deadline: number;

  constructor(rules: ContainerRules, now: Now) {
    this.#rules = rules;
    this.deadline = rules.checkIntervalMs > 0 ? now.monotonic + rules.checkIntervalMs : Infinity;
  }

  /** Paths to remove now; empty when it is not time yet. */
  due(state: State, now: Now): string[] {
    if (now.monotonic < this.deadline) return [];
    this.deadline = now.monotonic + this.#rules.checkIntervalMs;
    const limit = Math.ceil((this.#rules.maxPerMinute * this.#rules.checkIntervalMs) / 60_000);
    return [...this.#containers(state, now), ...this.#expired(state, now)].slice(0, limit);
  }

  *#containers({ tree }: State, now: Now): Iterable<string> {
    const { maxNeverUsedMs } = this.#rules;
    for (const path of tree.containers) {
      const node = tree.get(path);
      if (node === undefined || node.children !== null) continue;
      // cversion > 0: it has had children; one that never had any may be about to be used.
      const isUnused = maxNeverUsedMs > 0 && now.wall - node.ctime >= maxNeverUsedMs;
      if (node.cversion > 0 || isUnused) yield path;
    }
  }

  *#expired({ tree }: State, now: Now): Iterable<string> {
    for (const path of tree.ttls) {
      const node = tree.get(path);
      if (node === undefined || node.children !== null) continue;
      if (now.wall - node.mtime > ttlOf(node.ephemeralOwner, tree.options)) yield path;
    }
  }
}
