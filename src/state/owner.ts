// What an ephemeralOwner says a znode is: persistent, ephemeral, container or with a time to live.

/** Which readings of an ephemeralOwner's top bits are switched on (both off in Apache's default). */
export interface OwnerRules {
  /** `zookeeper.extendedTypesEnabled`: a top byte of 0xff marks a TTL node. */
  extendedTypes: boolean;
  /** `zookeeper.emulate353TTLNodes`: any negative owner is a TTL node (ZOOKEEPER-2901). */
  emulate353: boolean;
}

export const OwnerKind = { none: 0, session: 1, container: 2, ttl: 3 } as const;
export type OwnerKind = (typeof OwnerKind)[keyof typeof OwnerKind];

export const CONTAINER_OWNER = -(1n << 63n);
/** The longest time to live in milliseconds: 40 bits. */
export const MAX_TTL = (1n << 40n) - 1n;

const EXTENDED = 0xffn;
const RESERVED = 0xffffn;

/** Apache's EphemeralType.get. */
export function ownerKind(owner: bigint, rules: OwnerRules): OwnerKind {
  if (owner === 0n) return OwnerKind.none;
  if (owner > 0n) return OwnerKind.session;
  if (rules.extendedTypes) {
    if (rules.emulate353 && owner !== CONTAINER_OWNER) return OwnerKind.ttl;
    const bits = BigInt.asUintN(64, owner);
    // Only feature 0 (TTL) exists; what another feature means nobody has said.
    if (bits >> 56n === EXTENDED && ((bits >> 40n) & RESERVED) === 0n) return OwnerKind.ttl;
  }
  return owner === CONTAINER_OWNER ? OwnerKind.container : OwnerKind.session;
}

/** The owner that stands for a time to live of `ttl` milliseconds; 1 to MAX_TTL. */
export const ttlOwner = (ttl: bigint): bigint => BigInt.asIntN(64, (EXTENDED << 56n) | ttl);

/** The time to live in milliseconds of a TTL owner. */
export function ttlOf(owner: bigint, rules: OwnerRules): number {
  const isOldForm = rules.emulate353 && BigInt.asUintN(64, owner) >> 56n !== EXTENDED;
  return Number(BigInt.asUintN(isOldForm ? 60 : 40, owner));
}
