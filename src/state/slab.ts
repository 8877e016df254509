// Room for the small data of many znodes in few buffers: an own Buffer would cost as much as its bytes.

/** Data of more bytes are better off with a Buffer of their own. */
export const SLAB_ITEM = 512;
/** A slab stays while one of its znodes does. */
const SIZE = 8192;
/** For what a snapshot brings, which is there all at once. */
const LOADING_SIZE = 65_536;

export interface Place {
  slab: Buffer;
  at: number;
}

/** The place given out last, and how far its slab is used. */
const last: Place = { slab: Buffer.alloc(0), at: 0 };
let used = 0;

/** Copies 1 to SLAB_ITEM bytes; the result is valid until the next call. */
export function place(data: Uint8Array, isLoading: boolean): Readonly<Place> {
  if (used + data.length > last.slab.length) {
    last.slab = Buffer.allocUnsafeSlow(isLoading ? LOADING_SIZE : SIZE);
    used = 0;
  }
  last.at = used;
  last.slab.set(data, used);
  used += data.length;
  return last;
}
