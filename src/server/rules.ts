// From the configuration to the plain values that the core decides by.
import type { Config } from '../config/index.ts';
import type { Rules } from '../operations/operation.ts';
import type { ReceptionRules } from '../replica/congestion.ts';
import type { ContainerRules } from '../replica/containers.ts';
import type { MemberOptions } from '../replica/memberOptions.ts';
import type { AuthOptions } from '../state/auth.ts';
import type { TreeOptions } from '../state/tree.ts';
import type { StoredMember } from './stored.ts';

export const authOptions = (config: Config): AuthOptions => ({
  skipAcl: config.skipACL,
  superDigest: config['DigestAuthenticationProvider.superDigest'],
  digestAlgorithm: config['DigestAuthenticationProvider.digestAlg'],
  digestEnabled: config['DigestAuthenticationProvider.enabled'],
  moreSchemes: [],
});

export const rulesOf = (config: Config): Rules => ({
  access: authOptions(config),
  extendedTypes: config.extendedTypesEnabled,
  enforceQuota: config.enforceQuota,
  reconfigEnabled: config.reconfigEnabled,
});

export const treeOptions = (config: Config): TreeOptions => ({
  digest: config['digest.enabled'],
  extendedTypes: config.extendedTypesEnabled,
  emulate353: config.emulate353TTLNodes,
});

export const receptionRules = (config: Config): ReceptionRules => ({
  minSessionTimeout: config.minSessionTimeout,
  maxSessionTimeout: config.maxSessionTimeout,
  maxOutstanding: config.globalOutstandingLimit,
  maxInWork: config.requestThrottleLimit,
  largeRequests: { threshold: config.largeRequestThreshold, maxBytes: config.largeRequestMaxBytes },
  throttle: {
    maxTokens: config.connectionMaxTokens,
    fillTimeMs: config.connectionTokenFillTime,
    fillCount: config.connectionTokenFillCount,
    freezeTimeMs: config.connectionFreezeTime,
    dropIncrease: config.connectionDropIncrease,
    dropDecrease: config.connectionDropDecrease,
    decreaseRatio: config.connectionDecreaseRatio,
    weights: config.connection_throttle_weight_enabled
      ? {
          fresh: config.connection_throttle_global_session_weight,
          renewed: config.connection_throttle_renew_session_weight,
        }
      : null,
  },
});

export const containerRules = (config: Config): ContainerRules => ({
  checkIntervalMs: config['znode.container.checkIntervalMs'],
  maxPerMinute: config['znode.container.maxPerMinute'],
  maxNeverUsedMs: config['znode.container.maxNeverUsedIntervalMs'],
});

export const memberOptions = (config: Config, { dir, initial }: StoredMember): MemberOptions => ({
  membership: config.ensemble,
  reconfig: config.reconfigEnabled
    ? { standaloneEnabled: config.standaloneEnabled, pending: config.nextEnsemble }
    : null,
  acceptedEpoch: initial.acceptedEpoch,
  currentEpoch: initial.currentEpoch,
  isEmpty: initial.isEmpty,
  mayVote: initial.mayVote,
  logFrom: () => dir.logFrom,
  initLimit: config.initLimit,
  syncLimit: config.syncLimit,
  leaderServes: config.leaderServes,
  readOnlyMode: config['readonlymode.enabled'],
  commitLogCount: config.commitLogCount,
  intervals: {
    shortest: config['fastleader.minNotificationInterval'],
    longest: config['fastleader.maxNotificationInterval'],
  },
  ...(config.maxTimeToWaitForEpoch > 0 ? { quorumWait: config.maxTimeToWaitForEpoch } : {}),
  ...(config.connectToLearnerMasterLimit
    ? { connectLimit: config.connectToLearnerMasterLimit }
    : {}),
});
