// A znode as a proposal in flight leaves it.
import { NO_ZXID, type Zxid } from '../base/ids.ts';
import type { Acl } from '../wire/data.ts';
import { OPEN_ACL } from './aclCache.ts';
import type { NodeView, Previewed, Znode } from './znode.ts';

/** The ACL of a change that has not been told another. */
export const OPEN = { list: OPEN_ACL };

/** A znode as one proposal in flight leaves it. */
export class Change implements NodeView, Previewed {
  readonly path: string;
  readonly inFlight: Zxid;
  /** The change of the same path before this one that was in flight then. */
  previous: Change | null;
  isDeleted: boolean;
  /** The tree has it now: it counts no more. */
  isApplied: boolean;
  /** In the tree, unless a change in flight makes it. */
  znode: Znode | null = null;
  parent: Change | null = null;
  acl: { readonly list: readonly Acl[] } = OPEN;
  czxid: Zxid = NO_ZXID;
  mzxid: Zxid = NO_ZXID;
  pzxid: Zxid = NO_ZXID;
  ctime = 0;
  mtime = 0;
  version = 0;
  cversion = 0;
  aversion = 0;
  ephemeralOwner = 0n;
  numChildren = 0;
  dataLength = 0;
  contentCrc = 0;
  digest = 0;
  /** The digest of the node before. */
  digestBefore = 0;

  constructor(path: string, inFlight: Zxid, previous: Change | null) {
    this.path = path;
    this.inFlight = inFlight;
    this.previous = previous;
    this.isDeleted = false;
    this.isApplied = false;
  }

  copy(node: NodeView): void {
    this.acl = node.acl;
    this.czxid = node.czxid;
    this.mzxid = node.mzxid;
    this.pzxid = node.pzxid;
    this.ctime = node.ctime;
    this.mtime = node.mtime;
    this.version = node.version;
    this.cversion = node.cversion;
    this.aversion = node.aversion;
    this.ephemeralOwner = node.ephemeralOwner;
    this.numChildren = node.numChildren;
    this.dataLength = node.dataLength;
    this.contentCrc = node.contentCrc;
    this.digest = node.digest;
  }
}
