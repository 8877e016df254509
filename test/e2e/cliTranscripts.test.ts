// Our shell against a server of ours, held against transcripts of Apache's own shell.
import { describe } from 'vitest';
import { startOurs } from '../support/servers.ts';
import { transcriptTests } from '../support/transcripts.ts';

describe('our shell at our server', () => {
  transcriptTests(startOurs);
});
