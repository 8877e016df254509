// The state of a lab for people: a table, what keeps servers from serving, and where to connect.

import type { LabWorld } from '../cli/command.ts';
import { table } from '../cli/format.ts';
import type { Sink } from '../cli/sink.ts';
import { connectString, type Lab } from './labFile.ts';
import type { Partition } from './partition.ts';
import type { Surveyed } from './survey.ts';

const HEAD = ['id', 'mode', 'epoch', 'zxid', 'clients', 'pid', 'address'] as const;

function coloured({ style }: Sink, mode: string): string {
  switch (mode) {
    case 'leader':
      return style.bold.green(mode);
    case 'follower':
    case 'observer':
      return style.green(mode);
    case 'down':
      return style.red(mode);
    default:
      return style.yellow(mode);
  }
}

const cell = (value: string | number | null): string => (value === null ? '-' : String(value));

/** The table alone goes to stdout. */
export async function show(
  servers: readonly Surveyed[],
  partition: Partition | null,
  { out, err, json }: LabWorld,
): Promise<void> {
  if (json) {
    out.line(JSON.stringify({ servers, partition: partition?.text ?? null }));
    return;
  }
  const rows = servers.map(({ id, mode, epoch, zxid, clients, pid, address }) => [
    String(id),
    coloured(out, mode),
    ...[epoch, zxid, clients, pid, address].map(cell),
  ]);
  out.line(await table(out, HEAD, rows));
  for (const { id, election } of servers) {
    if (election !== null) err.line(`${id} ${election}`);
  }
  if (partition !== null) err.line(`cut: ${partition.text}; heal ends it`);
}

/** How to reach it. */
export function showConnect(lab: Lab, { err, isShell }: LabWorld, program: string): void {
  const servers = connectString(lab);
  err.line(isShell ? `connect ${servers}` : `${program} cli -server ${servers}`);
}
