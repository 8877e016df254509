// How one server process lives: pid file, signals, exit codes, one line for each failure.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parseConfig } from '../../../src/config/index.ts';
import {
  type RunningServer,
  runForeground,
  type StartServer,
} from '../../../src/server/foreground.ts';

let home: string;
let pidFile: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'zk-foreground-'));
  pidFile = join(home, 'zookeeper_server.pid');
});
afterEach(() => rmSync(home, { recursive: true }));

/** A server that ends when it is closed or when the test says so. */
function aServer() {
  let end: (outcome: { code: number; reason?: string }) => void = () => undefined;
  const closed = new Promise<{ code: number; reason?: string }>((resolve) => {
    end = resolve;
  });
  const server: RunningServer = {
    port: 2181,
    closed,
    close: async () => end({ code: 0 }),
  };
  return { server, end };
}

function run(startServer: StartServer, debug = false) {
  const parsed = parseConfig(`tickTime=1\ndataDir=${home}\nclientPort=0\n`, 'zoo.cfg', {
    cwd: '/',
  });
  if ('errors' in parsed) throw new Error(parsed.errors.join());
  const console = new PassThrough();
  const options = { config: parsed.config, warnings: ['zoo.cfg:9: odd'], log: { console }, debug };
  return { exited: runForeground(options, startServer), log: () => String(console.read() ?? '') };
}

const listening = () => vi.waitFor(() => expect(existsSync(pidFile)).toBe(true));

describe('a server process', () => {
  test('has its number in the pid file while it listens, and closes at a signal', async () => {
    const { exited, log } = run(async () => aServer().server);
    await listening();
    expect(readFileSync(pidFile, 'utf8')).toBe(String(process.pid));
    process.emit('SIGTERM', 'SIGTERM');
    expect(await exited).toBe(0);
    expect(existsSync(pidFile)).toBe(false);
    const logged = log();
    expect(logged).toMatch(/WARN {2}\[QuorumPeerMain\] - zoo.cfg:9: odd\n/);
    expect(logged).toContain('SIGTERM: closing\n');
  });

  test('that is told to end while it still starts closes as soon as it has started', async () => {
    const { server } = aServer();
    let started: (running: RunningServer) => void = () => undefined;
    const { exited } = run(
      () =>
        new Promise((resolve) => {
          started = resolve;
        }),
    );
    process.emit('SIGINT', 'SIGINT');
    started(server);
    expect(await exited).toBe(0);
    expect(existsSync(pidFile)).toBe(false);
  });

  test('that gives up ends with the code and the reason of the server', async () => {
    const { server, end } = aServer();
    const { exited, log } = run(async () => server);
    await listening();
    end({ code: 10, reason: 'fdatasync of log.1: EIO' });
    expect(await exited).toBe(10);
    expect(log()).toContain('ERROR [QuorumPeerMain] - fdatasync of log.1: EIO\n');
    expect(existsSync(pidFile)).toBe(false);
  });

  test('that cannot start says why in one line, with the code of the error or 1', async () => {
    const taken = Object.assign(new Error('listen'), {
      code: 'EADDRINUSE',
      address: '127.0.0.1',
      port: 2181,
    });
    const busy = run(() => Promise.reject(taken));
    expect(await busy.exited).toBe(1);
    expect(busy.log().split('\n').at(-2)).toMatch(
      /ERROR \[QuorumPeerMain\] - zoo.cfg:3: clientPort \d+ is in use \(Address already in use.*\)$/,
    );
    const damaged = run(() =>
      Promise.reject(Object.assign(new Error('log.5 is damaged'), { exitCode: 3 })),
    );
    expect(await damaged.exited).toBe(3);
    expect(damaged.log()).toMatch(/ERROR \[QuorumPeerMain\] - log.5 is damaged\n$/);
    expect(existsSync(pidFile)).toBe(false);
  });

  test('shows where an error comes from only with --debug', async () => {
    const { exited, log } = run(() => Promise.reject(new Error('odd')), true);
    expect(await exited).toBe(1);
    expect(log()).toMatch(/Error: odd\n\s+at /);
  });

  test('ignores one signal that comes after the end, and leaves no other handler behind', async () => {
    process.emit('SIGTERM', 'SIGTERM'); // what the tests before have left
    const before = process.listenerCount('SIGTERM');
    for (let servers = 0; servers < 2; servers++) {
      const { server, end } = aServer();
      const { exited } = run(async () => server);
      await listening();
      end({ code: 0 });
      expect(await exited).toBe(0);
      expect(process.listenerCount('SIGTERM')).toBe(before + 1);
    }
    process.emit('SIGTERM', 'SIGTERM');
    expect(process.listenerCount('SIGTERM')).toBe(before);
  });
});
