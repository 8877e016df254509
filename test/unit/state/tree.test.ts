import { describe, expect, it } from 'vitest';
import { type Zxid, zxid } from '../../../src/base/ids.ts';
import { nameOf, parentOf } from '../../../src/base/path.ts';
import { OPEN_ACL, READ_ACL } from '../../../src/state/aclCache.ts';
import { contentCrcOf } from '../../../src/state/digest.ts';
import { CONTAINER_OWNER, ttlOwner } from '../../../src/state/owner.ts';
import { checkQuota, QuotaVerdict } from '../../../src/state/quota.ts';
import { CONFIG_PATH, isSpecialPath, Tree } from '../../../src/state/tree.ts';

let last = 0n;
const next = (): Zxid => zxid(++last);
const add = (tree: Tree, path: string, data = '', owner = 0n) =>
  tree.create(path, Buffer.from(data), OPEN_ACL, owner, -1, next(), 1);

describe('a path', () => {
  it('has a parent and a name', () => {
    expect([parentOf('/a/b'), parentOf('/a'), parentOf('/')]).toEqual(['/a', '/', '']);
    expect([nameOf('/a/b'), nameOf('/a')]).toEqual(['b', 'a']);
  });
});

describe('a new tree', () => {
  it("is Apache's: five nodes, 44 bytes, a config that all may read and nobody write", () => {
    const tree = new Tree();
    expect([tree.nodeCount, tree.dataSize, tree.digest]).toEqual([5, 44, 1371985504n]);
    const config = tree.get(CONFIG_PATH)!;
    expect([config.acl.list, config.aversion, config.acl.index]).toEqual([READ_ACL, -1, 1n]);
    expect([...tree.nodes.keys()].every(isSpecialPath)).toBe(true);
    expect([...tree.get('/zookeeper')!.children!.keys()]).toEqual(['quota', 'config']);
  });
});

describe('the tree', () => {
  it('keeps who owns what until it is removed', () => {
    const tree = new Tree({ digest: true, extendedTypes: true, emulate353: false });
    add(tree, '/e', '', 77n);
    add(tree, '/c', '', CONTAINER_OWNER);
    add(tree, '/t', '', ttlOwner(1000n));
    expect([...tree.ephemerals]).toEqual([[77n, new Set(['/e'])]]);
    expect([[...tree.containers], [...tree.ttls], tree.ephemeralCount]).toEqual([
      ['/c'],
      ['/t'],
      1,
    ]);
    expect(['/e', '/c', '/t'].map((p) => tree.statOf(tree.get(p)!).ephemeralOwner)).toEqual([
      77n,
      0n,
      0n,
    ]);
    for (const path of ['/e', '/c', '/t']) tree.remove(path, next());
    expect([tree.ephemerals.size, tree.containers.size, tree.ttls.size]).toEqual([0, 0, 0]);
    expect(tree.dataSize).toBe(44);
  });

  it('shares equal ACLs and forgets those that nobody has', () => {
    const tree = new Tree();
    const list = () => [{ perms: 1, id: { scheme: 'digest', id: 'a:b' } }];
    for (let i = 0; i < 10; i++) tree.create(`/n${i}`, null, list(), 0n, -1, next(), 0);
    expect(tree.get('/n3')!.acl).toBe(tree.get('/n7')!.acl);
    expect([tree.acls.size, tree.get('/n3')!.acl.uses]).toEqual([2, 10]);
    tree.setAcl('/n3', OPEN_ACL, 1);
    for (let i = 0; i < 10; i++) if (i !== 3) tree.remove(`/n${i}`, next());
    expect(tree.acls.size).toBe(2);
    tree.setAcl('/n3', [...OPEN_ACL], 2);
    expect(tree.get('/n3')!.acl.uses).toBe(1);
    // A null list is the open one that needs no entry.
    tree.setAcl('/n3', null, 3);
    expect([tree.acls.size, tree.get('/n3')!.acl.index]).toEqual([1, -1n]);
  });

  it('tells apart ACLs whose texts run together', () => {
    const tree = new Tree();
    const one = [{ perms: 1, id: { scheme: 'a', id: 'b' } }];
    tree.create('/x', null, one, 0n, -1, next(), 0);
    const others = [
      [{ perms: 1, id: { scheme: 'ab', id: '' } }],
      [{ perms: 1, id: { scheme: 'a', id: null } }],
      [...one, ...one],
      [{ perms: 11, id: { scheme: 'a', id: 'b' } }],
    ];
    for (const [i, list] of others.entries()) tree.create(`/y${i}`, null, list, 0n, -1, next(), 0);
    expect(tree.acls.size).toBe(2 + others.length);
  });

  it('counts what is below a path', () => {
    const tree = new Tree();
    for (const path of ['/a', '/a/b', '/a/b/c', '/ab']) add(tree, path);
    expect(['/', '/a', '/a/b/c', '/ab'].map((path) => tree.descendantsOf(path))).toEqual([
      7, 2, 0, 0,
    ]);
  });

  it('takes the later of two znodes of one path in a snapshot', () => {
    const tree = new Tree();
    add(tree, '/a', 'new');
    const expected = tree.digest;
    const copy = new Tree();
    copy.clear();
    const root = { ...tree.get('/')! };
    copy.load('', null, -1n, root);
    copy.load('/zookeeper', null, -1n, tree.get('/zookeeper')!);
    copy.load('/a', Buffer.from('older'), -1n, { ...tree.get('/a')!, ephemeralOwner: 5n });
    copy.load('/a/child', null, -1n, tree.get('/a')!);
    copy.load('/a', Buffer.from('new'), -1n, tree.get('/a')!);
    expect([...copy.get('/a')!.children!.keys()]).toEqual(['child']);
    expect([copy.ephemerals.size, copy.load('/no/parent', null, -1n, root)]).toEqual([0, false]);
    copy.remove('/a/child', zxid(0n));
    copy.get('/')!.pzxid = root.pzxid;
    expect(copy.digest).toBe(expected);
  });

  it('has the same CRC for short and long, ASCII and other content', () => {
    // crc32 of Python's zlib.
    expect(contentCrcOf('/', null)).toBe(0);
    expect(contentCrcOf('/abc', Buffer.from('def')) >>> 0).toBe(0x5ed50e47);
    expect(contentCrcOf('/中文', Buffer.alloc(300, 'x')) >>> 0).toBe(0xe95acfd0);
  });
});

