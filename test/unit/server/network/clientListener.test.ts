// The client port that a reconfig moves: who is connected stays, and a place that cannot be had changes nothing.
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../../src/base/logger.ts';
import { ClientListener } from '../../../../src/server/network/clientListener.ts';
import { freePort, waitFor } from '../../../support/processes.ts';

const open: { close?(): unknown; destroy?(): unknown }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) {
    one.close?.();
    one.destroy?.();
  }
});

async function listening(port: number, address: string | null = '127.0.0.1') {
  const lines: string[] = [];
  const accepted: Socket[] = [];
  const listener = new ClientListener({
    backlog: 10,
    logger: { ...silentLogger, error: (line) => void lines.push(line) },
    onAccepted: (one) => accepted.push(one.open(() => {})),
  });
  open.push(listener);
  await listener.listen({ port, address });
  return { listener, lines, accepted };
}

const reached = (port: number): Promise<Socket | null> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    open.push(socket);
    socket.once('error', () => resolve(null));
  });

describe('the client port', () => {
  it('moves, and who is connected stays', async () => {
    const [before, after] = [await freePort(), await freePort()];
    const { listener, lines, accepted } = await listening(before);
    const early = await reached(before);
    await waitFor('the first client', () => accepted.length === 1);
    await listener.move({ port: after, address: '127.0.0.1' });
    expect(listener.port).toBe(after);
    expect(await reached(before)).toBeNull();
    expect(await reached(after)).not.toBeNull();
    expect([early?.destroyed, accepted[0]?.destroyed]).toEqual([false, false]);
    expect(lines).toEqual([]);
  });

  it('stays where it is when the other place is taken, and says so', async () => {
    const port = await freePort();
    const { listener, lines } = await listening(port);
    const other = createServer().listen(0, '127.0.0.1');
    open.push(other);
    await waitFor('the other server', () => other.listening);
    const taken = (other.address() as { port: number }).port;
    await listener.move({ port: taken, address: '127.0.0.1' });
    expect(listener.port).toBe(port);
    expect(await reached(port)).not.toBeNull();
    expect(lines).toEqual([
      `Cannot move the client port to 127.0.0.1:${taken}: Address already in use; ` +
        `clients connect to 127.0.0.1:${port} as before`,
    ]);
  });

  it('takes more addresses at the same port, and is not touched by another way to say any', async () => {
    const port = await freePort();
    const { listener, lines } = await listening(port);
    await listener.move({ port, address: null });
    expect(await reached(port)).not.toBeNull();
    expect(listener.port).toBe(port);
    let moves = 0;
    const { listener: anywhere } = await listening(await freePort(), null);
    const bound = anywhere.port;
    await anywhere.move({ port: bound, address: '0.0.0.0' }).then(() => moves++);
    expect([moves, anywhere.port, lines]).toEqual([1, bound, []]);
  });
});
