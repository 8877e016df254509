// A model of the tree so simple that it cannot be wrong, and a leader that is compared with it.
import fc from 'fast-check';
import { expect } from 'vitest';
import { type SessionId, sessionId, zxid } from '../../src/base/ids.ts';
import { nameOf, parentOf } from '../../src/base/path.ts';
import { OPEN_ACL, READ_ACL } from '../../src/state/aclCache.ts';
import { State } from '../../src/state/state.ts';
import { View } from '../../src/state/view.ts';
import {
  applyTxn,
  decodeTxn,
  encodeTxn,
  previewTxn,
  type SingleTxn,
  type Txn,
  type TxnHeader,
} from '../../src/transactions/index.ts';
import { Writer } from '../../src/wire/bytes.ts';
import { OpCode } from '../../src/wire/opcodes.ts';
import { byText } from './goldenTxns.ts';

/** What a client asks for; whether it can be done is for the view to say. */
type Wish =
  | { kind: 'create'; path: string; size: number; owner: 'none' | 'session' | 'container' }
  | { kind: 'delete' | 'setAcl'; path: string }
  | { kind: 'set'; path: string; size: number };
export type Step =
  | { kind: 'wish'; wish: Wish }
  | { kind: 'multi'; wishes: Wish[] }
  | { kind: 'open' | 'close'; session: number }
  | { kind: 'commit'; count: number };

const name = fc.constantFrom('a', 'a', 'a', 'b', '__proto__');
const path = fc
  .oneof(
    { weight: 9, arbitrary: fc.array(name, { minLength: 1, maxLength: 3 }) },
    { weight: 1, arbitrary: fc.constantFrom(['zookeeper'], ['zookeeper', 'a']) },
  )
  .map((names) => `/${names.join('/')}`);
const size = fc.integer({ min: 0, max: 3 });
const wish: fc.Arbitrary<Wish> = fc.oneof(
  fc.record({
    kind: fc.constant('create' as const),
    path,
    size,
    owner: fc.constantFrom('none', 'none', 'session', 'container'),
  }),
  fc.record({ kind: fc.constantFrom('delete' as const, 'setAcl' as const), path }),
  fc.record({ kind: fc.constant('set' as const), path, size }),
);
const session = fc.integer({ min: 1, max: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('wish' as const), wish }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('multi' as const),
      wishes: fc.array(wish, { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('open', 'close'), session }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('commit' as const),
      count: fc.integer({ min: 1, max: 5 }),
    }),
  },
) as fc.Arbitrary<Step>;

interface ModelNode {
  size: number;
  version: number;
  aversion: number;
  owner: bigint;
  creates: number;
  pzxid: bigint;
}

class Model {
  nodes: Record<string, ModelNode> = Object.create(null);

  constructor() {
    for (const at of ['/', '/zookeeper', '/zookeeper/quota', '/zookeeper/config']) {
      const aversion = at.endsWith('config') ? -1 : 0;
      this.nodes[at] = { size: 0, version: 0, aversion, owner: 0n, creates: 0, pzxid: 0n };
    }
  }

  childrenOf(of: string): string[] {
    return Object.keys(this.nodes).filter((at) => at !== '/' && parentOf(at) === of);
  }

  /** Does it, or says that it cannot be done and does nothing. */
  fulfil(wanted: Wish, owner: SessionId, z: bigint): boolean {
    const node = this.nodes[wanted.path];
    const parent = this.nodes[parentOf(wanted.path)];
    if (wanted.kind === 'create') {
      if (node !== undefined || parent === undefined || parent.owner > 0n) return false;
      this.nodes[wanted.path] = {
        size: wanted.size,
        version: 0,
        aversion: 0,
        owner: ownerOf(wanted, owner),
        creates: 0,
        pzxid: z,
      };
      parent.creates++;
      parent.pzxid = z;
      return true;
    }
    if (node === undefined) return false;
    if (wanted.kind === 'delete') {
      if (this.childrenOf(wanted.path).length > 0 || wanted.path === '/zookeeper') return false;
      this.drop(wanted.path, z);
    } else if (wanted.kind === 'set') {
      node.size = wanted.size;
      node.version++;
    } else node.aversion++;
    return true;
  }

  drop(at: string, z: bigint): void {
    delete this.nodes[at];
    this.nodes[parentOf(at)]!.pzxid = z;
  }
}

const ownerOf = (wanted: Wish & { kind: 'create' }, owner: SessionId): bigint =>
  wanted.owner === 'session' ? owner : wanted.owner === 'container' ? -(1n << 63n) : 0n;

/** The transaction for a wish, as a leader would make it from the view; null if it cannot be. */
function txnFor(view: View, wanted: Wish): SingleTxn | null {
  const node = view.node(wanted.path);
  const parent = view.node(parentOf(wanted.path));
  switch (wanted.kind) {
    case 'create': {
      if (node !== undefined || parent === undefined || parent.ephemeralOwner > 0n) return null;
      const base = {
        path: wanted.path,
        data: Buffer.alloc(wanted.size, 1),
        acl: OPEN_ACL,
        parentCVersion: parent.cversion + 1,
      };
      if (wanted.owner === 'container') return { type: OpCode.createContainer, ...base };
      return { type: OpCode.create, ...base, ephemeral: wanted.owner === 'session' };
    }
    case 'delete':
      if (node === undefined || node.numChildren > 0 || wanted.path === '/zookeeper') return null;
      return { type: OpCode.delete, path: wanted.path };
    case 'set': {
      if (node === undefined) return null;
      const data = Buffer.alloc(wanted.size, 2);
      return { type: OpCode.setData, path: wanted.path, data, version: node.version + 1 };
    }
    case 'setAcl':
      if (node === undefined) return null;
      return {
        type: OpCode.setAcl,
        path: wanted.path,
        acl: READ_ACL,
        version: node.aversion + 1,
      };
  }
}

