// A server that stood still expires nobody for the time in which it could not be reached.
import { expect, it } from 'vitest';
import { connect } from '../../src/client/index.ts';
import { waitFor } from '../support/processes.ts';
import { fourLetterWord, startOurs } from '../support/servers.ts';

it('a session that nobody could keep alive outlives the pause', async () => {
  const sessionTimeout = 1000;
  const server = await startOurs({ config: { tickTime: 200, minSessionTimeout: 200 } });
  try {
    const before = await connect(server.address, { sessionTimeout });
    await before.create('/mine', '', { mode: 'ephemeral' });
    const session = { id: before.sessionId, password: before.sessionPassword };
    before.abandon();
    process.kill(server.pid, 'SIGSTOP');
    const over = performance.now() + 2 * sessionTimeout;
    await waitFor('the session timeout to be over', () => performance.now() > over);
    process.kill(server.pid, 'SIGCONT');
    expect(await fourLetterWord(server.port, 'ruok')).toBe('imok');
    const after = await connect(server.address, { sessionTimeout, session });
    expect(after.sessionId).toBe(session.id);
    expect(await after.exists('/mine')).not.toBeNull();
    expect(server.log()).toMatch(/Stood still for \d+ ms/);
    await after.close();
  } finally {
    await server.stop();
  }
});

it('what could be kept alive expires after a pause, too', async () => {
  const sessionTimeout = 1000;
  const server = await startOurs({ config: { tickTime: 200, minSessionTimeout: 200 } });
  try {
    // Its pings are events that come while time is given back.
    const other = await connect(server.address, { sessionTimeout });
    const silent = await connect(server.address, { sessionTimeout });
    await silent.create('/mine', '', { mode: 'ephemeral' });
    silent.abandon();
    process.kill(server.pid, 'SIGSTOP');
    const over = performance.now() + sessionTimeout;
    await waitFor('a pause', () => performance.now() > over);
    process.kill(server.pid, 'SIGCONT');
    await waitFor('the silent session to expire', async () => !(await other.exists('/mine')));
    expect(server.log().match(/Stood still/g)).toHaveLength(1);
    await other.close();
  } finally {
    await server.stop();
  }
});
