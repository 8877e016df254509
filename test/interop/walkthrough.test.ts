// The story of the notes: our shell at Apache's server, Apache's shell at ours and at its own.
import { afterEach, describe, test } from 'vitest';
import { missingPeer, peersAreRequired } from '../support/peers.ts';
import type { PtyScreen } from '../support/pty.ts';
import { type ServerKind, startServer, type TestServer } from '../support/servers.ts';
import { openShell } from '../support/shellScreen.ts';
import { type MasterEnd, tellStory } from '../support/story.ts';

const opened: PtyScreen[] = [];
let server: TestServer | null = null;

afterEach(async () => {
  for (const screen of opened.splice(0)) await screen[Symbol.asyncDispose]();
  await server?.stop();
  server = null;
});

async function tell(shell: ServerKind, at: ServerKind, end: MasterEnd): Promise<void> {
  server = await startServer(at);
  const { address } = server;
  const timeout = end === 'SIGKILL' || end === 'crash' ? 4000 : 30_000;
  const [master, backup, worker, client] = await Promise.all(
    [timeout, 30_000, 30_000, 30_000].map(async (time) => {
      const screen = await openShell(shell, address, { timeout: time });
      opened.push(screen);
      return screen;
    }),
  );
  if (!master || !backup || !worker || !client) throw new Error('four shells were opened');
  await tellStory({ master, backup, worker, client }, { end, timeout });
}

const needs = missingPeer('apache', 'jline');
describe.skipIf(needs !== null && !peersAreRequired)('the story of the notes', () => {
  test('in our shells at the server of Apache, the master leaves by quit', () =>
    tell('ours', 'apache', 'quit'));

  test('in our shells at the server of Apache, the master leaves by Ctrl-D', () =>
    tell('ours', 'apache', 'Ctrl-D'));

  test('in our shells at the server of Apache, the master is killed', () =>
    tell('ours', 'apache', 'SIGKILL'));

  test('in the shells of Apache at our server, the master leaves by quit', () =>
    tell('apache', 'ours', 'quit'));

  test('in the shells of Apache at our server, the master is killed', () =>
    tell('apache', 'ours', 'SIGKILL'));

  // Shows that the story itself is told right.
  test('in the shells of Apache at its own server', () => tell('apache', 'apache', 'quit'));
});
