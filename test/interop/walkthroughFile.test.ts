// The story of the notes as one command file, told to Apache's server.
import { test } from 'vitest';
import { missingPeer, peersAreRequired } from '../support/peers.ts';
import { startApache } from '../support/servers.ts';
import { runWalkthrough } from '../support/walkthroughFile.ts';

test.skipIf(missingPeer('apache') !== null && !peersAreRequired)(
  "the walkthrough file runs against Apache's server and exits 0",
  async () => {
    const server = await startApache();
    try {
      await runWalkthrough(server.address);
    } finally {
      await server.stop();
    }
  },
);
