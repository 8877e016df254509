// A jute record as a value: one schema that reads, writes and types it.
import type { Reader, Writer } from './bytes.ts';
import { WireError } from './bytes.ts';

export interface Codec<T> {
  read(reader: Reader): T;
  write(writer: Writer, value: T): void;
}

/** The type that a codec reads and writes. */
export type Infer<C> = C extends Codec<infer T> ? T : never;

export const int: Codec<number> = { read: (r) => r.int(), write: (w, v) => w.int(v) };
export const boolean: Codec<boolean> = { read: (r) => r.boolean(), write: (w, v) => w.boolean(v) };
/** A long that needs all its 64 bits: zxid, session id, TTL owner. */
export const long: Codec<bigint> = { read: (r) => r.long(), write: (w, v) => w.long(v) };
/** A long that holds milliseconds. */
export const millis: Codec<number> = {
  read: (r) => r.longAsNumber(),
  write: (w, v) => w.longFromNumber(v),
};
/** A string that may be null on the wire. */
export const ustring: Codec<string | null> = {
  read: (r) => r.string(),
  write: (w, v) => w.string(v),
};
/** A string that must be there. */
export const text: Codec<string> = {
  read(r) {
    const value = r.string();
    if (value === null) throw new WireError('null string');
    return value;
  },
  write: (w, v) => w.string(v),
};
/** Bytes or null; what is read is a view on the input. */
export const buffer: Codec<Uint8Array | null> = {
  read: (r) => r.bytes(),
  write: (w, v) => w.bytes(v),
};

/** A branded long, such as `id<Zxid>()`. */
export const id = <T extends bigint>(): Codec<T> => long as unknown as Codec<T>;

/** A vector, null when its count is -1. */
export function vector<T>(element: Codec<T>): Codec<T[] | null> {
  return {
    read(r) {
      const count = r.count();
      if (count === -1) return null;
      const values: T[] = [];
      for (let i = 0; i < count; i++) values.push(element.read(r));
      return values;
    },
    write(w, values) {
      if (values === null) {
        w.int(-1);
        return;
      }
      w.int(values.length);
      for (const value of values) element.write(w, value);
    },
  };
}

/** A vector that is never null to us; -1 on the wire reads as empty. */
export function list<T>(element: Codec<T>): Codec<T[]> {
  const nullable = vector(element);
  return { read: (r) => nullable.read(r) ?? [], write: nullable.write };
}

type Shape = Record<string, Codec<never>>;
type Fields<S> = { [K in keyof S]: S[K] extends Codec<infer T> ? T : never };

/** A record of the given fields in the given order; every value read has the same shape. */
export function record<const S extends { [K in keyof S]: Codec<unknown> | Codec<never> }>(
  shape: S,
): Codec<Fields<S>> {
  const codecs = shape as unknown as Shape;
  const names = Object.keys(codecs);
  // Written out once per record: a loop over the fields makes a slow, shapeless object (285 against 190 ns).
  const bodies = {
    read: `return { ${names.map((n) => `${n}: codecs.${n}.read(r)`).join(', ')} };`,
    write: names.map((n) => `codecs.${n}.write(w, value.${n});`).join(' '),
  };
  return new Function(
    'codecs',
    `return { read(r) { ${bodies.read} }, write(w, value) { ${bodies.write} } };`,
  )(codecs) as Codec<Fields<S>>;
}
