// The values of `mntr`, under the names that monitoring systems know from Apache's server.
import { readdirSync, readFileSync } from 'node:fs';
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
    ['ephemerals_count', state.tree.ephemeralCount],
    ['num_alive_connections', server.connectionCount],
    ['avg_latency', decimal(stats.averageLatency)],
    ['outstanding_requests', replica.pipeline.load.count],
    ['znode_count', state.tree.nodeCount],
    ['global_sessions', state.sessions.size],
    ['last_client_response_size', stats.lastReply],
    ['packets_sent', stats.sent],
    ['packets_received', stats.received],
    ['max_client_response_size', stats.maxReply],
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
    ['min_client_response_size', stats.minReply],
    ['large_requests_rejected', stats.largeRequestsRejected],
    ['connection_rejected', stats.connectionsRejected],
    ['sessionless_connections_expired', stats.neverGreeted],
    ['connection_drop_count', stats.connectionsDropped],
    ['bytes_received_count', stats.bytesReceived],
    ['request_throttle_wait_count', stats.throttleWaits],
    ['connection_request_count', stats.connects],
    ['response_bytes', stats.bytesSent],
    ['connection_revalidate_count', stats.revalidations],
    ['commit_count', stats.commits],
    ['stale_sessions_expired', stats.expiredSessions],
  ];
}

const valueIf = (name: string, value: number | undefined): [string, number][] =>
  value === undefined ? [] : [[name, value]];
