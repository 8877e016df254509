// Recorded frames of real clients, changed at random: the input of a fuzzer.
import { readdirSync, readFileSync } from 'node:fs';
import type { Random } from './simDisk.ts';

interface Row {
  from: 'client' | 'server';
  hex?: string;
}

const CONVERSATIONS = new URL('../golden/conversations/', import.meta.url);

/** Every frame that a client sent in a recorded conversation, connect requests apart. */
export function recordedFrames(): { hellos: Buffer[]; requests: Buffer[] } {
  const hellos = new Map<string, Buffer>();
  const requests = new Map<string, Buffer>();
  for (const name of readdirSync(CONVERSATIONS)) {
    const seen = new Set<number>();
    const rows = JSON.parse(readFileSync(new URL(name, CONVERSATIONS), 'utf8')) as (Row & {
      connection: number;
    })[];
    for (const { from, hex, connection } of rows) {
      if (from !== 'client' || hex === undefined) continue;
      const target = seen.has(connection) ? requests : hellos;
      seen.add(connection);
      target.set(hex, Buffer.from(hex, 'hex'));
    }
  }
  return { hellos: [...hellos.values()], requests: [...requests.values()] };
}

const NUMBERS = [0, 1, -1, -2, 2, 7, 100, 0x7fff, 0xfffff, 0x100000, 0x7fffffff, -0x80000000];
const OPCODES = [
  ...[-11, -10, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21],
  ...[22, 23, 100, 101, 102, 103, 104, 105, 106, 107, 108],
];
const LENGTH = 4;
const OPCODE_AT = 8;

export class Mutator {
  readonly #random: Random;
  readonly #corpus: { hellos: Buffer[]; requests: Buffer[] };

  constructor(random: Random, corpus = recordedFrames()) {
    this.#random = random;
    this.#corpus = corpus;
  }

  /** A connect request; mutated one time in five. */
  hello(): Buffer {
    const hello = this.#pick(this.#corpus.hellos);
    return this.#random() < 0.2 ? this.#mutated(hello) : Buffer.from(hello);
  }

  /** A request; as recorded one time in ten, so that there is something for the others to hit. */
  request(): Buffer {
    const request = this.#pick(this.#corpus.requests);
    return this.#random() < 0.1 ? Buffer.from(request) : this.#mutated(request);
  }

  #mutated(frame: Buffer): Buffer {
    let bytes: Buffer = Buffer.from(frame);
    for (let times = 1 + this.#below(3); times > 0; times--) bytes = this.#once(bytes);
    // A length that lies ends a connection at once; most frames are to get further than that.
    if (bytes.length >= LENGTH && this.#random() < 0.98) {
      bytes.writeInt32BE(bytes.length - LENGTH, 0);
    }
    return bytes;
  }

  #once(bytes: Buffer): Buffer {
    const at = LENGTH + this.#below(Math.max(1, bytes.length - LENGTH));
    const rest = bytes.length - at;
    switch (this.#below(8)) {
      case 0:
        if (rest > 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << this.#below(8));
        return bytes;
      case 1:
        if (rest > 0) bytes[at] = this.#below(256);
        return bytes;
      case 2:
        if (rest >= 4) bytes.writeInt32BE(this.#pick(NUMBERS), at);
        return bytes;
      case 3:
        return bytes.subarray(0, at);
      case 4:
        return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + this.#below(9))]);
      case 5:
        return Buffer.concat([bytes.subarray(0, at), this.#noise(), bytes.subarray(at)]);
      case 6: {
        const other = this.#pick(this.#corpus.requests);
        return Buffer.concat([bytes.subarray(0, at), other.subarray(this.#below(other.length))]);
      }
      default:
        if (bytes.length >= OPCODE_AT + 4) bytes.writeInt32BE(this.#pick(OPCODES), OPCODE_AT);
        return bytes;
    }
  }

  #noise(): Buffer {
    return Buffer.from(Array.from({ length: 1 + this.#below(12) }, () => this.#below(256)));
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#below(items.length)] as T;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}
