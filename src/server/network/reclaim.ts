// Gives back the memory of clients that have gone: V8 collects when it needs room, and the server
// that they leave behind needs none, so that what ten thousand of them took would stay for minutes.
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Connections that must have gone; what fewer leave is a few MB. */
const MANY = 1000;
/** How often it is looked whether the time has come. */
const LOOK_MS = 2000;
/** Bytes received in that time by a server that can stand still for a moment, and new departures. */
const QUIET_BYTES = 200_000;
const FEW = 100;
/** A collection takes about a millisecond for each MB that is alive; of a large heap this is little. */
const MOST_HEAP = 128 << 20;
/** The first frees, the second moves what is left together, the third hands back what that emptied. */
const PASSES = 3;

export interface ReclaimOptions {
  /** Bytes received from clients so far. */
  readonly bytesReceived: () => number;
  readonly heapBytes?: () => number;
  readonly collect?: () => void;
}

/** Collects once many connections have gone and the server is quiet. */
export class Reclaim {
  readonly #bytesReceived: () => number;
  readonly #heapBytes: () => number;
  readonly #collect: () => void;
  #timer: NodeJS.Timeout | null = null;
  /** Connections that have gone: since the last collections, and when it was looked last. */
  #gone = 0;
  #goneBefore = 0;
  #bytesBefore = 0;
  #passes = 0;

  constructor({ bytesReceived, heapBytes = usedHeap, collect = collectAll }: ReclaimOptions) {
    this.#bytesReceived = bytesReceived;
    this.#heapBytes = heapBytes;
    this.#collect = collect;
  }

  /** A connection has gone. */
  left(): void {
    this.#gone++;
    if (this.#gone >= MANY && this.#timer === null) this.#schedule();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #schedule(): void {
    this.#goneBefore = this.#gone;
    this.#bytesBefore = this.#bytesReceived();
    this.#timer = setTimeout(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  #look(): void {
    this.#timer = null;
    const isQuiet =
      this.#gone - this.#goneBefore < FEW &&
      this.#bytesReceived() - this.#bytesBefore < QUIET_BYTES;
    if (isQuiet) {
      if (this.#passes === PASSES || this.#heapBytes() > MOST_HEAP) {
        this.#gone = 0;
        this.#passes = 0;
        return;
      }
      this.#collect();
      this.#passes++;
    }
    this.#schedule();
  }
}

const usedHeap = (): number => getHeapStatistics().used_heap_size;

/** V8's own function, which only a context that is made under the flag shows. */
function collectAll(): void {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  gc();
}
