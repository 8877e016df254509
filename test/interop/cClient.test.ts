// The C client library (libzookeeper-mt) against the server under test.
import { foreignSuite } from '../support/foreign.ts';
import { compileC } from '../support/peers.ts';

foreignSuite({
  title: 'the C client',
  needs: ['cClient'],
  command: () => [compileC('client')],
});
