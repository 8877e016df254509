// Whole conversations of Apache's clients with Apache's server, held with our replica in the server's place.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Reader } from '../../src/wire/bytes.ts';
import {
  GetAclResponse,
  GetChildrenResponse,
  GetEphemeralsResponse,
  WhoAmIResponse,
} from '../../src/wire/client.ts';
import { MultiResponse } from '../../src/wire/multi.ts';
import { OpCode } from '../../src/wire/opcodes.ts';
import type { Codec } from '../../src/wire/record.ts';
import { type LoneClient, LoneServer } from '../support/loneServer.ts';

interface Row {
  from: 'client' | 'server';
  connection: number;
  hex: string;
  what: string;
  close?: boolean;
}

const read = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8')) as T;
const subjects = read<Record<string, { note: string; settings: string[] }>>('./conversations.json');

/** Times of the captures and of the virtual clock, on whole bytes. */
const TIME = /^(?:000001a1f[0-9a-f]{7}|0000018bcf[0-9a-f]{6})/;

/** The frame with times replaced. */
function timeless(hex: string): string {
  let shown = '';
  for (let at = 0; at < hex.length; ) {
    const isTime = TIME.test(hex.slice(at, at + 16));
    shown += isTime ? '<--- time --->' : hex.slice(at, at + 2);
    at += isTime ? 16 : 2;
  }
  return shown;
}

/** The lists in replies that come in the order of a hash in Apache's server. */
const LISTS: Readonly<Record<number, Codec<object>>> = {
  [OpCode.getAcl]: GetAclResponse,
  [OpCode.getChildren]: GetChildrenResponse,
  [OpCode.getChildren2]: GetChildrenResponse,
  [OpCode.getEphemerals]: GetEphemeralsResponse,
  [OpCode.whoAmI]: WhoAmIResponse,
  [OpCode.multiRead]: { read: (r) => ({ results: MultiResponse.read(r) }), write: () => {} },
};

const byText = (a: string, b: string): number => (a < b ? -1 : 1);

const asText = (value: unknown): string =>
  JSON.stringify(value, (key, field: unknown) => {
    if (typeof field === 'bigint') return String(field);
    if (key === 'children' && Array.isArray(field)) return field.map(String).toSorted(byText);
    return key === 'ctime' || key === 'mtime' ? 'time' : field;
  });

/** A frame without what varies: times are masked, lists out of a hash sorted. */
function comparable(hex: string, opcode: number | undefined): string {
  const codec = opcode === undefined ? undefined : LISTS[opcode];
  if (codec === undefined || hex.length < 56) return timeless(hex);
  const reader = new Reader(Buffer.from(hex, 'hex'), 20);
  const record = codec.read(reader);
  const list = (Object.values(record)[0] ?? []) as unknown[];
  // The results of a multiRead are in order, only the children in them are not.
  const texts = list.map(asText);
  const shown = opcode === OpCode.multiRead ? texts : texts.toSorted(byText);
  return `${hex.slice(0, 40)} ${shown.join(' ')} ${timeless(hex.slice(2 * reader.position))}`;
}

interface Difference {
  readonly why: string;
  /** The request (connection and what) that the difference follows on. */
  readonly after: string;
  /** What we send instead of one frame of Apache's, and to whom. */
  readonly connection: number;
  readonly ours: readonly string[];
}

/** Where we answer otherwise on purpose. */
const decided: Readonly<Record<string, readonly Difference[]>> = {
  acl: [
    {
      why: 'a Stat is not for those who may not read (ZOOKEEPER-2590): NoAuth',
      after: '2 exists xid 7',
      connection: 2,
      ours: ['00000010000000070000000000000008ffffff9a'],
    },
  ],
  persistentWatches: [
    {
      why: 'a persistent watch beside a recursive one does not replace it (ZOOKEEPER-4466)',
      after: '2 delete xid 15',
      connection: 1,
      ours: [
        '00000020ffffffffffffffffffffffff000000000000000200000003000000042f722f63',
        '0000001effffffffffffffffffffffff000000000000000400000003000000022f72',
      ],
    },
  ],
};

