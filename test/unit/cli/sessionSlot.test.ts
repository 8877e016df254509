// Closing the session of a server that hangs: the shell waits for a while, not until the connection is lost.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SessionSlot } from '../../../src/cli/sessionSlot.ts';
import type { ZooKeeper } from '../../../src/client/api.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A slot whose server never answers a close. */
function hanging(
  isConnected: boolean,
  sessionId: bigint,
): {
  slot: SessionSlot;
  told: () => number;
  abandoned: () => boolean;
} {
  let told = 0;
  let isAbandoned = false;
  let end: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => {
    end = resolve;
  });
  const zk: Partial<ZooKeeper> = {
    state: isConnected ? 'connected' : 'connecting',
    isConnected,
    sessionId,
    on: () => zk as ZooKeeper,
    close: () => closed,
    abandon: () => {
      isAbandoned = true;
      end();
    },
  };
  const slot = new SessionSlot('default', 'h:1', {
    onEvent: () => undefined,
    onState: () => undefined,
    onUnanswered: () => {
      told++;
    },
  });
  slot.open(() => zk as ZooKeeper, {});
  return { slot, told: () => told, abandoned: () => isAbandoned };
}

test.each([
  ['that is connected', true, 5n, 5000, 1],
  ['that is greeted again', false, 5n, 5000, 1],
  ['that is only greeted', false, 0n, 1000, 0],
] as const)(
  'a session %s is left to expire in time',
  async (_, isConnected, id, patience, lines) => {
    const { slot, told, abandoned } = hanging(isConnected, id);
    const closing = slot.close();
    await vi.advanceTimersByTimeAsync(patience - 1);
    expect(abandoned()).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await closing;
    expect({ abandoned: abandoned(), told: told() }).toEqual({ abandoned: true, told: lines });
  },
);

test('an interruption does not wait', async () => {
  const { slot, told, abandoned } = hanging(true, 5n);
  const interrupt = new AbortController();
  const closing = slot.close(interrupt.signal);
  interrupt.abort();
  await closing;
  expect({ abandoned: abandoned(), told: told() }).toEqual({ abandoned: true, told: 1 });
  expect(vi.getTimerCount()).toBe(0);
});
