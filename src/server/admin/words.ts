// The four-letter words: what a client may ask a server by sending four letters and nothing else.
import { hex0x } from '../../base/ids.ts';
import type { Connection } from '../../replica/connection.ts';
import type { Replica } from '../../replica/replica.ts';
import { environment } from './environment.ts';
import { monitorValues } from './monitor.ts';

/** What the words look at. */
export interface Surveyed {
  readonly replica: Replica;
  readonly version: string;
  /** `standalone`, and the roles of an ensemble. */
  readonly mode: string;
  readonly connections: Iterable<Connection>;
  readonly connectionCount: number;
  /** key=value lines of `conf`, in order. */
  settings(): (readonly [string, string | number])[];
  /** Bytes on disk. */
  sizes(): { readonly snapshots: number; readonly logs: number };
  /** Monotonic ms since the server serves. */
  readonly uptime: number;
}

interface Word {
  readonly help: string;
  /** Ends with a newline where the original's does. */
  answer(server: Surveyed): string;
}

/** A Java double as Java prints it, to four digits. */
const decimal = (value: number): string => {
  const rounded = Math.round(value * 10_000) / 10_000;
  return Number.isInteger(rounded) ? `${rounded}.0` : String(rounded);
};

function serverStats({ replica, connectionCount, mode }: Surveyed): string {
  const { stats, state } = replica;
  return [
    `Latency min/avg/max: ${stats.minLatency}/${decimal(stats.averageLatency)}/${stats.maxLatency}`,
    `Received: ${stats.received}`,
    `Sent: ${stats.sent}`,
    `Connections: ${connectionCount}`,
    `Outstanding: ${replica.outstanding}`,
    `Zxid: ${hex0x(state.lastZxid)}`,
    `Mode: ${mode}`,
    `Node count: ${state.tree.nodeCount}`,
    '',
  ].join('\n');
}

