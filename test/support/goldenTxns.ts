// Reads the golden JSON of transactions, log entries and trees that Apache's own code wrote.
import { readdirSync, readFileSync } from 'node:fs';
import { sessionId, zxid } from '../../src/base/ids.ts';
import type { State } from '../../src/state/state.ts';
import type { Txn, TxnEntry } from '../../src/transactions/index.ts';
import type { Acl } from '../../src/wire/data.ts';

const golden = new URL('../golden/', import.meta.url);

interface Bytes {
  hex: string;
}
export interface GoldenRecord {
  record: string;
  fields: any;
  hex: string;
  readBack?: any;
}
interface NamedTxn {
  record: string;
  fields: any;
}

export const goldenRecords = (): GoldenRecord[] =>
  JSON.parse(readFileSync(new URL('records.json', golden), 'utf8'));

const data = (bytes: Bytes | null): Buffer | null =>
  bytes === null ? null : Buffer.from(bytes.hex, 'hex');

/** The transaction that a named record of the golden JSON stands for. */
export function txnOf(type: number, { record, fields: f }: NamedTxn): Txn {
  switch (record) {
    case 'txn.CreateTxn':
      return {
        type: type as 1,
        path: f.path,
        data: data(f.data),
        acl: f.acl,
        ephemeral: f.ephemeral,
        parentCVersion: f.parentCVersion,
      };
    case 'txn.CreateContainerTxn':
      return {
        type: 19,
        path: f.path,
        data: data(f.data),
        acl: f.acl,
        parentCVersion: f.parentCVersion,
      };
    case 'txn.CreateTTLTxn':
      return {
        type: 21,
        path: f.path,
        data: data(f.data),
        acl: f.acl,
        parentCVersion: f.parentCVersion,
        ttl: BigInt(f.ttl),
      };
    case 'txn.DeleteTxn':
      return { type: type as 2, path: f.path };
    case 'txn.SetDataTxn':
      return { type: type as 5, path: f.path, data: data(f.data), version: f.version };
    case 'txn.SetACLTxn':
      return { type: 7, path: f.path, acl: f.acl, version: f.version };
    case 'txn.CheckVersionTxn':
      return { type: 13, path: f.path, version: f.version };
    case 'txn.CreateSessionTxn':
      return { type: -10, timeOut: f.timeOut };
    case 'txn.CloseSessionTxn':
      return { type: -11, paths2Delete: f.paths2Delete };
    case 'txn.ErrorTxn':
      return { type: -1, err: f.err };
    default:
      throw new Error(`no transaction for ${record}`);
  }
}

/** Header, transaction and digest of a golden log entry; the elements of a multi stay bytes. */
export function entryOf(fields: any): Omit<TxnEntry, 'txn'> & { txn: Txn | NamedTxn } {
  const { header, txn, digest } = fields;
  const isMulti = txn?.record === 'txn.MultiTxn';
  return {
    header: {
      clientId: sessionId(BigInt(header.clientId)),
      cxid: header.cxid,
      zxid: zxid(BigInt(header.zxid)),
      time: Number(header.time),
      type: header.type,
    },
    txn: isMulti ? txn : txn === null ? { type: -11, paths2Delete: null } : txnOf(header.type, txn),
    digest:
      digest === null ? null : { version: digest.version, treeDigest: BigInt(digest.treeDigest) },
  };
}

export interface GoldenNode {
  path: string;
  data: Bytes | null;
  stat: Record<string, string | number>;
  acl: Acl[];
}
export interface GoldenData {
  settings: string[];
  sessions: { id: string; timeout: number; password: string }[];
  ephemerals: Record<string, string[]>;
  tree: GoldenNode[];
  restored: {
    lastZxid: string;
    nodeCount: number;
    treeDigest: string;
    approximateDataSize: number;
    aclCount: number;
    sessions: Record<string, number>;
    ephemerals: Record<string, string[]>;
  };
  files: Record<string, { entries?: any[] }>;
}

export const goldenDataNames = (): string[] => readdirSync(new URL('data/', golden)).sort(byText);

export const goldenData = (name: string): GoldenData =>
  JSON.parse(readFileSync(new URL(`data/${name}/expected.json`, golden), 'utf8'));

export interface LoggedEntry {
  bytes: Buffer;
  expected: any;
}

/** All entries of all logs of a data directory, in the order of their zxids. */
export function loggedEntries(name: string): LoggedEntry[] {
  const entries: LoggedEntry[] = [];
  for (const [file, { entries: listed }] of Object.entries(goldenData(name).files)) {
    if (listed === undefined) continue;
    const bytes = readFileSync(new URL(`data/${name}/version-2/${file}`, golden));
    for (const expected of listed) {
      // Checksum (8 bytes) and length (4) come first.
      const at = expected.offset + 12;
      entries.push({ bytes: bytes.subarray(at, at + expected.length), expected });
    }
  }
  return entries.sort((a, b) => Number(a.expected.header.zxid) - Number(b.expected.header.zxid));
}

/** What can be told apart of a state, as plain values; for comparing two of them. */
export function dump(state: State): unknown {
  const { tree } = state;
  return {
    lastZxid: state.lastZxid,
    digest: tree.digest,
    dataSize: tree.dataSize,
    sessions: [...state.sessions.entries()].sort(byText),
    ephemerals: [...tree.ephemerals]
      .map(([id, paths]) => [id, [...paths].sort(byText)])
      .sort(byText),
    containers: [...tree.containers].sort(byText),
    ttls: [...tree.ttls].sort(byText),
    acls: [...tree.acls.entries()].map(({ list, uses }) => [list, uses]).sort(byText),
    nodes: [...tree.nodes]
      .map(([path, node]) => ({
        path,
        data: node.data?.toString('hex') ?? null,
        acl: node.acl.list,
        czxid: node.czxid,
        stat: tree.statOf(node),
        children: [...(node.children?.keys() ?? [])].sort(byText),
        digest: node.digest,
        contentCrc: node.contentCrc,
        owner: node.ephemeralOwner,
        cversion: node.cversion,
      }))
      .sort((a, b) => (a.path < b.path ? -1 : 1)),
  };
}

const text = (value: unknown): string =>
  JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? String(v) : v));
export const byText = (a: unknown, b: unknown): number => (text(a) < text(b) ? -1 : 1);
