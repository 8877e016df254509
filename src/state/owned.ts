// Which znodes have an owner: ephemerals by session, containers, and those with a time to live.
import type { SessionId } from '../base/ids.ts';
import { OwnerKind, type OwnerRules, ownerKind } from './owner.ts';

export class Owned {
  readonly ephemerals = new Map<SessionId, Set<string>>();
  readonly containers = new Set<string>();
  readonly ttls = new Set<string>();
  readonly #rules: OwnerRules;

  constructor(rules: OwnerRules) {
    this.#rules = rules;
  }

  get ephemeralCount(): number {
    let count = 0;
    for (const paths of this.ephemerals.values()) count += paths.size;
    return count;
  }

  add(path: string, owner: bigint): void {
    const kind = ownerKind(owner, this.#rules);
    if (kind === OwnerKind.container) this.containers.add(path);
    else if (kind === OwnerKind.ttl) this.ttls.add(path);
    else {
      const paths = this.ephemerals.get(owner as SessionId);
      if (paths === undefined) this.ephemerals.set(owner as SessionId, new Set([path]));
      else paths.add(path);
    }
  }

  remove(path: string, owner: bigint): void {
    const kind = ownerKind(owner, this.#rules);
    if (kind === OwnerKind.container) this.containers.delete(path);
    else if (kind === OwnerKind.ttl) this.ttls.delete(path);
    else {
      const paths = this.ephemerals.get(owner as SessionId);
      if (paths?.delete(path) && paths.size === 0) this.ephemerals.delete(owner as SessionId);
    }
  }

  clear(): void {
    this.ephemerals.clear();
    this.containers.clear();
    this.ttls.clear();
  }
}
