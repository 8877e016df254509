// The other servers of an ensemble: elections, the quorum port, and the history that a leader gives or takes.

import { resolve } from 'node:path';
import { hex0x, type Zxid } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import type { EnsembleServer } from '../config/ensemble.ts';
import type { Config } from '../config/index.ts';
import type { LinkId } from '../consensus/events.ts';
import type { Event, PeerEffect } from '../replica/events.ts';
import type { State } from '../state/state.ts';
import { WireError } from '../wire/bytes.ts';
import type { Member, Membership, PeerAddress } from '../wire/membership.ts';
import type { SnapshotVisitor } from '../wire/snapshotTree.ts';
import { MembershipFiles } from './membershipFiles.ts';
import type { ClientPlace } from './network/clientListener.ts';
import { ElectionLinks } from './network/electionLinks.ts';
import { LearnerLinks } from './network/learnerLinks.ts';
import type { PeerAddresses } from './network/peerPort.ts';
import type { HistoryEntry } from './storage/history.ts';
import type { MemberDir } from './storage/memberDir.ts';
import { finishLoading, streamPieces, visitorOf } from './storage/snapshotFile.ts';

/** How often a leader's snapshot that comes in is taken for a sign of life, in ms. */
const SIGN_OF_LIFE_MS = 500;

interface PeersOptions {
  readonly config: Config;
  readonly self: EnsembleServer;
  readonly dir: MemberDir;
  readonly newState: () => State;
  /** The state of this server, as it is now. */
  readonly state: () => State;
  readonly dispatch: (event: Event) => void;
  readonly logger: Logger;
  /** Where its clients are to connect. */
  readonly onClientPlace: (place: ClientPlace) => void;
  /** The server cannot go on. */
  readonly onFailed: (reason: string) => void;
}

/** Where its election port is. */
const electionMember = ({ id, addresses }: Member): PeerAddresses => ({
  id,
  addresses: addresses.map(({ host, electionPort: port }) => ({ host, port })),
});

/** Where its quorum port is. */
const quorumMember = ({ id, addresses }: Member): PeerAddresses => ({
  id,
  addresses: addresses.map(({ host, peerPort: port }) => ({ host, port })),
});

export class Peers {
  readonly #options: PeersOptions;
  /** Its own, where its peers connect. */
  #addresses: readonly PeerAddress[];
  readonly #elections: ElectionLinks;
  readonly #links: LearnerLinks;
  /** Null when the membership never changes. */
  readonly #files: MembershipFiles | null;
  /** States that come over links, until they are whole. */
  readonly #arriving = new Map<LinkId, { state: State; zxid: Zxid }>();

