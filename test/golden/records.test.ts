// Every record of the client protocol, decoded from and encoded to the bytes that Apache's code wrote.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Reader, WireError, Writer } from '../../src/wire/bytes.ts';
import * as client from '../../src/wire/client.ts';
import { Acl, ClientInfo, Id, Stat } from '../../src/wire/data.ts';
import { MultiRequest, MultiResponse } from '../../src/wire/multi.ts';
import type { Codec } from '../../src/wire/record.ts';

interface Golden {
  record: string;
  fields: Record<string, unknown>;
  hex: string;
  readBack?: Record<string, unknown>;
}

const rows = JSON.parse(
  readFileSync(new URL('./records.json', import.meta.url), 'utf8'),
) as Golden[];

const codecs: Record<string, Codec<any>> = {
  'data.Id': Id,
  'data.ACL': Acl,
  'data.Stat': Stat,
  'data.ClientInfo': ClientInfo,
  'proto.ConnectRequest': client.ConnectRequest,
  'proto.ConnectResponse': client.ConnectResponse,
  'proto.RequestHeader': client.RequestHeader,
  'proto.ReplyHeader': client.ReplyHeader,
  'proto.MultiHeader': client.MultiHeader,
  'proto.WatcherEvent': client.WatcherEvent,
  'proto.AuthPacket': client.AuthPacket,
  'proto.SetWatches': client.SetWatches,
  'proto.SetWatches2': client.SetWatches2,
  'proto.ExistsRequest': client.PathWatchRequest,
  'proto.GetDataRequest': client.PathWatchRequest,
  'proto.GetChildrenRequest': client.PathWatchRequest,
  'proto.GetChildren2Request': client.PathWatchRequest,
  'proto.GetACLRequest': client.PathRequest,
  'proto.SyncRequest': client.PathRequest,
  'proto.GetAllChildrenNumberRequest': client.PathRequest,
  'proto.DeleteRequest': client.PathVersionRequest,
  'proto.CheckVersionRequest': client.PathVersionRequest,
  'proto.CreateRequest': client.CreateRequest,
  'proto.CreateTTLRequest': client.CreateTtlRequest,
  'proto.SetDataRequest': client.SetDataRequest,
  'proto.SetACLRequest': client.SetAclRequest,
  'proto.ReconfigRequest': client.ReconfigRequest,
  'proto.AddWatchRequest': client.AddWatchRequest,
  'proto.CheckWatchesRequest': client.WatchesRequest,
  'proto.RemoveWatchesRequest': client.WatchesRequest,
  'proto.GetEphemeralsRequest': client.GetEphemeralsRequest,
  'proto.GetSASLRequest': client.SaslRequest,
  'proto.SetSASLRequest': client.SaslRequest,
  'proto.SetSASLResponse': client.SaslResponse,
  'proto.ExistsResponse': client.StatResponse,
  'proto.SetDataResponse': client.StatResponse,
  'proto.SetACLResponse': client.StatResponse,
  'proto.CreateResponse': client.PathResponse,
  'proto.SyncResponse': client.PathResponse,
  'proto.Create2Response': client.Create2Response,
  'proto.GetDataResponse': client.GetDataResponse,
  'proto.GetChildrenResponse': client.GetChildrenResponse,
  'proto.GetChildren2Response': client.GetChildren2Response,
  'proto.GetAllChildrenNumberResponse': client.GetAllChildrenNumberResponse,
  'proto.GetACLResponse': client.GetAclResponse,
  'proto.GetEphemeralsResponse': client.GetEphemeralsResponse,
  'proto.WhoAmIResponse': client.WhoAmIResponse,
  'proto.ErrorResponse': client.ErrorResponse,
};

/** Records of the protocol that no 3.8 client or server sends. */
const unused = /^proto\.(Get|Set)MaxChildren(Request|Response)$/;

const TIMES = new Set(['ctime', 'mtime']);

/**
 * Java writes each half of a surrogate pair by itself; read back, these bytes are one U+FFFD to Java
 * and, as the standard for decoders has it, three to us.
 */
const halves = (value: string): string => value.replace(/[\ud800-\udfff\ufffd]+/g, '\ufffd');

/** What we read, in the notation of the captures. `readOnly` null: a ConnectRequest without it. */
function shown(value: unknown, key = ''): unknown {
  if (typeof value === 'bigint' || TIMES.has(key)) return String(value);
  if (value instanceof Uint8Array) return { hex: Buffer.from(value).toString('hex') };
  if (typeof value === 'string') return halves(value);
  if (Array.isArray(value)) return value.map((element) => shown(element));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([k, v]) => !(k === 'readOnly' && v === null));
  return Object.fromEntries(entries.map(([k, v]) => [k, shown(v, k)]));
}

const everyValue = (value: unknown): unknown[] =>
  typeof value === 'object' && value !== null
    ? [value, ...Object.values(value).flatMap(everyValue)]
    : [value];

const hasSurrogates = (fields: unknown): boolean =>
  everyValue(fields).some((value) => typeof value === 'string' && /[\ud800-\udfff]/.test(value));

/** Times are numbers to us: exact for 285,000 years around 1970. */
const hasUnsafeTime = (fields: unknown): boolean =>
  everyValue(fields).some((value) =>
    Object.entries(value ?? {}).some(([k, v]) => TIMES.has(k) && !Number.isSafeInteger(Number(v))),
  );

