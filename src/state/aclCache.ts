// Shares equal ACL lists between znodes and gives each its number in snapshots.
// Apache's ReferenceCountedACLCache; here the znode holds the entry itself, so reading is free.
import type { Acl } from '../wire/data.ts';
import { Perm } from '../wire/opcodes.ts';

export interface AclRef {
  /** Its key in a snapshot's ACL map. */
  readonly index: bigint;
  list: readonly Acl[];
  /** How many znodes have it. */
  uses: number;
}

const anyone = (perms: number): readonly Acl[] => [
  { perms, id: { scheme: 'world', id: 'anyone' } },
];
export const OPEN_ACL: readonly Acl[] = anyone(Perm.all);
export const READ_ACL: readonly Acl[] = anyone(Perm.read);
/** Stands in for a list that a fuzzy snapshot lacks: nobody may do anything. */
const CLOSED_ACL: readonly Acl[] = anyone(0);

/** The entry of nodes without an ACL of their own (index -1 in snapshots), never counted. */
export const OPEN_REF: AclRef = { index: -1n, list: OPEN_ACL, uses: 0 };

export class AclCache {
  readonly #byIndex = new Map<bigint, AclRef>();
  readonly #byKey = new Map<string, AclRef>();
  #lastIndex = 0n;
  /** The entry asked for last: most creates in a row bring equal lists. */
  #recent: AclRef = OPEN_REF;

  get size(): number {
    return this.#byIndex.size;
  }

  entries(): IterableIterator<AclRef> {
    return this.#byIndex.values();
  }

  /** The entry for `list`, made when new, with one use more. The list must not change any more. */
  use(list: readonly Acl[] | null): AclRef {
    if (list === null) return OPEN_REF;
    const recent = this.#recent;
    if (recent.uses > 0 && sameAcl(recent.list, list)) {
      recent.uses++;
      return recent;
    }
    const key = keyOf(list);
    let ref = this.#byKey.get(key);
    if (ref === undefined) {
      ref = { index: ++this.#lastIndex, list, uses: 0 };
      this.#byIndex.set(ref.index, ref);
      this.#byKey.set(key, ref);
    }
    ref.uses++;
    this.#recent = ref;
    return ref;
  }

  /** Takes one use away; an entry without uses is forgotten. */
  release(ref: AclRef): void {
    if (ref === OPEN_REF) return;
    ref.uses--;
    if (ref.uses <= 0) this.#forget(ref);
  }

  clear(): void {
    this.#byIndex.clear();
    this.#byKey.clear();
    this.#lastIndex = 0n;
    this.#recent = OPEN_REF;
  }

  /** Takes an entry of a snapshot's ACL map; it counts no use yet. */
  load(index: bigint, list: readonly Acl[]): void {
    const ref: AclRef = { index, list, uses: 0 };
    this.#byIndex.set(index, ref);
    this.#byKey.set(keyOf(list), ref);
    if (index > this.#lastIndex) this.#lastIndex = index;
  }

  /**
   * The entry of a snapshot's znode, with one use more. A fuzzy snapshot may name a list that was
   * made after its ACL map had been written (ZOOKEEPER-4846): the entry is then closed to all until
   * the log, which must hold the create or setACL, says what it is.
   */
  useLoaded(index: bigint): AclRef {
    if (index === -1n) return OPEN_REF;
    let ref = this.#byIndex.get(index);
    if (ref === undefined) {
      ref = { index, list: CLOSED_ACL, uses: 0 };
      this.#byIndex.set(index, ref);
      if (index > this.#lastIndex) this.#lastIndex = index;
    }
    ref.uses++;
    return ref;
  }

  /** Forgets what was loaded and is used by no znode. */
  purgeUnused(): void {
    for (const ref of [...this.#byIndex.values()]) if (ref.uses <= 0) this.#forget(ref);
  }

  /** How many znodes still wait for an ACL that their snapshot did not hold; 0 after a full replay. */
  get unresolved(): number {
    let count = 0;
    for (const ref of this.#byIndex.values()) if (isUnresolved(ref)) count += ref.uses;
    return count;
  }

  #forget(ref: AclRef): void {
    this.#byIndex.delete(ref.index);
    const key = keyOf(ref.list);
    // A damaged or foreign map may hold one list under two numbers.
    if (this.#byKey.get(key) === ref) this.#byKey.delete(key);
  }
}

export const isUnresolved = (ref: AclRef): boolean => ref.list === CLOSED_ACL;

function sameAcl(a: readonly Acl[], b: readonly Acl[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    const x = a[i] as Acl;
    const y = b[i] as Acl;
    if (x.perms !== y.perms || x.id.id !== y.id.id || x.id.scheme !== y.id.scheme) return false;
  }
  return true;
}

/** A string that is equal for equal lists only: lengths make it free of ambiguity. */
function keyOf(list: readonly Acl[]): string {
  let key = '';
  for (const { perms, id } of list) {
    key += `${perms}:${part(id.scheme)}${part(id.id)}`;
  }
  return key;
}

const part = (text: string | null): string => (text === null ? '-' : `${text.length}:${text}`);
