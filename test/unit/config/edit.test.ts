import { expect, it } from 'vitest';
import { withDynamicFile } from '../../../src/config/edit.ts';

const text = `# the first server
tickTime=2000
  server.1=127.0.0.1:2222:\\
    2223
clientPort=2181
clientPortListenBacklog=7
peerType=observer
group.1=1:2
weight.1=3

server.2=127.0.0.1:3333:3334
dynamicConfigFile=/old`;

it('takes the membership out of a configuration and leaves the rest as it was', () => {
  expect(withDynamicFile(text, '/c/z.cfg.dynamic.5', { dropsClient: false })).toBe(
    `# the first server
tickTime=2000
clientPort=2181
clientPortListenBacklog=7

dynamicConfigFile=/c/z.cfg.dynamic.5
`,
  );
});

it('takes out the client port, too, when the dynamic file has it', () => {
  const edited = withDynamicFile(text, '/c/d', { dropsClient: true });
  expect(edited).not.toContain('clientPort=');
  expect(edited).toContain('clientPortListenBacklog=7\n');
});

it('adds a line end where the file had none', () => {
  expect(withDynamicFile('tickTime=1', '/d', { dropsClient: true })).toBe(
    'tickTime=1\ndynamicConfigFile=/d\n',
  );
});
