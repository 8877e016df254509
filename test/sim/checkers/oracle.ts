// Knows the whole truth of a run: every transaction, which are committed, what the tree was after
// each; and holds everything that servers do and clients see against it.
import {
  counterOf,
  epochOf,
  hex0x,
  type SessionId,
  type Zxid,
  zxid,
} from '../../../src/base/ids.ts';
import type { LinkId } from '../../../src/consensus/events.ts';
import type { Effect } from '../../../src/replica/events.ts';
import type { Proposal } from '../../../src/replica/proposals.ts';
import type { State } from '../../../src/state/state.ts';
import { applyTxn, decodeTxn } from '../../../src/transactions/index.ts';
import { ErrorCode } from '../../../src/wire/errors.ts';
import { OpCode } from '../../../src/wire/opcodes.ts';
import { PacketType, type QuorumPacket } from '../../../src/wire/quorum.ts';
import type { SimClient } from '../client.ts';
import { newState } from '../newState.ts';
import type { Asked, Request, Shown } from '../requests.ts';
import type { SimServer } from '../server.ts';
import { demand } from '../violation.ts';
import type { World } from '../world.ts';
import { Durability } from './durability.ts';
import { type Entry, Lineage } from './lineage.ts';
import { Memberships } from './memberships.ts';
import { Outcomes } from './outcomes.ts';
import { PathHistories } from './pathHistories.ts';
import { isRefusedRightly, readsExactly } from './reads.ts';
import { SessionRecords } from './sessionRecords.ts';

