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
  const fields = Object.entries(shape as unknown as Shape) as [string, Codec<unknown>][];
  return {
    read(r) {
      const value: Record<string, unknown> = {};
      for (const [name, codec] of fields) value[name] = codec.read(r);
      return value as Fields<S>;
    },
    write(w, value) {
      const source = value as Record<string, unknown>;
      for (const [name, codec] of fields) codec.write(w, source[name]);
    },
  };
}
