import { describe, expect, it } from 'vitest';
import { type Zxid, zxid } from '../../../src/base/ids.ts';
import { OPEN_ACL, READ_ACL } from '../../../src/state/aclCache.ts';
import { Tree } from '../../../src/state/tree.ts';
import { rearmWatches, type Watcher, Watches, WatchKind } from '../../../src/state/watches.ts';
import type { Acl } from '../../../src/wire/data.ts';
import { EventType, WatcherType } from '../../../src/wire/opcodes.ts';

class Ear implements Watcher {
  heard: [EventType, string][] = [];
  acls: (readonly Acl[] | null)[] = [];
  deliver(type: EventType, path: string, _: Zxid, acl: readonly Acl[] | null): void {
    this.heard.push([type, path]);
    this.acls.push(acl);
  }
  take(): [EventType, string][] {
    return this.heard.splice(0);
  }
}
const Z = zxid(5n);
const created = (w: Watches, path: string, parent: string) =>
  w.created(path, parent, Z, OPEN_ACL, READ_ACL);
const deleted = (w: Watches, path: string, parent: string) =>
  w.deleted(path, parent, Z, OPEN_ACL, READ_ACL);

describe('watches', () => {
  it('of data fire once', () => {
    const watches = new Watches();
    const ear = new Ear();
    watches.add(WatchKind.data, '/a', ear);
    watches.dataChanged('/a', Z, OPEN_ACL);
    watches.dataChanged('/a', Z, OPEN_ACL);
    expect(ear.take()).toEqual([[EventType.nodeDataChanged, '/a']]);
    expect(watches.isEmpty).toBe(true);
  });

  it('of data and children hear of one delete once, of a child deleted before', () => {
    const watches = new Watches();
    const ear = new Ear();
    watches.add(WatchKind.data, '/a/b', ear);
    watches.add(WatchKind.child, '/a/b', ear);
    watches.add(WatchKind.child, '/a', ear);
    deleted(watches, '/a/b', '/a');
    expect(ear.take()).toEqual([
      [EventType.nodeDeleted, '/a/b'],
      [EventType.nodeChildrenChanged, '/a'],
    ]);
    expect(watches.count).toBe(0);
  });

  it('come with the ACL of the znode that they are about', () => {
    const watches = new Watches();
    const ear = new Ear();
    watches.add(WatchKind.data, '/a', ear);
    watches.add(WatchKind.child, '/', ear);
    created(watches, '/a', '/');
    expect(ear.acls).toEqual([OPEN_ACL, READ_ACL]);
  });

  it('that are persistent stay, and hear of data and children', () => {
    const watches = new Watches();
    const ear = new Ear();
    watches.add(WatchKind.persistent, '/a', ear);
    for (let i = 0; i < 2; i++) {
      watches.dataChanged('/a', Z, OPEN_ACL);
      created(watches, '/a/b', '/a');
    }
    expect(ear.take()).toEqual([
      [EventType.nodeDataChanged, '/a'],
      [EventType.nodeChildrenChanged, '/a'],
      [EventType.nodeDataChanged, '/a'],
      [EventType.nodeChildrenChanged, '/a'],
    ]);
  });

  it('that are recursive hear of everything below but of changed children', () => {
    const watches = new Watches();
    const ear = new Ear();
    watches.add(WatchKind.persistentRecursive, '/', ear);
    created(watches, '/a', '/');
    created(watches, '/a/b', '/a');
    watches.dataChanged('/a/b', Z, OPEN_ACL);
    deleted(watches, '/a/b', '/a');
    watches.dataChanged('/', Z, OPEN_ACL);
    expect(ear.take()).toEqual([
      [EventType.nodeCreated, '/a'],
      [EventType.nodeCreated, '/a/b'],
      [EventType.nodeDataChanged, '/a/b'],
      [EventType.nodeDeleted, '/a/b'],
      [EventType.nodeDataChanged, '/'],
    ]);
  });

  it('do not fire for a path that only begins alike', () => {
    const watches = new Watches();
    const ear = new Ear();
    watches.add(WatchKind.persistentRecursive, '/a', ear);
    watches.dataChanged('/ab', Z, OPEN_ACL);
    expect(ear.take()).toEqual([]);
  });

  it('of different modes on one path live side by side (ZOOKEEPER-4466)', () => {
    const watches = new Watches();
    const ear = new Ear();
    watches.add(WatchKind.persistentRecursive, '/a', ear);
    watches.add(WatchKind.persistent, '/a', ear);
    watches.add(WatchKind.data, '/a', ear);
    watches.dataChanged('/a', Z, OPEN_ACL);
    expect(ear.take()).toHaveLength(1);
    expect(watches.has('/a', ear, WatcherType.persistent)).toBe(true);
    expect(watches.remove('/a', ear, WatcherType.persistent)).toBe(true);
    watches.dataChanged('/a/b', Z, OPEN_ACL);
    expect(ear.take()).toHaveLength(1);
    expect(watches.remove('/a', ear, WatcherType.persistentRecursive)).toBe(true);
    expect(watches.isEmpty).toBe(true);
    watches.dataChanged('/a/b', Z, OPEN_ACL);
    expect(ear.take()).toEqual([]);
  });

  it('are removed by kind, and not those of another watcher or path', () => {
    const watches = new Watches();
    const ear = new Ear();
    const other = new Ear();
    watches.add(WatchKind.data, '/a', ear);
    watches.add(WatchKind.child, '/a', ear);
    watches.add(WatchKind.data, '/a', other);
    expect(watches.remove('/b', ear, WatcherType.any)).toBe(false);
    expect(watches.remove('/a', other, WatcherType.children)).toBe(false);
    expect(watches.has('/a', ear, WatcherType.data)).toBe(true);
    expect(watches.remove('/a', ear, WatcherType.data)).toBe(true);
    expect(watches.has('/a', ear, WatcherType.data)).toBe(false);
    expect(watches.remove('/a', ear, WatcherType.any)).toBe(true);
    expect(watches.remove('/a', ear, WatcherType.any)).toBe(false);
    watches.dataChanged('/a', Z, OPEN_ACL);
    expect([ear.take().length, other.take().length]).toEqual([0, 1]);
  });

  it('of a closed connection are gone', () => {
    const watches = new Watches();
    const ear = new Ear();
    for (let i = 0; i < 100; i++) {
      watches.add(WatchKind.data, `/n${i}`, ear);
      watches.add(WatchKind.persistentRecursive, `/n${i}`, ear);
      watches.add(WatchKind.child, `/n${i}`, ear);
    }
    expect(watches.summary()).toEqual({ connections: 1, paths: 100, watches: 100 });
    watches.removeWatcher(ear);
    expect([watches.isEmpty, watches.count]).toEqual([true, 0]);
    watches.add(WatchKind.data, '/n1', new Ear());
    watches.dataChanged('/n1/below', Z, OPEN_ACL);
    expect(ear.take()).toEqual([]);
  });

  it('may be set anew while they fire', () => {
    const watches = new Watches();
    let heard = 0;
    const again: Watcher = {
      deliver() {
        heard++;
        watches.add(WatchKind.data, '/a', again);
      },
    };
    watches.add(WatchKind.data, '/a', again);
    watches.dataChanged('/a', Z, OPEN_ACL);
    watches.dataChanged('/a', Z, OPEN_ACL);
    expect(heard).toBe(2);
  });
});

