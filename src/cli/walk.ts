// Visits a subtree with many requests under way at once, in the order in which Apache's `ls -R` prints it.
import type { NodeChildren, ZooKeeper } from '../client/api.ts';
import { ZkError } from '../client/errors.ts';
import { childOf } from './values.ts';

/** Requests that are sent ahead of the one that is waited for. */
const AHEAD = 64;

/** Sorted names; a node that went between being listed and being asked has none. */
async function namesOf(asked: Promise<NodeChildren>): Promise<string[]> {
  try {
    return (await asked).names.sort();
  } catch (error) {
    if (error instanceof ZkError && error.code === 'NoNode') return [];
    throw error;
  }
}

/** Asks for the children of each path, AHEAD of them at a time; results in the order of `paths`. */
async function* listAll(
  zk: ZooKeeper,
  paths: readonly string[],
  watch: boolean,
  signal: AbortSignal,
): AsyncGenerator<readonly [string, readonly string[]]> {
  for (let from = 0; from < paths.length; from += AHEAD) {
    const some = paths.slice(from, from + AHEAD);
    const lists = some.map((path) => namesOf(zk.children(path, { watch, signal })));
    // All are waited for even when one fails, so that no rejection is left alone.
    const settled = await Promise.allSettled(lists);
    for (const [index, result] of settled.entries()) {
      if (result.status === 'rejected') throw result.reason;
      yield [some[index] ?? '', result.value];
    }
  }
}

async function* below(
  zk: ZooKeeper,
  path: string,
  names: readonly string[],
  watch: boolean,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const paths = names.map((name) => childOf(path, name));
  yield* paths;
  for await (const [child, list] of listAll(zk, paths, watch, signal)) {
    if (list.length > 0) yield* below(zk, child, list, watch, signal);
  }
}

/**
 * The root, then the children of each node together before those of the first of them (ZKUtil.visitSubTreeDFS).
 * Throws NoNode when the root is missing.
 */
export async function* walk(
  zk: ZooKeeper,
  root: string,
  signal: AbortSignal,
  watch = false,
): AsyncGenerator<string> {
  await zk.get(root, { watch, signal });
  yield root;
  const { names } = await zk.children(root, { watch, signal });
  yield* below(zk, root, names.sort(), watch, signal);
}
