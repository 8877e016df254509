// Which watchers an event reaches and which answers register one: the rules of Apache's ZKWatchManager
// (of 3.9: before, a recursive watch was told of changed children, ZOOKEEPER-4475).
import { describe, expect, test } from 'vitest';
import type { Watcher, WatcherKind } from '../../../src/client/api.ts';
import { WatchTable } from '../../../src/client/watches.ts';
import { ErrorCode } from '../../../src/wire/errors.ts';

const watcher = (name: string): Watcher => Object.assign(() => {}, { title: name });
const titles = (set: Iterable<Watcher>) =>
  [...set]
    .map((w) => (w as Watcher & { title: string }).title)
    .toSorted((a, b) => (a < b ? -1 : 1));

function filled(path = '/a') {
  const table = new WatchTable();
  for (const kind of ['data', 'exist', 'child', 'persistent', 'persistentRecursive'] as const) {
    table.add(kind, path, watcher(kind));
  }
  return table;
}

describe('an event', () => {
  const both = ['persistent', 'persistentRecursive'];
  test.each([
    ['NodeCreated', ['data', 'exist'], both],
    ['NodeDataChanged', ['data', 'exist'], both],
    ['NodeChildrenChanged', ['child'], ['persistent']],
    ['NodeDeleted', ['child', 'data', 'exist'], both],
  ] as const)('%s reaches %j once, and %j for good', (type, once, always) => {
    const table = filled();
    expect(titles(table.triggered(type, '/a'))).toEqual([...once, ...always]);
    expect(titles(table.triggered(type, '/a'))).toEqual(always);
  });

  test('of changed children below a recursive watch is for the watch that asked for it', () => {
    const table = filled('/a/b');
    table.add('persistentRecursive', '/', watcher('root'));
    expect(titles(table.triggered('NodeChildrenChanged', '/a/b'))).toEqual(['child', 'persistent']);
  });

  test('of another path reaches none of them', () => {
    expect(filled().triggered('NodeDeleted', '/b').size).toBe(0);
    expect(filled().triggered('NodeDeleted', '/ab').size).toBe(0);
  });

  test('below a recursive watch reaches it, from any depth up to the root', () => {
    const table = filled();
    table.add('persistentRecursive', '/', watcher('root'));
    expect(titles(table.triggered('NodeCreated', '/a/b/c'))).toEqual([
      'persistentRecursive',
      'root',
    ]);
    expect(titles(table.triggered('NodeCreated', '/ab'))).toEqual(['root']);
    expect(titles(table.triggered('NodeDataChanged', '/'))).toEqual(['root']);
  });

  test('reaches a watcher that waits in two ways once', () => {
    const table = new WatchTable();
    const one = watcher('one');
    table.add('data', '/a', one);
    table.add('data', '/a', one);
    table.add('child', '/a', one);
    table.add('persistent', '/a', one);
    expect(titles(table.triggered('NodeDeleted', '/a'))).toEqual(['one']);
  });
});

describe('removing', () => {
  const removed = (kind: WatcherKind, table = filled()) => {
    const result = table.remove('/a', null, kind, false, ErrorCode.ok);
    if (typeof result === 'number') return result;
    return Object.fromEntries([...result].map(([type, set]) => [type, titles(set)]));
  };

  test('takes out what the kind names and tells each with its event', () => {
    expect(removed('data')).toEqual({ DataWatchRemoved: ['data', 'exist'] });
    expect(removed('children')).toEqual({ ChildWatchRemoved: ['child'] });
    expect(removed('any')).toEqual({
      ChildWatchRemoved: ['child'],
      DataWatchRemoved: ['data', 'exist'],
      PersistentWatchRemoved: ['persistent', 'persistentRecursive'],
    });
  });

  test('of a path without watches is NoWatcher, whatever the server said', () => {
    expect(new WatchTable().remove('/a', null, 'any', true, ErrorCode.ok)).toBe(
      ErrorCode.noWatcher,
    );
  });

  test('of a kind that only persistent watches stand for finds nothing to remove', () => {
    const table = new WatchTable();
    table.add('persistent', '/a', watcher('p'));
    expect(removed('data', table)).toBe(ErrorCode.noWatcher);
    expect(table.size).toBe(1);
  });

  test('when the server refused is refused, unless it is local', () => {
    const table = filled();
    expect(table.remove('/a', null, 'data', false, ErrorCode.connectionLoss)).toBe(
      ErrorCode.connectionLoss,
    );
    expect(table.size).toBe(5);
    expect(table.remove('/a', null, 'data', true, ErrorCode.connectionLoss)).toBeInstanceOf(Map);
    expect(table.size).toBe(3);
  });

  test('of one watcher leaves the others of the path', () => {
    const table = new WatchTable();
    const [mine, theirs] = [watcher('mine'), watcher('theirs')];
    table.add('data', '/a', mine);
    table.add('data', '/a', theirs);
    expect(table.remove('/a', mine, 'any', false, ErrorCode.ok)).toBeInstanceOf(Map);
    expect(table.remove('/a', mine, 'any', false, ErrorCode.ok)).toBe(ErrorCode.noWatcher);
    expect(titles(table.triggered('NodeDeleted', '/a'))).toEqual(['theirs']);
  });
});