/** A leader alone: proposes through the view, commits in order, keeps the log. */
export class Leader {
  readonly state = new State();
  readonly view = new View(this.state);
  readonly model = new Model();
  readonly log: Buffer[] = [];
  #committed = 0;
  #zxid = 0n;

  run(steps: readonly Step[]): void {
    for (const one of steps) {
      if (one.kind === 'commit') this.commit(one.count);
      else this.propose(one);
      expectViewIsModel(this.view, this.model);
    }
    this.commit(this.log.length);
  }

  propose(one: Exclude<Step, { kind: 'commit' }>): void {
    const z = ++this.#zxid;
    const owner = sessionId(BigInt(1 + (Number(z) % 3)));
    if (one.kind === 'wish') {
      const txn = txnFor(this.view, one.wish);
      expect(txn !== null).toBe(this.model.fulfil(one.wish, owner, z));
      this.#append(owner, txn ?? { type: OpCode.error, err: -101 }, true);
    } else if (one.kind === 'multi') this.#proposeMulti(one.wishes, owner);
    else if (one.kind === 'open') {
      const opened = sessionId(BigInt(one.session));
      this.#append(opened, { type: OpCode.createSession, timeOut: 1000 }, true);
    } else {
      const closed = sessionId(BigInt(one.session));
      const paths2Delete = this.view.ephemeralsOf(closed);
      const doomed = Object.keys(this.model.nodes).filter(
        (at) => this.model.nodes[at]!.owner === closed,
      );
      expect(paths2Delete.sort(byText)).toEqual(doomed.sort(byText));
      for (const at of doomed) this.model.drop(at, z);
      this.#append(closed, { type: OpCode.closeSession, paths2Delete }, true);
    }
  }

  #proposeMulti(wishes: readonly Wish[], owner: SessionId): void {
    const before = structuredClone(this.model.nodes);
    const treeDigest = this.view.treeDigest;
    const mark = this.view.mark();
    const txns: SingleTxn[] = [];
    for (const one of wishes) {
      const txn = txnFor(this.view, one);
      expect(txn !== null).toBe(this.model.fulfil(one, owner, this.#zxid));
      if (txn === null) {
        this.view.rollback(mark);
        expect(this.view.treeDigest).toBe(treeDigest);
        this.model.nodes = Object.assign(Object.create(null), before);
        txns.push({ type: OpCode.error, err: -101 });
        break;
      }
      previewTxn(this.view, this.#header(owner, txn), txn);
      txns.push(txn);
    }
    this.#append(owner, { type: OpCode.multi, txns }, false);
  }

  #header(owner: SessionId, txn: Txn): TxnHeader {
    const z = zxid(this.#zxid);
    return { clientId: owner, cxid: 0, zxid: z, time: Number(z), type: txn.type };
  }

  #append(owner: SessionId, txn: Txn, preview: boolean): void {
    const header = this.#header(owner, txn);
    if (preview) previewTxn(this.view, header, txn);
    const writer = new Writer();
    encodeTxn(writer, header, txn, { version: 2, treeDigest: this.view.treeDigest });
    this.log.push(writer.copy());
  }

  commit(count: number): void {
    const end = Math.min(this.#committed + count, this.log.length);
    for (; this.#committed < end; this.#committed++) {
      const { header, txn, digest } = decodeTxn(this.log[this.#committed]!);
      applyTxn(this.state, header, txn);
      this.view.applied(header.zxid);
      expect(this.state.tree.digest).toBe(digest!.treeDigest);
    }
  }
}

function expectViewIsModel(view: View, model: Model): void {
  for (const [at, expected] of Object.entries(model.nodes)) {
    const node = view.node(at);
    expect({
      at,
      size: node?.dataLength,
      version: node?.version,
      aversion: node?.aversion,
      owner: node?.ephemeralOwner,
      creates: node?.cversion,
      pzxid: node?.pzxid,
      children: node?.numChildren,
    }).toEqual({ at, ...expected, children: model.childrenOf(at).length });
  }
}

export function expectTreeIsModel(state: State, model: Model): void {
  const { tree } = state;
  expect([...tree.nodes.keys()].sort(byText)).toEqual(Object.keys(model.nodes).sort(byText));
  let length = 0;
  for (const [at, node] of tree.nodes) {
    const children = model.childrenOf(at).map(nameOf);
    expect([...(node.children?.keys() ?? [])].sort(byText)).toEqual(children.sort(byText));
    expect(tree.statOf(node).cversion).toBe(model.nodes[at]!.creates * 2 - children.length);
    length += at.length + model.nodes[at]!.size;
  }
  expect(tree.dataSize).toBe(length);
  let uses = 0;
  for (const ref of tree.acls.entries()) uses += ref.uses;
  // The root, /zookeeper and its quota have the open ACL that nobody counts.
  const uncounted = [...tree.nodes.values()].filter((node) => node.acl.index === -1n).length;
  expect(uses).toBe(tree.nodes.size - uncounted);
  expectViewIsModel(new View(state), model);
}

export function replay(log: readonly Buffer[], into = new State()): State {
  for (const entry of log) {
    const { header, txn } = decodeTxn(entry);
    applyTxn(into, header, txn);
  }
  return into;
}

export const steps = fc.array(step, { maxLength: 60, size: 'max' });
