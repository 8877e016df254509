// A server of one: opens its data, listens for clients, and ends in order.

import { hex0x } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import type { Config } from '../config/index.ts';
import { Replica } from '../replica/replica.ts';
import { initialSessionId } from '../state/sessions.ts';
import { State } from '../state/state.ts';
import { directorySize } from './admin/directorySize.ts';
import type { Surveyed } from './admin/surveyed.ts';
import { Words } from './admin/words.ts';
import { tuneCompiler } from './compiler.ts';
import type { RunningServer } from './foreground.ts';
import { clock, LONGEST_TIMER, Loop } from './loop.ts';
import { ClientPort } from './network/clientPort.ts';
import { connectionLimit } from './openFiles.ts';
import { Peers } from './peers.ts';
import {
  authOptions,
  containerRules,
  memberOptions,
  receptionRules,
  rulesOf,
  treeOptions,
} from './rules.ts';
import { settings } from './settings.ts';
import type { DataDir } from './storage/dataDir.ts';
import { closeStored, openStored, type Stored, type StoredMember } from './stored.ts';
import { SERVER_VERSION } from './version.ts';

/** Id of a server that has no ensemble; sessions get it as their top byte (as in Apache's standalone mode). */
const STANDALONE_ID = 1;
/** What Linux takes at most by default: with 50 (Apache), and still with 511 (Node), a storm waits for retransmissions. */
const BACKLOG = 4096;
const HOUR_MS = 3_600_000;
/** Apache's ExitCode.TXNLOG_ERROR_TAKING_SNAPSHOT. */
const SNAPSHOT_FAILED = 10;

interface Ending {
  code: number;
  reason?: string;
}

class Server implements RunningServer {
  readonly closed: Promise<Ending>;
  readonly #config: Config;
  readonly #logger: Logger;
  readonly #data: DataDir;
  readonly #replica: Replica;
  readonly #loop: Loop;
  readonly #clients: ClientPort;
  readonly #peers: Peers | null;
  readonly #stored: Stored;
  readonly #started = performance.now();
  #purger: NodeJS.Timeout | null = null;
  #isClosing = false;
  #resolveClosed: (ending: Ending) => void = () => {};

