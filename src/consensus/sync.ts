// How a leader brings a learner to its own history: a pure choice between DIFF, TRUNC and SNAP.
import { counterOf, epochOf, NO_ZXID, type Zxid } from '../base/ids.ts';
import type { CommittedLog } from './committedLog.ts';

/** What to send: first the cut or none, then what comes after `after`; or everything. */
export type Sync =
  | {
      readonly kind: 'diff' | 'trunc';
      /** The end of the part of the learner's history that is ours too. */
      readonly after: Zxid;
      /** Up to here entries come from the log on disk; null when all of them are in memory. */
      readonly diskUpTo: Zxid | null;
    }
  | { readonly kind: 'snap' };

export interface LogOnDisk {
  /** The first zxid from which the log on disk is without a gap; null if there is none. */
  readonly from: Zxid | null;
  /** Up to where this server has its log on disk. */
  readonly upTo: Zxid;
  /** More entries than these are not read from disk: a snapshot is sent instead. */
  readonly limit: number;
}

const SNAP: Sync = { kind: 'snap' };

/**
 * Chooses as LearnerHandler.syncFollower does, with these differences: TRUNC never goes to an older
 * epoch or to a zxid without an entry, as a learner may have no log there to cut (ZOOKEEPER-4837,
 * 1154); a learner at the end of what is no longer in memory is served too.
 *
 * @param peer the zxid that the learner's history ends with
 * @param newest the epoch of the leader's history: peers' zxids of later epochs are unknown here
 */
export function chooseSync(
  peer: Zxid,
  history: CommittedLog,
  disk: LogOnDisk,
  newest: number,
): Sync {
  const { committed } = history;
  if (peer === committed) return { kind: 'diff', after: peer, diskUpTo: null };
  // An empty server: its state may be anything but ours at 0.
  if (peer === NO_ZXID) return SNAP;
  if (counterOf(peer) === 0) return afterNewEpoch(peer, history, disk, newest);
  const floor = peer > committed ? committed : history.floor(peer);
  if (floor === null) return SNAP;
  if (floor === peer) return withEntries('diff', floor, history, disk);
  if (counterOf(floor) === 0 || epochOf(floor) !== epochOf(peer)) return SNAP;
  return withEntries('trunc', floor, history, disk);
}

/**
 * An Apache server that followed a leader without writes ends with the zxid that starts the epoch:
 * no entry has it, and there is nothing to cut. It has all that was committed before that epoch.
 */
function afterNewEpoch(peer: Zxid, history: CommittedLog, disk: LogOnDisk, newest: number): Sync {
  if (epochOf(peer) > newest) return SNAP;
  const floor = peer > history.committed ? history.committed : history.floor(peer);
  return floor === null ? SNAP : withEntries('diff', floor, history, disk);
}

function withEntries(
  kind: 'diff' | 'trunc',
  after: Zxid,
  history: CommittedLog,
  disk: LogOnDisk,
): Sync {
  const { base } = history;
  if (after >= base) return { kind, after, diskUpTo: null };
  const isOnDisk = disk.from !== null && after + 1n >= disk.from && base <= disk.upTo;
  if (!isOnDisk || history.countBetween(after, base) > disk.limit) return SNAP;
  return { kind, after, diskUpTo: base };
}
