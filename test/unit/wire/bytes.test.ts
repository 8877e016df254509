import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Reader, WireError, Writer } from '../../../src/wire/bytes.ts';

const int = fc.integer({ min: -0x80000000, max: 0x7fffffff });
const long = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n });
const bytes = fc.option(fc.uint8Array({ maxLength: 300 }));
/** Any text that is valid Unicode; what is not is replaced on the way. */
const text = fc.option(fc.string({ unit: 'binary', maxLength: 200 }));

/** One primitive: how it is written and read. */
const primitive = fc.oneof(
  int.map((value) => ({ kind: 'int' as const, value })),
  long.map((value) => ({ kind: 'long' as const, value })),
  fc.boolean().map((value) => ({ kind: 'boolean' as const, value })),
  bytes.map((value) => ({ kind: 'bytes' as const, value })),
  text.map((value) => ({ kind: 'string' as const, value })),
  fc.maxSafeInteger().map((value) => ({ kind: 'millis' as const, value })),
);
type Primitive = typeof primitive extends fc.Arbitrary<infer T> ? T : never;

function write(w: Writer, { kind, value }: Primitive): void {
  if (kind === 'int') w.int(value);
  else if (kind === 'long') w.long(value);
  else if (kind === 'boolean') w.boolean(value);
  else if (kind === 'bytes') w.bytes(value);
  else if (kind === 'string') w.string(value);
  else w.longFromNumber(value);
}

function read(r: Reader, kind: Primitive['kind']): unknown {
  switch (kind) {
    case 'int':
      return r.int();
    case 'long':
      return r.long();
    case 'boolean':
      return r.boolean();
    case 'bytes': {
      const found = r.bytes();
      return found === null ? null : Uint8Array.from(found);
    }
    case 'string':
      return r.string();
    case 'millis':
      return r.longAsNumber();
  }
}

describe('Reader and Writer', () => {
  it('give back any sequence of primitives, from any place in a buffer', () => {
    fc.assert(
      fc.property(fc.array(primitive), fc.nat(40), (values, before) => {
        const writer = new Writer(1);
        for (let i = 0; i < before; i++) writer.byte(i);
        for (const value of values) write(writer, value);
        const reader = new Reader().reset(writer.copy(), before);
        // -0 has no sign on the wire.
        for (const { kind, value } of values) {
          expect(read(reader, kind)).toEqual(Object.is(value, -0) ? 0 : value);
        }
        expect(reader.remaining).toBe(0);
      }),
    );
  });

  it('cut anywhere, throw WireError and never read past the end', () => {
    fc.assert(
      fc.property(fc.array(primitive, { minLength: 1, maxLength: 6 }), fc.nat(), (values, at) => {
        const writer = new Writer();
        for (const value of values) write(writer, value);
        const whole = writer.copy();
        const end = at % whole.length;
        // Behind the end stands something that must not be seen.
        const reader = new Reader().reset(whole, 0, end);
        const all = () => values.map(({ kind }) => read(reader, kind));
        expect(all).toThrow(WireError);
        expect(reader.position).toBeLessThanOrEqual(end);
      }),
    );
  });

  it('take any bytes as any primitives: a value or a WireError, nothing else', () => {
    const kinds = fc.array(primitive.map(({ kind }) => kind));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), kinds, (noise, wanted) => {
        const reader = new Reader(Buffer.from(noise));
        try {
          for (const kind of wanted) read(reader, kind);
          reader.count();
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
        expect(reader.position).toBeLessThanOrEqual(noise.length);
      }),
    );
  });

  it('a count never sizes an allocation beyond what is there', () => {
    const reader = new Reader(Buffer.from('7fffffff0000', 'hex'));
    expect(() => reader.count()).toThrow(WireError);
    expect(new Reader(Buffer.from('ffffffff', 'hex')).count()).toBe(-1);
    expect(new Reader(Buffer.from('80000000', 'hex')).count()).toBe(0);
  });

  it('a writer that gave its bytes away starts over without touching them', () => {
    const writer = new Writer(8);
    writer.string('first');
    const taken = writer.take();
    writer.string('second');
    expect(new Reader(taken).string()).toBe('first');
    expect(new Reader(writer.copy()).string()).toBe('second');
  });

  it('a frame may be taken back, and its length is what follows it', () => {
    const writer = new Writer(4);
    writer.int(7);
    const start = writer.beginFrame();
    writer.string('x'.repeat(5000));
    writer.reset(start);
    const again = writer.beginFrame();
    writer.int(1);
    writer.int(2);
    writer.endFrame(again);
    expect(writer.copy().toString('hex')).toBe('00000007000000080000000100000002');
  });
});
