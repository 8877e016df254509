// The story of the notes as one command file, with a session for each of its terminals.
import { test } from 'vitest';
import { startOurs } from '../support/servers.ts';
import { runWalkthrough } from '../support/walkthroughFile.ts';

test('the walkthrough runs as one file of commands and exits 0', async () => {
  const server = await startOurs();
  try {
    await runWalkthrough(server.address);
  } finally {
    await server.stop();
  }
});