/** Vectors that are never null to us: -1 on the wire reads as empty. */
const LISTS =
  /^(dataWatches|existWatches|childWatches|persistent\w*Watches|children|ephemerals|clientInfo)$/;

/** A row as we see it: null lists are empty, times beyond 2^53 are rounded. */
function ours(value: unknown, key = ''): unknown {
  if (value === null && LISTS.test(key)) return [];
  if (typeof value === 'string' && !TIMES.has(key)) return halves(value);
  if (TIMES.has(key)) return String(Number(value as string));
  if (Array.isArray(value)) return value.map((element) => ours(element));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, ours(v, k)]));
}

const hasNullText = (fields: Record<string, unknown>): boolean =>
  Object.entries(fields).some(
    ([key, list]) => LISTS.test(key) && Array.isArray(list) && list.includes(null),
  );

describe('records of the protocol', () => {
  it('are all in the table', () => {
    const known = rows.map(({ record }) => record).filter((name) => /^(proto|data)\./.test(name));
    const missing = [...new Set(known)].filter((name) => codecs[name] === undefined);
    // StatPersisted is of snapshots: see storage.test.ts.
    expect(missing.filter((name) => !unused.test(name))).toEqual(['data.StatPersisted']);
  });

  for (const [name, codec] of Object.entries(codecs)) {
    const mine = rows.filter(({ record }) => record === name);
    it(`${name}: ${mine.length} of them`, () => {
      expect(mine.length).toBeGreaterThan(5);
      for (const row of mine) checkRow(codec, row);
    });
  }
});

function checkRow(codec: Codec<any>, { fields, hex, readBack }: Golden): void {
  const bytes = Buffer.from(hex, 'hex');
  const reader = new Reader(bytes);
  if (hasNullText(fields)) {
    expect(() => codec.read(reader)).toThrow(WireError);
    return;
  }
  const value = codec.read(reader);
  expect(shown(value)).toEqual(ours(readBack ?? fields));
  expect(reader.remaining).toBe(0);
  if (hasSurrogates(fields) || hasUnsafeTime(fields)) return;
  const writer = new Writer();
  codec.write(writer, value);
  const isExact = JSON.stringify(ours(fields)) === JSON.stringify(fields);
  if (isExact) expect(writer.copy().toString('hex')).toBe(hex);
  else expect(shown(codec.read(new Reader(writer.copy())))).toEqual(ours(fields));
}

describe('whole bodies and frames', () => {
  const bodies = (name: string) => rows.filter(({ record }) => record === `special.${name}`);

  interface Part {
    type: number;
    request?: { fields: unknown };
    result?: { fields: unknown };
  }

  for (const [name, codec] of [
    ['multiRequest', MultiRequest],
    ['multiReadRequest', MultiRequest],
  ] as const) {
    it(`${name} is read and written`, () => {
      expect(bodies(name).length).toBeGreaterThan(0);
      for (const { fields, hex } of bodies(name)) {
        const operations = codec.read(new Reader(Buffer.from(hex, 'hex')));
        const expected = (fields['ops'] as Part[]).map(({ type, request }) => ({
          type,
          request: request?.fields,
        }));
        expect(shown(operations)).toEqual(ours(expected));
        if (hasSurrogates(fields)) continue;
        const writer = new Writer();
        codec.write(writer, operations);
        expect(writer.copy().toString('hex')).toBe(hex);
      }
    });
  }

  for (const name of ['multiResponse', 'multiReadResponse']) {
    it(`${name} is read and written`, () => {
      expect(bodies(name).length).toBeGreaterThan(0);
      for (const { fields, hex } of bodies(name)) {
        const results = MultiResponse.read(new Reader(Buffer.from(hex, 'hex')));
        const expected = (fields['results'] as Part[]).map(({ type, result }) => ({
          type,
          ...(result?.fields as object),
        }));
        expect(shown(results)).toEqual(expected);
        const writer = new Writer();
        MultiResponse.write(writer, results);
        expect(writer.copy().toString('hex')).toBe(hex);
      }
    });
  }

  for (const [name, codec] of [
    ['connectRequestFrame', client.ConnectRequest],
    ['connectResponseFrame', client.ConnectResponse],
  ] as const) {
    it(`${name} is read and written, with and without readOnly`, () => {
      const flags = new Set<unknown>();
      for (const { fields, hex } of bodies(name)) {
        const bytes = Buffer.from(hex, 'hex');
        const value = codec.read(new Reader(bytes, 4));
        flags.add(value.readOnly);
        expect(value.readOnly).toBe(fields['readOnly']);
        expect(shown({ ...value, readOnly: null })).toEqual(fields['connect']);
        const writer = new Writer();
        const start = writer.beginFrame();
        codec.write(writer, value as never);
        writer.endFrame(start);
        expect(writer.copy().toString('hex')).toBe(hex);
      }
      expect(flags).toEqual(new Set([null, false, true]));
    });
  }

  it('strings read from any bytes are what Java reads', () => {
    for (const { fields, hex } of bodies('ustringRead')) {
      const text = new Reader(Buffer.from(hex, 'hex')).string() ?? '';
      expect(text.replace(/\ufffd+/g, '\ufffd'), hex).toBe(
        (fields.value as string).replace(/\ufffd+/g, '\ufffd'),
      );
    }
  });
});
