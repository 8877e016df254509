// The master and worker story of the notes, typed in four shells of ours at a server of ours.
import { afterEach, describe, expect, test } from 'vitest';
import type { PtyScreen } from '../support/pty.ts';
import { serverUnderTest, startServer, type TestServer } from '../support/servers.ts';
import { openShell } from '../support/shellScreen.ts';
import { type MasterEnd, tellStory } from '../support/story.ts';

const opened: PtyScreen[] = [];
let server: TestServer | null = null;

afterEach(async () => {
  for (const screen of opened.splice(0)) await screen[Symbol.asyncDispose]();
  await server?.stop();
  server = null;
});

async function open(timeout: number) {
  server ??= await startServer(serverUnderTest);
  const screen = await openShell('ours', server.address, { timeout });
  opened.push(screen);
  return screen;
}

async function tell(end: MasterEnd, timeout: number): Promise<void> {
  const master = await open(timeout);
  const backup = await open(30_000);
  const worker = await open(30_000);
  const client = await open(30_000);
  await tellStory({ master, backup, worker, client }, { end, timeout });
}

describe('the story of the notes', () => {
  test('when the master leaves by quit, its node goes at once', () => tell('quit', 30_000));
  test('when the master leaves by Ctrl-D, its node goes at once', () => tell('Ctrl-D', 30_000));
  test('when the master closes its session, its node goes at once', () => tell('close', 30_000));
  test('when the master vanishes by crash, its node goes with its session', () =>
    tell('crash', 3000));
  test('when the master is killed, its node goes with its session', () => tell('SIGKILL', 3000));
});

test('help shows the commands, and help get that one', async () => {
  const screen = await open(30_000);
  const help = (await screen.run('help')).join('\n');
  for (const name of ['create', 'delete', 'get', 'ls', 'rmr', 'set', 'stat'])
    expect(help).toMatch(new RegExp(`\\b${name}\\b`));
  const helpGet = (await screen.run('help get')).join('\n');
  expect(helpGet).toMatch(/\bget \[-s\] \[-w\].* path/);
  // Note 001 takes the data watch of get for one on the children.
  expect(helpGet).toMatch(/data/);
  expect(helpGet).toMatch(/children/);
});
