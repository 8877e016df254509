// The values of `mntr`, under the names that monitoring systems know from Apache's server.
import { readdirSync, readFileSync } from 'node:fs';
import type { Surveyed } from './words.ts';

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

/** Names without the prefix `zk_`, in the order in which they are printed. */
export function monitorValues(server: Surveyed): [string, string | number][] {
  const { replica } = server;
  const { stats, state } = replica;
  const descriptors = fileDescriptors();
  const values: [string, string | number][] = [
    ['version', server.version],
    ['server_state', server.mode],
    ['uptime', Math.round(server.uptime)],
    ['min_latency', stats.minLatency],
    ['avg_latency', Math.round(stats.averageLatency * 10_000) / 10_000],
    ['max_latency', stats.maxLatency],
    ['packets_received', stats.received],
    ['packets_sent', stats.sent],
    ['num_alive_connections', server.connectionCount],
    ['outstanding_requests', replica.outstanding],
    ['znode_count', state.tree.nodeCount],
    ['watch_count', state.watches.count],
    ['ephemerals_count', state.tree.ephemeralCount],
    ['approximate_data_size', state.tree.dataSize],
    ['global_sessions', state.sessions.size],
    ['local_sessions', 0],
    ['last_client_response_size', stats.lastReply],
    ['min_client_response_size', stats.minReply],
    ['max_client_response_size', stats.maxReply],
    ['stale_sessions_expired', stats.expiredSessions],
    ['auth_failed_count', stats.authFailures],
  ];
  if (descriptors !== null) {
    values.push(['open_file_descriptor_count', descriptors.open]);
    values.push(['max_file_descriptor_count', descriptors.max]);
  }
  return values;
}