describe('watches set again after a reconnect', () => {
  it('fire at once for what has changed since, and wait for the rest', () => {
    const tree = new Tree();
    const z = (n: number) => zxid(BigInt(n));
    for (const [i, path] of ['/old', '/set', '/parent'].entries()) {
      tree.create(path, null, OPEN_ACL, 0n, -1, z(i + 1), 0);
    }
    tree.setData('/set', null, 1, z(11), 0);
    tree.create('/parent/child', null, OPEN_ACL, 0n, -1, z(12), 0);
    const watches = new Watches();
    const ear = new Ear();
    rearmWatches(
      watches,
      tree,
      {
        relativeZxid: z(10),
        dataWatches: ['/old', '/set', '/gone'],
        existWatches: ['/set', '/gone'],
        childWatches: ['/old', '/parent', '/gone'],
        persistentWatches: ['/p'],
        persistentRecursiveWatches: ['/r'],
      },
      ear,
    );
    expect(ear.take()).toEqual([
      [EventType.nodeDataChanged, '/set'],
      [EventType.nodeDeleted, '/gone'],
      [EventType.nodeCreated, '/set'],
      [EventType.nodeChildrenChanged, '/parent'],
      [EventType.nodeDeleted, '/gone'],
    ]);
    expect(watches.has('/old', ear, WatcherType.data)).toBe(true);
    expect(watches.has('/gone', ear, WatcherType.data)).toBe(true);
    expect(watches.has('/old', ear, WatcherType.children)).toBe(true);
    expect(watches.has('/p', ear, WatcherType.persistent)).toBe(true);
    expect(watches.has('/r', ear, WatcherType.persistentRecursive)).toBe(true);
    expect(watches.has('/set', ear, WatcherType.any)).toBe(false);
  });
});
