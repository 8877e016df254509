// The records that both requests and transactions are made of: Id, ACL, Stat.
import type { SessionId, Zxid } from '../base/ids.ts';
import type { Reader, Writer } from './bytes.ts';
import {
  type Codec,
  type Infer,
  id,
  int,
  list,
  millis,
  record,
  ustring,
  vector,
} from './record.ts';

export const Id = record({ scheme: ustring, id: ustring });
export type Id = Infer<typeof Id>;

export const Acl = record({ perms: int, id: Id });
export type Acl = Infer<typeof Acl>;
export const AclVector = vector(Acl);
export const AclList = list(Acl);

/** Lists of more bytes than this are read each for itself. */
const SHARED_BYTES = 64;
const lastBytes = Buffer.alloc(SHARED_BYTES);
let lastLength = 0;
let lastList: readonly Acl[] = [];

function isLast({ buffer, position, remaining }: Reader): boolean {
  if (lastLength === 0 || remaining < lastLength) return false;
  for (let i = 0; i < lastLength; i++) if (buffer[position + i] !== lastBytes[i]) return false;
  return true;
}

/**
 * An AclVector of which equal ones in a row are one object, not to be changed: nearly every create
 * brings the same, and to read it anew would be 500 bytes of garbage.
 */
export const SharedAclVector: Codec<readonly Acl[] | null> = {
  read(r) {
    if (isLast(r)) {
      r.position += lastLength;
      return lastList;
    }
    const { buffer, position } = r;
    const read = AclVector.read(r);
    const length = r.position - position;
    if (read !== null && length <= SHARED_BYTES) {
      lastBytes.set(buffer.subarray(position, r.position));
      lastLength = length;
      lastList = read;
    }
    return read;
  },
  write: (w, list) => AclVector.write(w, list as Acl[] | null),
};

export const ClientInfo = record({ authScheme: ustring, user: ustring });
export type ClientInfo = Infer<typeof ClientInfo>;

/** What a client sees of a znode. Times are milliseconds since 1970. */
export interface Stat {
  czxid: Zxid;
  mzxid: Zxid;
  ctime: number;
  mtime: number;
  version: number;
  cversion: number;
  aversion: number;
  /** Session of an ephemeral, 0 for others; containers and TTL nodes carry their kind in the top bits. */
  ephemeralOwner: bigint;
  dataLength: number;
  numChildren: number;
  pzxid: Zxid;
}

/** Written by hand: it is in most replies, and 11 fields are the cost of them. */
export const Stat: Codec<Stat> = {
  read: (r: Reader): Stat => ({
    czxid: r.long() as Zxid,
    mzxid: r.long() as Zxid,
    ctime: r.longAsNumber(),
    mtime: r.longAsNumber(),
    version: r.int(),
    cversion: r.int(),
    aversion: r.int(),
    ephemeralOwner: r.long(),
    dataLength: r.int(),
    numChildren: r.int(),
    pzxid: r.long() as Zxid,
  }),
  write(w: Writer, s: Stat): void {
    w.long(s.czxid);
    w.long(s.mzxid);
    w.longFromNumber(s.ctime);
    w.longFromNumber(s.mtime);
    w.int(s.version);
    w.int(s.cversion);
    w.int(s.aversion);
    w.long(s.ephemeralOwner);
    w.int(s.dataLength);
    w.int(s.numChildren);
    w.long(s.pzxid);
  },
};

/** The part of a Stat that is stored; the rest follows from data and children. */
export const StatPersisted = record({
  czxid: id<Zxid>(),
  mzxid: id<Zxid>(),
  ctime: millis,
  mtime: millis,
  version: int,
  cversion: int,
  aversion: int,
  ephemeralOwner: id<bigint>(),
  pzxid: id<Zxid>(),
});
export type StatPersisted = Infer<typeof StatPersisted>;

export const zxidField = id<Zxid>();
export const sessionIdField = id<SessionId>();
