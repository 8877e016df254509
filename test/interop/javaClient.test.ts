// Apache's Java client, call by call, against the server under test.

import { foreignSuite } from '../support/foreign.ts';
import { classPath, compileJava, javaFlags } from '../support/peers.ts';

const sources = [
  'JavaClient',
  'JavaSupport',
  'ClientData',
  'ClientMulti',
  'ClientWatches',
  'ClientAccess',
  'ClientSessions',
  'Proxy',
];

foreignSuite({
  title: "Apache's Java client",
  needs: ['apache'],
  command: () => ['java', ...javaFlags, '-cp', classPath(compileJava(...sources)), 'JavaClient'],
  server: { config: { enforceQuota: true } },
});
