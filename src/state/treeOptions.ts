// What the configuration says of the tree.
import type { OwnerRules } from './owner.ts';

export interface TreeOptions extends OwnerRules {
  /** `zookeeper.digest.enabled`: keep the digest of the tree. */
  digest: boolean;
}

export const DEFAULT_TREE_OPTIONS: TreeOptions = {
  digest: true,
  extendedTypes: false,
  emulate353: false,
};
