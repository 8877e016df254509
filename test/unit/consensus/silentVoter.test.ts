// A voter that looks, too, and keeps its vote to itself, as Apache's do with a better vote of the same round.
import { expect, test } from 'vitest';
import { zxid } from '../../../src/base/ids.ts';
import { Election } from '../../../src/consensus/election.ts';
import type { ConsensusEffect } from '../../../src/consensus/events.ts';
import { majority } from '../../../src/consensus/quorum.ts';

test('is asked in round 0, which it answers, once the others have been silent for long', () => {
  const out: ConsensusEffect[] = [];
  const election = new Election({
    id: 3,
    membership: { rule: majority([1, 2, 3]), members: [1, 2, 3], text: null },
    chance: () => 0,
    out: out as never,
  });
  election.start({ lastZxid: zxid(1n), currentEpoch: 1, isEmpty: false }, 0);
  const questions = () =>
    out.filter((one) => one.kind === 'notify' && one.notification.electionEpoch === 0n);
  for (let i = 0; i < 2; i++) election.tick(election.deadline);
  expect(questions()).toEqual([]);
  for (let i = 0; i < 3; i++) election.tick(election.deadline);
  expect(new Set(questions().map((one) => one.kind === 'notify' && one.to))).toEqual(
    new Set([1, 2]),
  );
});
