// Passwords, their hashes and the passwords of sessions stay out of everything that a server prints.
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { connect } from '../../src/client/index.ts';
import { RawConnection } from '../support/rawConnection.ts';
import { connectFrame } from '../support/requestFrames.ts';
import { fourLetterWord, startOurs, superUser } from '../support/servers.ts';

const WORDS =
  'conf cons crst dirs dump envi gtmk hash isro mntr ruok srst srvr stat wchc wchp wchs';

test('secrets are in no answer to a four-letter word, and in no line of the log', async () => {
  const env = { NODE_ENV: 'production', SOME_SECRET: 'from-the-environment' };
  const server = await startOurs({ env });
  try {
    const zk = await connect(server.address, { sessionTimeout: 10_000 });
    await zk.addAuth('digest', superUser);
    await zk.addAuth('digest', 'alice:wonderland');
    await zk.create('/private', 'the-data-of-alice', {
      acl: [{ perms: 31, id: { scheme: 'auth', id: '' } }],
    });
    await zk.get('/private', { watch: true });
    // One that is refused for a wrong password, and one that is no frame: both are logged.
    const link = await RawConnection.open(server.port);
    link.send(
      Buffer.from(connectFrame({ session: zk.sessionId, password: Buffer.alloc(16, 7) }), 'hex'),
    );
    await link.replies(1, false);
    const noise = await RawConnection.open(server.port);
    noise.send(Buffer.from('GET /?password=wonderland HTTP/1.1\r\n\r\n'));
    await noise.untilClosed();
    const answers = await Promise.all(
      WORDS.split(' ').map((word) => fourLetterWord(server.port, word)),
    );
    expect(answers.filter((answer) => answer !== null).length).toBeGreaterThan(12);
    await zk.close();
    await server.stop();
    const printed = answers.join('\n') + server.log();
    expect(printed).toContain('Incorrect password from');
    const hash = (text: string): string => createHash('sha1').update(text).digest('base64');
    for (const secret of [
      ...['wonderland', 'super:secret', 'the-data-of-alice', 'from-the-environment'],
      ...[hash('alice:wonderland'), hash(superUser)],
      ...[zk.sessionPassword.toString('hex'), zk.sessionPassword.toString('base64')],
    ]) {
      expect(printed).not.toContain(secret);
    }
  } finally {
    await server.stop();
  }
});
