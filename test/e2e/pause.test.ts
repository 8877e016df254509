// A server that stood still expires nobody who could not reach it meanwhile.
import { expect, it } from 'vitest';
import { connect } from '../../src/client/index.ts';
import { startOurs } from '../support/servers.ts';

it('a session outlives a pause of the server that is longer than its timeout', async () => {
  const server = await startOurs({ config: { tickTime: 100, minSessionTimeout: 200 } });
  try {
    const zk = await connect(server.address, { sessionTimeout: 1000 });
    await zk.create('/mine', '', { mode: 'ephemeral' });
    const lost = new Promise<void>((resolve) => {
      zk.on('state', ({ state }) => {
        if (state === 'probablyExpired') resolve();
      });
    });
    process.kill(server.pid, 'SIGSTOP');
    await lost;
    process.kill(server.pid, 'SIGCONT');
    expect(await zk.exists('/mine')).not.toBeNull();
    expect(zk.state).toBe('connected');
    await zk.close();
  } finally {
    await server.stop();
  }
});
