// A server of ours inside the test's own process: real sockets and files, no child to wait for.
import { silentLogger } from '../../src/base/logger.ts';
import { parseConfig } from '../../src/config/index.ts';
import type { RunningServer } from '../../src/server/foreground.ts';
import { startServer } from '../../src/server/server.ts';
import { temporaryDirectory } from './processes.ts';

/** Starts it on a free port of loopback; `lines` are more of zoo.cfg. */
export function startInProcess(...lines: string[]): Promise<RunningServer> {
  const text = [
    `dataDir=${temporaryDirectory('in-process')}`,
    'clientPort=0',
    'clientPortAddress=127.0.0.1',
    'maxClientCnxns=0',
    ...lines,
  ].join('\n');
  const parsed = parseConfig(text, 'test.cfg', { cwd: '/' });
  if ('errors' in parsed) throw new Error(parsed.errors.join('\n'));
  return startServer(parsed.config, silentLogger, new AbortController().signal);
}
