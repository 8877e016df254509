// What one change or look-up costs in trees of 10,000 and of 1,000,000 znodes, alone and through the view.
import { bench, describe } from 'vitest';
import { zxid } from '../src/base/ids.ts';
import { OPEN_ACL } from '../src/state/aclCache.ts';
import { contentCrcOf, digestOf } from '../src/state/digest.ts';
import { State } from '../src/state/state.ts';
import { View } from '../src/state/view.ts';
import { applyTxn, previewTxn, type TxnHeader } from '../src/transactions/index.ts';
import { OpCode } from '../src/wire/opcodes.ts';

const FAN = 1000;
const data = Buffer.alloc(100, 'x');
const NOW = 1_700_000_000_000;

const pathOf = (index: number): string => `/bench/${Math.floor(index / FAN)}/${index % FAN}`;

/** Directories of 1,000; `next` counts zxids. */
class Forest {
  readonly state = new State();
  readonly view = new View(this.state);
  readonly paths: string[] = [];
  #zxid = 0n;
  #at = 0;
  #fresh = 0;

  constructor(count: number) {
    this.#create('/bench');
    for (let i = 0; i < count; i++) {
      if (i % FAN === 0) this.#create(`/bench/${i / FAN}`);
      const path = pathOf(i);
      this.#create(path);
      this.paths.push(path);
    }
    this.#create('/bench/new');
  }

  /** A path that is there, each time another: neighbours would be in the processor's cache. */
  somePath(): string {
    this.#at = (this.#at + 7919) % this.paths.length;
    return this.paths[this.#at] ?? '';
  }

  newPath(): string {
    return `/bench/new/${this.#fresh++}`;
  }

  header(type: OpCode): TxnHeader {
    const clientId = 0x100n as TxnHeader['clientId'];
    return { clientId, cxid: 1, zxid: zxid(++this.#zxid), time: NOW, type };
  }

  #create(path: string): void {
    const { tree } = this.state;
    tree.create(path, data, OPEN_ACL, 0n, -1, zxid(++this.#zxid), NOW);
  }
}

for (const count of [10_000, 1_000_000]) {
  describe(`${count} znodes`, () => {
    const forest = new Forest(count);
    const { state, view } = forest;
    const { tree } = state;

    bench('get and stat', () => {
      const node = tree.get(forest.somePath());
      if (node === undefined) throw new Error('no znode');
      tree.statOf(node);
    });

    bench('set', () => {
      const { zxid: id } = forest.header(OpCode.setData);
      tree.setData(forest.somePath(), data, 1, id, NOW);
    });

    bench('create, and delete again', () => {
      const path = forest.newPath();
      const { zxid: id } = forest.header(OpCode.create);
      tree.create(path, data, OPEN_ACL, 0n, -1, id, NOW);
      tree.remove(path, id);
    });

    bench('create, and delete again, always the same path', () => {
      const { zxid: id } = forest.header(OpCode.create);
      tree.create('/bench/one', data, OPEN_ACL, 0n, -1, id, NOW);
      tree.remove('/bench/one', id);
    });

    bench('set through the view: previewed, digested, applied', () => {
      const header = forest.header(OpCode.setData);
      const txn = { type: OpCode.setData, path: forest.somePath(), data, version: 1 } as const;
      previewTxn(view, header, txn);
      applyTxn(state, header, txn);
      view.applied(header.zxid);
    });

    bench('100 sets in flight at once through the view', () => {
      const sets = Array.from({ length: 100 }, () => {
        const header = forest.header(OpCode.setData);
        const txn = { type: OpCode.setData, path: forest.somePath(), data, version: 1 } as const;
        previewTxn(view, header, txn);
        return { header, txn };
      });
      for (const { header, txn } of sets) {
        applyTxn(state, header, txn);
        view.applied(header.zxid);
      }
    });
  });
}

describe('the digest of a znode', () => {
  const node = new Forest(1).state.tree.get(pathOf(0));
  if (node === undefined) throw new Error('no znode');
  const crc = contentCrcOf('/bench/0/0', data);

  bench('of path and 100 bytes of data', () => {
    contentCrcOf('/application/members/member-0000000042', data);
  });

  bench('of the stat, on top of that', () => {
    digestOf(crc, node);
  });
});