  constructor(config: Config, logger: Logger, stored: Stored) {
    const { state, data, member } = stored;
    this.#config = config;
    this.#logger = logger;
    this.#data = data;
    this.#stored = stored;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    const now = clock();
    const id = member?.self.id ?? STANDALONE_ID;
    this.#replica = new Replica(
      {
        serverId: id,
        state,
        rules: rulesOf(config),
        reception: receptionRules(config),
        containers: containerRules(config),
        tickTime: config.tickTime,
        member: member === null ? null : memberOptions(config, member),
        chance: Math.random,
        firstSessionId: initialSessionId(BigInt(id), now.wall),
      },
      now,
    );
    this.#loop = this.#makeLoop();
    this.#clients = this.#makeClientPort();
    this.#peers = member === null ? null : this.#makePeers(member);
    data.onLogged = (upTo) => this.#loop.dispatch({ kind: 'logged', upTo });
    data.onFailed = (error) => void this.#end({ code: 1, reason: error.message });
    data.onSnapshotDue = () => void this.#snapshot(this.#replica.state);
  }

  get port(): number {
    return this.#clients.port;
  }

  #makeLoop(): Loop {
    const data = this.#data;
    return new Loop(
      this.#replica,
      {
        append: (zxid, entry) => data.append(zxid, entry),
        flush: () => data.flush(),
        send: (connection) => this.#clients.flush(connection),
        close: (connection) => this.#clients.close(connection),
        pause: (connection) => this.#clients.pause(connection),
        resume: (connection) => this.#clients.resume(connection),
        carryOut: (effect) => this.#peers?.carryOut(effect),
      },
      this.#logger.child('ZooKeeperServer'),
      // An expiry is due within a tick anyway; half a tick late is no sign of a pause yet.
      { longest: this.#config.tickTime / 2, maxForgiven: this.#config.maxSessionTimeout },
      (error) => this.#broken(error),
    );
  }

  #makePeers({ self, dir }: StoredMember): Peers {
    const config = this.#config;
    return new Peers({
      config,
      self,
      dir,
      newState: () => new State(treeOptions(config)),
      state: () => this.#replica.state,
      dispatch: this.#loop.dispatch,
      logger: this.#logger,
      onClientPlace: (place) => void this.#clients.move(place),
      onFailed: (reason) => void this.#end({ code: 1, reason }),
    });
  }

  #makeClientPort(): ClientPort {
    const config = this.#config;
    const backlog = config.clientPortListenBacklog;
    return new ClientPort({
      port: config.clientPort,
      address: config.clientPortAddress,
      backlog: backlog > 0 ? backlog : BACKLOG,
      maxPerAddress: config.maxClientCnxns,
      maxConnections: connectionLimit(config.maxCnxns),
      maxFrame: config['jute.maxbuffer'],
      access: authOptions(config),
      keepAlive: config.clientTcpKeepAlive,
      logger: this.#logger.child('NIOServerCnxnFactory'),
      now: clock,
      dispatch: this.#loop.dispatch,
      onDirty: this.#loop.onDirty,
      stats: this.#replica.stats,
      greetingMs: config['nio.sessionlessCnxnTimeout'],
      words: new Words(config['4lw.commands.whitelist'], () => this.#surveyed()),
    });
  }

  async listen(stopping: AbortSignal): Promise<void> {
    await this.#clients.listen();
    stopping.throwIfAborted();
    // Its own name may be unknown, and its ports taken, for as long as electionPortBindRetry says.
    const stop = () => void this.close();
    stopping.addEventListener('abort', stop);
    await this.#peers?.listen();
    stopping.removeEventListener('abort', stop);
    if (this.#peers !== null) this.#loop.start();
    this.#loop.dispatch({ kind: 'deadline' });
    this.#startPurging();
  }

  #surveyed(): Surveyed {
    const clients = this.#clients;
    return {
      replica: this.#replica,
      version: SERVER_VERSION,
      mode: this.#replica.member?.mode ?? 'standalone',
      connections: clients.connections,
      connectionCount: clients.count,
      greetingMs: this.#config['nio.sessionlessCnxnTimeout'],
      settings: () => settings(this.#config, this.port, this.#sizes(), this.#replica.member),
      sizes: () => this.#sizes(),
      now: performance.now(),
      uptime: performance.now() - this.#started,
    };
  }

  #sizes(): { snapshots: number; logs: number } {
    const { dataDir, dataLogDir } = this.#config;
    return { snapshots: directorySize(dataDir), logs: directorySize(dataLogDir) };
  }

  /** A server that cannot write snapshots ends, as Apache's (ZooKeeperServer.takeSnapshot). */
  async #snapshot(state: State): Promise<void> {
    try {
      await this.#data.snapshot(state);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      await this.#end({ code: SNAPSHOT_FAILED, reason });
    }
  }

  /** Deletes superfluous snapshots and logs now and then; what goes wrong there is only logged. */
  #startPurging(): void {
    const hours = this.#config['autopurge.purgeInterval'];
    if (hours === 0) return;
    const purge = async (): Promise<void> => {
      try {
        await this.#data.purge(this.#config['autopurge.snapRetainCount']);
      } catch (error) {
        this.#logger.warn(`Purge failed: ${error instanceof Error ? error.message : error}`);
      }
    };
    this.#purger = setInterval(() => void purge(), Math.min(hours * HOUR_MS, LONGEST_TIMER));
    this.#purger.unref();
    void purge();
  }

  /** It could not begin: a port that is bound already would keep the process alive. */
  async abandon(): Promise<void> {
    await this.#end({ code: 1 });
  }

  /** Stops accepting, finishes what is logged, and closes the data directory. */
  async close(): Promise<void> {
    await this.#end({ code: 0 });
  }

  #broken(error: unknown): void {
    const what = error instanceof Error ? error.message : String(error);
    this.#logger.debug(error instanceof Error ? (error.stack ?? what) : what);
    void this.#end({ code: 1, reason: `internal error, the server ends: ${what}` });
  }

  async #end(ending: Ending): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    if (this.#purger !== null) clearInterval(this.#purger);
    let result = ending;
    try {
      // What was received is logged and answered; nothing more is read, nobody expires meanwhile.
      this.#clients.quiesce();
      this.#loop.quiesce();
      this.#peers?.close();
      await closeStored(this.#stored);
      await this.#clients.shutDown();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (result.code === 0) result = { code: 1, reason };
    }
    this.#loop.stop();
    this.#resolveClosed(result);
  }
}

/** Starts a server, alone or in its ensemble; rejects with one line that says what is in the way. */
export async function startServer(
  config: Config,
  logger: Logger,
  stopping: AbortSignal,
): Promise<RunningServer> {
  tuneCompiler();
  const server = new Server(config, logger, loadStored(config, logger));
  try {
    await server.listen(stopping);
    return server;
  } catch (error) {
    await server.abandon();
    const { reason } = await server.closed;
    if (reason !== undefined) throw new Error(reason, { cause: error });
    stopping.throwIfAborted();
    throw error;
  }
}

function loadStored(config: Config, logger: Logger): Stored {
  const stored = openStored(config, logger);
  const { state, entries } = stored;
  logger
    .child('ZKDatabase')
    .info(
      `Loaded ${state.tree.nodeCount} nodes, ${entries} log entries on top of the snapshot, last zxid ${hex0x(state.lastZxid)}`,
    );
  return stored;
}
