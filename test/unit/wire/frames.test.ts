import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Reader } from '../../../src/wire/bytes.ts';
import { FrameResult, Frames } from '../../../src/wire/frames.ts';

const framed = (body: Uint8Array): Buffer => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
};

const body = (reader: Reader): string => reader.buffer.toString('hex', reader.position, reader.end);

/** The bodies of the frames in `chunk`; its memory is overwritten afterwards, as a socket's may be. */
function feed(frames: Frames, chunk: Buffer): string[] {
  const memory = Buffer.from(chunk);
  const reader = new Reader();
  const found: string[] = [];
  frames.push(memory);
  while (frames.next(reader) === FrameResult.frame) found.push(body(reader));
  frames.keep();
  memory.fill(0xee);
  return found;
}

const bodies = ['', 'a', 'bc', 'def', 'x'.repeat(20)].map((text) => Buffer.from(text));
const stream = Buffer.concat(bodies.map(framed));
const expected = bodies.map((part) => part.toString('hex'));

describe('frames', () => {
  it('come out the same however their bytes are cut in two', () => {
    for (let at = 0; at <= stream.length; at++) {
      const frames = new Frames(100);
      const found = [stream.subarray(0, at), stream.subarray(at)].flatMap((c) => feed(frames, c));
      expect(found, `cut at ${at}`).toEqual(expected);
      expect(frames.held).toBe(0);
    }
  });

  it('come out the same however their bytes are cut in three', () => {
    for (let a = 0; a <= stream.length; a++) {
      for (let b = a; b <= stream.length; b++) {
        const frames = new Frames(100);
        const pieces = [stream.subarray(0, a), stream.subarray(a, b), stream.subarray(b)];
        const found = pieces.flatMap((piece) => feed(frames, piece));
        expect(found, `cut at ${a} and ${b}`).toEqual(expected);
      }
    }
  });

  it('come out of single bytes, each as soon as its last byte is there', () => {
    const frames = new Frames(100);
    const found: [number, string][] = [];
    for (const [at, byte] of stream.entries()) {
      for (const one of feed(frames, Buffer.from([byte]))) found.push([at, one]);
    }
    let end = -1;
    const ends = bodies.map(({ length }) => {
      end += 4 + length;
      return end;
    });
    expect(found).toEqual(expected.map((one, i) => [ends[i], one]));
  });

  it('come out whole to a reader that stops after any frame, while chunks go on coming', () => {
    const sizes = fc.array(fc.nat(70), { minLength: 1, maxLength: 12 });
    const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 });
    const appetites = fc.array(fc.nat(4), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(sizes, cuts, appetites, (lengths, pieces, appetite) => {
        const wanted = lengths.map((length, i) => Buffer.alloc(length, i + 1));
        const all = Buffer.concat(wanted.map(framed));
        const frames = new Frames(100);
        const reader = new Reader();
        const found: string[] = [];
        /** Takes at most `count`; a reader that finds none left says that it has read everything. */
        const take = (count: number): void => {
          for (let i = 0; i < count; i++) {
            if (frames.next(reader) !== FrameResult.frame) {
              frames.keep();
              return;
            }
            found.push(body(reader));
          }
        };
        for (let at = 0, i = 0; at < all.length; i++) {
          const size = pieces[i % pieces.length] ?? 1;
          frames.push(all.subarray(at, at + size));
          at += size;
          take(appetite[i % appetite.length] ?? 0);
        }
        take(Number.POSITIVE_INFINITY);
        expect(found).toEqual(wanted.map((part) => part.toString('hex')));
        expect(frames.unread + frames.held).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  it('of a bad length are refused at the length, wherever it is cut', () => {
    for (const [hex, length] of [
      ['00000065', 101],
      ['ffffffff', -1],
      ['80000000', -0x80000000],
      ['7fffffff', 0x7fffffff],
    ] as const) {
      const bad = Buffer.concat([framed(Buffer.from('ok')), Buffer.from(hex, 'hex')]);
      for (let at = 0; at < bad.length; at++) {
        const frames = new Frames(100);
        const reader = new Reader();
        const results: number[] = [];
        for (const piece of [bad.subarray(0, at), bad.subarray(at)]) {
          frames.push(piece);
          for (;;) {
            const result = frames.next(reader);
            if (result === FrameResult.none) break;
            results.push(result);
            if (result === FrameResult.bad) break;
          }
          frames.keep();
        }
        expect(results, `${hex} cut at ${at}`).toEqual([FrameResult.frame, FrameResult.bad]);
        expect(frames.badLength).toBe(length);
      }
    }
  });

  it('of the largest length are taken, and cost no more than what has come', () => {
    const frames = new Frames(0xfffff);
    const whole = framed(Buffer.alloc(0xfffff, 7));
    expect(feed(frames, whole.subarray(0, 1000))).toEqual([]);
    expect(frames.held).toBe(1000);
    expect(feed(frames, whole.subarray(1000))).toEqual([whole.toString('hex', 4)]);
  });

  it('of a lent chunk may be kept once they are owned, whenever that is and wherever it is cut', () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      for (let owned = 0; owned < bodies.length; owned++) {
        const frames = new Frames(100);
        const reader = new Reader();
        const kept: Buffer[] = [];
        for (const piece of [stream.subarray(0, cut), stream.subarray(cut)]) {
          const memory = Buffer.from(piece);
          frames.push(memory, true);
          while (frames.next(reader) === FrameResult.frame) {
            const isKept = kept.length >= owned;
            if (isKept) frames.own(reader);
            const { buffer, position, end } = reader;
            kept.push(
              isKept ? buffer.subarray(position, end) : Buffer.from(buffer.subarray(position, end)),
            );
          }
          frames.keep();
          memory.fill(0xee);
        }
        expect(
          kept.map((part) => part.toString('hex')),
          `cut ${cut}, owned ${owned}`,
        ).toEqual(expected);
      }
    }
  });

  it('of a lent chunk wait unharmed for a reader that stops halfway', () => {
    for (let stop = 0; stop < bodies.length; stop++) {
      const frames = new Frames(100);
      const reader = new Reader();
      const memory = Buffer.from(stream);
      const found: string[] = [];
      frames.push(memory, true);
      for (let i = 0; i < stop; i++) {
        frames.next(reader);
        found.push(body(reader));
      }
      frames.hold();
      memory.fill(0xee);
      while (frames.next(reader) === FrameResult.frame) found.push(body(reader));
      expect(found).toEqual(expected);
    }
  });
});
