// The outcome of a transaction (Apache's ProcessTxnResult).
import type { Stat } from '../wire/data.ts';
import { ErrorCode } from '../wire/errors.ts';

export interface Applied {
  readonly type: number;
  /** An error code; of a multi the first that is not 0. */
  readonly err: number;
  readonly path: string | null;
  /** After create2, createContainer, createTtl, setData, setAcl, reconfig. */
  readonly stat: Stat | null;
  /** What a reconfig has set. */
  readonly data?: Buffer | null;
  /** One per operation of a multi. */
  readonly multi: readonly Applied[] | null;
}

export const applied = (
  type: number,
  err: number,
  path: string | null = null,
  stat: Stat | null = null,
): Applied => ({ type, err, path, stat, multi: null });

/** The outcome where a transaction found no such znode, which only a replay can meet. */
export const noNode = (type: number, path: string): Applied =>
  applied(type, ErrorCode.noNode, path);
