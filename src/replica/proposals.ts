// A write's way: a zxid, the view, the log entry, and its place in the order until it is committed.
import { assert } from '../base/assert.ts';
import { Fifo } from '../base/fifo.ts';
import { hex0x, type Zxid } from '../base/ids.ts';
import { DIGEST_VERSION } from '../state/digest.ts';
import type { State } from '../state/state.ts';
import { View } from '../state/view.ts';
import {
  type Applied,
  applyTxn,
  encodeTxn,
  previewTxn,
  type Txn,
  type TxnHeader,
} from '../transactions/index.ts';
import { Writer } from '../wire/bytes.ts';
import type { ErrorCode } from '../wire/errors.ts';
import { OpCode } from '../wire/opcodes.ts';
import type { Connection } from './connection.ts';
import type { Order } from './order.ts';

/** A transaction in its place in the order. */
export interface Proposal {
  readonly header: TxnHeader;
  readonly txn: Txn;
  /** What the log entry says the tree's digest is afterwards; null where there are no digests. */
  readonly treeDigest: bigint | null;
}

/** A proposal on its way: applied, and its client answered, once it is committed. */
interface InFlight extends Proposal {
  /** Who asked; null for what the server decided itself (expiry, containers). */
  readonly connection: Connection | null;
  /** Of its log entry. */
  readonly bytes: number;
  readonly isLarge: boolean;
}

/** Bytes that the buffer of a step's log entries may keep for the next step. */
const ENTRIES_KEPT = 1 << 20;

export class Proposals {
  /** The tree as it will be when all that is in flight has committed. */
  readonly view: View;
  /** Bytes of all log entries in flight, and of those that are large. */
  bytes = 0;
  largeBytes = 0;
  readonly #state: State;
  readonly #order: Order;
  readonly #largeThreshold: number;
  readonly #inFlight = new Fifo<InFlight>();
  /** The log entries of this step, one behind the other. */
  readonly #entries = new Writer(ENTRIES_KEPT >> 4, ENTRIES_KEPT);

  constructor(options: {
    readonly state: State;
    readonly order: Order;
    /** Bytes above which an entry is a large one; -1: none is. */
    readonly largeThreshold: number;
  }) {
    this.#state = options.state;
    this.#order = options.order;
    this.#largeThreshold = options.largeThreshold;
    this.view = new View(options.state);
  }

  /** How many are in flight. */
  get count(): number {
    return this.#inFlight.length;
  }

  /** A step begins: the entries lent to the last one's effects are done with. */
  begin(): void {
    this.#entries.reset();
  }

  /** Logs that a request failed, under the zxid that it has taken. */
  refuse(header: TxnHeader, err: ErrorCode, connection: Connection | null): void {
    const refusal: TxnHeader = { ...header, type: OpCode.error };
    this.propose(refusal, { type: OpCode.error, err }, connection);
  }

  propose(header: TxnHeader, txn: Txn, connection: Connection | null): void {
    // The parts of a multi have been added while it was prepared.
    if (txn.type !== OpCode.multi) previewTxn(this.view, header, txn);
    const entries = this.#entries;
    const start = entries.length;
    const treeDigest = this.#state.tree.options.digest ? this.view.treeDigest : null;
    const digest = treeDigest === null ? null : { version: DIGEST_VERSION, treeDigest };
    encodeTxn(entries, header, txn, digest);
    this.#order.proposed(header.zxid, entries.view(start));
    const bytes = entries.length - start;
    const isLarge =
      connection !== null && this.#largeThreshold >= 0 && bytes > this.#largeThreshold;
    this.bytes += bytes;
    if (isLarge) this.largeBytes += bytes;
    this.#inFlight.push({ header, txn, connection, treeDigest, bytes, isLarge });
  }

  /** Takes the oldest proposal that is committed; undefined when there is none (any more). */
  nextCommitted(committed: Zxid): InFlight | undefined {
    const next = this.#inFlight.peek();
    if (next === undefined || next.header.zxid > committed) return undefined;
    return this.#inFlight.shift();
  }

  /** Takes out all that is in flight. */
  drain(): Proposal[] {
    return this.#inFlight.drain();
  }

  /** The proposal has become part of the state. */
  applied({ header, bytes, isLarge }: InFlight): void {
    this.bytes -= bytes;
    if (isLarge) this.largeBytes -= bytes;
    this.view.applied(header.zxid);
  }
}

/** Makes a committed proposal part of the state. */
export function apply(state: State, { header, txn, treeDigest }: Proposal): Applied {
  const applied = applyTxn(state, header, txn);
  // A tree that is not the one that was logged must not be shown to anybody (Apache logs and serves).
  assert(treeDigest === null || treeDigest === state.tree.digest, () => mismatch(header.zxid));
  return applied;
}

const mismatch = (zxid: Zxid): string =>
  `the digest of the tree after zxid ${hex0x(zxid)} differs from the one in the log`;
