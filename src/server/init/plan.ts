// What `zk server init` is to write: servers, hosts, ports and files, from the flags or the answers.
import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { parseConfig } from '../../config/index.ts';
import { type MemberLine, memberFileText, myidText } from '../../config/memberFile.ts';
import { type InitChoices, MOST_SERVERS } from './choices.ts';

const TICK_MS = 2000;

export interface PlannedServer extends MemberLine {
  readonly clientPort: number;
  /** Relative as `dir` is. */
  readonly cfg: string;
  readonly myid: string;
  readonly dataDir: string;
}

export interface PlannedFile {
  readonly path: string;
  readonly text: string;
}

export interface InitPlan {
  readonly servers: readonly PlannedServer[];
  readonly files: readonly PlannedFile[];
  /** What the checks of the configuration say about it. */
  readonly warnings: readonly string[];
}

/** The plan, or in one line what is wrong with the choices. */
export function planInit(choices: InitChoices): InitPlan | string {
  const wrong = complaintOf(choices);
  if (wrong !== null) return wrong;
  const servers = placed(choices);
  const clash = clashOf(servers);
  if (clash !== null) return clash;
  const files: PlannedFile[] = [];
  const warnings = new Set<string>();
  for (const server of servers) {
    const { id, clientPort } = server;
    const dataDir = resolve(server.dataDir);
    const text = memberFileText({ id, dataDir, clientPort, tickTime: TICK_MS, servers });
    const parsed = parseConfig(text, server.cfg, { cwd: '.', myid: String(id) });
    if ('errors' in parsed) return parsed.errors[0] ?? `${server.cfg} would be wrong`;
    // Each file has the same ones: what they are about is said once.
    for (const warning of parsed.warnings) warnings.add(warning.replace(/^.*?\.cfg(:\d+)?: /, ''));
    files.push({ path: server.cfg, text }, { path: server.myid, text: myidText(id) });
  }
  return { servers, files, warnings: [...warnings] };
}

/** What is wrong with the choices before any file is thought of; null when nothing is. */
export function complaintOf({ servers, observers, hosts, clientPort }: InitChoices): string | null {
  const count = servers + observers;
  if (count > MOST_SERVERS) return `${count} servers are more than ${MOST_SERVERS}`;
  if (servers < 2 && observers > 0) return 'observers need at least two servers that vote';
  if (clientPort + count > 65_536) return `there are not ${count} ports from ${clientPort} on`;
  if (hosts.length !== 1 && hosts.length !== count) {
    return `there are ${count} servers, but ${hosts.length} hosts; name one for all, or one for each`;
  }
  const strange = hosts.find((host) => !isHost(host));
  if (strange === undefined) return null;
  const hint = /^[^:]+:\d+$/.test(strange) ? '; a host is named without a port' : '';
  return `${JSON.stringify(strange)} is no host name or address${hint}`;
}

function isHost(text: string): boolean {
  const [, inBrackets] = /^\[(.*)\]$/.exec(text) ?? [];
  if (inBrackets !== undefined) return isIP(inBrackets) === 6;
  return isIP(text) !== 0 || /^\w([\w.-]*\w)?\.?$/.test(text);
}

/** Loopback, by whichever name. */
export const isThisMachine = (host: string): boolean =>
  /^(localhost|127\.[\d.]+|\[?::1\]?)$/.test(host);

/**
 * Where every server has a host of its own, all have the usual ports; else each its own. Addresses
 * that are all of this machine are one host: a server listens for clients on all of them.
 */
function placed({ servers, observers, hosts, clientPort, dir }: InitChoices): PlannedServer[] {
  const ids = Array.from({ length: servers + observers }, (_, i) => i + 1);
  const isSpread =
    ids.length > 1 && new Set(hosts).size === ids.length && !hosts.every(isThisMachine);
  return ids.map((id) => ({
    id,
    host: hosts[id - 1] ?? hosts[0] ?? '',
    clientPort: isSpread ? clientPort : clientPort + id - 1,
    // 2222:2223, 3333:3334, 4444:4445, as examples have them.
    peerPort: isSpread ? 2888 : 1111 * (id + 1),
    electionPort: isSpread ? 3888 : 1111 * (id + 1) + 1,
    isObserver: id > servers,
    cfg: join(dir, 'conf', `z${id}.cfg`),
    dataDir: join(dir, 'data', `z${id}`),
    myid: join(dir, 'data', `z${id}`, 'myid'),
  }));
}

/** A client port may be one that the servers have among themselves. */
function clashOf(servers: readonly PlannedServer[]): string | null {
  const owners = new Map<string, string>();
  const isOneMachine = servers.every(({ host }) => isThisMachine(host));
  for (const { id, host, ...ports } of servers) {
    const place = isOneMachine ? '' : host;
    for (const [name, port] of [
      ['clients', ports.clientPort],
      ['peers', ports.peerPort],
      ['elections', ports.electionPort],
    ] as const) {
      const owner = owners.get(`${place} ${port}`);
      const mine = `for ${name} of server ${id}`;
      if (owner !== undefined) {
        return `port ${port} of ${host} would be ${owner} and ${mine}; take another client port`;
      }
      owners.set(`${place} ${port}`, mine);
    }
  }
  return null;
}
