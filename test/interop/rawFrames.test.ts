// Hostile and odd frames: the server under test answers them byte for byte as Apache's server did.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { decidedFrames } from '../support/decidedFrames.ts';
import { describeWithPeers } from '../support/foreign.ts';
import { startInProcess } from '../support/inProcess.ts';
import { RawConnection } from '../support/rawConnection.ts';
import { defaults, serverUnderTest, startServer } from '../support/servers.ts';

interface Mask {
  readonly step: number;
  readonly reply: number;
  readonly from: number;
  readonly to: number;
}
interface Case {
  readonly name: string;
  readonly note: string;
  readonly settings?: string[];
  readonly setup?: string[];
  readonly labels: string[];
  readonly send: string[];
  readonly expect: string[][];
  readonly mask: Mask[];
  readonly raw?: boolean;
}

const file = join(import.meta.dirname, '../golden/rawFrames.json');
const cases: Case[] = JSON.parse(readFileSync(file, 'utf8'));

type Settings = Record<string, string | number | boolean>;

/** The settings under which the answers were captured. */
function captured(settings: string[] = []): Settings {
  const config: Settings = {
    tickTime: 2000,
    minSessionTimeout: 4000,
    maxSessionTimeout: 40_000,
    extendedTypesEnabled: false,
    'znode.container.checkIntervalMs': 60_000, // no deletion may take a zxid in between
  };
  for (const line of settings) {
    const [key = '', value = ''] = line.split('=');
    config[key] = value;
  }
  return config;
}

/** A new server for each case: its zxids count from 1. Ours needs no process of its own for that. */
async function startFresh(config: Settings): Promise<{ port: number; stop(): Promise<void> }> {
  if (serverUnderTest === 'apache') return startServer('apache', { config });
  const lines = Object.entries({ ...defaults, ...config }).map(([key, value]) => `${key}=${value}`);
  const server = await startInProcess(...lines);
  return { port: server.port, stop: () => server.close() };
}

function hide(reply: string, masks: Mask[]): string {
  let shown = reply;
  for (const { from, to } of masks) {
    // A reply of another length than the captured one may end before the mask does.
    if (2 * from >= shown.length) continue;
    shown = `${shown.slice(0, 2 * from)}<hidden>${'*'.repeat(2 * (to - from) - 8)}${shown.slice(2 * to)}`;
  }
  return shown;
}

/** Watch events that one request causes come in the order of a hash: their order is not compared. */
function normal(replies: string[], masks: (reply: number) => Mask[]): string[] {
  const shown = replies.map((reply, at) => (reply === 'close' ? reply : hide(reply, masks(at))));
  const isEvent = (reply: string) => reply.slice(8, 16) === 'ffffffff';
  return [
    ...shown.filter(isEvent).toSorted((a, b) => (a < b ? -1 : 1)),
    ...shown.filter((reply) => !isEvent(reply)),
  ];
}

/** The session of an earlier connection, for the cases that come back to it. */
async function prepare(port: number, setup: string[]) {
  const link = await RawConnection.open(port);
  let session = '';
  let password = '';
  for (const step of setup) {
    if (step === 'drop') link.end();
    else if (step.startsWith('wait')) {
      for (let i = 0; i < 10 && !link.isClosed; i++) await link.replies(1, false);
    } else {
      link.send(Buffer.from(step, 'hex'));
      const [reply = ''] = await link.replies(1, false);
      session ||= reply.slice(24, 40);
      password ||= reply.slice(48, 80);
    }
  }
  return { link, session, password };
}

async function replay(row: Case): Promise<{ seen: string[]; expected: string[] }> {
  const server = await startFresh(captured(row.settings));
  try {
    return await replayAt(server.port, row);
  } finally {
    await server.stop();
  }
}

async function replayAt(port: number, row: Case) {
  const before = await prepare(port, row.setup ?? []);
  const link = await RawConnection.open(port);
  const seen: string[] = [];
  const expected: string[] = [];
  for (const [step, bytes] of row.send.entries()) {
    const hex = bytes.replace('<session>', before.session).replace('<password>', before.password);
    link.send(Buffer.from(hex, 'hex'));
    const wanted = row.expect[step] ?? [];
    // A connect in single bytes must be done before the server loses its patience.
    const quiet = row.send.length > 40 && wanted.length === 0 ? 40 : 400;
    const got = await link.replies(wanted.length, row.raw === true, quiet);
    const masks = (reply: number) =>
      row.mask.filter((mask) => mask.step === step && mask.reply === reply);
    seen.push(`${row.labels[step]}: ${normal(got, masks).join(' ')}`);
    expected.push(`${row.labels[step]}: ${normal(wanted, masks).join(' ')}`);
    if (link.isClosed) break;
  }
  link.end();
  before.link.end();
  return { seen, expected };
}

describeWithPeers('raw frames', [], () => {
  for (const row of cases) {
    const decided = decidedFrames.find(([pattern]) => pattern.test(row.name))?.[1];
    const why = decided === undefined ? '' : ` (decided: ${decided})`;
    test.concurrent(`${row.name}: ${row.note}${why}`, async () => {
      const { seen, expected } = await replay(row);
      if (decided === undefined || serverUnderTest === 'apache') expect(seen).toEqual(expected);
      else expect(seen).not.toEqual(expected);
    });
  }
});
