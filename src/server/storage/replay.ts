// Applies log entries in order on top of a snapshot, and refuses a hole, an entry that cannot be
// read and a tree that differs from the digest its leader had.
import { counterOf, followsInLog, hex0x, NO_ZXID, type Zxid } from '../../base/ids.ts';
import { DIGEST_VERSION } from '../../state/digest.ts';
import type { State } from '../../state/state.ts';
import type { TxnDigest } from '../../transactions/digest.ts';
import { applyTxn, decodeTxn } from '../../transactions/index.ts';
import type { LogEntry } from '../../wire/log.ts';
import type { ZxidDigest } from '../../wire/snapshot.ts';
import { ADVICE, StorageError } from './storageError.ts';

export interface Base {
  /** Zxid of the snapshot; null when there was none. */
  zxid: Zxid | null;
  /** Path of the snapshot, or of the directory that holds none. */
  file: string;
  digest: ZxidDigest | null;
  /** Without a snapshot take whatever the logs begin with (`snapshot.trust.empty`). */
  trustEmpty: boolean;
}

/** Where an older log ended in something that is no entry. */
export interface Suspect {
  file: string;
  offset: number;
  reason: string;
}

export class Replay {
  readonly #state: State;
  readonly #base: Base;
  /** Digest that the tree must have after its zxid: until then the tree is fuzzy. */
  #awaited: ZxidDigest | null = null;
  readonly #compares: boolean;
  #last: Zxid;
  /** Entries applied. */
  entries = 0;
  /** Set between a torn older log and the entry that shows that nothing was lost with it. */
  suspect: Suspect | null = null;

  constructor(state: State, base: Base) {
    this.#state = state;
    this.#base = base;
    this.#last = base.zxid ?? NO_ZXID;
    const { digest } = base;
    // A snapshot without a digest may be fuzzy, and nobody knows for how long.
    this.#compares = state.tree.options.digest && (base.zxid === null || digest !== null);
    state.isDigestSettled = this.#compares;
    if (!this.#compares || digest === null || digest.zxid < this.#last) return;
    if (digest.zxid !== NO_ZXID && digest.version === DIGEST_VERSION) this.#awaited = digest;
    this.#meetAwaited(this.#last, base.file, null);
  }

  /** The last zxid of what has been loaded and applied. */
  get last(): Zxid {
    return this.#last;
  }

  /** Takes the next entry of `file`; one that is known already (Apache logs some again) is skipped. */
  take(entry: LogEntry, file: string): void {
    const { zxid, offset } = entry;
    if (zxid <= this.#last) return;
    this.#demandOrder(zxid, file, offset);
    this.suspect = null;
    const awaited = this.#awaited;
    if (awaited !== null && zxid > awaited.zxid) this.#passAwaited(awaited, file, offset);
    const digest = this.#apply(entry, file);
    if (this.#awaited !== null) this.#meetAwaited(zxid, file, offset);
    else if (digest?.version === DIGEST_VERSION) this.#compare(digest, zxid, file, offset);
    // While the tree is fuzzy its digest is of no zxid (Apache's DataTree records none then, too).
    const { tree, isDigestSettled, digestLog } = this.#state;
    if (this.#awaited === null && isDigestSettled) digestLog.pass(zxid, tree.digest);
    this.#last = zxid;
    this.entries++;
  }

  #compare({ treeDigest }: TxnDigest, zxid: Zxid, file: string, offset: number): void {
    const state = this.#state;
    const isSame = treeDigest === state.tree.digest;
    if (!this.#compares) state.isDigestSettled ||= isSame;
    else if (!isSame) throw this.#mismatch(file, offset, zxid);
  }

  /** After the last log: a fuzzy snapshot must have got all that it saw a part of. */
  finish(): void {
    const awaited = this.#awaited;
    if (awaited === null) return;
    if (counterOf(awaited.zxid) === 0) {
      this.#passAwaited(awaited, this.#base.file, null);
      return;
    }
    throw new StorageError({
      file: this.#base.file,
      reason: `the snapshot holds changes up to zxid ${hex0x(awaited.zxid)} that no log has`,
      lastGoodZxid: this.#last,
      advice: ADVICE.lostTail,
    });
  }

  #demandOrder(zxid: Zxid, file: string, offset: number): void {
    const base = this.#base;
    if (this.entries === 0 && base.zxid === null) {
      if (base.trustEmpty || zxid === 1n) return;
      throw new StorageError({
        file: base.file,
        reason:
          'No snapshot found, but there are log entries. Something is broken! ' +
          `The first entry (${file}) is zxid ${hex0x(zxid)}`,
        lastGoodZxid: NO_ZXID,
        advice: ADVICE.noSnapshot,
      });
    }
    const last = this.#last;
    if (zxid === last + 1n && counterOf(zxid) !== 0) return;
    if (!followsInLog(last, zxid)) {
      throw new StorageError({
        file,
        reason: `entries are missing: zxid ${hex0x(zxid)}`,
        offset,
        lastGoodZxid: last,
        advice: ADVICE.hole,
      });
    }
    const { suspect } = this;
    if (suspect === null) return;
    throw new StorageError({ ...suspect, lastGoodZxid: last, advice: ADVICE.damaged });
  }

  #apply(entry: LogEntry, file: string): TxnDigest | null {
    try {
      const { header, txn, digest } = decodeTxn(entry.bytes);
      applyTxn(this.#state, header, txn);
      return digest;
    } catch (error) {
      throw new StorageError(
        {
          file,
          reason: `the entry cannot be read (${(error as Error).message})`,
          offset: entry.offset,
          lastGoodZxid: this.#last,
          advice: ADVICE.damaged,
        },
        error,
      );
    }
  }

  #meetAwaited(zxid: Zxid, file: string, offset: number | null): void {
    const awaited = this.#awaited;
    if (awaited === null || awaited.zxid !== zxid) return;
    this.#awaited = null;
    if (awaited.treeDigest !== this.#state.tree.digest) throw this.#mismatch(file, offset, zxid);
  }

  /** The awaited zxid began an epoch and is no transaction, or its entry is missing. */
  #passAwaited(awaited: ZxidDigest, file: string, offset: number | null): void {
    if (counterOf(awaited.zxid) === 0) {
      this.#meetAwaited(awaited.zxid, file, offset);
      return;
    }
    throw new StorageError({
      file,
      reason: `entries are missing: the snapshot saw zxid ${hex0x(awaited.zxid)}`,
      offset,
      lastGoodZxid: this.#last,
      advice: ADVICE.hole,
    });
  }

  #mismatch(file: string, offset: number | null, zxid: Zxid): StorageError {
    const at = offset === null ? '' : ' by the entry';
    return new StorageError({
      file,
      reason: `the digest of the tree after zxid ${hex0x(zxid)} differs from the recorded one${at}`,
      offset,
      lastGoodZxid: offset === null ? null : this.#last,
      advice: ADVICE.digest,
    });
  }
}
