// The stat block of zkCli (StatPrinter) and its JSON form.
import { hex0x } from '../base/ids.ts';
import type { Stat } from '../client/api.ts';
import { javaDate } from './javaDate.ts';

/** Eleven lines, no final newline. */
export const statBlock = (stat: Stat): string =>
  [
    `cZxid = ${hex0x(stat.czxid)}`,
    `ctime = ${javaDate(stat.ctime)}`,
    `mZxid = ${hex0x(stat.mzxid)}`,
    `mtime = ${javaDate(stat.mtime)}`,
    `pZxid = ${hex0x(stat.pzxid)}`,
    `cversion = ${stat.cversion}`,
    `dataVersion = ${stat.version}`,
    `aclVersion = ${stat.aversion}`,
    `ephemeralOwner = ${hex0x(stat.ephemeralOwner)}`,
    `dataLength = ${stat.dataLength}`,
    `numChildren = ${stat.numChildren}`,
  ].join('\n');

/** 64-bit numbers as hex strings, times as ISO 8601. */
export const statJson = (stat: Stat) => ({
  czxid: hex0x(stat.czxid),
  ctime: new Date(stat.ctime).toISOString(),
  mzxid: hex0x(stat.mzxid),
  mtime: new Date(stat.mtime).toISOString(),
  pzxid: hex0x(stat.pzxid),
  cversion: stat.cversion,
  data_version: stat.version,
  acl_version: stat.aversion,
  ephemeral_owner: hex0x(stat.ephemeralOwner),
  data_length: stat.dataLength,
  num_children: stat.numChildren,
});

const CONTAINER = 1n << 63n;
const TTL_MARK = 0xffn;

/** What kind of node the owner field tells of (EphemeralType of Apache: top bit, or top byte 0xff). */
export function kindOf(stat: Stat): 'persistent' | 'ephemeral' | 'container' | 'ttl' {
  const owner = BigInt.asUintN(64, stat.ephemeralOwner);
  if (owner === 0n) return 'persistent';
  if (owner === CONTAINER) return 'container';
  return owner >> 56n === TTL_MARK ? 'ttl' : 'ephemeral';
}
