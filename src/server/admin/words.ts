// The four-letter words: what a client may ask a server by sending four letters and nothing else.
import { epochOf, hex0x, startOf, type Zxid } from '../../base/ids.ts';
import type { Connection } from '../../replica/connection.ts';
import type { Replica } from '../../replica/replica.ts';
import { dump } from './dump.ts';
import { environment } from './environment.ts';
import { monitorValues } from './monitor.ts';
import { modeWithoutService, NOT_SERVING, waitsFor } from './notServing.ts';
import { decimal, type Surveyed } from './surveyed.ts';

interface Word {
  readonly help: string;
  /** Ends with a newline where the original's does. */
  answer(server: Surveyed, traceMask: bigint): string;
  /** Its answer while the server has no leader; by default a sentence that says so. */
  withoutService?(server: Surveyed, traceMask: bigint): string;
}

function serverStats(server: Surveyed): string {
  const { replica, connectionCount, mode } = server;
  const { stats, state } = replica;
  const [min, max] = [Math.trunc(stats.minLatency), Math.trunc(stats.maxLatency)];
  return [
    `Latency min/avg/max: ${min}/${decimal(stats.averageLatency)}/${max}`,
    `Received: ${stats.received}`,
    `Sent: ${stats.sent}`,
    `Connections: ${connectionCount}`,
    `Outstanding: ${replica.pipeline.load.count}`,
    `Zxid: ${hex0x(shownZxid(replica))}`,
    `Mode: ${mode}`,
    `Node count: ${state.tree.nodeCount}`,
    proposalSizes(server) + waitsFor(server),
  ].join('\n');
}

/**
 * The last transaction; of a leader that has none in its epoch yet the start of that
 * (Leader.startZkServer), which tells whoever compares the servers that an election was won.
 */
function shownZxid({ state, member }: Replica): Zxid {
  const { lastZxid } = state;
  const found = member?.role?.leadership ?? null;
  return found === null || epochOf(lastZxid) === found.epoch ? lastZxid : startOf(found.epoch);
}

/** A leader's line. */
function proposalSizes({ replica: { stats }, mode }: Surveyed): string {
  const { last, min, max } = stats.proposalSizes;
  return mode === 'leader' ? `Proposal sizes last/min/max: ${last}/${min}/${max}\n` : '';
}

/** One line of `stat` (brief) or `cons`. */
function connectionLine(connection: Connection, isBrief: boolean): string {
  const { stats } = connection;
  // 1: interested in reading, as a selector would be; 0 while it is not read, as after a word.
  const interest = connection.isStalled || connection.state === 'closing' ? '0' : '1';
  const queued = connection.waiting.length;
  const head = ` /${connection.peer}[${interest}](queued=${queued},recved=${stats.received},sent=${stats.sent}`;
  if (isBrief || connection.session === 0n) return `${head})`;
  const lastCxid = stats.lastCxid >= 0 ? `,lcxid=0x${stats.lastCxid.toString(16)}` : '';
  const isUsed = stats.answered > 0;
  const minimum = isUsed ? Math.trunc(stats.minLatency) : 0;
  const average = isUsed ? Math.trunc(stats.totalLatency / stats.answered) : 0;
  return [
    `${head},sid=${hex0x(connection.session)},lop=${stats.lastOperation}`,
    `,est=${connection.openedWall},to=${connection.timeout}${lastCxid},lzxid=${hex0x(stats.lastZxid)}`,
    `,lresp=${Math.trunc(stats.lastResponse)},llat=${Math.trunc(stats.lastLatency)}`,
    `,minlat=${minimum},avglat=${average},maxlat=${Math.trunc(stats.maxLatency)})`,
  ].join('');
}

function connectionLines({ connections }: Surveyed, isBrief: boolean): string {
  let lines = '';
  for (const connection of connections) lines += `${connectionLine(connection, isBrief)}\n`;
  return `${lines}\n`;
}

const sessionOf = (watcher: unknown): string => hex0x((watcher as Connection).session);

function watchesByPath({ replica }: Surveyed): string {
  let lines = '';
  for (const [path, watchers] of replica.state.watches.byPath()) {
    lines += `${path}\n`;
    for (const watcher of watchers.keys()) lines += `\t${sessionOf(watcher)}\n`;
  }
  return `${lines}\n`;
}

function watchesByConnection({ replica }: Surveyed): string {
  let lines = '';
  for (const [watcher, paths] of replica.state.watches.byWatcher()) {
    lines += `${sessionOf(watcher)}\n`;
    for (const path of paths) lines += `\t${path}\n`;
  }
  return `${lines}\n`;
}

function watchSummary({ replica }: Surveyed): string {
  const { connections, paths, watches } = replica.state.watches.summary();
  return `${connections} connections watching ${paths} paths\nTotal watches:${watches}\n`;
}

/** Followed by eight bytes, the new mask; it is kept for `gtmk`, nothing else looks at it. */
const SET_TRACE_MASK = 'stmk';
/** What Apache's ZooTrace starts with. */
const DEFAULT_TRACE_MASK = 306n;

