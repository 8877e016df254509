// The texts of the four-letter words, held against those of Apache's server in the same states.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { RunningServer } from '../../src/server/foreground.ts';
import { startInProcess } from '../support/inProcess.ts';
import { RawConnection } from '../support/rawConnection.ts';
import {
  addWatchFrame,
  authFrame,
  connectFrame,
  createFrame,
  existsFrame,
  getChildrenFrame,
  getDataFrame,
} from '../support/requestFrames.ts';

interface Asked {
  word: string;
  text: string;
}
interface State {
  state: string;
  words: Record<string, string> | Asked[];
}

const states = JSON.parse(
  readFileSync(new URL('./words.json', import.meta.url), 'utf8'),
) as State[];

/** The words of a state in the order in which they were asked. */
function asked(state: string): Asked[] {
  const words = states.find((row) => row.state.startsWith(state))?.words;
  if (words === undefined) throw new Error(`no state ${state}`);
  if (Array.isArray(words)) return words;
  return Object.entries(words).map(([word, text]) => ({ word, text }));
}

/** Values that another machine, moment or release changes; names, order and layout are compared. */
const masks: [RegExp, string][] = [
  [/3\.8\.0-.*/g, 'VERSION'],
  [/(127\.0\.0\.1):\d+/g, '$1:PORT'],
  [/expire at .* UTC \d{4}/g, 'expire at DATE'],
  [/\b(est|lresp|llat|minlat|avglat|maxlat)=\d+/g, '$1=N'],
  [/max: \d+\/\d+\.\d+\/\d+/g, 'max: N/N/N'],
  [/^(Received|Sent): \d+$/gm, '$1: N'],
  [/^(data|log)dir_size: \d+$/gm, '$1dir_size: N'],
  [/^(clientPort|dataDirSize|dataLogSize)=\d+$/gm, '$1=N'],
  [/^(dataDir|dataLogDir)=.*(\/version-2)$/gm, '$1=DIR$2'],
];

/** Decided differences: word -> what is taken out of both texts, and why. */
const decided: Record<string, [RegExp, string][]> = {
  // Apache's expiry queue still lists the buckets that sessions have moved away from.
  dump: [
    [/^0 expire at .*\n/gm, ''],
    [/^Session Sets \(\d+\)/gm, 'Session Sets (N)'],
  ],
  // Facts about the Java machine, whose place facts about Node take.
  envi: [
    [/^(java|node)\..*\n/gm, ''],
    [/=.*$/gm, '=VALUE'],
  ],
};

/** Sets and maps of Java come in the order of hashes. */
const unordered = new Set(['cons', 'stat', 'wchc', 'wchp', 'dump']);

function shape(word: string, text: string): string {
  let shown = text;
  for (const [pattern, by] of [...(decided[word] ?? []), ...masks]) {
    shown = shown.replace(pattern, by);
  }
  // Sessions by the order of their ids: 0, 1, 2.
  const ids = [...new Set(shown.match(/0x[0-9a-f]{15,16}\b/g))].filter((id) => id.length < 18);
  const inOrder = ids.toSorted((a, b) => (a < b ? -1 : 1));
  for (const [i, id] of inOrder.entries()) shown = shown.replaceAll(id, `SESSION${i}`);
  return unordered.has(word) ? shown.split('\n').toSorted().join('\n') : shown;
}

/** Opens a connection, writes the pieces one after another, and gives what came until the close. */
async function ask(port: number, ...pieces: (string | Buffer)[]): Promise<string> {
  const link = await RawConnection.open(port);
  for (const piece of pieces) link.send(Buffer.from(piece as string, 'latin1'));
  return link.untilClosed();
}

/** As the capture did it: `stmk` with a mask of ten. */
const askWord = (port: number, word: string): Promise<string> =>
  ask(port, word === 'stmk' ? `stmk${'\0'.repeat(7)}\n` : word);

let server: RunningServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function started(...lines: string[]): Promise<number> {
  server = await startInProcess('tickTime=2000', ...lines);
  return server.port;
}

/** The three sessions, three ephemerals and five watches of the capture. */
async function populate(port: number): Promise<void> {
  const links: RawConnection[] = [];
  for (const timeout of [30_000, 20_000, 4000]) {
    const link = await RawConnection.open(port);
    link.send(Buffer.from(connectFrame({ timeout }), 'hex'));
    await link.replies(1, false);
    links.push(link);
  }
  const [first, second] = links;
  const requests = async (link: RawConnection | undefined, frames: string[]) => {
    for (const frame of frames) {
      link?.send(Buffer.from(frame, 'hex'));
      await link?.replies(1, false);
    }
  };
  await requests(first, [
    createFrame(1, '/app', 'data'),
    createFrame(2, '/app/e1', '', 1),
    createFrame(3, '/app/e2', '', 3),
    getDataFrame(4, '/app', true),
    getChildrenFrame(5, '/app', true),
    existsFrame(6, '/missing', true),
  ]);
  await requests(second, [
    createFrame(1, '/e3', 'x', 1),
    getDataFrame(2, '/app', true),
    addWatchFrame(3, '/app', 0),
    getDataFrame(4, '/nope'),
    authFrame('digest', 'a:b'),
  ]);
}

const isMonitor = (word: string): boolean => word.trim() === 'mntr';