describe('a quota', () => {
  function limited(limits: string): Tree {
    const tree = new Tree();
    for (const path of ['/q', '/q/a', '/zookeeper/quota/q']) add(tree, path, 'xx');
    add(tree, '/zookeeper/quota/q/zookeeper_limits', limits);
    add(tree, '/zookeeper/quota/q/zookeeper_stats', 'count=0,bytes=0');
    return tree;
  }
  const usage = (tree: Tree) => tree.get('/zookeeper/quota/q/zookeeper_stats')!.data!.toString();

  it('counts what is there when it is set, and each change after', () => {
    const tree = limited('count=3,bytes=-1');
    expect(usage(tree)).toBe('count=2,bytes=4');
    add(tree, '/q/b', 'yyy');
    tree.setData('/q/a', Buffer.from('longer'), 1, next(), 0);
    add(tree, '/other', 'zzz');
    expect(usage(tree)).toBe('count=3,bytes=11');
    tree.remove('/q/b', next());
    expect(usage(tree)).toBe('count=2,bytes=8');
    tree.remove('/zookeeper/quota/q/zookeeper_limits', next());
    // Without a limit, too: a server that loads a snapshot counts anew.
    add(tree, '/q/c', 'y');
    expect(usage(tree)).toBe('count=3,bytes=9');
  });

  it('refuses only by a hard limit', () => {
    const soft = limited('count=2,bytes=4');
    expect(checkQuota(soft, '/q/new', 0, 1)).toBe(QuotaVerdict.overSoftLimit);
    expect(checkQuota(soft, '/q/a', 1, 0)).toBe(QuotaVerdict.overSoftLimit);
    const hard = limited('count=-1,bytes=-1=;byteHardLimit=10;countHardLimit=3');
    expect(checkQuota(hard, '/q/new', 6, 1)).toBe(QuotaVerdict.within);
    expect(checkQuota(hard, '/q/new', 7, 1)).toBe(QuotaVerdict.overHardLimit);
    expect(checkQuota(hard, '/q/a', 0, 2)).toBe(QuotaVerdict.overHardLimit);
    expect(checkQuota(hard, '/elsewhere', 1000, 1)).toBe(QuotaVerdict.within);
  });

  it('is found again, and counted anew, after loading', () => {
    const tree = limited('count=3,bytes=-1');
    const copy = new Tree();
    copy.clear();
    for (const ref of tree.acls.entries()) copy.acls.load(ref.index, ref.list);
    for (const [path, node] of tree.nodes) {
      const data = path.endsWith('stats') ? Buffer.from('count=99,bytes=99') : node.data;
      copy.load(path === '/' ? '' : path, data, node.acl.index, node);
    }
    copy.finishLoading();
    expect(usage(copy)).toBe('count=2,bytes=4');
    add(copy, '/q/b', 'yyy');
    expect(usage(copy)).toBe('count=3,bytes=7');
    expect(copy.acls.unresolved).toBe(0);
  });
});
