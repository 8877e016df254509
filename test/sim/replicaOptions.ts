// What a simulated server's replica is made of.
import { sessionId } from '../../src/base/ids.ts';
import type { Now } from '../../src/replica/events.ts';
import type { ReplicaOptions } from '../../src/replica/replica.ts';
import { DEFAULT_AUTH_OPTIONS } from '../../src/state/auth.ts';
import { initialSessionId } from '../../src/state/sessions.ts';
import type { Membership } from '../../src/wire/membership.ts';
import { NO_THROTTLE } from '../support/loneServer.ts';
import type { Loaded, Medium } from './medium.ts';
import type { SimOptions } from './options.ts';

export function membershipOf({ voters, observers }: SimOptions): Membership {
  const servers = Array.from({ length: voters + observers }, (_, i) => ({
    id: i + 1,
    role: i < voters ? ('participant' as const) : ('observer' as const),
    addresses: [{ host: `10.0.0.${i + 1}`, peerPort: 2888, electionPort: 3888 }],
    client: null,
  }));
  return { servers, groups: [], weights: new Map(), version: 0n };
}

export function replicaOptions(
  options: SimOptions,
  id: number,
  medium: Medium,
  { state, isEmpty }: Loaded,
  now: Now,
): Omit<ReplicaOptions, 'chance'> {
  const { tickTime, initLimit, syncLimit, leaderServes } = options;
  return {
    serverId: id,
    state,
    rules: {
      access: DEFAULT_AUTH_OPTIONS,
      extendedTypes: true,
      enforceQuota: options.enforceQuota,
      reconfigEnabled: false,
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
      membership: membershipOf(options),
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
