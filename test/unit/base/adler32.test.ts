// Adler-32 against values of Python's zlib and against Node's own deflate.
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { adler32 } from '../../../src/base/adler32.ts';

const ramp = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, i) => i & 255));

/** The checksum at the end of a zlib stream. */
function reference(bytes: Buffer): number {
  const stream = deflateSync(bytes, { level: 0 });
  return stream.readUInt32BE(stream.length - 4);
}

describe('adler32', () => {
  it('gives the values of zlib.adler32 in Python', () => {
    expect(adler32(Buffer.alloc(0))).toBe(1);
    expect(adler32(Buffer.from('a'))).toBe(0x00620062);
    expect(adler32(Buffer.from('Wikipedia'))).toBe(0x11e60398);
    expect(adler32(Buffer.alloc(1_000_000, 255))).toBe(0x3843e1be);
  });

  it('agrees with deflate at every length around the unrolled loop and the modulo', () => {
    for (const length of [...Array(40).keys(), 3799, 3800, 3801, 3808, 7600, 65521, 200_000]) {
      expect(adler32(ramp(length)), `${length} bytes`).toBe(reference(ramp(length)));
      const high = Buffer.alloc(length, 255);
      expect(adler32(high), `${length} high bytes`).toBe(reference(high));
    }
  });

  it('continues a running sum and reads only the given part', () => {
    const bytes = ramp(10_000);
    const first = adler32(bytes, 100, 4321);
    expect(adler32(bytes, 4321, 9000, first)).toBe(reference(bytes.subarray(100, 9000)));
  });
});