/** A word that is answered in the same way whether clients are served or not. */
const always = (word: Omit<Word, 'withoutService'>): Word => ({
  ...word,
  withoutService: word.answer,
});

const stateWithoutService = (server: Surveyed): string => NOT_SERVING + modeWithoutService(server);

const words: Readonly<Record<string, Word>> = {
  conf: {
    help: 'the configuration in use',
    answer: (server) => server.settings(),
  },
  cons: {
    help: 'all connections, with their sessions and counters',
    answer: (server) => connectionLines(server, false),
  },
  crst: {
    help: 'reset the counters of all connections',
    answer({ connections }) {
      for (const connection of connections) connection.stats.reset();
      return 'Connection stats reset.\n';
    },
  },
  dirs: {
    help: 'bytes of snapshots and logs',
    answer(server) {
      const { snapshots, logs } = server.sizes();
      return `datadir_size: ${snapshots}\nlogdir_size: ${logs}\n`;
    },
  },
  dump: { help: 'sessions, ephemerals and connections', answer: dump },
  envi: always({
    help: 'the environment of the process',
    answer: ({ version }) => environment(version),
  }),
  gtmk: always({ help: 'the trace mask', answer: (_server, mask) => String(mask) }),
  hash: {
    help: 'digests of the tree, by zxid',
    answer: ({ replica }) =>
      replica.state.digestLog.entries
        .map(({ zxid, digest }) => `${hex0x(zxid)}: ${digest}\n`)
        .join(''),
  },
  isro: {
    help: 'rw, or ro in read-only mode',
    answer: ({ replica }) => (replica.pipeline.isReadOnly ? 'ro' : 'rw'),
    withoutService: () => 'null',
  },
  mntr: {
    help: 'counters, one per line, for monitoring',
    answer: (server) =>
      monitorValues(server)
        .map(([key, value]) => `zk_${key}\t${value}\n`)
        .join(''),
  },
  ruok: always({ help: 'imok while the server runs', answer: () => 'imok' }),
  srst: {
    help: 'reset the counters of the server',
    answer({ replica }) {
      replica.stats.reset();
      return 'Server stats reset.\n';
    },
  },
  srvr: {
    help: 'the server and its counters',
    answer: (server) => `Zookeeper version: ${server.version}\n${serverStats(server)}`,
    withoutService: stateWithoutService,
  },
  [SET_TRACE_MASK]: always({
    help: 'set the trace mask to the eight bytes that follow',
    answer: (_server, mask) => String(mask),
  }),
  stat: {
    help: 'the server, its counters and its clients',
    answer: (server) =>
      `Zookeeper version: ${server.version}\nClients:\n${connectionLines(server, true)}${serverStats(server)}`,
    withoutService: stateWithoutService,
  },
  wchc: { help: 'watches by session (costly)', answer: watchesByConnection },
  wchp: { help: 'watches by path (costly)', answer: watchesByPath },
  wchs: { help: 'a summary of the watches', answer: watchSummary },
};

/** Finds words in the first bytes of a connection, and answers those that the whitelist allows. */
export class Words {
  readonly #whitelist: readonly string[];
  readonly #survey: () => Surveyed;
  #traceMask = DEFAULT_TRACE_MASK;

  constructor(whitelist: readonly string[], survey: () => Surveyed) {
    this.#whitelist = whitelist;
    this.#survey = survey;
  }

  /** The word that `head` (four bytes or more) begins with; null when it is the length of a frame. */
  find(head: Buffer): string | null {
    // The length of a sane frame begins with a byte far below the letters: nothing else is looked at.
    if (head.readUInt8(0) < 0x61) return null;
    const word = head.toString('latin1', 0, 4);
    return Object.hasOwn(words, word) ? word : null;
  }

  /** Bytes of the whole question. */
  sizeOf(word: string): number {
    return word === SET_TRACE_MASK && this.#isAllowed(word) ? 12 : 4;
  }

  /** @param question begins with the word; `sizeOf` bytes of it are there */
  answer(word: string, question: Buffer): string {
    const server = this.#survey();
    server.replica.stats.received++;
    const text = this.#answer(word, question, server);
    server.replica.stats.sent++;
    return text;
  }

  #answer(word: string, question: Buffer, server: Surveyed): string {
    const row = words[word];
    if (row === undefined || !this.#isAllowed(word)) return refusal(word);
    if (word === SET_TRACE_MASK) this.#traceMask = question.readBigInt64BE(4);
    if (server.replica.isServing) return row.answer(server, this.#traceMask);
    return row.withoutService?.(server, this.#traceMask) ?? NOT_SERVING;
  }

  #isAllowed(word: string): boolean {
    return word === 'srvr' || this.#whitelist.includes('*') || this.#whitelist.includes(word);
  }
}

/** Apache's line, and behind it the key that would allow the word. */
const refusal = (word: string): string =>
  `${word} is not executed because it is not in the whitelist.\nTo allow it, add ${word} to 4lw.commands.whitelist in the server's configuration file.\n`;