/** One line of `stat` (brief) or `cons`. */
function connectionLine(connection: Connection, isBrief: boolean): string {
  const { stats } = connection;
  // 1: interested in reading, as a selector would be; 0 while it is not read.
  const interest = connection.isStalled ? '0' : '1';
  const queued = connection.waiting.length;
  const head = ` /${connection.peer}[${interest}](queued=${queued},recved=${stats.received},sent=${stats.sent}`;
  if (isBrief || connection.session === 0n) return `${head})`;
  const lastCxid = stats.lastCxid >= 0 ? `,lcxid=0x${stats.lastCxid.toString(16)}` : '';
  const average = stats.answered === 0 ? 0 : Math.trunc(stats.totalLatency / stats.answered);
  return [
    `${head},sid=${hex0x(connection.session)},lop=${stats.lastOperation}`,
    `,est=${connection.openedWall},to=${connection.timeout}${lastCxid}`,
    `,lzxid=${hex0x(stats.lastZxid)},lresp=${Math.trunc(stats.lastResponse)},llat=${stats.lastLatency}`,
    `,minlat=${stats.answered === 0 ? 0 : stats.minLatency},avglat=${average},maxlat=${stats.maxLatency})`,
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
  return `${connections} connections watching ${paths} paths\nTotal watches:${watches}\n\n`;
}

/** Java's Date.toString, in UTC. */
function javaDate(ms: number): string {
  const [day, date, month, year, time] = new Date(ms).toUTCString().replace(',', '').split(' ');
  return `${day} ${month} ${date} ${time} UTC ${year}`;
}

/** What expires when, soonest first (Apache's ExpiryQueue.dump). `items` are [monotonic ms, line]. */
function expiryLines(items: Iterable<readonly [number, string]>, replica: Replica): string[] {
  const groups = new Map<number, string[]>();
  let count = 0;
  for (const [at, line] of items) {
    const group = groups.get(at);
    if (group === undefined) groups.set(at, [line]);
    else group.push(line);
    count++;
  }
  const { wall, monotonic } = replica.now;
  const lines = [`Sets (${groups.size})/(${count}):`];
  for (const [at, group] of [...groups].sort(([a], [b]) => a - b)) {
    lines.push(`${group.length} expire at ${javaDate(wall - monotonic + at)}:`);
    for (const line of group) lines.push(`\t${line}`);
  }
  return lines;
}

function dump({ replica, connections }: Surveyed): string {
  const sessions = [...replica.tracker.values()].map(
    ({ id, expiresAt }) => [expiresAt, hex0x(id)] as const,
  );
  const clients = [...connections].map((connection) => {
    const expires = replica.tracker.get(connection.session)?.expiresAt ?? connection.opened;
    const line = `ip: /${connection.peer} sessionId: ${hex0x(connection.session)}`;
    return [expires, line] as const;
  });
  const { ephemerals } = replica.state.tree;
  const lines = ['SessionTracker dump:', `Session ${expiryLines(sessions, replica).join('\n')}`];
  lines.push('ephemeral nodes dump:', `Sessions with Ephemerals (${ephemerals.size}):`);
  for (const [session, paths] of ephemerals) {
    lines.push(`${hex0x(session)}:`, ...[...paths].map((path) => `\t${path}`));
  }
  lines.push('Connections dump:', `Connections ${expiryLines(clients, replica).join('\n')}`);
  return `${lines.join('\n')}\n`;
}

export const words: Readonly<Record<string, Word>> = {
  conf: {
    help: 'the configuration in use',
    answer: (server) =>
      server
        .settings()
        .map(([key, value]) => `${key}=${value}\n`)
        .join(''),
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
  envi: { help: 'the environment of the process', answer: ({ version }) => environment(version) },
  gtmk: { help: 'the trace mask', answer: () => String(traceMask) },
  hash: {
    help: 'digests of the tree, by zxid',
    answer: ({ replica }) =>
      replica.digestLog.entries.map(({ zxid, digest }) => `${hex0x(zxid)}: ${digest}\n`).join(''),
  },
  isro: { help: 'rw, or ro in read-only mode', answer: () => 'rw' },
  mntr: {
    help: 'counters, one per line, for monitoring',
    answer: (server) =>
      monitorValues(server)
        .map(([key, value]) => `zk_${key}\t${value}\n`)
        .join(''),
  },
  ruok: { help: 'imok while the server runs', answer: () => 'imok' },
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
  },
  stat: {
    help: 'the server, its counters and its clients',
    answer: (server) =>
      `Zookeeper version: ${server.version}\nClients:\n${connectionLines(server, true)}${serverStats(server)}`,
  },
  wchc: { help: 'watches by session (costly)', answer: watchesByConnection },
  wchp: { help: 'watches by path (costly)', answer: watchesByPath },
  wchs: { help: 'a summary of the watches', answer: watchSummary },
};

/** `stmk` is followed by eight bytes, the new mask; the value is kept for `gtmk`, nothing else looks at it. */
export const SET_TRACE_MASK = 'stmk';
let traceMask = 306n;

export function setTraceMask(mask: bigint): string {
  traceMask = mask;
  return String(mask);
}

/** The answer to `word`, null when it is none: then the bytes are the length of a frame. */
export function answerWord(
  word: string,
  whitelist: readonly string[],
  server: Surveyed,
): string | null {
  const row = Object.hasOwn(words, word) ? words[word] : undefined;
  if (row === undefined) return null;
  if (!isAllowed(word, whitelist)) return refusal(word);
  return row.answer(server);
}

export const isAllowed = (word: string, whitelist: readonly string[]): boolean =>
  word === 'srvr' || whitelist.includes('*') || whitelist.includes(word);

/** Apache's line, and behind it the key that would allow the word. */
export const refusal = (word: string): string =>
  `${word} is not executed because it is not in the whitelist.\nTo allow it, add ${word} to 4lw.commands.whitelist in the server's configuration file.\n`;
