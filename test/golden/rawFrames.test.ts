// Hostile and odd frames are answered byte for byte as Apache's server answered them.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
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

/** Where we answer otherwise on purpose: case name (a pattern) -> why. */
const decided: [RegExp, string][] = [
  [
    /^opcodes without body \(3\)$|^opcodes with a path and zeros \(2\)$/,
    'createSession is no request of a client: Unimplemented, where Apache makes a session out of it',
  ],
  [
    /^opcodes without body \(14\)$|^opcodes with a path and zeros \(13\)$/,
    "deleteContainer is the server's own: Unimplemented",
  ],
  [
    /^opcodes without body \(25\)$|^opcodes with a path and zeros \(24\)$|^sasl$/,
    'SASL is refused with AuthFailed; Apache answers an empty token from a NullPointerException',
  ],
  [/^opcode 13 check$/, 'ZOOKEEPER-2623: a check alone is Unimplemented, and is not logged'],
  [
    /^paths of getChildren2?$/,
    "order of children: ours is that of their creation, Apache's of a hash",
  ],
  [
    /^paths of getAllChildrenNumber$/,
    'the empty path is the root, with as many below it; Apache counts the root under itself',
  ],
  [
    /^paths of sync$/,
    'a path outside the BMP is answered as it was sent; Apache encodes each surrogate',
  ],
  [
    /^paths of checkWatches$/,
    'a path without a slash has no watch (NoWatcher); Apache fails on it',
  ],
  [
    /^bodies cut \(6\)$/,
    'a reconfig that cannot be read takes a zxid like every other refused write',
  ],
  [/^inner counts$/, 'null vectors in setWatches are empty; Apache fails on them'],
  [
    /^(setACL|ACLs) with(out)? auth$/,
    "a null id is InvalidACL, not an error of Apache's reader; IPv6 addresses are valid (ZOOKEEPER-4240)",
  ],
  [
    /^auth( \(2\))?$/,
    "ids are listed in the order in which they were proved, Apache's in that of a hash",
  ],
  [
    /^watch requests$/,
    'persistent and recursive watches on one path are two (ZOOKEEPER-4466), with types of their own (3.9)',
  ],
  [/^setWatches with bad paths$/, "the order of events is that of the request, Apache's of a hash"],
  [
    /^multi$|^multiRead$/,
    'a null path or a write among reads is MarshallingError without the empty list behind it',
  ],
];

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
    const reason = decided.find(([pattern]) => pattern.test(golden.name))?.[1];
    // Words are answered by the network layer: see the interop suite.
    if (golden.name.includes('word')) continue;
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
