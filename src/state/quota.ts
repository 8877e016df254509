// Quotas: the text of limit and usage nodes, which paths have one, and whether a change exceeds it.

export const QUOTA_ROOT = '/zookeeper/quota';
export const LIMIT_NODE = 'zookeeper_limits';
export const STAT_NODE = 'zookeeper_stats';

export const limitPathOf = (path: string): string => `${QUOTA_ROOT}${path}/${LIMIT_NODE}`;
export const statPathOf = (path: string): string => `${QUOTA_ROOT}${path}/${STAT_NODE}`;

/** Limits or usage of a subtree; -1 where nothing is said. Bytes are those of data alone. */
export interface QuotaStats {
  count: number;
  bytes: number;
  countHardLimit: number;
  byteHardLimit: number;
}

const KEYS = ['count', 'bytes', 'countHardLimit', 'byteHardLimit'] as const;

/** Reads what Apache's StatsTrack writes, of 3.8 and before; pairs it would choke on are ignored. */
export function parseQuota(data: Buffer | null): QuotaStats {
  const stats: QuotaStats = { count: -1, bytes: -1, countHardLimit: -1, byteHardLimit: -1 };
  if (data === null) return stats;
  for (const pair of data.toString('utf8').split(/[,;]+/)) {
    const [name, value] = pair.split('=');
    const key = KEYS.find((k) => k === name);
    if (key !== undefined && value !== undefined && /^[+-]?\d+$/.test(value)) {
      stats[key] = Number(value);
    }
  }
  return stats;
}

/**
 * `count=4,bytes=5=;byteHardLimit=10;countHardLimit=10`. Count first, bytes second, the rest after
 * `=;` so that servers before 3.8 read the first two and skip the others; absent ones are left out.
 */
export function formatQuota(stats: QuotaStats): string {
  let text = `count=${stats.count},bytes=${stats.bytes}`;
  if (stats.byteHardLimit !== -1 || stats.countHardLimit !== -1) text += '=';
  if (stats.byteHardLimit !== -1) text += `;byteHardLimit=${stats.byteHardLimit}`;
  if (stats.countHardLimit !== -1) text += `;countHardLimit=${stats.countHardLimit}`;
  return text;
}

/** The paths that have a quota (Apache's PathTrie). */
export class QuotaPaths {
  readonly #paths = new Set<string>();

  get isEmpty(): boolean {
    return this.#paths.size === 0;
  }

  /** The root has no quota: Apache counts nothing for it. */
  add(path: string): void {
    if (path.length > 1) this.#paths.add(path);
  }

  delete(path: string): void {
    this.#paths.delete(path);
  }

  clear(): void {
    this.#paths.clear();
  }

  /** All of them that are `path` or above it. */
  *allAbove(path: string): Iterable<string> {
    for (let p = path; p.length > 1; p = p.substring(0, p.lastIndexOf('/'))) {
      if (this.#paths.has(p)) yield p;
    }
  }

  /** The longest path with a quota that is `path` or above it; null if none. */
  above(path: string): string | null {
    if (this.#paths.size === 0) return null;
    for (let p = path; p.length > 1; p = p.substring(0, p.lastIndexOf('/'))) {
      if (this.#paths.has(p)) return p;
    }
    return null;
  }
}

/** The part of a tree that a quota check reads. */
interface Nodes {
  readonly quotas: QuotaPaths;
  get(path: string): { readonly data: Buffer | null } | undefined;
}

export const QuotaVerdict = { within: 0, overSoftLimit: 1, overHardLimit: 2 } as const;
export type QuotaVerdict = (typeof QuotaVerdict)[keyof typeof QuotaVerdict];

/**
 * Whether a change of `bytes` and `count` at `path` stays within its quota; only a hard limit
 * refuses (and only with `zookeeper.enforceQuota`), a soft one is to be logged.
 * A hard limit hides the soft one of its kind, as in Apache's ZooKeeperServer.checkQuota.
 */
export function checkQuota(tree: Nodes, path: string, bytes: number, count: number): QuotaVerdict {
  const prefix = tree.quotas.above(path);
  if (prefix === null) return QuotaVerdict.within;
  const limitNode = tree.get(limitPathOf(prefix));
  const statNode = tree.get(statPathOf(prefix));
  if (limitNode === undefined || statNode === undefined) return QuotaVerdict.within;
  const limits = parseQuota(limitNode.data);
  const used = parseQuota(statNode.data);
  const byCount = verdict(used.count, count, limits.count, limits.countHardLimit);
  const byBytes = verdict(used.bytes, bytes, limits.bytes, limits.byteHardLimit);
  return Math.max(byCount, byBytes) as QuotaVerdict;
}

function verdict(used: number, more: number, soft: number, hard: number): QuotaVerdict {
  if (more === 0) return QuotaVerdict.within;
  if (hard > -1) return used + more > hard ? QuotaVerdict.overHardLimit : QuotaVerdict.within;
  return soft > -1 && used + more > soft ? QuotaVerdict.overSoftLimit : QuotaVerdict.within;
}
