import { describe, expect, it } from 'vitest';
import { type SessionId, sessionId } from '../../../src/base/ids.ts';
import {
  initialSessionId,
  isPasswordOf,
  passwordOf,
  Sessions,
  SessionTracker,
  sessionIdAfter,
} from '../../../src/state/sessions.ts';

const ONE = sessionId(1n);
const TWO = sessionId(-2n);

describe('the tracker', () => {
  it('expires a session at the end of the tick after its timeout, once', () => {
    const tracker = new SessionTracker(2000);
    tracker.add(ONE, 5000, 100);
    expect(tracker.nextDeadline).toBe(6000);
    expect(tracker.expired(5999)).toEqual([]);
    expect(tracker.expired(6000)).toEqual([ONE]);
    expect(tracker.expired(9000)).toEqual([]);
    expect(tracker.get(ONE)?.isClosing).toBe(true);
    expect(tracker.touch(ONE, 6001)).toBe(false);
    expect(tracker.nextDeadline).toBe(Number.POSITIVE_INFINITY);
  });

  it('rounds a timeout that ends with a tick up to the next one, as Apache does', () => {
    const tracker = new SessionTracker(2000);
    tracker.add(ONE, 4000, 2000);
    expect(tracker.nextDeadline).toBe(8000);
  });

  it('gives a touched session its full time again', () => {
    const tracker = new SessionTracker(1000);
    tracker.add(ONE, 3000, 0);
    tracker.add(TWO, 3000, 0);
    expect(tracker.touch(ONE, 2500)).toBe(true);
    expect(tracker.expired(4000)).toEqual([TWO]);
    expect(tracker.nextDeadline).toBe(6000);
    expect(tracker.expired(6000)).toEqual([ONE]);
  });

  it('catches up over many ticks in their order', () => {
    const tracker = new SessionTracker(10);
    const ids: SessionId[] = [];
    for (let i = 1; i <= 50; i++) {
      ids.push(sessionId(BigInt(i)));
      tracker.add(sessionId(BigInt(i)), i * 10, 0);
    }
    expect(tracker.expired(10_000)).toEqual(ids);
  });

  it('forgets what is removed and no longer expires what is closing', () => {
    const tracker = new SessionTracker(1000);
    tracker.add(ONE, 1000, 0);
    tracker.add(TWO, 1000, 0);
    tracker.remove(ONE);
    tracker.close(TWO);
    tracker.add(TWO, 1000, 0);
    expect(tracker.expired(1e9)).toEqual([]);
    expect([tracker.size, tracker.touch(ONE, 5)]).toEqual([1, false]);
  });

  it('lists who expires when', () => {
    const tracker = new SessionTracker(1000);
    tracker.add(TWO, 4000, 0);
    tracker.add(ONE, 2000, 0);
    expect(tracker.buckets()).toEqual([
      [3000, [ONE]],
      [5000, [TWO]],
    ]);
  });
});

describe('a session', () => {
  it('opens with the password made from its id only', () => {
    // From a log of Apache 3.8.0.
    const id = sessionId(72057680089972736n);
    expect(passwordOf(id).toString('hex')).toBe('34561079b19dec9532f698f0e2070cc6');
    expect(isPasswordOf(id, passwordOf(id))).toBe(true);
    expect(isPasswordOf(ONE, passwordOf(id))).toBe(false);
    expect(isPasswordOf(id, passwordOf(id).subarray(1))).toBe(false);
    expect(isPasswordOf(id, null)).toBe(false);
    expect(isPasswordOf(sessionId(0n), passwordOf(sessionId(0n)))).toBe(false);
  });

  it('gets an id of server, time and count', () => {
    expect(initialSessionId(1n, 0x1414b2)).toBe(0x01_0000_1414b2_0000n);
    expect(initialSessionId(255n, 1)).toBe(BigInt.asIntN(64, 0xff00_0000_0001_0000n));
    // More than 40 bits of time lose their top, the server's byte stays.
    expect(initialSessionId(2n, 2 ** 40 + 5) >> 56n).toBe(2n);
    expect(initialSessionId(128n, 0)).toBe(-(1n << 63n) + 1n);
  });

  it('counts up within the ids of its server', () => {
    const last = sessionId(0x05ff_ffff_ffff_ffffn);
    expect(sessionIdAfter(sessionId(last - 1n))).toBe(last);
    expect(sessionIdAfter(last)).toBe(0x0500_0000_0000_0000n);
    // 0 means none, and the lowest number the owner of a container.
    expect(sessionIdAfter(sessionId(0x00ff_ffff_ffff_ffffn))).toBe(1n);
    expect(sessionIdAfter(sessionId((-127n << 56n) - 1n))).toBe(-(1n << 63n) + 1n);
    expect(sessionIdAfter(sessionId(0x7fff_ffff_ffff_ffffn))).toBe(0x7f00_0000_0000_0000n);
  });

  it('goes on behind the latest id, also when the clock in it has begun anew', () => {
    const sessions = new Sessions();
    const late = initialSessionId(3n, 2 ** 41 - 5);
    const early = initialSessionId(3n, 2 ** 41 + 5);
    sessions.add(late, 4000);
    expect(sessions.firstFree(late)).toBe(late + 1n);
    expect(sessions.firstFree(early)).toBe(early);
    sessions.add(early, 4000);
    sessions.add(sessionId(late + 7n), 4000);
    expect(sessions.firstFree(early)).toBe(early + 1n);
    expect(sessions.firstFree(initialSessionId(4n, 0))).toBe(initialSessionId(4n, 0));
  });

  it('is known with its timeout until it ends', () => {
    const sessions = new Sessions();
    sessions.add(ONE, 4000);
    expect([sessions.has(ONE), sessions.timeoutOf(ONE), sessions.size]).toEqual([true, 4000, 1]);
    expect([...sessions.entries()]).toEqual([[ONE, 4000]]);
    expect(sessions.remove(ONE)).toBe(true);
    expect([sessions.timeoutOf(ONE), sessions.remove(ONE)]).toEqual([undefined, false]);
  });
});
