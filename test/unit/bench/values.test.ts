// What the options of `zk bench` read as, what keys look like on the wire, and what is counted.
import { describe, expect, it } from 'vitest';
import { Keys } from '../../../src/bench/keys.ts';
import {
  readConnections,
  readDuration,
  readPath,
  readRatio,
  readSize,
} from '../../../src/bench/options.ts';
import { Recorder } from '../../../src/bench/recorder.ts';
import { Reader, Writer } from '../../../src/wire/bytes.ts';

describe('options', () => {
  it('read durations with units, a bare number as seconds', () => {
    expect(['500ms', '2s', '1.5m', '3'].map(readDuration)).toEqual([500, 2000, 90_000, 3000]);
  });

  it.each([
    [readDuration, 'soon'],
    [readConnections, '0'],
    [readConnections, '1e3'],
    [readSize, '-1'],
    [readRatio, '1.1'],
    [readRatio, ''],
    [readPath, 'relative'],
    [readPath, '/'],
    [readPath, '/a//b'],
  ])('%o refuses %s', (read, text) => {
    expect(() => read(text)).toThrow(/^Not|^It must|^Path|^Invalid/);
  });
});

describe('keys', () => {
  it('write the path of a key as a jute string, the second time as the first', () => {
    const keys = new Keys('/chroot/root', 10, 8);
    for (let i = 0; i < 2; i++) {
      const out = new Writer();
      keys.writePath(out, 7);
      expect(new Reader(out.take()).string()).toBe('/chroot/root/7');
    }
  });

  it('know their own data from that of another, from shorter ones and from none', () => {
    const keys = new Keys('/r', 10, 8);
    expect(keys.fault(3, Buffer.from(keys.data(3)))).toBeNull();
    expect(keys.fault(4, Buffer.from(keys.data(3)))).toBe('data of key 3 in /r/4');
    expect(keys.fault(3, Buffer.from(keys.data(3)).subarray(1))).toBe('7 bytes in /r/3');
    expect(keys.fault(3, null)).toBe('0 bytes in /r/3');
    expect(new Keys('/r', 10, 0).fault(3, null)).toBeNull();
  });
});

describe('the recorder', () => {
  it('counts only what falls between start and stop', () => {
    const recorder = new Recorder(['read', 'write']);
    recorder.record(0, 1);
    recorder.start();
    recorder.record(0, 2);
    recorder.record(1, 4);
    recorder.stop();
    recorder.record(1, 8);
    const { operations, byKindUs, latencyUs } = recorder.result();
    expect(operations).toBe(2);
    expect(latencyUs.count).toBe(2);
    expect(byKindUs['read']?.p50).toBeCloseTo(2000, -1);
    expect(byKindUs['write']?.max).toBeCloseTo(4000, -1);
    expect(recorder.result(0).latencyUs.max).toBeCloseTo(2000, -1);
  });
});
