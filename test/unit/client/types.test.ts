// What the compiler promises to programs that use the library; checked when the tests are compiled.
import { expectTypeOf, test } from 'vitest';
import {
  connect,
  type ErrorName,
  type IteratedEvent,
  type Stat,
  type WatchedEvent,
  type ZkError,
  type ZooKeeper,
} from '../../../src/client/index.ts';

test('results and options are typed', () => {
  expectTypeOf(connect).returns.resolves.toEqualTypeOf<ZooKeeper>();
  expectTypeOf<ZooKeeper['exists']>().returns.resolves.toEqualTypeOf<Stat | null>();
  expectTypeOf<ZooKeeper['get']>()
    .returns.resolves.toHaveProperty('data')
    .toEqualTypeOf<Buffer | null>();
  expectTypeOf<Stat['czxid']>().toExtend<bigint>();
  expectTypeOf<Stat['ctime']>().toEqualTypeOf<number>();
  expectTypeOf<ZkError['code']>().toEqualTypeOf<ErrorName>();
  expectTypeOf<'NoNode'>().toExtend<ErrorName>();
  expectTypeOf<'NODE_EXISTS'>().not.toExtend<ErrorName>();
  expectTypeOf<ZooKeeper['create']>()
    .parameter(1)
    .toEqualTypeOf<Uint8Array | string | null | undefined>();
  expectTypeOf<WatchedEvent['path']>().toEqualTypeOf<string | null>();
  expectTypeOf<ZooKeeper['watch']>().returns.toEqualTypeOf<AsyncIterableIterator<IteratedEvent>>();
  expectTypeOf<ZooKeeper>().toExtend<AsyncDisposable>();
});
