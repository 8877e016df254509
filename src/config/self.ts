// Which of the servers this one is, as its file myid and its server line say, and where its clients come.
import { join, resolve } from 'node:path';
import type { EnsembleServer } from './ensemble.ts';
import type { Report } from './report.ts';
import type { GivenValues } from './values.ts';

interface Asked {
  readonly cwd: string;
  /** Text of the myid file, null when there is none; absent: not looked for. */
  readonly myid?: string | null;
}

interface ClientAddress {
  readonly clientPort: number;
  readonly clientPortAddress: string | null;
}

export function readMyId(
  { values, at }: GivenValues,
  options: Asked,
  fileName: string,
  report: Report,
): number | null {
  const text = options.myid;
  if (text === undefined || text === null) return values.myid;
  const path = join(resolve(options.cwd, values.dataDir ?? ''), 'myid');
  const line = text.split('\n')[0]?.trim() ?? '';
  if (!/^\d{1,10}$/.test(line)) {
    report.error(path, `must hold the number of this server, got "${line}"`);
    return null;
  }
  const id = Number(line);
  if (values.myid !== null && values.myid !== id) {
    report.error(at.get('myid') ?? fileName, `myid is ${values.myid}, but ${path} says ${id}`);
  }
  return id;
}

export function checkSelf(
  myid: number | null,
  self: EnsembleServer | null,
  { values, at }: GivenValues,
  options: Asked,
  fileName: string,
  report: Report,
): void {
  if (myid === null) {
    // Not looked for, or there and not to be read.
    if (options.myid !== null) return;
    const path = join(resolve(options.cwd, values.dataDir ?? ''), 'myid');
    report.error(fileName, `myid file is missing: ${path} must hold the number of this server`);
  } else if (self === null) {
    report.error(fileName, `My id ${myid} not in the peer list: there is no server.${myid} line`);
  } else if (at.has('peerType') && values.peerType !== self.role) {
    report.warn(self.at, `peerType is ${values.peerType}, this line says ${self.role} and wins`);
  }
}

/** Where to listen for clients: the keys, or the part after `;` in the own server line. */
export function clientAddress(
  self: EnsembleServer | null,
  { values, at }: GivenValues,
  fileName: string,
  isReadable: boolean,
  report: Report,
): ClientAddress {
  const { clientPort, clientPortAddress } = values;
  const portAt = at.get('clientPort');
  const client = self?.client ?? null;
  if (client === null) {
    if (portAt === undefined && isReadable) report.error(fileName, 'clientPort is not set');
    if (self !== null)
      checkOwnPorts(self, clientPort, clientPortAddress, portAt ?? fileName, report);
    return { clientPort, clientPortAddress };
  }
  if (
    portAt !== undefined &&
    (clientPort !== client.port ||
      !(isAnywhere(clientPortAddress) || clientPortAddress === client.address))
  ) {
    const ours = `${client.address}:${client.port}`;
    report.error(portAt, `the client port differs from ${ours} in the server line ${self?.at}`);
  }
  if (self !== null) checkOwnPorts(self, client.port, client.address, self.at, report);
  return { clientPort: client.port, clientPortAddress: client.address };
}

/** One port cannot take clients and peers: said here, it names the line and not only a failed bind. */
function checkOwnPorts(
  { addresses, at }: EnsembleServer,
  clientPort: number,
  clientAddress: string | null,
  portAt: string,
  report: Report,
): void {
  for (const { host, peerPort, electionPort } of addresses) {
    const isElsewhere = !isAnywhere(clientAddress) && !isAnywhere(host) && clientAddress !== host;
    if (isElsewhere || clientPort === 0) continue;
    if (clientPort !== peerPort && clientPort !== electionPort) continue;
    const use = clientPort === peerPort ? 'peers' : 'elections';
    report.error(
      portAt,
      `clientPort ${clientPort} is the port for ${use} in the server line ${at}`,
    );
  }
}

const isAnywhere = (address: string | null): boolean =>
  address === null || address === '0.0.0.0' || address === '::';
