// Answers to syncs never come behind a commit of what was proposed after them.
import { expect, test } from 'vitest';
import { zxid } from '../../../src/base/ids.ts';
import { LearnerSyncs } from '../../../src/consensus/learnerSyncs.ts';

test('a commit that would overtake syncs answers them first, once', () => {
  const said: string[] = [];
  const syncs = new LearnerSyncs();
  const [first, second, third] = [1n, 1n, 2n].map((upTo, i) =>
    syncs.ask(zxid(upTo), () => said.push(`sync ${i + 1}`)),
  );
  syncs.before(zxid(1n));
  said.push('commit 1');
  first?.();
  syncs.before(zxid(2n));
  said.push('commit 2');
  second?.();
  third?.();
  syncs.before(zxid(3n));
  expect(said).toEqual(['commit 1', 'sync 1', 'sync 2', 'commit 2', 'sync 3']);
});
