// Transactions that add a znode: create, create2, createContainer, createTtl.
import type { SessionId } from '../base/ids.ts';
import { parentOf } from '../base/path.ts';
import { CONTAINER_OWNER, ttlOwner } from '../state/owner.ts';
import type { State } from '../state/state.ts';
import type { View } from '../state/view.ts';
import type { Previewed } from '../state/znode.ts';
import type { Reader, Writer } from '../wire/bytes.ts';
import { type Acl, SharedAclVector } from '../wire/data.ts';
import { ErrorCode } from '../wire/errors.ts';
import { OpCode } from '../wire/opcodes.ts';
import { text } from '../wire/record.ts';
import { type Applied, applied } from './applied.ts';
import type { TxnHeader } from './header.ts';

interface Created {
  readonly path: string;
  /** Read from an entry it is a view on the entry's bytes; the tree copies what it keeps. */
  readonly data: Uint8Array | null;
  readonly acl: readonly Acl[] | null;
  /** The parent's cversion afterwards; -1 in entries of servers before 3.4: one more. */
  readonly parentCVersion: number;
  preview?: Previewed | undefined;
}
export interface CreateTxn extends Created {
  readonly type: typeof OpCode.create | typeof OpCode.create2;
  readonly ephemeral: boolean;
}
export interface CreateContainerTxn extends Created {
  readonly type: typeof OpCode.createContainer;
}
export interface CreateTtlTxn extends Created {
  readonly type: typeof OpCode.createTtl;
  /** Milliseconds. */
  readonly ttl: bigint;
}
export type AnyCreateTxn = CreateTxn | CreateContainerTxn | CreateTtlTxn;

/** Reads the record; a create of version 0 ends before its parentCVersion. */
export function readCreate(r: Reader, type: AnyCreateTxn['type']): AnyCreateTxn {
  const path = text.read(r);
  const data = r.bytes();
  const acl = SharedAclVector.read(r);
  if (type === OpCode.createContainer) return { type, path, data, acl, parentCVersion: r.int() };
  if (type === OpCode.createTtl) {
    return { type, path, data, acl, parentCVersion: r.int(), ttl: r.long() };
  }
  const ephemeral = r.boolean();
  const parentCVersion = r.remaining === 0 && type === OpCode.create ? -1 : r.int();
  return { type, path, data, acl, ephemeral, parentCVersion };
}

export function writeCreate(w: Writer, txn: AnyCreateTxn): void {
  w.string(txn.path);
  w.bytes(txn.data);
  writeAcl(w, txn.acl);
  if (txn.type === OpCode.create || txn.type === OpCode.create2) w.boolean(txn.ephemeral);
  w.int(txn.parentCVersion);
  if (txn.type === OpCode.createTtl) w.long(txn.ttl);
}

export function writeAcl(w: Writer, acl: readonly Acl[] | null): void {
  if (acl === null) {
    w.int(-1);
    return;
  }
  w.int(acl.length);
  for (const { perms, id } of acl) {
    w.int(perms);
    w.string(id.scheme);
    w.string(id.id);
  }
}

function ownerOf(txn: AnyCreateTxn, session: SessionId): bigint {
  if (txn.type === OpCode.createContainer) return CONTAINER_OWNER;
  if (txn.type === OpCode.createTtl) return ttlOwner(txn.ttl);
  return txn.ephemeral ? session : 0n;
}

export function applyCreate(state: State, header: TxnHeader, txn: AnyCreateTxn): Applied {
  const { tree, watches } = state;
  const { path } = txn;
  const owner = ownerOf(txn, header.clientId);
  const err = tree.create(
    path,
    txn.data,
    txn.acl,
    owner,
    txn.parentCVersion,
    header.zxid,
    header.time,
    txn.preview,
  );
  if (err === ErrorCode.nodeExists) {
    // Only in a replay: the snapshot has the znode already, or a later one of that name.
    tree.createdBefore(path, txn.acl, txn.parentCVersion, header.zxid);
  }
  if (err !== ErrorCode.ok) return applied(txn.type, err, path);
  const node = txn.type === OpCode.create ? undefined : tree.get(path);
  if (!watches.isEmpty) {
    const parent = parentOf(path);
    const parentAcl = tree.get(parent)?.acl.list ?? null;
    watches.created(path, parent, header.zxid, txn.acl, parentAcl);
  }
  return applied(txn.type, ErrorCode.ok, path, node === undefined ? null : tree.statOf(node));
}

export function previewCreate(view: View, header: TxnHeader, txn: AnyCreateTxn): void {
  txn.preview = view.create(header.zxid, header.time, txn, ownerOf(txn, header.clientId));
}
