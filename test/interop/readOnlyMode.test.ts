// Foreign clients that accept a read-only server, with one of three servers left alone.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect } from '../../src/client/index.ts';
import { Ensemble, three } from '../support/ensemble.ts';
import { describeWithPeers } from '../support/foreign.ts';
import type { Member } from '../support/member.ts';
import { classPath, javaFlags, python } from '../support/peers.ts';
import { startProcess, waitFor } from '../support/processes.ts';
import { fourLetterWord, serverUnderTest } from '../support/servers.ts';

const run = promisify(execFile);

const KAZOO = `
import sys, time
from kazoo.client import KazooClient, KeeperState
from kazoo.exceptions import NotReadOnlyCallError
zk = KazooClient(hosts=sys.argv[1], timeout=20, read_only=True)
zk.start(20)
print('state', zk.client_state, flush=True)
print('data', zk.get('/before')[0].decode(), flush=True)
try:
    zk.set('/before', b'y')
    print('written', flush=True)
except NotReadOnlyCallError:
    print('refused', flush=True)
until = time.time() + 60
while zk.client_state != KeeperState.CONNECTED and time.time() < until:
    time.sleep(0.05)
print('state', zk.client_state, flush=True)
zk.retry(zk.set, '/before', b'z')
print('written', flush=True)
zk.stop()
`;

describeWithPeers('read-only mode', ['apache', 'kazoo'], () => {
  let ensemble: Ensemble;
  let alone: Member;
  let others: Member[] = [];

  beforeAll(async () => {
    // Only a system property in the reference, without the prefix that keys of zoo.cfg get; and
    // only local sessions can be made there.
    const isApache = serverUnderTest === 'apache';
    const java = '-Dreadonlymode.enabled=true';
    ensemble = await Ensemble.start({
      servers: three(serverUnderTest, isApache ? { env: { JAVA_TOOL_OPTIONS: java } } : {}),
      config: isApache
        ? { localSessionsEnabled: true, localSessionsUpgradingEnabled: true }
        : { 'readonlymode.enabled': true },
    });
    [alone, ...others] = ensemble.members as [Member, Member, Member];
    const client = await connect(alone.address, { sessionTimeout: 20_000 });
    await client.create('/before', 'x');
    await client.close();
    await Promise.all(others.map((server) => server.kill()));
    await waitFor(
      'read-only mode',
      async () => (await fourLetterWord(alone.port, 'isro')) === 'ro',
    );
  });
  afterAll(() => ensemble.close());

  const zkCli = async (...args: string[]) => {
    const main = ['org.apache.zookeeper.ZooKeeperMain', '-server', alone.address];
    const command = [...javaFlags, '-cp', classPath(), ...main, ...args];
    const { stdout, stderr } = await run('java', command, { timeout: 60_000 }).catch(
      (error: { stdout: string; stderr: string }) => error,
    );
    return `${stdout}${stderr}`;
  };

  test('Apache’s shell reads with -r, is refused a write, and gets nowhere without -r', async () => {
    expect(await zkCli('-r', 'get', '/before')).toMatch(/^x$/m);
    expect(await zkCli('-r', 'set', '/before', 'y')).toMatch(/not a read-only call/i);
    expect(await zkCli('-timeout', '2000', 'get', '/before')).not.toMatch(/^x$/m);
  });

  test('kazoo reads, is refused a write, and writes when there is a quorum', async () => {
    const child = startProcess(python, ['-c', KAZOO, ensemble.hosts()], { stdio: 'pipe' });
    let out = '';
    child.stdout?.on('data', (chunk) => (out += chunk));
    await waitFor('a refused write', () => out.includes('refused'));
    expect(out).toBe('state CONNECTED_RO\ndata x\nrefused\n');
    await Promise.all(others.map((server) => server.restart()));
    await waitFor('a write', () => out.includes('written'), 60_000);
    expect(out).toBe('state CONNECTED_RO\ndata x\nrefused\nstate CONNECTED\nwritten\n');
  });
});
