import { describe, expect, it } from 'vitest';
import { ConnectionThrottle } from '../../../src/replica/connectionThrottle.ts';
import { NO_THROTTLE } from '../../support/loneServer.ts';

const never = () => 0.999_999;
const rules = { ...NO_THROTTLE, maxTokens: 3, fillTimeMs: 100, fillCount: 1 };

/** How many of `count` requests at the moment `now` get through. */
const admitted = (throttle: ConnectionThrottle, count: number, now: number): number =>
  Array.from({ length: count }, () => throttle.admits(false, now)).filter(Boolean).length;

describe('the connection throttle', () => {
  it('lets everybody through without tokens in its rules', () => {
    expect(admitted(new ConnectionThrottle(NO_THROTTLE, never, 0), 1000, 0)).toBe(1000);
  });

  it('lets a burst of the bucket through, then what is filled in', () => {
    const throttle = new ConnectionThrottle(rules, never, 0);
    expect(admitted(throttle, 10, 0)).toBe(3);
    expect(admitted(throttle, 10, 100)).toBe(0);
    expect(admitted(throttle, 10, 250)).toBe(2);
    expect(admitted(throttle, 10, 1_000_000)).toBe(3);
  });

  it('makes a new session dearer than one that comes back, by weight', () => {
    const weighted = { ...rules, weights: { fresh: 3, renewed: 2 } };
    const fresh = new ConnectionThrottle(weighted, never, 0);
    expect(admitted(fresh, 10, 0)).toBe(3);
    const renewed = new ConnectionThrottle(weighted, never, 0);
    const through = Array.from({ length: 10 }, () => renewed.admits(true, 0)).filter(Boolean);
    expect(through).toHaveLength(4);
  });

  it('drops more and more at random while the bucket is empty, and less once it is full', () => {
    const blue = { ...rules, freezeTimeMs: 10, dropIncrease: 0.5, dropDecrease: 0.25 };
    let chance = 0.999;
    const throttle = new ConnectionThrottle(blue, () => chance, 0);
    expect(admitted(throttle, 3, 0)).toBe(3);
    throttle.admits(false, 11);
    expect(throttle.dropProbability).toBe(0.5);
    throttle.admits(false, 15);
    expect(throttle.dropProbability).toBe(0.5);
    throttle.admits(false, 22);
    expect(throttle.dropProbability).toBe(1);
    // Now full again: the probability sinks, and a request passes when chance is above it.
    expect(throttle.admits(false, 1000)).toBe(true);
    expect(throttle.dropProbability).toBe(0.75);
    chance = 0.74;
    expect(throttle.admits(false, 1001)).toBe(false);
  });
});
