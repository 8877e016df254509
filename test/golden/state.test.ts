// Paths, ids, ACLs, quotas and owners as Apache 3.8.0 judges them, and its DataTree step by step.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { validatePath } from '../../src/base/path.ts';
import { checkAcl, fixupAcl } from '../../src/state/acl.ts';
import { DEFAULT_AUTH_OPTIONS, digestIdOf, isValidId, matchesId } from '../../src/state/auth.ts';
import { OwnerKind, ownerKind, ttlOf, ttlOwner } from '../../src/state/owner.ts';
import { formatQuota, parseQuota } from '../../src/state/quota.ts';
import { State } from '../../src/state/state.ts';
import { type Watcher, WatchKind } from '../../src/state/watches.ts';
import { applyTxn, decodeTxn } from '../../src/transactions/index.ts';
import { EventType } from '../../src/wire/opcodes.ts';
import { byText } from '../support/goldenTxns.ts';

const golden = JSON.parse(readFileSync(new URL('state.json', import.meta.url), 'utf8'));
const options = DEFAULT_AUTH_OPTIONS;

describe('as in Apache 3.8.0', () => {
  it('a path is valid or not, for the same reason', () => {
    for (const { path, sequential, reason } of golden.paths) {
      expect([path, validatePath(path, sequential)]).toEqual([path, reason]);
    }
  });

  it('an id is well formed or not', () => {
    for (const { scheme, id, valid } of golden.ids) {
      expect([scheme, id, isValidId(scheme, id, options)]).toEqual([scheme, id, valid]);
    }
  });

  it('an address is in a network or not', () => {
    for (const { id, expression, matches } of golden.matches) {
      expect([id, expression, matchesId('ip', id, expression)]).toEqual([id, expression, matches]);
    }
  });

  it('a user and a password make a digest id', () => {
    for (const { text, id } of golden.digests) expect(digestIdOf(text)).toBe(id);
  });

  it('an ACL is stored as the client gave it, expanded, or refused', () => {
    for (const { ids, acl, fixed } of golden.fixedAcls) {
      expect({ ids, acl, fixed: fixupAcl(options, ids, acl) }).toEqual({ ids, acl, fixed });
    }
  });

  it('an ACL permits or refuses', () => {
    for (const { ids, acl, perm, allowed } of golden.checkedAcls) {
      const ours = checkAcl(options, acl, perm, ids);
      expect({ ids, acl, perm, allowed: ours }).toEqual({ ids, acl, perm, allowed });
    }
  });

  it('a quota reads and is written', () => {
    for (const { text, formatted, ...stats } of golden.quotas) {
      const ours = parseQuota(Buffer.from(text));
      expect({ text, ...ours }).toEqual({ text, ...stats });
      expect(formatQuota(ours)).toBe(formatted);
    }
  });

  it('an owner says what kind of znode it is', () => {
    const kinds = ['VOID', 'NORMAL', 'CONTAINER', 'TTL'];
    for (const { owner, extended, emulate, kind, ttl } of golden.owners) {
      const rules = { extendedTypes: extended ?? true, emulate353: emulate ?? false };
      if (ttl !== undefined) {
        expect(ttlOwner(BigInt(ttl))).toBe(BigInt(owner));
        expect(ttlOf(BigInt(owner), rules)).toBe(Number(ttl));
      } else expect([owner, kinds[ownerKind(BigInt(owner), rules)]]).toEqual([owner, kind]);
    }
    expect(OwnerKind.ttl).toBe(kinds.indexOf('TTL'));
  });
});

const eventNames: Record<number, string> = {
  [EventType.nodeCreated]: 'NodeCreated',
  [EventType.nodeDeleted]: 'NodeDeleted',
  [EventType.nodeDataChanged]: 'NodeDataChanged',
  [EventType.nodeChildrenChanged]: 'NodeChildrenChanged',
};
const kinds: Record<string, WatchKind> = {
  data: WatchKind.data,
  child: WatchKind.child,
  recursive: WatchKind.persistentRecursive,
};

/** The eleven fields in the order in which Java's Stat prints them. */
function statText(state: State, path: string): string | null {
  const node = state.tree.get(path);
  return node === undefined ? null : Object.values(state.tree.statOf(node)).join(',');
}

describe("Apache's DataTree, fed 1500 random transactions, some of them again", () => {
  it('gives the same errors, stats, digests, sizes and watch events after each', () => {
    const state = new State();
    const events: string[] = [];
    const watchers = [0, 1, 2].map(
      (i): Watcher => ({
        deliver: (type, path) => events.push(`w${i} ${eventNames[type]} ${path}`),
      }),
    );
    let fired = 0;
    for (const step of golden.transactions) {
      for (const watch of step.watch) {
        const [kind, who, path] = watch.split(' ');
        state.watches.add(kinds[kind]!, path, watchers[Number(who)]!);
      }
      const { header, txn } = decodeTxn(Buffer.from(step.entry, 'hex'));
      const { err } = applyTxn(state, header, txn);
      const ours = {
        err,
        digest: String(state.tree.digest),
        stat: statText(state, step.path),
        nodes: state.tree.nodeCount,
        size: state.tree.dataSize,
        // Who of several hears first is a hash's order in Apache.
        events: [...events].sort(byText),
      };
      const { digest, stat, nodes, size } = step;
      const expected = { err: step.err, digest, stat, nodes, size };
      expect({ entry: step.entry, ...ours }).toEqual({
        entry: step.entry,
        ...expected,
        events: [...step.events].sort(byText),
      });
      fired += events.length;
      events.length = 0;
    }
    expect(golden.transactions.length).toBeGreaterThan(1000);
    expect(fired).toBeGreaterThan(500);
  });
});
