// cli_mt, the shell that comes with the C client, driven through pipes against the server under test.
import type { ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWithPeers } from '../support/foreign.ts';
import { cliMt } from '../support/peers.ts';
import { endProcess, hasEnded, startProcess, waitFor } from '../support/processes.ts';
import { serverUnderTest, startServer, type TestServer } from '../support/servers.ts';

describeWithPeers('cli_mt of the C client', ['cliMt'], () => {
  let server: TestServer | undefined;
  let shell: ChildProcess | undefined;
  let output = '';

  /** Types a line and waits until what came since then matches. */
  const type = async (line: string, expected: RegExp) => {
    const from = output.length;
    shell?.stdin?.write(`${line}\n`);
    await waitFor(`${expected} after "${line}", not ${JSON.stringify(output.slice(from))}`, () =>
      expected.test(output.slice(from)),
    );
  };

  beforeAll(async () => {
    server = await startServer(serverUnderTest);
    // It would fill a whole buffer before it writes to a pipe.
    const child = startProcess('stdbuf', ['-oL', cliMt, server.address], { stdio: 'pipe' });
    shell = child;
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    await waitFor('a session', () => output.includes('Got a new session id'));
  });
  afterAll(async () => {
    if (shell !== undefined) await endProcess(shell);
    await server?.stop();
  });

  const steps: [string, RegExp][] = [
    ['create /c', /\[\/c\]: rc = 0\n\tname = \/c\n/],
    ['create /c', /\[\/c\]: rc = -110\n/],
    ['create +e /c/e', /rc = 0\n\tname = \/c\/e\n/],
    ['create +s /c/s', /rc = 0\n\tname = \/c\/s0000000001\n/],
    ['create +c /box', /rc = 0\n\tname = \/box\n/],
    ['create +t=50000 /ttl', /rc = 0\n\tname = \/ttl\n/],
    ['set /c hello', /\/c: rc = 0 Stat:\n(\t.*\n)*\tversion=1\taversion=0\n\tephemeralOwner = 0\n/],
    ['get /c', /\/c: rc = 0\n value_len = 5\nhello\nStat:\n(\t.*\n)*\tversion=1/],
    ['ls /c', /\/c: rc = 0\n(\te\n\ts0000000001\n|\ts0000000001\n\te\n)time = /],
    ['ls2 /c', /\/c: rc = 0\n(\te\n\ts0000000001\n|\ts0000000001\n\te\n)time = .*\n\tctime = /],
    ['exists /c', /^/], // it prints nothing when the node exists
    ['exists /none', /Error -101 for \/none\n/],
    ['create /none', /Watcher CREATED_EVENT state = CONNECTED_STATE for path \/none\n/],
    ['wexists /c', /^/],
    ['set /c again', /Watcher CHANGED_EVENT state = CONNECTED_STATE for path \/c\n/],
    ['sync /c', /\[\/c\]: rc = 0\n\tname = \/c\n/],
    ['delete /c', /\/c: rc = -111\n/],
    ['delete /box', /\/box: rc = 0\n/],
    ['delete /box', /\/box: rc = -101\n/],
    ['config', /rc = 0\n value_len = 0\n/],
    ['myid', /session Id = [0-9a-f]+\n/],
    ['addauth digest bob:pw', /^/],
    ['create /after', /\[\/after\]: rc = 0\n/],
  ];
  for (const [line, expected] of steps) {
    test(`${line} -> ${expected.source}`, () => type(line, expected));
  }

  test('quit ends it, and its ephemeral node with it', async () => {
    shell?.stdin?.write('quit\n');
    await waitFor('its end', () => shell !== undefined && hasEnded(shell));
    expect(shell?.exitCode).toBe(0);
  });
});
