// What a snapshot of 100,000 znodes costs before the disk: the walk, the encoding, a file's checksum.
import { bench, describe } from 'vitest';
import { zxid } from '../src/base/ids.ts';
import { snapshotPieces, streamPieces } from '../src/server/storage/snapshotFile.ts';
import { OPEN_ACL } from '../src/state/aclCache.ts';
import { State } from '../src/state/state.ts';

const COUNT = 100_000;
const FAN = 1000;
const NOW = 1_700_000_000_000;
const data = Buffer.alloc(100, 'x');

const state = new State();
const create = (path: string, id: bigint): void => {
  state.tree.create(path, data, OPEN_ACL, 0n, -1, zxid(id), NOW);
};
for (let i = 0; i < COUNT; i++) {
  if (i % FAN === 0) create(`/${i / FAN}`, BigInt(i));
  create(`/${Math.floor(i / FAN)}/${i % FAN}`, BigInt(i));
}
state.lastZxid = zxid(BigInt(COUNT));

function total(pieces: Iterable<Buffer>): number {
  let bytes = 0;
  for (const piece of pieces) bytes += piece.length;
  return bytes;
}

describe(`a snapshot of ${COUNT} znodes`, () => {
  bench('for a file', () => void total(snapshotPieces(state)));
  bench('for a learner', () => void total(streamPieces(state)));
});
