// What the four-letter words look at, and how they print numbers.
import type { Connection } from '../../replica/connection.ts';
import type { Replica } from '../../replica/replica.ts';

/** What the words look at. */
export interface Surveyed {
  readonly replica: Replica;
  readonly version: string;
  /** `standalone`, and the roles of an ensemble. */
  readonly mode: string;
  readonly connections: Iterable<Connection>;
  readonly connectionCount: number;
  /** What `conf` prints. */
  settings(): string;
  /** Bytes on disk. */
  sizes(): { readonly snapshots: number; readonly logs: number };
  /** ms that a connection may take to its connect request. */
  readonly greetingMs: number;
  /** Monotonic ms. */
  readonly now: number;
  /** Monotonic ms since the server serves. */
  readonly uptime: number;
}

/** A Java double as Java prints it, to four digits. */
export const decimal = (value: number): string => {
  const rounded = Math.round(value * 10_000) / 10_000;
  return Number.isInteger(rounded) ? `${rounded}.0` : String(rounded);
};
