// Hostile and odd frames are answered byte for byte as Apache's server answered them.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decidedFrames } from '../support/decidedFrames.ts';
import { type LoneClient, LoneServer } from '../support/loneServer.ts';

interface Case {
  name: string;
  note: string;
  settings?: string[];
  setup?: string[];
  labels: string[];
  send: string[];
  expect: string[][];
  mask: { step: number; reply: number; from: number; to: number; what: string }[];
  raw?: boolean;
  serverDies?: boolean;
}

const cases = JSON.parse(
  readFileSync(new URL('./rawFrames.json', import.meta.url), 'utf8'),
) as Case[];

function blank(hex: string, masks: { from: number; to: number }[]): string {
  let text = hex;
  for (const { from, to } of masks) {
    text = text.slice(0, from * 2) + 'x'.repeat((to - from) * 2) + text.slice(to * 2);
  }
  return text;
}

function credentials(frame: string): { session: string; password: string } {
  return { session: frame.slice(24, 40), password: frame.slice(48, 80) };
}

function answersOf(golden: Case): string[][] {
  // The id of Apache's session: then the passwords must be equal, too.
  const first = (golden.setup === undefined ? golden.expect[0]?.[0] : undefined) ?? '';
  const server = new LoneServer({
    ...(first.length === 82 ? { firstSessionId: BigInt(`0x${first.slice(24, 40)}`) } : {}),
    extendedTypes: golden.settings?.includes('extendedTypesEnabled=true') ?? false,
  });
  let session = '';
  let password = '';
  let client: LoneClient = server.connect();
  for (const frame of golden.setup ?? []) {
    if (frame.startsWith('wait')) {
      server.pass(60_000);
      continue;
    }
    if (frame === 'drop') {
      server.drop(client);
      continue;
    }
    server.send(client, frame);
    const [first] = client.frames();
    if (first !== undefined && session === '') ({ session, password } = credentials(first));
  }
  if (golden.setup !== undefined) client = server.connect();
  return golden.send.map((bytes) => {
    const text = bytes.replaceAll('<session>', session).replaceAll('<password>', password);
    if (!client.isClosed) server.send(client, text);
    const frames = client.frames();
    return client.isClosed ? [...frames, 'close'] : frames;
  });
}

function masked(answers: string[][], golden: Case): string[][] {
  return answers.map((frames, step) =>
    frames.map((frame, reply) =>
      blank(
        frame,
        golden.mask.filter((m) => m.step === step && m.reply === reply),
      ),
    ),
  );
}

describe('raw frames', () => {
  for (const golden of cases) {
    const reason = decidedFrames.find(([pattern]) => pattern.test(golden.name))?.[1];
    // Words are answered by the network layer: see words.test.ts.
    if (/^word (?!in a session)/.test(golden.name)) continue;
    it(`${golden.name}${reason === undefined ? '' : ` (decided: ${reason})`}`, () => {
      const ours = masked(answersOf(golden), golden);
      const theirs = masked(golden.expect, golden);
      const told = (answers: string[][]) =>
        Object.fromEntries(golden.labels.map((label, i) => [`${i} ${label}`, answers[i] ?? []]));
      if (reason === undefined) expect(told(ours)).toEqual(told(theirs));
      else expect(ours).not.toEqual(theirs);
    });
  }
});