/** Server and clients of one conversation, and what came that has not been compared yet. */
class Stage {
  readonly server: LoneServer;
  readonly #clients = new Map<number, LoneClient>();
  readonly #frames = new Map<number, string[]>();
  /** Opcode of each request, by connection and xid. */
  readonly #asked = new Map<string, number>();

  constructor(settings: readonly string[], firstSession: bigint) {
    this.server = new LoneServer({
      tickTime: 2000,
      extendedTypes: settings.includes('extendedTypesEnabled=true'),
      enforceQuota: settings.includes('enforceQuota=true'),
      reconfigEnabled: settings.includes('reconfigEnabled=true'),
      firstSessionId: firstSession,
    });
  }

  client(connection: number): LoneClient {
    const known = this.#clients.get(connection);
    if (known !== undefined) return known;
    const client = this.server.connect();
    this.#clients.set(connection, client);
    this.#frames.set(connection, []);
    return client;
  }

  send({ connection, hex, close }: Row): void {
    const client = this.client(connection);
    if (close === true) {
      this.server.drop(client);
      return;
    }
    if (client.isClosed) return;
    this.#asked.set(`${connection} ${hex.slice(8, 16)}`, Buffer.from(hex, 'hex').readInt32BE(8));
    this.server.send(client, hex);
  }

  /** Lets time pass until `isDone`, for at most a minute. */
  #wait(isDone: () => boolean): void {
    for (let second = 0; second < 60 && !isDone(); second++) this.server.pass(1000);
  }

  isClosed(connection: number): boolean {
    const client = this.client(connection);
    this.#wait(() => client.isClosed);
    return client.isClosed;
  }

  /** The next frame for a connection, '' when none comes. */
  next(connection: number): string {
    const client = this.client(connection);
    const frames = this.#frames.get(connection) ?? [];
    const gather = () => frames.push(...client.frames());
    gather();
    this.#wait(() => frames.length > 0 || gather() > 0);
    return frames.shift() ?? '';
  }

  shown(connection: number, hex: string): string {
    return comparable(hex, this.#asked.get(`${connection} ${hex.slice(8, 16)}`));
  }

  /** Frames that nobody expected. */
  rest(): string[] {
    return [...this.#clients].flatMap(([connection, client]) => [
      ...(this.#frames.get(connection) ?? []),
      ...client.frames(),
    ]);
  }
}

describe('conversations', () => {
  for (const [name, { note, settings }] of Object.entries(subjects)) {
    it(`${name}: ${note}`, () => {
      const rows = read<Row[]>(`./conversations/${name}.json`);
      const hello = rows.find(({ from }) => from === 'server')?.hex ?? '';
      const stage = new Stage(settings, BigInt(`0x${hello.slice(24, 40)}`));
      const open: Difference[] = [];
      for (const row of rows) {
        const { from, connection, hex, what, close } = row;
        const label = `${connection} ${what}`;
        if (from === 'client') {
          stage.send(row);
          open.push(...(decided[name] ?? []).filter(({ after }) => after === label));
        } else if (close === true) expect(stage.isClosed(connection), label).toBe(true);
        else {
          const at = open.findIndex((difference) => difference.connection === connection);
          const wanted = at < 0 ? [hex] : (open.splice(at, 1)[0]?.ours ?? []);
          const found = wanted.map(() => stage.shown(connection, stage.next(connection)));
          expect(found, label).toEqual(wanted.map((one) => stage.shown(connection, one)));
          if (at >= 0) expect(found, 'no difference any more').not.toEqual([hex]);
        }
      }
      expect(stage.rest()).toEqual([]);
      expect(open).toEqual([]);
    });
  }
});
