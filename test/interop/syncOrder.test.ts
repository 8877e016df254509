// The order of the calls that a server makes to its disk and its sockets, as strace sees it:
// nothing is answered before it is durable, under a name that is durable.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { judge } from '../support/callTrace.ts';
import { describeWithPeers } from '../support/foreign.ts';
import {
  endProcess,
  freePort,
  startProcess,
  temporaryDirectory,
  waitFor,
} from '../support/processes.ts';
import { RawConnection } from '../support/rawConnection.ts';
import { closeFrame, connectFrame, createFrame, existsFrame } from '../support/requestFrames.ts';
import { ourCommand } from '../support/servers.ts';

const CALLS = 'openat,pwrite64,fdatasync,fsync,rename,write,writev';
const CLIENTS = 4;
const ROUNDS = 12;
const DEPTH = 25;

const hex = (...frames: string[]): Buffer => Buffer.from(frames.join(''), 'hex');

describeWithPeers('a server under strace', ['strace'], () => {
  test('answers nothing before it is synced, and names no file before its directory is', async () => {
    const home = temporaryDirectory('order');
    const port = await freePort();
    const config = join(home, 'zoo.cfg');
    const trace = join(home, 'trace');
    writeFileSync(
      config,
      `dataDir=${home}/data\nclientPort=${port}\nclientPortAddress=127.0.0.1\nsnapCount=300\n`,
    );
    const [program, options] = ourCommand(config);
    const strace = ['-f', '-y', '-xx', '-s', '1000000', '-o', trace, '-e', `trace=${CALLS}`];
    const server = startProcess('strace', [...strace, program, ...options], { stdio: 'ignore' });
    const links = await Promise.all(
      Array.from({ length: CLIENTS }, () =>
        waitFor('the port', () => RawConnection.open(port).catch(() => null)),
      ),
    );
    for (const link of links) link.send(hex(connectFrame()));
    for (const link of links) expect(await link.replies(1, false)).toHaveLength(1);
    for (let round = 0; round < ROUNDS; round++) {
      for (const [n, link] of links.entries()) {
        const paths = Array.from({ length: DEPTH }, (_, i) => `/${n}-${round}-${i}`);
        link.send(hex(...paths.map((path, i) => createFrame(i + 1, path, 'x'.repeat(100)))));
        link.send(hex(existsFrame(DEPTH + 1, paths[0] as string)));
      }
      for (const link of links)
        expect(await link.replies(DEPTH + 1, false)).toHaveLength(DEPTH + 1);
    }
    for (const link of links) link.send(hex(closeFrame(9)));
    for (const link of links) await waitFor('the end', () => link.isClosed);
    // strace hands the signal on to nobody: the server has its own number in the pid file.
    const pid = Number(readFileSync(join(home, 'data/zookeeper_server.pid'), 'utf8'));
    process.kill(pid);
    await waitFor('the end of the trace', () => !existsSync(`/proc/${pid}`));
    await endProcess(server);
    const text = readFileSync(trace, 'latin1');
    const { wrong, replies, sessions, logs, renamed } = judge(text);
    expect(wrong).toEqual([]);
    expect(sessions).toBe(CLIENTS);
    expect(replies).toBe(CLIENTS * (ROUNDS * (DEPTH + 1) + 1));
    expect(logs).toBeGreaterThan(3);
    expect(renamed.filter((name) => name.startsWith('snapshot.')).length).toBeGreaterThan(2);
    expect(renamed).toContain('synced.marks');
    // The judge sees what is missing: the same trace without the calls that make it good.
    const without = (call: string): string =>
      judge(text.replaceAll(new RegExp(`^.*\\b${call}\\b.*\n`, 'gm'), '')).wrong.join('\n');
    expect(without('fdatasync')).toMatch(/a reply with zxid 9\b/);
    expect(without('fdatasync')).toMatch(/snapshot\.\w+ gets its name before it is synced/);
    expect(without('fsync')).toMatch(/entries in log\.1, whose name is not durable/);
  });
});
