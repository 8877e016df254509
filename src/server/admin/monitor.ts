// The values of `mntr`, under the names that monitoring systems know from Apache's server.
import { readdirSync, readFileSync } from 'node:fs';
import { Phase } from '../../consensus/progress.ts';
import { decimal, type Surveyed } from './surveyed.ts';

/** Descriptors in use and allowed, where the system tells (Linux); null elsewhere. */
function fileDescriptors(): { open: number; max: number } | null {
  try {
    const open = readdirSync('/proc/self/fd').length;
    const limits = readFileSync('/proc/self/limits', 'utf8');
    const max = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
    return { open, max: max === undefined ? 0 : Number(max) };
  } catch {
    // No /proc: the two lines are left out, as on Windows with Apache's server.
    return null;
  }
}

/** Names without the prefix `zk_`, in Apache's order (ZooKeeperServer.dumpMonitorValues, then its counters). */
export function monitorValues(server: Surveyed): [string, string | number][] {
  const { replica } = server;
  const { stats, state } = replica;
  const descriptors = fileDescriptors();
  return [
    ['version', server.version],
    ['server_state', server.mode],
    ...peerState(server),
    ['ephemerals_count', state.tree.ephemeralCount],
    ['num_alive_connections', server.connectionCount],
    ['avg_latency', decimal(stats.averageLatency)],
    ['outstanding_requests', replica.pipeline.load.count],
    ['znode_count', state.tree.nodeCount],
    ['global_sessions', state.sessions.size],
    ['last_client_response_size', stats.replySizes.last],
    ['packets_sent', stats.sent],
    ['packets_received', stats.received],
    ['max_client_response_size', stats.replySizes.max],
    ['connection_drop_probability', decimal(replica.throttle.dropProbability)],
    ['watch_count', state.watches.count],
    ['auth_failed_count', stats.authFailures],
    ['min_latency', Math.trunc(stats.minLatency)],
    ...valueIf('max_file_descriptor_count', descriptors?.max),
    ['approximate_data_size', state.tree.dataSize],
    ...valueIf('open_file_descriptor_count', descriptors?.open),
    ['local_sessions', 0],
    ['uptime', Math.trunc(server.uptime)],
    ['max_latency', Math.trunc(stats.maxLatency)],
    ...leadership(server),
    ['min_client_response_size', stats.replySizes.min],
    ...ensemble(server),
    ['large_requests_rejected', stats.largeRequestsRejected],
    ['connection_rejected', stats.connectionsRejected],
    ['sessionless_connections_expired', stats.neverGreeted],
    ['connection_drop_count', stats.connectionsDropped],
    ...received(server),
    ['bytes_received_count', stats.bytesReceived],
    ['request_throttle_wait_count', stats.throttleWaits],
    ['connection_request_count', stats.connects],
    ['response_bytes', stats.bytesSent],
    ['connection_revalidate_count', stats.revalidations],
    ['commit_count', stats.commits],
    ['stale_sessions_expired', stats.expiredSessions],
  ];
}

type Values = [string, string | number][];

/** QuorumPeer.getDetailedPeerState: who answers `mntr` has found its leader, and has its history. */
const STATES: Readonly<Record<string, string>> = {
  leader: 'leading - broadcast',
  follower: 'following - broadcast',
  observer: 'observing - broadcast',
};

function peerState({ replica: { member }, mode }: Surveyed): Values {
  if (member === null) return [];
  const state: Values = [['peer_state', STATES[mode] ?? mode]];
  const leader = mode === 'observer' ? member.role?.leader : undefined;
  return [...state, ...valueIf('observer_master_id', leader)];
}

/** What a leader knows of those who follow it (LeaderZooKeeperServer.registerMetrics). */
function leadership({ replica: { member, stats }, now }: Surveyed): Values {
  const found = member?.role?.leadership ?? null;
  if (found === null) return [];
  const synced = found.learners.filter(({ phase }) => phase >= Phase.syncing);
  const followers = synced.filter(({ isObserver }) => !isObserver);
  return [
    ['learners', found.learners.length],
    ['synced_followers', followers.length],
    ['synced_non_voting_followers', followers.filter(({ counts }) => !counts).length],
    ['synced_observers', synced.length - followers.length],
    ['pending_syncs', found.pendingSyncs],
    ['leader_uptime', Math.trunc(now - found.since)],
    ['last_proposal_size', stats.proposalSizes.last],
    ['min_proposal_size', stats.proposalSizes.min],
    ['max_proposal_size', stats.proposalSizes.max],
  ];
}

function ensemble({ replica: { member, stats } }: Surveyed): Values {
  if (member === null) return [];
  const voters = member.membership.servers.filter(({ role }) => role === 'participant');
  return [
    ['quorum_size', voters.length],
    ['proposal_count', stats.proposals],
  ];
}

function received({ replica: { member, stats } }: Surveyed): Values {
  if (member === null) return [];
  return [
    ['learner_proposal_received_count', stats.proposalsReceived],
    ['learner_commit_received_count', stats.commitsReceived],
  ];
}

const valueIf = (name: string, value: number | undefined): [string, number][] =>
  value === undefined ? [] : [[name, value]];
