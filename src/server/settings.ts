// The configuration as `conf` prints it: Apache's lines, in an ensemble with the membership behind them.
import type { Config } from '../config/index.ts';
import type { Member } from '../replica/member.ts';
import { printMembership } from '../wire/membership.ts';

/**
 * ZooKeeperServerConf, and what QuorumZooKeeperServer.dumpConf adds.
 *
 * @param port that clients use; the configuration may leave it to the system
 * @param sizes bytes on disk
 */
export function settings(
  config: Config,
  port: number,
  { snapshots, logs }: { readonly snapshots: number; readonly logs: number },
  member: Member | null,
): string {
  const alone = lines([
    ['clientPort', port],
    ['secureClientPort', -1],
    ['dataDir', `${config.dataDir}/version-2`],
    ['dataDirSize', snapshots],
    ['dataLogDir', `${config.dataLogDir}/version-2`],
    ['dataLogSize', logs],
    ['tickTime', config.tickTime],
    ['maxClientCnxns', config.maxClientCnxns],
    ['minSessionTimeout', config.minSessionTimeout],
    ['maxSessionTimeout', config.maxSessionTimeout],
    ['clientPortListenBacklog', config.clientPortListenBacklog],
    ['serverId', config.isDistributed ? (config.myid ?? 0) : 0],
  ]);
  return member === null ? alone : alone + ensembleSettings(config, member);
}

function ensembleSettings(config: Config, { membership }: Member): string {
  const self = membership.servers.find(({ id }) => id === config.myid);
  const [address] = self?.addresses ?? [];
  const text = lines([
    ['initLimit', config.initLimit],
    ['syncLimit', config.syncLimit],
    ['electionAlg', config.electionAlg],
    ['electionPort', address?.electionPort ?? 0],
    ['quorumPort', address?.peerPort ?? 0],
    // The ordinals of Apache's LearnerType.
    ['peerType', (self?.role ?? config.peerType) === 'observer' ? 1 : 0],
  ]);
  return `${text}membership: \n${printMembership(membership)}`;
}

const lines = (settings: readonly (readonly [string, string | number])[]): string =>
  settings.map(([key, value]) => `${key}=${value}\n`).join('');
