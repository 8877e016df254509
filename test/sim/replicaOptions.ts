// What a simulated server's replica is made of.
import { sessionId } from '../../src/base/ids.ts';
import type { Now } from '../../src/replica/events.ts';
import type { ReplicaOptions } from '../../src/replica/replica.ts';
import { DEFAULT_AUTH_OPTIONS, digestIdOf } from '../../src/state/auth.ts';
import { initialSessionId } from '../../src/state/sessions.ts';
import { NO_THROTTLE } from '../support/loneServer.ts';
import type { Loaded, Medium } from './medium.ts';
import type { SimOptions } from './options.ts';

/** May do everything. */
export const OPERATOR = 'super';
const SUPER_DIGEST = digestIdOf(`${OPERATOR}:secret`);

export function replicaOptions(
  options: SimOptions,
  id: number,
  medium: Medium,
  { state, isEmpty }: Loaded,
  now: Now,
): Omit<ReplicaOptions, 'chance'> {
  const { tickTime, initLimit, syncLimit, leaderServes, changes } = options;
  const { membership, pending } = medium;
  return {
    serverId: id,
    state,
    rules: {
      access: { ...DEFAULT_AUTH_OPTIONS, superDigest: SUPER_DIGEST },
      extendedTypes: true,
      enforceQuota: options.enforceQuota,
      reconfigEnabled: changes !== null,
    },
    reception: {
      minSessionTimeout: 2 * tickTime,
      maxSessionTimeout: 20 * tickTime,
      maxOutstanding: 1000,
      maxInWork: 0,
      largeRequests: { threshold: -1, maxBytes: 0 },
      throttle: NO_THROTTLE,
    },
    containers: {
      checkIntervalMs: options.containerCheck,
      maxPerMinute: 10_000,
      maxNeverUsedMs: options.maxNeverUsed,
    },
    tickTime,
    firstSessionId: sessionId(initialSessionId(BigInt(id), now.wall)),
    member: {
      membership,
      reconfig: changes && { standaloneEnabled: changes.standaloneEnabled, pending },
      acceptedEpoch: medium.accepted,
      currentEpoch: medium.unhealed === null ? medium.current : 0,
      isEmpty,
      mayVote: medium.unhealed === null,
      logFrom: () => medium.logFrom,
      initLimit,
      syncLimit,
      leaderServes,
      readOnlyMode: options.readOnlyMode,
      lastCounter: options.lastCounter,
      commitLogCount: options.commitLogCount,
    },
  };
}
