// What every replica holds: the tree, the sessions, who watches, and the last zxid applied.
import { NO_ZXID, type Zxid } from '../base/ids.ts';
import { DigestLog } from './digestLog.ts';
import { Sessions } from './sessions.ts';
import { DEFAULT_TREE_OPTIONS, Tree, type TreeOptions } from './tree.ts';
import { Watches } from './watches.ts';

export class State {
  readonly tree: Tree;
  readonly sessions = new Sessions();
  readonly watches = new Watches();
  /** Of this history: another one, from a leader or after a truncation, comes with a state of its own. */
  readonly digestLog = new DigestLog();
  lastZxid: Zxid = NO_ZXID;
  /**
   * False while the tree is ahead of `lastZxid`: it comes from a snapshot that was taken while it
   * went on changing. Its digest means nothing until one in the log is the same.
   */
  isDigestSettled = true;

  constructor(options: TreeOptions = DEFAULT_TREE_OPTIONS) {
    this.tree = new Tree(options);
  }
}
