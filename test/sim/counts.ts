// How often a run came to what is rare: a checker that never sees a TRUNC says nothing about TRUNC.
import type { Effect, Event } from '../../src/replica/events.ts';
import type { Txn } from '../../src/transactions/index.ts';
import { ErrorCode } from '../../src/wire/errors.ts';
import { OpCode } from '../../src/wire/opcodes.ts';
import { packetName } from './names.ts';

const named = (prefix: string, table: object): Map<number, string> =>
  new Map(Object.entries(table).map(([name, code]) => [code as number, `${prefix} ${name}`]));

const ERRORS = named('error', ErrorCode);
const OPERATIONS = named('transaction', OpCode);

/** What servers report in words, and nowhere else. */
const REPORTS: readonly (readonly [string, RegExp])[] = [
  ['leader without a quorum', /leader: only \[.*\] follow still/],
  ['no quorum came to a new leader', /no quorum has come/],
  ['no quorum in time', /no quorum is in sync within initLimit/],
  ['leader met a later history', /has a later history/],
  ['leader met a later epoch', /has accepted epoch/],
  ['learner met an older epoch', /has sent epoch/],
  ['zxids used up', /zxids of this epoch are used up/],
  ['leader silent', /nothing heard of leader/],
  ['learner dropped', /the link of .* is closed/],
  ['damaged member healed', /its data is whole/],
  ['read-only server', /Read-only server started/],
];

export class Counts {
  readonly #counts = new Map<string, number>();

  add(name: string, count = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + count);
  }

  addAll(other: Counts): void {
    for (const [name, count] of other.#counts) this.add(name, count);
  }

  of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  /** By name. */
  list(): [string, number][] {
    return [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  effect(effect: Effect): void {
    if (effect.kind === 'send') this.add(`sent ${packetName(effect.packet.type)}`);
    else if (effect.kind === 'saveEpoch') this.add(`save ${effect.which} epoch`);
    else if (effect.kind === 'became') this.add(`became ${effect.mode}`);
    else if (effect.kind !== 'report') this.add(`effect ${effect.kind}`);
  }

  event({ kind }: Event): void {
    this.add(`event ${kind}`);
  }

  report(message: string): void {
    for (const [name, pattern] of REPORTS) if (pattern.test(message)) this.add(`role: ${name}`);
  }

  committed(txn: Txn): void {
    this.add(OPERATIONS.get(txn.type) ?? `transaction ${txn.type}`);
    if (txn.type === OpCode.error) this.answered(txn.err);
    if (txn.type === OpCode.multi && txn.txns.some(({ type }) => type === OpCode.error)) {
      this.add('multi that failed');
    }
  }

  /** An error that a client is told, or that takes the place of a transaction. */
  answered(err: number): void {
    if (err !== ErrorCode.ok) this.add(ERRORS.get(err) ?? `error ${err}`);
  }
}
