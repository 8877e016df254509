// At the end of a run: every server has the same tree, to the last field, in memory and on disk:
// C10, C12, C13, C14, P16.
import { hex0x } from '../../../src/base/ids.ts';
import { childOf } from '../../../src/base/path.ts';
import { OwnerKind } from '../../../src/state/owner.ts';
import { CONFIG_PATH } from '../../../src/state/specialPaths.ts';
import type { State } from '../../../src/state/state.ts';
import { walk } from '../../../src/state/walk.ts';
import type { Znode } from '../../../src/state/znode.ts';
import { textOf } from '../access.ts';
import { demand } from '../violation.ts';
import type { World } from '../world.ts';

/** One line for each znode and session. */
function dumpOf(state: State): string[] {
  const lines: string[] = [];
  walk(state.tree.nodes, '/', (path: string, node: Znode) => {
    // Each server writes there what it knows of the membership; no transaction does.
    if (path === CONFIG_PATH) return;
    const { czxid, mzxid, pzxid, ctime, mtime, version, aversion, ephemeralOwner } = node;
    const { cversion, numChildren } = state.tree.statOf(node);
    const fields = [czxid, mzxid, pzxid, ctime, mtime, version, cversion, aversion, ephemeralOwner];
    lines.push(
      `${path} ${fields.join(' ')} ${numChildren} ${node.data?.toString('hex') ?? 'null'} ${textOf(node.acl.list)}`,
    );
    let count = 0;
    node.children?.forEach((_, name) => {
      count++;
      demand(state.tree.get(childOf(path, name)) !== undefined, 'C14', () => `no ${path}/${name}`);
    });
    demand(
      count === numChildren,
      'C14',
      () => `${path} has ${count} children and says ${numChildren}`,
    );
    const isEphemeral = state.tree.kindOf(ephemeralOwner) === OwnerKind.session;
    demand(!isEphemeral || state.sessions.has(ephemeralOwner as never), 'C10', () => {
      return `${path} belongs to session ${hex0x(ephemeralOwner)}, which is over`;
    });
  });
  for (const [id, timeout] of state.sessions.entries()) lines.push(`session ${id} ${timeout}`);
  return lines.sort();
}

function compare(truth: readonly string[], found: readonly string[], who: string): void {
  const known = new Set(truth);
  const extra = found.find((line) => !known.has(line));
  demand(extra === undefined, 'C13', () => `${who} has ${extra}`);
  const has = new Set(found);
  const missing = truth.find((line) => !has.has(line));
  demand(missing === undefined, 'C12', () => `${who} lacks ${missing}`);
}

export function sameEverywhere({ staying, oracle }: World): void {
  const truth = dumpOf(oracle.state);
  for (const server of staying) {
    oracle.memberships.isKnownTo(server);
    compare(truth, dumpOf(server.replica.state), `server ${server.id}`);
    compare(truth, dumpOf(server.medium.peek()), `the disk of server ${server.id}`);
  }
}
