// Our shell against Apache's server, held against transcripts of Apache's own shell.
import { describe, test } from 'vitest';
import { missingPeer, peersAreRequired } from '../support/peers.ts';
import { startApache } from '../support/servers.ts';
import { transcriptTests } from '../support/transcripts.ts';

describe("our shell at Apache's server", () => {
  if (missingPeer('apache') === null || peersAreRequired) transcriptTests(startApache);
  else test.skip('needs apache, which is not installed', () => undefined);
});
