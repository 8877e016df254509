// Every record of the client protocol (module proto of zookeeper.jute), in both directions.

import type { Reader, Writer } from './bytes.ts';
import { AclVector, ClientInfo, SharedAclVector, Stat, sessionIdField, zxidField } from './data.ts';
import {
  boolean,
  buffer,
  type Codec,
  type Infer,
  int,
  list,
  long,
  record,
  text,
  ustring,
} from './record.ts';

/**
 * The first frame of a connection. Clients before 3.4 leave `readOnly` out, and are answered
 * without it (ZOOKEEPER-4814): null stands for "not sent".
 */
export interface ConnectRequest extends Infer<typeof connectRequestFields> {
  readOnly: boolean | null;
}
const connectRequestFields = record({
  protocolVersion: int,
  lastZxidSeen: zxidField,
  timeOut: int,
  sessionId: sessionIdField,
  passwd: buffer,
});
export interface ConnectResponse extends Infer<typeof connectResponseFields> {
  readOnly: boolean | null;
}
const connectResponseFields = record({
  protocolVersion: int,
  timeOut: int,
  sessionId: sessionIdField,
  passwd: buffer,
});

const withReadOnly = <T extends object>(fields: Codec<T>) => ({
  read: (r: Reader): T & { readOnly: boolean | null } => ({
    ...fields.read(r),
    readOnly: r.remaining > 0 ? r.boolean() : null,
  }),
  write(w: Writer, value: T & { readOnly: boolean | null }): void {
    fields.write(w, value);
    if (value.readOnly !== null) w.boolean(value.readOnly);
  },
});
export const ConnectRequest: Codec<ConnectRequest> = withReadOnly(connectRequestFields);
export const ConnectResponse: Codec<ConnectResponse> = withReadOnly(connectResponseFields);

export const RequestHeader = record({ xid: int, type: int });
export const ReplyHeader = record({ xid: int, zxid: zxidField, err: int });
export const MultiHeader = record({ type: int, done: boolean, err: int });
export const WatcherEvent = record({ type: int, state: int, path: ustring });
export type WatcherEvent = Infer<typeof WatcherEvent>;

export const AuthPacket = record({ type: int, scheme: ustring, auth: buffer });
export const SetWatches = record({
  relativeZxid: zxidField,
  dataWatches: list(text),
  existWatches: list(text),
  childWatches: list(text),
});
export const SetWatches2 = record({
  relativeZxid: zxidField,
  dataWatches: list(text),
  existWatches: list(text),
  childWatches: list(text),
  persistentWatches: list(text),
  persistentRecursiveWatches: list(text),
});

/** Shared by exists, getData, getChildren, getChildren2. */
export const PathWatchRequest = record({ path: ustring, watch: boolean });
export type PathWatchRequest = Infer<typeof PathWatchRequest>;
/** Shared by getACL, sync, getAllChildrenNumber. */
export const PathRequest = record({ path: ustring });
export type PathRequest = Infer<typeof PathRequest>;
/** Shared by delete and check. */
export const PathVersionRequest = record({ path: ustring, version: int });
export type PathVersionRequest = Infer<typeof PathVersionRequest>;

/** Shared by create, create2, createContainer. */
export const CreateRequest = record({
  path: ustring,
  data: buffer,
  acl: SharedAclVector,
  flags: int,
});
export type CreateRequest = Infer<typeof CreateRequest>;
export const CreateTtlRequest = record({
  path: ustring,
  data: buffer,
  acl: SharedAclVector,
  flags: int,
  ttl: long,
});
export type CreateTtlRequest = Infer<typeof CreateTtlRequest>;
export const SetDataRequest = record({ path: ustring, data: buffer, version: int });
export type SetDataRequest = Infer<typeof SetDataRequest>;
export const SetAclRequest = record({ path: ustring, acl: AclVector, version: int });
export type SetAclRequest = Infer<typeof SetAclRequest>;
export const ReconfigRequest = record({
  joiningServers: ustring,
  leavingServers: ustring,
  newMembers: ustring,
  curConfigId: long,
});
export const AddWatchRequest = record({ path: ustring, mode: int });
/** Shared by checkWatches and removeWatches. */
export const WatchesRequest = record({ path: ustring, type: int });
export const GetEphemeralsRequest = record({ prefixPath: ustring });
export const SaslRequest = record({ token: buffer });

export const StatResponse = record({ stat: Stat });
export const PathResponse = record({ path: ustring });
export const Create2Response = record({ path: ustring, stat: Stat });
export const GetDataResponse = record({ data: buffer, stat: Stat });
export const GetChildrenResponse = record({ children: list(text) });
export const GetChildren2Response = record({ children: list(text), stat: Stat });
export const GetAllChildrenNumberResponse = record({ totalNumber: int });
export const GetAclResponse = record({ acl: AclVector, stat: Stat });
export const GetEphemeralsResponse = record({ ephemerals: list(text) });
export const WhoAmIResponse = record({ clientInfo: list(ClientInfo) });
export const SaslResponse = record({ token: buffer });
export const ErrorResponse = record({ err: int });
