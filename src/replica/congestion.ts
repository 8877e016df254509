// When a connection is not read any further, and when a large request is too much.
import { hex0x } from '../base/ids.ts';
import type { Connection } from './connection.ts';
import type { ConnectionThrottleRules } from './connectionThrottle.ts';
import type { Replica } from './replica.ts';

export interface ReceptionRules {
  /** Bounds of the session timeout that is granted, in ms. */
  readonly minSessionTimeout: number;
  readonly maxSessionTimeout: number;
  /** globalOutstandingLimit: with more in flight, who already waits is not read any further. */
  readonly maxOutstanding: number;
  /** requestThrottleLimit: with more in flight nobody is read any further; 0 for no limit. */
  readonly maxInWork: number;
  readonly largeRequests: LargeRequestRules;
  readonly throttle: ConnectionThrottleRules;
}

export interface LargeRequestRules {
  /** Bytes above which a write is a large one; -1: none is. */
  readonly threshold: number;
  /** Bytes that large writes in flight may have together. */
  readonly maxBytes: number;
}

/** Answers a connection may have unsent, and requests it may have waiting, before its frames lie unread. */
export const MAX_UNSENT_BYTES = 1 << 20;
const MAX_WAITING_BYTES = 4 << 20;
/** Bytes of writes in flight beyond which who already waits is not read: a thousand may have 1 MB each. */
const MAX_BYTES_IN_FLIGHT = 16 << 20;

/** True while the connection's frames must lie unread. */
export function isCongested(
  connection: Connection,
  replica: Replica,
  rules: ReceptionRules,
): boolean {
  // Who comes is sent away.
  if (!replica.isServing) return false;
  // Clients send their credentials right behind the connect request: its answer comes first.
  if (connection.state === 'connecting') return true;
  if (connection.unsent + connection.outLength > MAX_UNSENT_BYTES) return true;
  const { maxInWork } = rules;
  // Apache's RequestThrottler; whoever holds frames back needs no queue of its own for it.
  if (maxInWork > 0 && replica.pipeline.load.count >= maxInWork) return true;
  const waiting = connection.waiting.length;
  if (waiting === 0) return false;
  return (
    replica.pipeline.load.count > rules.maxOutstanding ||
    replica.pipeline.load.bytes > MAX_BYTES_IN_FLIGHT ||
    connection.waitingBytes > MAX_WAITING_BYTES ||
    waiting > rules.maxOutstanding
  );
}

/** Says so and ends the connection when its large write has no room beside those in flight. */
export function refusesLarge(
  connection: Connection,
  bytes: number,
  replica: Replica,
  { threshold, maxBytes }: LargeRequestRules,
): boolean {
  if (threshold < 0 || bytes <= threshold) return false;
  if (replica.pipeline.load.largeBytes + bytes <= maxBytes) return false;
  replica.stats.largeRequestsRejected++;
  replica.report(
    'warn',
    `Closing /${connection.peer}: a request of ${bytes} bytes does not fit beside the ${replica.pipeline.load.largeBytes} bytes of large requests in work (largeRequestMaxBytes=${maxBytes})`,
  );
  replica.end(connection);
  return true;
}

/** Says so and ends the connection: no frame has this length. */
export function refuseLength(connection: Connection, length: number, replica: Replica): void {
  replica.report(
    'warn',
    `Close of session ${hex0x(connection.session)}: Len error. A message from /${connection.peer} with advertised length of ${length} is either a malformed message or too large to process (length is greater than jute.maxbuffer=${connection.frames.maxLength})`,
  );
  replica.end(connection);
}
