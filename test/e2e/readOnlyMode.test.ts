// Read-only mode: one of three servers is left alone and goes on to answer reads, until it has a leader again.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type ConnectOptions, connect, ZkError, type ZooKeeper } from '../../src/client/index.ts';
import { Ensemble, three } from '../support/ensemble.ts';
import { type Member, memberThatIs } from '../support/member.ts';
import { waitFor } from '../support/processes.ts';
import { fourLetterWord } from '../support/servers.ts';
import { runZk } from '../support/zkProgram.ts';

const clients: ZooKeeper[] = [];
let ensemble: Ensemble;
let alone: Member;
let others: Member[] = [];

const codeOf = (error: unknown) => (error instanceof ZkError ? error.code : error);

async function client(servers: string, options: ConnectOptions = {}): Promise<ZooKeeper> {
  const made = await connect(servers, {
    sessionTimeout: 20_000,
    connectTimeout: 30_000,
    ...options,
  });
  clients.push(made);
  return made;
}

const leaveAlone = async () => {
  await Promise.all(others.map((server) => server.kill()));
  await waitFor('read-only mode', async () => (await alone.mode()) === 'read-only');
};
const bringBack = () => Promise.all(others.map((server) => server.restart()));

beforeAll(async () => {
  ensemble = await Ensemble.start({
    servers: three('ours'),
    config: { 'readonlymode.enabled': true },
  });
  [alone, ...others] = ensemble.members as [Member, Member, Member];
  const writer = await client(ensemble.hosts());
  await writer.create('/before', 'x');
  await writer.sync('/');
});
afterAll(() => ensemble.close());
afterEach(async () => {
  await Promise.all(clients.splice(0).map((made) => made.close()));
});

describe('a server without a leader', () => {
  test('reads for who accepts that, says so, and goes back to a quorum', async () => {
    const kept = await client(ensemble.hosts(), { readOnly: true });
    const { sessionId } = kept;
    await leaveAlone();
    expect(await fourLetterWord(alone.port, 'isro')).toBe('ro');
    expect(await fourLetterWord(alone.port, 'mntr')).toContain('zk_server_state\tread-only\n');

    const reader = await client(ensemble.hosts(), { readOnly: true });
    expect(reader.state).toBe('connectedReadOnly');
    expect(await reader.getString('/before')).toBe('x');
    const refused = await Promise.all(
      [
        reader.set('/before', 'y'),
        reader.create('/other', 'y'),
        reader.sync('/'),
        reader.multi([{ op: 'delete', path: '/before' }]),
      ].map((call) => call.catch(codeOf)),
    );
    expect(refused).toEqual(Array(4).fill('NotReadOnly'));
    expect(await reader.exists('/other', { watch: () => {} })).toBeNull();

    // A session of the ensemble is none of this server's business.
    expect(kept.state).not.toBe('connectedReadOnly');
    expect(kept.sessionId).toBe(sessionId);
    expect(alone.log()).toContain('Read-only server started');
    await bringBack();
    await waitFor('writes', () => reader.state === 'connected');
    expect(await reader.set('/before', 'z')).toMatchObject({ version: 1 });
    await waitFor('the session from before', () => kept.state === 'connected');
    expect(kept.sessionId).toBe(sessionId);
  });

  test('sends away who wants to write, and closes a session at its client’s wish', async () => {
    await leaveAlone();
    const writer = client(alone.address, { connectTimeout: 1500 });
    await expect(writer).rejects.toThrow();
    expect(alone.log()).toContain('Refusing session request for not-read-only client');
    const reader = await client(alone.address, { readOnly: true });
    await reader.close();
    expect(reader.state).toBe('closed');
    await bringBack();
    await memberThatIs('leader', ensemble.members);
  });

  test('is what the shell reads from with -r, and tells status', async () => {
    await leaveAlone();
    const oneShot = ['cli', '--connect-timeout', '500', '-server', alone.address, 'get', '/before'];
    expect(await runZk('/', ...oneShot)).toEqual({
      code: 3,
      out: '',
      err:
        `Cannot connect to ${alone.address} within 500 ms: the server closed the connection; ` +
        'a server there is in read-only mode, which -r accepts\n',
    });
    const args = ['cli', '-r', '-server', alone.address];
    const got = await runZk('/', ...args, 'get', '/before');
    expect(got).toMatchObject({ code: 0, out: expect.stringContaining('z') });
    const set = await runZk('/', ...args, 'set', '/before', 'q');
    expect(set.code).not.toBe(0);
    expect(`${set.out}${set.err}`).toMatch(/not a read-only call/i);
    const status = await runZk('/', 'server', 'status', alone.configFile);
    expect(status.out).toContain('Mode: read-only\n');
    await bringBack();
  });
});
