// Zxids and session ids: 64-bit numbers that must stay exact, so they are branded bigints.

declare const brand: unique symbol;

/** Epoch in the high 32 bits, counter in the low 32. */
export type Zxid = bigint & { readonly [brand]: 'Zxid' };
/** A signed 64-bit session id; the top byte is the id of the server that created it. */
export type SessionId = bigint & { readonly [brand]: 'SessionId' };

export const zxid = (value: bigint): Zxid => value as Zxid;
export const sessionId = (value: bigint): SessionId => value as SessionId;

export const NO_ZXID = zxid(0n);
export const NO_SESSION = sessionId(0n);

export const epochOf = (id: Zxid): number => Number(BigInt.asUintN(32, id >> 32n));
export const counterOf = (id: Zxid): number => Number(BigInt.asUintN(32, id));

/** The zxid with which an epoch starts: no transaction has it. */
export const startOf = (epoch: number): Zxid => zxid(BigInt(epoch) << 32n);
export const isStart = (id: Zxid, epoch: number): boolean =>
  counterOf(id) === 0 && epochOf(id) === epoch;

/**
 * True when no transaction can be between the two: the next of the same epoch, or the first of a
 * later one.
 */
export function follows(previous: Zxid, next: Zxid): boolean {
  if (next === previous + 1n) return counterOf(next) !== 0;
  return counterOf(next) === 1 && epochOf(next) > epochOf(previous);
}

/** The same of logs: Apache's standalone server goes on from the last counter to 0 of the next epoch. */
export const followsInLog = (previous: Zxid, next: Zxid): boolean =>
  next === previous + 1n || follows(previous, next);

/** Lower-case hex without prefix, as Java's Long.toHexString prints it. */
export const hex = (value: bigint): string => BigInt.asUintN(64, value).toString(16);
/** `0x` and lower-case hex, the form of logs and of the shell. */
export const hex0x = (value: bigint): string => `0x${hex(value)}`;
