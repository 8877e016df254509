// Writes the configuration file of one member of an ensemble, in the form that Apache's server reads, too.

export interface MemberLine {
  readonly id: number;
  readonly host: string;
  readonly peerPort: number;
  readonly electionPort: number;
  readonly isObserver: boolean;
}

export interface MemberFile {
  readonly id: number;
  /** Absolute: the file works from whatever directory the server is started. */
  readonly dataDir: string;
  readonly clientPort: number;
  /** ms */
  readonly tickTime: number;
  /** All members, this one included. */
  readonly servers: readonly MemberLine[];
  /** Further keys. */
  readonly more?: Readonly<Record<string, string>>;
}

const INIT_LIMIT = 10;
const SYNC_LIMIT = 5;

/** The text of the file; its `myid` lies in dataDir, as `myidText` has it. */
export function memberFileText(member: MemberFile): string {
  const { id, dataDir, clientPort, tickTime, servers, more = {} } = member;
  const count = servers.length === 1 ? 'alone' : `of ${servers.length}`;
  const isObserver = servers.some((server) => server.id === id && server.isObserver);
  const lines = [
    `# Server ${id} ${count}; its number is in the file myid of dataDir`,
    `tickTime=${tickTime}`,
    `initLimit=${INIT_LIMIT}`,
    `syncLimit=${SYNC_LIMIT}`,
    `dataDir=${escaped(dataDir)}`,
    `clientPort=${clientPort}`,
    ...Object.entries(more).map(([key, value]) => `${key}=${value}`),
    // Apache's server wants both this line and the word in the list.
    ...(isObserver ? ['peerType=observer'] : []),
  ];
  // One server is no ensemble, and a list of one is a warning.
  if (servers.length > 1) {
    lines.push('', '# host:port for the data between the servers:port for the election');
    lines.push(...servers.map(memberLine));
  }
  return `${lines.join('\n')}\n`;
}

export const myidText = (id: number): string => `${id}\n`;

function memberLine({ id, host, peerPort, electionPort, isObserver }: MemberLine): string {
  const shown = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return `server.${id}=${shown}:${peerPort}:${electionPort}${isObserver ? ':observer' : ''}`;
}

/** In a properties file a backslash is half of an escape. */
const escaped = (path: string): string => path.replaceAll('\\', '\\\\');
