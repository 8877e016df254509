// Which servers of a lab cannot hear which others, out of the words of `partition`.
import { usageError } from '../cli/cliError.ts';

/** Nothing that the first says reaches the second. */
export type Cut = readonly [from: number, to: number];

export interface Partition {
  readonly cuts: readonly Cut[];
  /** As it is shown: `1 / 2 3`. */
  readonly text: string;
}

/** Between the groups, and to one direction only for `to`. */
const BETWEEN = '/';
const ONE_WAY = 'to';

/**
 * `1 / 2 3`: no word between the two groups; `1`: between 1 and all others; `1 to 2 3`: what 1 says
 * is lost, it hears the others. Servers that are not named keep their connections.
 *
 * @param idOf the number that a word stands for; throws for one that names no server
 */
export function parsePartition(
  words: readonly string[],
  ids: readonly number[],
  idOf: (word: string) => number,
): Partition {
  const parts = words
    .join(' ')
    .replaceAll(BETWEEN, ` ${BETWEEN} `)
    .split(/[\s,]+/)
    .filter(Boolean);
  const isOneWay = parts.includes(ONE_WAY);
  if (
    isOneWay &&
    (parts.includes(BETWEEN) || parts.filter((part) => part === ONE_WAY).length > 1)
  ) {
    throw usageError(`partition takes either / or one ${ONE_WAY}`);
  }
  const groups = groupsOf(parts, isOneWay ? ONE_WAY : BETWEEN, idOf);
  if (groups.length === 1 && !isOneWay) {
    groups.push(ids.filter((id) => !(groups[0] ?? []).includes(id)));
  }
  if (groups.length < 2 || groups.some((group) => group.length === 0)) {
    throw usageError('partition needs groups of servers with / between: partition 1 / 2 3');
  }
  const text = groups.map((group) => group.join(' ')).join(` ${isOneWay ? ONE_WAY : BETWEEN} `);
  return { cuts: cutsBetween(groups, isOneWay), text };
}

function groupsOf(
  parts: readonly string[],
  mark: string,
  idOf: (word: string) => number,
): number[][] {
  const groups: number[][] = [[]];
  const seen = new Set<number>();
  for (const part of parts) {
    if (part === mark) {
      groups.push([]);
      continue;
    }
    const id = idOf(part);
    if (seen.has(id)) throw usageError(`partition names server ${id} twice`);
    seen.add(id);
    groups.at(-1)?.push(id);
  }
  return groups;
}

function cutsBetween(groups: readonly (readonly number[])[], isOneWay: boolean): Cut[] {
  const cuts: Cut[] = [];
  groups.forEach((group, i) => {
    for (const other of groups.slice(i + 1)) {
      for (const from of group) {
        for (const to of other) cuts.push([from, to], ...(isOneWay ? [] : [[to, from] as const]));
      }
    }
  });
  return cuts;
}
