// A wall clock that somebody sets while the server runs, or between two runs of it: sessions go by
// monotonic time, zxids by their own order, and no id of a session is given out twice.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connect } from '../../src/client/index.ts';
import { describeWithPeers } from '../support/foreign.ts';
import { temporaryDirectory, waitFor } from '../support/processes.ts';
import { startOurs, type TestServer } from '../support/servers.ts';

const HOUR = 3600;

/** A server that sees the clock that `set` gives it: `+S` or `-S` seconds off, `=S` stands still. */
async function serverWithClock(setting: string, tickTime: number) {
  const folder = temporaryDirectory('clock');
  const library = join(folder, 'setClock.so');
  const source = join(import.meta.dirname, 'c/setClock.c');
  const options = ['-std=gnu11', '-O1', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC'];
  execFileSync('gcc', [...options, '-o', library, source, '-ldl']);
  const clock = join(folder, 'clock');
  const set = (to: string): void => writeFileSync(clock, to);
  set(setting);
  const config = { tickTime, minSessionTimeout: tickTime, maxSessionTimeout: 60_000 };
  const env = { LD_PRELOAD: library, SET_CLOCK: clock };
  return { set, server: await startOurs({ config, env }) };
}

const expiries = (server: TestServer): number =>
  server.log().match(/Expiring session/g)?.length ?? 0;

describeWithPeers('a clock that is set', ['gcc'], () => {
  test('by an hour, either way, expires nobody, stops no expiry, and orders nothing anew', async () => {
    const { set, server } = await serverWithClock('+0', 200);
    const zk = await connect(server.address, { sessionTimeout: 1000 });
    const stats = [];
    for (const [i, shift] of [0, HOUR, -HOUR, 0].entries()) {
      set(shift < 0 ? `${shift}` : `+${shift}`);
      await zk.create(`/n${i}`);
      stats.push(await zk.exists(`/n${i}`));
      // As long as two timeouts: whoever is judged by the wall clock is judged now.
      const until = performance.now() + 2000;
      await waitFor('time to pass', () => performance.now() > until);
      expect(zk.state).toBe('connected');
      expect(expiries(server)).toBe(i);
      // Who goes without a word expires after its timeout, no sooner and not much later.
      const silent = await connect(server.address, { sessionTimeout: 1000 });
      await silent.create(`/e${i}`, '', { mode: 'ephemeral' });
      const before = performance.now();
      silent.abandon();
      // The clock is set again, with the expiry under way.
      set(shift > 0 ? `-${HOUR}` : `+${HOUR}`);
      await waitFor('the expiry', async () => (await zk.exists(`/e${i}`)) === null, 10_000);
      const took = performance.now() - before;
      expect(took).toBeGreaterThan(900);
      expect(took).toBeLessThan(4000);
    }
    const zxids = stats.map((stat) => stat?.czxid ?? 0n);
    expect(zxids).toEqual(zxids.toSorted((a, b) => (a < b ? -1 : 1)));
    // The clocks did go wrong: without that this test would say nothing.
    const [normal = 0, ahead = 0, behind = 0] = stats.map((stat) => Number(stat?.ctime));
    expect((ahead - normal) / 1000).toBeCloseTo(HOUR, -2);
    expect((behind - normal) / 1000).toBeCloseTo(-HOUR, -2);
    await zk.close();
    await server.stop();
  });

  test('to the very same time before each start gives no session the id of another', async () => {
    const { server } = await serverWithClock('=1700000000', 2000);
    const ids: bigint[] = [];
    for (let life = 0; life < 3; life++) {
      for (let i = 0; i < 3; i++) {
        const zk = await connect(server.address, { sessionTimeout: 60_000 });
        ids.push(zk.sessionId);
        if (i === 0) zk.abandon();
        else await zk.close();
      }
      await server.restart(life === 0 ? 'SIGKILL' : 'SIGTERM');
    }
    expect(new Set(ids).size).toBe(9);
    // The clock did stand still: all begin with its 40 bits.
    for (const id of ids) expect((id >> 16n) % (1n << 40n)).toBe(1_700_000_000_000n % (1n << 40n));
    await server.stop();
  });
});
