// Log lines as tools and people know them from Apache's server.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createLogger, type LogOptions } from '../../../src/server/logger.ts';

const at = new Date(2026, 10, 21, 3, 11, 26, 270).getTime();

function aLog(options: LogOptions = {}) {
  const console = new PassThrough();
  const log = createLogger({ console, now: () => at, ...options });
  return { log, printed: () => String(console.read() ?? '') };
}

describe('the log', () => {
  test('has the pattern of Apache, with the number of the server and the class', () => {
    const { log, printed } = aLog({ myid: 2 });
    log.child('QuorumPeer').info('LOOKING');
    log.child('Leader').warn('slow');
    expect(printed()).toBe(
      '2026-11-21 03:11:26,270 [myid:2] - INFO  [QuorumPeer] - LOOKING\n' +
        '2026-11-21 03:11:26,270 [myid:2] - WARN  [Leader] - slow\n',
    );
  });

  test('leaves the number empty for a standalone server', () => {
    const { log, printed } = aLog();
    log.error('no');
    expect(printed()).toBe('2026-11-21 03:11:26,270 [myid:] - ERROR [QuorumPeerMain] - no\n');
  });

  test('can be JSON, one document a line', () => {
    const { log, printed } = aLog({ format: 'json', myid: 1 });
    log.child('Leader').info('two\nlines');
    const text = printed();
    expect(text.endsWith('\n')).toBe(true);
    expect(JSON.parse(text)).toEqual({
      time: new Date(at).toISOString(),
      level: 'info',
      myid: 1,
      name: 'Leader',
      message: 'two\nlines',
    });
    expect(text.trimEnd()).not.toContain('\n');
  });

  test('leaves out what is below its level, which can change while it runs', () => {
    const { log, printed } = aLog({ level: 'warn' });
    const child = log.child('A');
    child.info('hidden');
    log.setLevel('debug');
    child.debug('shown');
    expect(printed()).toBe('2026-11-21 03:11:26,270 [myid:] - DEBUG [A] - shown\n');
  });

  test('cannot be made to show a forged line or to steer a terminal', () => {
    const { log, printed } = aLog();
    log.info('bad path /a\n2026-11-21 00:00:00,000 [myid:] - INFO  [X] - forged\u001b[2J\r');
    expect(printed().split('\n')).toEqual([
      '2026-11-21 03:11:26,270 [myid:] - INFO  [QuorumPeerMain] - bad path /a',
      '    2026-11-21 00:00:00,000 [myid:] - INFO  [X] - forged\\x1b[2J\\x0d',
      '',
    ]);
  });

  test('is complete in its file once closed, and then only errors are on the console', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'zk-log-'));
    const file = join(directory, 'zookeeper.log');
    const { log, printed } = aLog({ file });
    for (let i = 0; i < 1000; i++) log.info(`line ${i}`);
    log.error('the last');
    await log.close();
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(1001);
    expect(lines[999]).toMatch(/line 999$/);
    expect(printed()).toMatch(/^[^\n]* - the last\n$/);
    rmSync(directory, { recursive: true });
  });

  test('refuses a file that it cannot write', () => {
    expect(() => aLog({ file: tmpdir() })).toThrow(/EISDIR.*open/);
  });
});
