// Reads quorum packets off the chunks of a connection; nothing but their fields says how long they are.
import { Assembler, endOfBytes } from './assembler.ts';
import { Reader, WireError } from './bytes.ts';
import { QuorumPacket } from './quorum.ts';

/** type, zxid, length of the data */
const HEAD = 16;
/** Identities that a client may have shown; each comes with its request. */
const MAX_AUTHINFO = 4096;

function refuse(length: number): never {
  throw new WireError(`a packet with ${length} bytes of data`);
}

function refuseText(length: number): never {
  throw new WireError(`a packet with ${length} bytes of an identity`);
}

/**
 * Packets out of a byte stream. Use: `push(chunk)`, then `next()` until it is null, then `keep()`;
 * the data of a packet is a view that is void at the next push.
 */
export class QuorumPackets {
  readonly #bytes = new Assembler();
  readonly #reader = new Reader();
  readonly #measure: (buffer: Buffer, start: number, end: number) => number;

  /** @param maxData bytes that a packet's data, or one of its identities, may have */
  constructor(maxData: number) {
    this.#measure = (buffer, start, end) => lengthOf(buffer, start, end, maxData);
  }

  /** Bytes held for a packet that is not whole yet. */
  get held(): number {
    return this.#bytes.held;
  }

  push(chunk: Buffer): void {
    this.#bytes.push(chunk);
  }

  /** The next packet, null while it is not whole. Throws WireError where no packet can begin. */
  next(): QuorumPacket | null {
    return this.#bytes.next(this.#measure, this.#reader) ? QuorumPacket.read(this.#reader) : null;
  }

  /** Copies what is left of the chunk, so that its memory may be used again. */
  keep(): void {
    this.#bytes.keep();
  }

  /** The bytes behind the last packet, for who reads on in another form: the snapshot's. */
  rest(): Buffer {
    return this.#bytes.rest();
  }
}

function lengthOf(buffer: Buffer, start: number, end: number, maxData: number): number {
  if (start + HEAD > end) return HEAD;
  let at = endOfBytes(buffer, start + HEAD - 4, end, maxData, refuse);
  if (at + 4 > end) return at + 4 - start;
  const identities = buffer.readInt32BE(at);
  if (identities > MAX_AUTHINFO) throw new WireError(`a packet with ${identities} identities`);
  at += 4;
  for (let i = 0; i < identities * 2 && at <= end; i++) {
    at = endOfBytes(buffer, at, end, maxData, refuseText);
  }
  return at - start;
}
