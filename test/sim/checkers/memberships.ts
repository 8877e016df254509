// Changes of the membership: each comes from the one before it, one at a time is under way, and who is
// out never leads. R1: a chain; R2: one at a time; R3: leaders vote.
import { hex0x, type Zxid } from '../../../src/base/ids.ts';
import { configIn } from '../../../src/replica/ensemble.ts';
import { decodeTxn, type TxnEntry } from '../../../src/transactions/index.ts';
import type { Reader } from '../../../src/wire/bytes.ts';
import { GetDataResponse } from '../../../src/wire/client.ts';
import { ErrorCode } from '../../../src/wire/errors.ts';
import { type Member, type Membership, readMembership } from '../../../src/wire/membership.ts';
import { OpCode } from '../../../src/wire/opcodes.ts';
import { firstMembership, nameOfMembership } from '../memberships.ts';
import type { SimOptions } from '../options.ts';
import type { Reconfig, Request } from '../requests.ts';
import type { SimServer } from '../server.ts';
import { demand } from '../violation.ts';
import type { Entry } from './lineage.ts';

const votersOf = ({ servers }: Membership): number[] =>
  servers.filter(({ role }) => role === 'participant').map(({ id }) => id);

const hasQuorum = (membership: Membership, ids: readonly number[]): boolean => {
  const voters = votersOf(membership);
  return voters.filter((id) => ids.includes(id)).length * 2 > voters.length;
};

/** What an entry makes the membership, null when it is about something else. */
function membershipOf({ header, txn }: TxnEntry): Membership | null {
  if (txn.type !== OpCode.reconfig) return null;
  const membership = readMembership(Buffer.from(txn.data ?? []).toString());
  demand(membership.version === header.zxid, 'R1', () => {
    return `${hex0x(header.zxid)} sets the membership ${nameOfMembership(membership)}`;
  });
  return membership;
}

/** The servers that a request makes of `before`, by a reading of it that is not the server's. */
function wanted(before: Membership, { joining, leaving, members }: Reconfig): string {
  const lines = members ?? joining ?? '';
  const named = new Map<number, Member>();
  for (const member of readMembership(lines.replaceAll(',', '\n')).servers) {
    named.set(member.id, member);
  }
  const left = (leaving ?? '').split(',').map(Number);
  const kept = members === null ? before.servers : [];
  const stay = kept.filter(({ id }) => !left.includes(id) && !named.has(id));
  return textOf([...stay, ...named.values()]);
}

const textOf = (servers: readonly Member[]): string =>
  servers
    .map(({ id, role }) => `${id} ${role}`)
    .sort()
    .join(', ');

export class Memberships {
  /** In force, as the log has it. */
  current: Membership;
  readonly isDynamic: boolean;
  /** How many were committed. */
  count = 0;
  /** Proposed; those that are older than what is committed are lost, or in force, or were. */
  readonly #proposed = new Map<Zxid, Membership>();
  /** What needs a quorum, too, to be committed: what was in force before the entries of a step. */
  #before: Membership;
  #tip: Zxid | null = null;

  constructor(options: SimOptions) {
    this.current = firstMembership(options);
    this.#before = this.current;
    this.isDynamic = options.changes !== null;
  }

  /** In force, and those that may be without anybody's knowing it yet. */
  get #possible(): Membership[] {
    const pending = [...this.#proposed].filter(([zxid]) => this.#tip === null || zxid > this.#tip);
    return [this.current, ...pending.map(([, membership]) => membership)];
  }

  isVoter(id: number): boolean {
    return this.#possible.some((one) => votersOf(one).includes(id));
  }

  isMember(id: number): boolean {
    return this.#possible.some(({ servers }) => servers.some((one) => one.id === id));
  }

  /** Whether one more of the voters may lose what it has, as `lost` have. */
  bears(lost: readonly number[]): boolean {
    return this.#possible.every((one) => {
      const voters = votersOf(one);
      const gone = voters.filter((id) => lost.includes(id)).length;
      return gone < Math.floor((voters.length - 1) / 2);
    });
  }

  /** Whether these are enough, whatever is in force. */
  isQuorum(ids: readonly number[]): boolean {
    return this.#possible.every((one) => hasQuorum(one, ids));
  }

  /** Whether these are enough to have what is committed. */
  isHeldBy(ids: readonly number[]): boolean {
    return hasQuorum(this.current, ids) && hasQuorum(this.#before, ids);
  }

  /** R2: a leader has proposed it. */
  proposed(entry: Entry): void {
    if (!this.isDynamic) return;
    const membership = membershipOf(decodeTxn(Buffer.from(entry.bytes)));
    if (membership === null) return;
    for (let at = entry.prev; at !== null && !at.isCommitted; at = at.prev) {
      const { zxid } = at;
      demand(!this.#proposed.has(zxid), 'R2', () => {
        return `${hex0x(entry.zxid)} is proposed while ${hex0x(zxid)} is under way`;
      });
    }
    this.#proposed.set(entry.zxid, membership);
  }

  /** What is committed from now on needs a quorum of what is in force now, too. */
  begin(): void {
    this.#before = this.current;
  }

  /** R1: what is committed comes from what was in force. */
  committed(entry: Entry, decoded: TxnEntry, request: Request | null): void {
    this.#tip = entry.zxid;
    if (!this.isDynamic) return;
    const next = membershipOf(decoded);
    const before = this.current;
    const what = (): string => `${hex0x(entry.zxid)}, ${JSON.stringify(request, bigints)}`;
    if (request?.type === 'reconfig') {
      const { txn } = decoded;
      const isWrong = request.version !== -1n && request.version !== before.version;
      // The first membership gets its version from the first epoch, which no entry tells.
      const isKnown = this.count > 0;
      if (isKnown && txn.type === OpCode.error && txn.err === ErrorCode.badVersion) {
        demand(isWrong, 'R1', () => `${what()} is refused behind ${nameOfMembership(before)}`);
      }
      if (next !== null) {
        demand(!isWrong || !isKnown, 'R1', () => `${what()} behind ${nameOfMembership(before)}`);
        const expected = wanted(before, request);
        demand(textOf(next.servers) === expected, 'R1', () => {
          return `${what()} makes ${nameOfMembership(next)} of ${nameOfMembership(before)}`;
        });
      }
    }
    if (next === null) return;
    this.current = next;
    this.count++;
  }

  /** R3: this server has established an epoch, or commits something in it. */
  leads(id: number): void {
    demand(votersOf(this.current).includes(id), 'R3', () => {
      return `server ${id} leads under ${nameOfMembership(this.current)}`;
    });
  }

  /** The answer to a client shows what the entry has set. */
  answered(zxid: Zxid, reader: Reader): void {
    const { data } = GetDataResponse.read(reader);
    const { version } = readMembership(Buffer.from(data ?? []).toString());
    demand(version === zxid, 'R1', () => `${hex0x(zxid)} answers with version ${hex0x(version)}`);
  }

  /** At the end: everybody knows what is in force. */
  isKnownTo({ id, medium, replica }: SimServer): void {
    if (!this.isDynamic) return;
    const shown = configIn(replica.state);
    for (const one of [shown, medium.membership]) {
      const name = one === null ? 'none' : nameOfMembership(one);
      const isSame = this.count === 0 || name === nameOfMembership(this.current);
      demand(isSame && medium.pending === null, 'R1', () => {
        return `server ${id} has ${name}, in force is ${nameOfMembership(this.current)}`;
      });
    }
  }
}

const bigints = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? value.toString(16) : value;