async function compare(port: number, state: string): Promise<void> {
  const ours: Asked[] = [];
  const theirs: Asked[] = [];
  for (const { word, text } of asked(state)) {
    const answer = await askWord(port, word);
    if (isMonitor(word)) continue;
    const name = word.trim();
    ours.push({ word, text: shape(name, answer) });
    theirs.push({ word, text: shape(name, text) });
  }
  expect(ours).toEqual(theirs);
}

describe('four-letter words', () => {
  it('of a fresh server are as Apache prints them', async () => {
    await compare(await started('4lw.commands.whitelist=*'), 'fresh');
  });

  it('of a server in use, and odd spellings of them, are as Apache prints them', async () => {
    const port = await started('4lw.commands.whitelist=*');
    await populate(port);
    await compare(port, 'three sessions');
    await compare(port, 'odd spellings');
  });

  it('show the settings that are set', async () => {
    const port = await started(
      '4lw.commands.whitelist=srvr,isro,wchs,dump,cons,conf,mntr',
      'maxSessionTimeout=60000',
      'minSessionTimeout=1000',
    );
    await compare(port, 'more settings');
  });

  it('outside the whitelist are refused in words of Apache, and told how to be allowed', async () => {
    const port = await started('4lw.commands.whitelist=srvr, isro');
    for (const { word, text } of asked('4lw.commands.whitelist=srvr, isro')) {
      const answer = await askWord(port, word);
      if (!text.includes('not executed')) expect(shape(word, answer)).toBe(shape(word, text));
      else {
        expect(answer).toBe(
          `${text}To allow it, add ${word} to 4lw.commands.whitelist in the server's configuration file.\n`,
        );
      }
    }
  });

  it('with an empty whitelist are all refused but srvr', async () => {
    const port = await started('4lw.commands.whitelist=');
    expect(await ask(port, 'srvr')).toContain('Mode: standalone');
    expect(await ask(port, 'ruok')).toMatch(/^ruok is not executed because/);
  });

  it('are understood byte by byte, and with anything behind them', async () => {
    const port = await started('4lw.commands.whitelist=*');
    const link = await RawConnection.open(port);
    for (const letter of 'ruo') {
      link.send(Buffer.from(letter));
      await RawConnection.open(port).then((other) => other.end());
    }
    link.send(Buffer.from('k'));
    expect(await link.untilClosed()).toBe('imok');
    expect(await ask(port, 'ruok\r\n')).toBe('imok');
    expect(await ask(port, 'ruokstat')).toBe('imok');
    expect(await ask(port, 'isro', 'garbage'.repeat(1000))).toBe('rw');
  });

  it('are answered to a client that ends its side at once, as netcat does', async () => {
    const port = await started('4lw.commands.whitelist=*');
    const answer = await new Promise<string>((resolve, reject) => {
      let text = '';
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('end', () => resolve(text));
      socket.on('error', reject);
      socket.end('envi');
    });
    expect(answer).toContain('os.memory.total=');
  });

  it('stmk takes its eight bytes in any pieces, and a negative mask', async () => {
    const port = await started('4lw.commands.whitelist=*');
    expect(await ask(port, 'st', 'mk', '\0\0\0', '\0\0\0', '\x01\x02')).toBe('258');
    expect(await ask(port, 'gtmk')).toBe('258');
    expect(await ask(port, `stmk${'\xff'.repeat(8)}more`)).toBe('-1');
  });
});

describe('mntr', () => {
  const values = (text: string): Map<string, string> =>
    new Map(
      text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.split('\t') as [string, string]),
    );
  const theirs = values(asked('three sessions').find(({ word }) => word === 'mntr')?.text ?? '');
  /** Apache's first block, before its counters and histograms. */
  const gauges = [...theirs.keys()].slice(0, 26);

  it('has names of Apache only, in its order, and all gauges but those about TLS', async () => {
    const port = await started('4lw.commands.whitelist=*');
    const ours = [...values(await ask(port, 'mntr')).keys()];
    expect(ours).toEqual([...theirs.keys()].filter((name) => ours.includes(name)));
    const missing = gauges.filter((name) => !ours.includes(name));
    expect(missing).toEqual([
      'zk_non_mtls_remote_conn_count',
      'zk_outstanding_tls_handshake',
      'zk_non_mtls_local_conn_count',
    ]);
  });

  it('tells the same of the same state', async () => {
    const port = await started('4lw.commands.whitelist=*');
    await populate(port);
    const ours = values(await ask(port, 'mntr'));
    for (const name of [
      'zk_server_state',
      'zk_ephemerals_count',
      'zk_num_alive_connections',
      'zk_outstanding_requests',
      'zk_znode_count',
      'zk_global_sessions',
      'zk_last_client_response_size',
      'zk_max_client_response_size',
      'zk_min_client_response_size',
      'zk_connection_drop_probability',
      'zk_watch_count',
      'zk_approximate_data_size',
      'zk_auth_failed_count',
    ]) {
      expect(`${name} ${ours.get(name)}`).toBe(`${name} ${theirs.get(name)}`);
    }
  });

  it('prints every number as Apache does: whole, or with a point', async () => {
    const port = await started('4lw.commands.whitelist=*');
    await populate(port);
    for (const [name, value] of values(await ask(port, 'mntr'))) {
      if (name === 'zk_version' || name === 'zk_server_state') continue;
      const isDecimal = theirs.get(name)?.includes('.') ?? false;
      expect(`${name} ${value}`).toMatch(isDecimal ? / \d+\.\d+$/ : / -?\d+$/);
    }
  });
});