export class Oracle {
  readonly lineage: Lineage;
  /** The tree with all that is committed. */
  readonly state: State = newState();
  readonly paths = new PathHistories();
  readonly sessions: SessionRecords;
  readonly durability: Durability;
  readonly memberships: Memberships;
  /** The last transaction that is committed. */
  tip: Entry;
  /** The highest zxid that any client has been told. */
  known: Zxid;
  /** Who led each epoch. */
  readonly leaders = new Map<number, number>();
  readonly #outcomes: Outcomes;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    this.lineage = new Lineage(zxid(world.options.startsAt));
    this.state.lastZxid = zxid(world.options.startsAt);
    this.tip = this.lineage.root;
    this.known = this.tip.zxid;
    this.memberships = new Memberships(world.options);
    this.durability = new Durability(world, this.lineage);
    this.sessions = new SessionRecords(world);
    this.#outcomes = new Outcomes(world.options);
  }

  // -- servers ---------------------------------------------------------------------------------

  started(server: SimServer): void {
    this.durability.started(server);
  }

  crashed(server: SimServer): void {
    this.durability.holds(this.tip, `${server.id} crashed`);
  }

  diskChanged(server: SimServer, what: string): void {
    this.durability.changed(server);
    if (what === 'truncated' || what === 'restarted') {
      this.durability.holds(this.tip, `${server.id} ${what}`);
    }
  }

  effect(server: SimServer, effect: Effect): void {
    switch (effect.kind) {
      case 'log':
        this.#logged(server, effect.zxid, effect.entry);
        break;
      case 'send':
        this.#sends(server, effect.link, effect.packet);
        break;
      case 'saveEpoch':
        this.durability.savesEpoch(server, effect.which, effect.epoch);
        break;
      case 'became':
        if (effect.mode === 'looking') this.durability.looks(server);
        break;
    }
  }

  #sends(server: SimServer, link: LinkId, { type, zxid }: QuorumPacket): void {
    if (type === PacketType.ack && server.mode !== 'leader') {
      this.durability.acknowledges(server, link, zxid);
    } else if (type === PacketType.leaderInfo) {
      this.durability.announces(server, epochOf(zxid));
    } else if (type === PacketType.ackEpoch) {
      const invited = this.#world.network.find(server, link)?.invitedTo;
      if (invited != null) this.durability.announces(server, invited);
    }
  }

  #logged(server: SimServer, zxid: Zxid, bytes: Buffer): void {
    const isNew = !this.lineage.has(zxid);
    if (isNew) {
      const isProposing = server.mode === 'leader' && server.isEstablished;
      demand(isProposing && epochOf(zxid) === server.medium.current, 'P3', () => {
        return `server ${server.id} logs ${hex0x(zxid)}, which nobody has proposed`;
      });
    }
    const entry = this.lineage.add(zxid, server.lastAppended, bytes);
    if (isNew) this.memberships.proposed(entry);
  }

  /** P1, P7, P8, P10: a role holds. */
  established(server: SimServer): void {
    const { mode, isLeading } = server;
    const last = this.lineage.get(server.replica.state.lastZxid);
    const epoch = server.medium.current;
    this.#world.trace.note(server, `established ${mode} ${epoch}`);
    if (isLeading) {
      const other = this.leaders.get(epoch);
      demand(other === undefined, 'P1', () => `${server.id} and ${other} lead epoch ${epoch}`);
      // One that hears late of its quorum: others have gone on from what it has.
      const isLate = Math.max(0, ...this.leaders.keys()) > epoch;
      this.leaders.set(epoch, server.id);
      const [longer, shorter] = isLate ? [this.tip, last] : [last, this.tip];
      demand(this.lineage.contains(longer, shorter), 'P7', () => {
        return `leader ${server.id} of ${epoch} ends with ${hex0x(last.zxid)}, committed is ${hex0x(this.tip.zxid)}`;
      });
      demand(
        server.lastAppended === last.zxid,
        'P13',
        () => `leader ${server.id} has not applied all`,
      );
      if (!isLate) {
        this.#advance(last, `leader ${server.id} of epoch ${epoch}`);
        this.memberships.leads(server.id);
      }
    } else {
      demand(last.isCommitted, 'P10', () => {
        return `${mode} ${server.id} shows ${hex0x(last.zxid)}, which is not committed`;
      });
    }
    this.durability.joined(server);
  }

  /** P4, P6, P14: in order, without a gap. */
  committing(server: SimServer, { header }: Proposal): void {
    const entry = this.lineage.get(header.zxid);
    const { lastZxid } = server.replica.state;
    demand(entry.prev?.zxid === lastZxid, 'P4', () => {
      return `server ${server.id} applies ${hex0x(header.zxid)} to ${hex0x(lastZxid)}`;
    });
    // What a server applies on its way into or out of a role was logged, and no more.
    if (server.replica.member?.mode === 'looking' || !server.isEstablished) return;
    if (entry.isCommitted) return;
    if (server.isLeading) this.memberships.leads(server.id);
    this.#advance(entry, `server ${server.id}`);
  }

  /** P16: equal zxid, equal tree. */
  committed(server: SimServer, { header }: Proposal): void {
    const { state } = server.replica;
    if (!state.isDigestSettled) return;
    const entry = this.lineage.get(header.zxid);
    const { digest } = state.tree;
    entry.digest ??= digest;
    demand(entry.digest === digest, 'P16', () => {
      return `server ${server.id} has another tree at ${hex0x(header.zxid)}`;
    });
  }

  /** Everything up to `entry` is committed: P2, and what the transactions mean. */
  #advance(entry: Entry, who: string): void {
    const fresh: Entry[] = [];
    let at: Entry | null = entry;
    while (at !== null && at.index > this.tip.index) {
      fresh.push(at);
      at = at.prev;
    }
    demand(at === this.tip, 'P2', () => {
      return `${who} commits ${hex0x(entry.zxid)}, whose past is not that of ${hex0x(this.tip.zxid)}`;
    });
    this.memberships.begin();
    for (const next of fresh.reverse()) {
      next.isCommitted = true;
      this.tip = next;
      this.#apply(next);
    }
    if (fresh.length > 0) this.durability.holds(entry, `${who} commits it`);
    this.memberships.begin();
  }

  #apply(entry: Entry): void {
    const decoded = decodeTxn(Buffer.from(entry.bytes));
    const { header, txn } = decoded;
    const { state } = this;
    this.#world.counts.committed(txn);
    const asked = this.sessions.committed(header, txn);
    if (asked !== null) this.#outcomes.judge(asked, decoded, state);
    this.#outcomes.judgeRemoval(decoded, state);
    this.memberships.committed(entry, decoded, asked?.request ?? null);
    applyTxn(state, header, txn);
    this.paths.record(state.tree, header.zxid, txn);
    this.#outcomes.removed(txn);
    const { digest } = state.tree;
    entry.digest ??= digest;
    demand(entry.digest === digest, 'P16', () => `the tree at ${hex0x(entry.zxid)} is another`);
    if (txn.type === OpCode.closeSession) {
      const left = state.tree.ephemerals.get(header.clientId)?.size ?? 0;
      demand(
        left === 0,
        'C10',
        () => `session ${hex0x(header.clientId)} leaves ${left} ephemerals`,
      );
    }
  }

  // -- clients ---------------------------------------------------------------------------------

  opened(session: SessionId, client: SimClient): void {
    this.sessions.opened(session, client);
  }

  asked(session: SessionId, asked: Asked): void {
    this.sessions.asked(session, asked);
  }

  /** C1, C12: the answer to a write. */
  answered(session: SessionId, asked: Asked, zxid: Zxid, err: number): void {
    const what = (): string =>
      `request ${asked.xid} of ${hex0x(session)}, answered ${err} at ${hex0x(zxid)}`;
    demand(this.lineage.has(zxid), 'C12', () => `${what()}: no such transaction`);
    const entry = this.lineage.get(zxid);
    demand(entry.isCommitted, 'C12', () => `${what()}: not committed`);
    const { header, txn } = decodeTxn(Buffer.from(entry.bytes));
    // The end of a session may have been decided by its timeout when the client asks for it.
    const isOurs = header.clientId === session && header.cxid === asked.xid;
    demand(isOurs || asked.request.type === 'close', 'C12', () => `${what()}: another's zxid`);
    const is = txn.type === OpCode.error ? txn.err : ErrorCode.ok;
    demand(is === err, 'C12', () => `${what()}: ${is} in the log`);
    demand(zxid > asked.floor, 'C1', () => `${what()}: ${hex0x(asked.floor)} was known before`);
    this.told(zxid);
  }

  /** C7 */
  synced(asked: Asked, zxid: Zxid): void {
    demand(zxid >= asked.floor, 'C7', () => {
      return `a sync is answered at ${hex0x(zxid)}, ${hex0x(asked.floor)} was known before`;
    });
    this.told(zxid);
  }

  /** C4: a read shows exactly the state of its zxid. */
  read(
    { user }: Asked,
    request: Extract<Request, { type: 'read' }>,
    zxid: Zxid,
    shown: Shown | null,
    client: number,
  ): void {
    this.told(zxid);
    readsExactly(request, shown, this.paths.at(request.path, zxid), user, () => {
      return `client ${client} reads ${request.how} of ${request.path} at ${hex0x(zxid)}`;
    });
  }

  /**
   * C4, of a server that may have no leader: it shows exactly what it has logged, and what is
   * committed of that as everybody else does.
   */
  readAlone(request: Extract<Request, { type: 'read' }>, zxid: Zxid, shown: Shown | null): void {
    if (counterOf(zxid) !== 0 && !this.lineage.get(zxid).isCommitted) return;
    readsExactly(request, shown, this.paths.at(request.path, zxid), null, () => {
      return `a read-only client reads ${request.how} of ${request.path} at ${hex0x(zxid)}`;
    });
  }

  /** C4: a read was refused for want of a permission. */
  refused({ user }: Asked, request: Extract<Request, { type: 'read' }>, zxid: Zxid): void {
    this.told(zxid);
    const isRight = isRefusedRightly(request, this.paths.at(request.path, zxid), user);
    demand(isRight, 'C4', () => `${user} may not read ${request.path} at ${hex0x(zxid)}`);
  }

  /** A client has been shown the state of this zxid. */
  told(zxid: Zxid): void {
    demand(counterOf(zxid) === 0 || this.lineage.get(zxid).isCommitted, 'C12', () => {
      return `a client was told ${hex0x(zxid)}, which is not committed`;
    });
    if (zxid > this.known) this.known = zxid;
  }
}