  constructor(options: PeersOptions) {
    this.#options = options;
    const { config, self, logger, dispatch } = options;
    const { id, addresses } = self;
    this.#addresses = addresses;
    const { servers } = config.ensemble;
    const greetingMs = config.quorumCnxnTimeoutMs;
    const common = {
      id,
      onAllAddresses: config.quorumListenOnAllIPs,
      bindTries: config.electionPortBindRetry,
      admitsStrangers: config.reconfigEnabled,
    };
    this.#elections = new ElectionLinks(
      {
        ...common,
        addresses: addresses.map(({ host, electionPort: port }) => ({ host, port })),
        connectTimeoutMs: config.cnxTimeout,
        ...(greetingMs > 0 ? { silentMs: greetingMs } : {}),
        severalAddresses: config['multiAddress.enabled'],
        logger: logger.child('QuorumCnxManager'),
        onNotified: (from, notification) => dispatch({ kind: 'notified', from, notification }),
        onReach: (peer, isReached) =>
          dispatch({ kind: isReached ? 'reachable' : 'unreachable', peer }),
      },
      servers.map(electionMember),
    );
    this.#files = config.reconfigEnabled ? this.#openFiles() : null;
    const limit = config.connectToLearnerMasterLimit ?? 0;
    this.#links = new LearnerLinks(
      {
        ...common,
        addresses: addresses.map(({ host, peerPort: port }) => ({ host, port })),
        connectLimitMs: (limit > 0 ? limit : config.initLimit) * config.tickTime,
        maxData: 2 * config['jute.maxbuffer'],
        logger: logger.child('Learner'),
        onEvent: dispatch,
        onSnapshot: (link, { zxid }) => this.#receive(link, zxid),
        onSnapshotEnd: (link) => this.#received(link),
      },
      servers.map(quorumMember),
    );
  }

  #openFiles(): MembershipFiles {
    const { config, self, logger } = this.#options;
    const files = new MembershipFiles({
      file: resolve(config.file),
      id: self.id,
      active: config.ensemble,
      pending: config.nextEnsemble,
      logger: logger.child('QuorumPeerConfig'),
    });
    files.backUp();
    return files;
  }

  /** Peers with which there is an election connection. */
  get connected(): number[] {
    return this.#elections.connected;
  }

  async listen(): Promise<void> {
    await this.#links.listen();
    await this.#elections.listen();
  }

  close(): void {
    this.#elections.close();
    this.#links.close();
  }

  carryOut(effect: PeerEffect): void {
    const { dir, dispatch } = this.#options;
    switch (effect.kind) {
      case 'notify':
        this.#elections.send(effect.to, effect.notification);
        break;
      case 'became':
        this.#links.setLeading(effect.mode === 'leader');
        break;
      case 'link':
        this.#links.connect(effect.link, effect.to);
        break;
      case 'unlink':
        this.#arriving.delete(effect.link);
        this.#links.unlink(effect.link);
        break;
      case 'send':
        this.#links.send(effect.link, effect.packet);
        break;
      case 'sendSnapshot':
        this.#links.sendSnapshot(effect.link, streamPieces(this.#options.state()));
        break;
      case 'sendHistory':
        this.#links.sendHistory(effect.link, this.#history(effect.after, effect.upTo));
        break;
      case 'saveEpoch': {
        const { which, epoch } = effect;
        dir.saveEpoch(which, epoch, (error) => {
          if (error !== null) this.#options.onFailed(error.message);
          else dispatch({ kind: 'epochSaved', which, epoch });
        });
        break;
      }
      case 'truncate':
        void this.#truncate(effect.after);
        break;
      case 'restart':
        void this.#restart(effect.link, effect.state);
        break;
      case 'membership':
        this.#files?.keep(effect.active, effect.pending);
        this.#change(effect.active, [effect.pending, effect.heard]);
        break;
      case 'distrust':
        dir.distrust(effect.reason);
        break;
    }
  }

  #change(active: Membership, others: readonly (Membership | null)[]): void {
    const all = new Map<number, Member>();
    // Where they differ, those in force are there.
    for (const { servers } of [...others, active].filter((one) => one !== null)) {
      for (const server of servers) all.set(server.id, server);
    }
    this.#elections.setMembers([...all.values()].map(electionMember));
    this.#links.setMembers([...all.values()].map(quorumMember));
    this.#follow(active);
  }

  /** A membership in force says where this server is: its ports follow (QuorumPeer.processReconfig). */
  #follow({ servers }: Membership): void {
    const { self, onClientPlace } = this.#options;
    const now = servers.find(({ id }) => id === self.id);
    if (now === undefined) return;
    const { addresses, client } = now;
    if (client !== null) onClientPlace(client);
    if (JSON.stringify(addresses) === JSON.stringify(this.#addresses)) return;
    this.#addresses = addresses;
    void this.#move(now);
  }

  async #move(self: Member): Promise<void> {
    try {
      await this.#links.move(quorumMember(self).addresses);
      await this.#elections.move(electionMember(self).addresses);
    } catch (error) {
      const why = (error as Error).message;
      this.#options.logger.error(`server ${self.id} must be restarted: ${why}`);
    }
  }

  async *#history(after: Zxid, upTo: Zxid): AsyncGenerator<HistoryEntry, void, void> {
    const history = await this.#options.dir.readHistory(after, upTo);
    if (history === null) {
      throw new Error(`the logs do not have all of ${hex0x(after)} to ${hex0x(upTo)} any more`);
    }
    try {
      yield* history.entries();
    } finally {
      history.close();
    }
  }

  async #truncate(after: Zxid): Promise<void> {
    const { dir, newState, dispatch, logger, onFailed } = this.#options;
    logger.warn(`Truncating log to get in sync with the leader ${hex0x(after)}`);
    try {
      const state = await dir.truncate(after, newState);
      if (state === null) {
        logger.warn(`Not able to truncate the log to ${hex0x(after)}: asking for a snapshot`);
        dispatch({ kind: 'notTruncated' });
      } else dispatch({ kind: 'truncated', state });
    } catch (error) {
      onFailed((error as Error).message);
    }
  }

  // -- the leader's snapshot -------------------------------------------------------------------

  #receive(link: LinkId, zxid: Zxid): SnapshotVisitor {
    const { newState, dispatch } = this.#options;
    const state = newState();
    this.#arriving.set(link, { state, zxid });
    const visitor = visitorOf(state, (path) => {
      throw new WireError(`znode ${path} has no parent in the leader's snapshot`);
    });
    let heardAt = performance.now();
    return {
      ...visitor,
      node(path, node) {
        visitor.node(path, node);
        const now = performance.now();
        if (now - heardAt < SIGN_OF_LIFE_MS) return;
        heardAt = now;
        dispatch({ kind: 'heard', link });
      },
    };
  }

  #received(link: LinkId): void {
    const arrived = this.#arriving.get(link);
    if (arrived === undefined) return;
    this.#arriving.delete(link);
    finishLoading(arrived.state, arrived.zxid);
    this.#options.dispatch({ kind: 'snapshotReceived', link, state: arrived.state });
  }

  async #restart(link: LinkId, state: State): Promise<void> {
    const { dir, dispatch, onFailed } = this.#options;
    const zxid = state.lastZxid;
    try {
      if (!(await dir.restart(state, zxid))) return;
      dispatch({ kind: 'restarted', zxid });
      this.#links.release(link);
    } catch (error) {
      onFailed((error as Error).message);
    }
  }
}
